"""Sets as parcels, to be carried to a machine that has a GPU and none of the recordings: Opus at a low rate, which is one
codec more that the student hears, the texts, and where words.py found that they may be cut. `pack` writes OUT/NAME.opus,
.json and .cuts, `unpack` makes stores of them.

    python parcel.py --work DIR --out OUT --sets voice_lj,voice_cathy      (opusenc of Debian's opus-tools)
    python parcel.py --work DIR --out OUT --unpack 1                       (every parcel in OUT)
"""
import json
import shutil
import subprocess
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import soundfile

from common import RATE, Store, arguments, have, write_store

GAP = 400                   # samples of silence between utterances, so that none rings into the next


def pack(work, out, name, rate, every):
    store = Store(work, name)
    picks = range(0, len(store), every)
    lengths = [int(store.lengths[i]) for i in picks]
    gap = np.zeros(GAP, dtype=np.int16)
    pcm = np.concatenate([part for i in picks for part in (store.samples[store.offsets[i]:store.offsets[i + 1]], gap)])
    subprocess.run(["opusenc", "--quiet", "--bitrate", str(rate), "--raw", "--raw-rate", str(RATE), "--raw-chan", "1", "-",
                    str(out / f"{name}.opus")], input=pcm.tobytes(), check=True)
    index = {"files": [store.files[i] for i in picks], "lengths": lengths, "texts": [store.texts[i] for i in picks]}
    (out / f"{name}.json").write_text(json.dumps(index))
    cuts = work / "words" / f"{name}.json"
    if cuts.exists() and every == 1:
        shutil.copy(cuts, out / f"{name}.cuts")


def unpack(task):
    work, path = task
    index = json.loads(path.with_suffix(".json").read_text())
    pcm, rate = soundfile.read(path, dtype="int16")
    if rate != RATE:                        # a reader that knows 48 kHz alone: every third sample of a band-limited sound
        pcm = pcm[::rate // RATE]
    starts = np.concatenate([[0], np.cumsum([n + GAP for n in index["lengths"]])])
    pcm = np.concatenate([pcm, np.zeros(max(0, int(starts[-1]) - len(pcm)), dtype=np.int16)])
    items = ((f, pcm[s:s + n], t) for f, s, n, t in zip(index["files"], starts, index["lengths"], index["texts"]))
    write_store(work, path.stem, items)
    if path.with_suffix(".cuts").exists():
        (work / "words").mkdir(exist_ok=True)
        shutil.copy(path.with_suffix(".cuts"), work / "words" / f"{path.stem}.json")
    return path.stem


def main():
    a = arguments("Pack or unpack sets.", out=("", "folder of the parcels"), sets=("", "which to pack, separated by commas"),
                  rate=(16, "kbit/s"), every=(1, "only every so-manieth utterance"), unpack=(0, "1: unpack"))
    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    if not a.unpack:
        for name in a.sets.split(","):
            pack(a.work, out, name, a.rate, a.every)
        return
    (a.work / "data").mkdir(parents=True, exist_ok=True)
    tasks = [(a.work, p) for p in sorted(out.glob("*.opus"), key=lambda p: -p.stat().st_size) if not have(a.work, p.stem)]
    with Pool(a.threads) as pool:
        for name in pool.imap_unordered(unpack, tasks):
            print("unpacked", name, flush=True)


if __name__ == "__main__":
    main()
