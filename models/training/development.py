"""The development set as manifests for `utter eval`, and copies of it that are harder to hear.

    python development.py --work DIR --shared DIR
    ../../build/utter eval DIR/development/*.tsv

The released weights have heard the recordings of the development set in an earlier run, so what is chosen on them alone is
chosen for speech that is easier than anybody's. The copies (hard_*) are slowed or quickened by an eighth, with noise at 8
to 18 dB. Seeded."""
import numpy as np
import soundfile
import soxr

from common import DEVELOPMENT, RATE, arguments, is_held_out

SPEEDS, SNR = (0.88, 1.12), (8, 18)


def spoil(samples, rng):
    samples = soxr.resample(samples, RATE, RATE * rng.choice(SPEEDS))
    noise = np.convolve(rng.standard_normal(len(samples) + 8), np.ones(4) / 4)[:len(samples)]
    gain = np.sqrt((samples ** 2).mean() / (noise ** 2).mean()) * 10 ** (-rng.uniform(*SNR) / 20)
    return np.clip(samples + gain * noise, -1, 1)


def read(path):
    samples, rate = soundfile.read(path, always_2d=True)
    return soxr.resample(samples.mean(1), rate, RATE)


def main():
    a = arguments(__doc__, seed=(1, "seed of the copies"), out=("development", "folder in WORK"))
    folder, rng = a.work / a.out, np.random.default_rng(a.seed)
    for name in DEVELOPMENT:
        speech = a.shared.resolve() / "speech"
        head, *rows = (speech / f"{name}.tsv").read_text().strip().split("\n")
        rows = [row.split("\t") for row in rows]
        rows = [row for row in rows if is_held_out(name, row[0])]
        copies = folder / f"hard_{name}"
        copies.mkdir(parents=True, exist_ok=True)
        hard = []
        for number, (file, *rest) in enumerate(rows):
            soundfile.write(copies / f"{number}.flac", spoil(read(speech / name / file), rng), RATE)
            hard.append([f"{number}.flac", *rest])
        for kind, lines in (("clean", [[str(speech / name / row[0]), *row[1:]] for row in rows]), ("hard", hard)):
            text = "\n".join([head] + ["\t".join(line) for line in lines]) + "\n"
            (folder / f"{kind}_{name}.tsv").write_text(text)
        print(f"{name}: {len(rows)} utterances")


if __name__ == "__main__":
    main()
