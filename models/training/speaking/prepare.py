"""The recordings at 22 050 Hz and at one loudness, their log-mels, and their F0."""
import csv

import numpy as np
import soundfile
import soxr
import torch

from shared import HOP, OTHERS, RATE, VOICES, Mels, Store, arguments, have, log_mel, status, write_store
from pitch import contour        # in the folder that shared has made known

MEASURED = ["eval_cathy", "eval_lj"]
LOUDNESS = 0.078            # root mean square while speaking, about that of LJ Speech with peaks at 0.95


def one_loudness(wave):
    """Scaled by the root mean square of its louder frames; peaks stay below full scale."""
    power = np.square(wave[:len(wave) // HOP * HOP].reshape(-1, HOP)).mean(1)
    gain = LOUDNESS / np.sqrt(power[power > 0.01 * power.max()].mean() + 1e-9)
    return wave * min(gain, 0.95 / (np.abs(wave).max() + 1e-9))


def recordings(shared, name):
    with open(shared / "speech" / f"{name}.tsv") as f:
        for row in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE):
            wave, rate = soundfile.read(shared / "speech" / name / row["file"], dtype="float32")
            yield row["file"], one_loudness(soxr.resample(wave, rate, RATE, "HQ")), row["text"]


def write_mels(work, name):
    store = Store(work, "speak_" + name)
    with open(work / "data" / f"speak_{name}.mel", "wb") as f:
        for i in range(len(store)):
            f.write(log_mel(torch.from_numpy(store.audio(i))[None])[0].numpy().tobytes())


def write_pitch(work, name):
    """F0 in Hz for every mel frame, 0 where there is no voice."""
    mels = Mels(work, name)
    with open(work / "data" / f"speak_{name}.f0", "wb") as f:
        for i in range(len(mels)):
            fine = contour(mels.store.audio(i), RATE, 90.0, 1000 * HOP / RATE)
            f.write(np.resize(fine, len(mels[i])).astype(np.float32).tobytes())


def main():
    options = arguments(__doc__, sets=("", "only these, by commas, and without their F0"))
    torch.set_num_threads(options.threads)
    for name in options.sets.split(",") if options.sets else VOICES + OTHERS + MEASURED:
        if not have(options.work, "speak_" + name):
            write_store(options.work, "speak_" + name, recordings(options.shared, name))
        if not (options.work / "data" / f"speak_{name}.mel").exists():
            write_mels(options.work, name)
        status(options.work, f"prepare: {name}")
    for name in [] if options.sets else VOICES + MEASURED:
        if not (options.work / "data" / f"speak_{name}.f0").exists():
            write_pitch(options.work, name)
        status(options.work, f"prepare: F0 of {name}")


if __name__ == "__main__":
    main()
