"""An hour of speech for benchmarks: the evaluation recordings one after another, 0.3 s of silence between them.

    python tests/perf/make_hour.py --shared ../shared --out DIR        needs numpy, scipy and soundfile

writes DIR/hour.wav (16 kHz) and DIR/hour.tsv, its manifest, so that `utter bench --file DIR/hour.wav` times it and
`utter eval DIR/hour.tsv` counts its words. --times N repeats it: 6 for six hours. --pause 1.5 parts the
utterances as a conversation does, for `utter bench --live`.
"""
import argparse
from pathlib import Path

import numpy as np
import scipy.signal
import soundfile

RATE = 16000
SETS = ("eval_lj", "eval_cathy", "eval_speechocean_adult", "eval_an4")


def recordings(speech):
    for name in SETS:
        rows = (speech / f"{name}.tsv").read_text().splitlines()[1:]
        for row in sorted(rows):
            file, _, _, text = row.split("\t")
            yield speech / name / file, text


def main():
    p = argparse.ArgumentParser(description="Make an hour of speech.")
    p.add_argument("--shared", type=Path, default=Path("../shared"))
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--times", type=int, default=1)
    p.add_argument("--pause", type=float, default=0.3, help="seconds of silence between recordings")
    a = p.parse_args()
    texts = []
    with soundfile.SoundFile(a.out / "hour.wav", "w", RATE, 1, "PCM_16") as out:
        for path, text in list(recordings(a.shared / "speech")) * a.times:
            samples, rate = soundfile.read(path, dtype="float32")
            if rate != RATE:
                common = np.gcd(rate, RATE)
                samples = scipy.signal.resample_poly(samples, RATE // common, rate // common)
            out.write(np.concatenate([samples, np.zeros(int(RATE * a.pause), "float32")]))
            texts.append(text)
    (a.out / "hour.tsv").write_text("file\ttext\nhour.wav\t" + " ".join(texts) + "\n")


if __name__ == "__main__":
    main()
