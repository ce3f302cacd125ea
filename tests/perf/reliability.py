"""How far the confidence of words can be believed, on the evaluation sets: of the words of each tenth of the scale, how many
are right; the expected calibration error (Guo et al. 2017, section 2) in ten bins, the normalised cross entropy (NIST: 1 is
best, 0 says no more than the mean), and the area under the ROC curve; of segments the mean difference between confidence
and share of right words.

    python tests/perf/reliability.py --shared ../shared [--model DIR] [--option=--beam --option=1]

Run it with a copy of the model without confidence.json for what the acoustic confidence alone is worth. Needs jiwer and
kenlm (models/training)."""
import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models" / "training"))
from common import EVAL                             # noqa: E402
from confidence import right, transcripts           # noqa: E402

BINS = 10


def calibration_error(p, y):
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    return sum(abs(p[bins == k].mean() - y[bins == k].mean()) * (bins == k).mean() for k in range(BINS) if (bins == k).any())


def cross_entropy(p, y):
    p = np.clip(p, 1e-6, 1 - 1e-6)
    entropy, share = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(), y.mean()
    return 1 + entropy / (share * np.log(share) + (1 - share) * np.log(1 - share))


def area(p, y):
    order = np.argsort(p, kind="stable")
    ranks = np.empty(len(p))
    ranks[order] = np.arange(1, len(p) + 1)
    for value in np.unique(p):
        ranks[p == value] = ranks[p == value].mean()
    good = int(y.sum())
    return (ranks[y].sum() - good * (good + 1) / 2) / (good * (len(y) - good))


def line(name, p, y, texts):
    means, shares = zip(*texts)
    print(f"{name:24} {len(p):6} words {100 * y.mean():5.1f} % right, mean {p.mean():.3f}; calibration error {calibration_error(p, y):.3f}, "
          f"cross entropy {cross_entropy(p, y):6.3f}, area {area(p, y):.3f}; texts {np.abs(np.subtract(means, shares)).mean():.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--model", default="en")
    parser.add_argument("--option", action="append", default=[])
    a = parser.parse_args()
    everything = []
    for name in EVAL:
        p, y, texts = [], [], []
        for said, words in transcripts(a.build / "utter", a.model, a.shared / "speech" / f"{name}.tsv", a.option):
            hits = right(said, words)
            if hits is not None:
                p.extend(word["confidence"] for word in words)
                y.extend(hits)
                texts.append((np.mean(p[-len(hits):]), hits.mean()))
        everything.append((np.array(p), np.array(y), texts))
        line(name, *everything[-1])
    p, y = (np.concatenate([part[i] for part in everything]) for i in (0, 1))
    line("total", p, y, [pair for part in everything for pair in part[2]])
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    for k in range(BINS):
        here = bins == k
        if here.any():
            print(f"{k / BINS:.1f} to {(k + 1) / BINS:.1f}: {here.sum():5} words, mean {p[here].mean():.3f}, right {y[here].mean():.3f}")


if __name__ == "__main__":
    main()
