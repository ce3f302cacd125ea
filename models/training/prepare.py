"""Step 1: decode every set of shared/speech once, to 16 kHz int16 and one index per set."""
import csv

import numpy as np
import soundfile
import soxr

from common import EVAL, LABELLED, RATE, UNLABELLED, arguments, have, normalise, status, write_store


def rows(shared, name):
    with open(shared / "speech" / f"{name}.tsv", newline="") as f:
        yield from csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)


def read(path):
    with soundfile.SoundFile(path) as f:
        rate, blocks = f.samplerate, []
        try:                                # a short clip can end in a malformed page: keep what came before
            while len(block := f.read(4096, dtype="float32", always_2d=True)):
                blocks.append(block)
        except soundfile.LibsndfileError:
            pass
    pcm = np.concatenate(blocks).mean(axis=1) if blocks else np.zeros(0, dtype=np.float32)
    return pcm if rate == RATE else soxr.resample(pcm, rate, RATE)


def items(shared, name):
    # Texts of the evaluation sets are kept as published: the scorer normalises both sides.
    keep = name.startswith("eval") or name.startswith("noise")
    for row in rows(shared, name):
        text = row["text"] or ""
        yield row["file"], read(shared / "speech" / name / row["file"]), text if keep else normalise(text)


def noise(work, shared):
    """Every fifth noise clip is held out, to ask whether noise alone gives text."""
    clips = [c for c in items(shared, "noise") if len(c[1]) > RATE // 2]
    write_store(work, "noise_train", [c for i, c in enumerate(clips) if i % 5])
    write_store(work, "noise_eval", [c for i, c in enumerate(clips) if i % 5 == 0])


def main():
    a = arguments("Decode the recordings.")
    for name in LABELLED + UNLABELLED + EVAL:
        if not have(a.work, name):
            s = write_store(a.work, name, items(a.shared, name))
            status(a.work, f"prepare {name}: {len(s)} utterances, {s.hours:.2f} h")
    if not have(a.work, "noise_eval"):
        noise(a.work, a.shared)


if __name__ == "__main__":
    main()
