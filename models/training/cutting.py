"""Where recordings are cut into windows: the constants of src/cutter.c, chosen on recordings that are not the evaluation's.

    python cutting.py --work DIR --shared DIR [--build DIR]

Strings of utterances of the labelled sets with pauses of 0.1 to 2 s between them, hard as development.py makes them, for
the released weights have heard the recordings. Prints the word error rate as shipped of each choice; nothing is written.
Seeded."""
import subprocess
from pathlib import Path

import jiwer
import numpy as np
import soundfile

from common import RATE, arguments, normalise, scoring, status
from development import spoil
from prepare import read

SETS = {"train_speechocean": 110, "train_an4": 40, "voice_cathy": 30, "voice_lj": 20}
NOW = (50, 40, 15, 200)                     # context, long pause, short pause, settled: frames of 10 ms
CHOICES = [NOW, (20, 40, 15, 200), (30, 40, 15, 200), (40, 40, 15, 200), (80, 40, 15, 200), (50, 25, 15, 200),
           (50, 60, 15, 200), (50, 40, 8, 200), (50, 40, 25, 200), (50, 40, 40, 200), (50, 40, 15, 100), (50, 40, 15, 400),
           (30, 40, 8, 200), (30, 40, 25, 200), (30, 30, 25, 200), (30, 25, 15, 200)]


def strings(a, folder):
    """Writes the recordings; their texts by file."""
    rng, rows, texts = np.random.default_rng(1), [], {}
    for name, count in SETS.items():
        head, *lines = [r.split("\t") for r in (a.shared / "speech" / f"{name}.tsv").read_text().strip().split("\n")]
        rows += [(a.shared / "speech" / name / lines[i][0], lines[i][3]) for i in rng.permutation(len(lines))[:count]]
    rows = [rows[i] for i in rng.permutation(len(rows))]
    folder.mkdir(parents=True, exist_ok=True)
    while rows:
        count, parts, text = int(rng.integers(1, 7)), [], []
        for path, said in rows[:count]:
            pause = int(np.exp(rng.uniform(np.log(0.1), np.log(2))) * RATE)
            parts += [read(path), np.zeros(pause, np.float32)]
            text.append(normalise(said))
        rows = rows[count:]
        file = folder / f"{len(texts):03}.flac"
        soundfile.write(file, spoil(np.concatenate(parts), rng), RATE)
        texts[str(file)] = scoring(" ".join(text))
    return texts


def heard(build, model, choice, files):
    out = subprocess.run([build / "tests" / "presence_evidence", model, "0", ":".join(map(str, choice)), *files],
                         capture_output=True, text=True, check=True).stdout
    said = {file: [] for file in files}
    for line in out.splitlines():
        file, *_, words = line.split("\t")
        said[file].append(words)
    return [scoring(" ".join(said[file])) for file in files]


def main():
    a = arguments(__doc__, build=("../../build", "where utter was built"), model=("../default/en", "the model's folder"))
    texts = strings(a, a.work.resolve() / "cutting")
    files = sorted(texts)
    for choice in CHOICES:
        rate = jiwer.wer([texts[f] for f in files], heard(Path(a.build).resolve(), Path(a.model).resolve(), choice, files))
        status(a.work, f"cutting {choice}: {100 * rate:.2f} % word errors")


if __name__ == "__main__":
    main()
