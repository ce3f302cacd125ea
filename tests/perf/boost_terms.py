"""Phrases to listen for, from both sides: errors on the boosted words, and on all others.

    python tests/perf/boost_terms.py build/utter ../shared [--sets NAMES] [--weights 0,0.75,1.5,2.5] [--noise] [-- OPTIONS]

For each evaluation set (or the manifests given to --sets) the terms are the 20 words of more than two letters that are
rarest in the texts that the language model was made of, the first by the alphabet among equals. A term is missed where it
is said and not written, and false where it is written and not said; errors on the others are substitutions and deletions of
other words and insertions of other words. Weight 0: no list. --noise: the same lists on sound without speech; lines with
text are counted. OPTIONS go to `utter transcribe`."""
import argparse
import collections
import csv
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models" / "training"))
from common import EVAL, normalise, scoring
from language_model import sentences

TERMS, SHORTEST = 20, 3


def read_set(manifest):
    """Paths and texts."""
    folder = manifest.with_suffix("")
    with open(manifest, newline="") as f:
        rows = list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [str(folder / row["file"]) for row in rows], [row["text"] for row in rows]


def choose_terms(texts, counts):
    words = {w for text in texts for w in normalise(text).split() if w.isalpha() and len(w) >= SHORTEST}
    return sorted(words, key=lambda w: (counts[w], w))[:TERMS]


def transcribe(utter, files, terms, weight, options):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as f:
        f.write("\n".join(terms) + "\n")
        f.flush()
        boost = ["--boost", f.name, "--boost-weight", str(weight)] if weight else []
        done = subprocess.run([utter, "transcribe", *boost, *options, *files], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout.split("\n")[:-1]


def align(said, written):
    """Pairs of words by the fewest errors, and of such alignments by the most words in their places; None where there is
    no other."""
    n, m = len(said), len(written)
    error, right = 1, -1 / (n + m + 1)      # all words in their places weigh less than one error
    cost = [[error * (i + j) for j in range(m + 1)] for i in range(n + 1)]

    def pair(i, j):
        return cost[i - 1][j - 1] + (right if said[i - 1] == written[j - 1] else error)

    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost[i][j] = min(pair(i, j), cost[i - 1][j] + error, cost[i][j - 1] + error)
    pairs, i, j = [], n, m
    while i or j:
        if i and j and cost[i][j] == pair(i, j):
            i, j = i - 1, j - 1
            pairs.append((said[i], written[j]))
        elif i and cost[i][j] == cost[i - 1][j] + error:
            i -= 1
            pairs.append((said[i], None))
        else:
            j -= 1
            pairs.append((None, written[j]))
    return pairs


def count(texts, lines, terms):
    c = collections.Counter()
    for text, line in zip(texts, lines, strict=True):
        for said, written in align(scoring(normalise(text)).split(), scoring(line).split()):
            wrong = said != written
            if said in terms:
                c.update(terms=1, missed=wrong)
            elif said is not None:
                c.update(others=1, other_errors=wrong)
            elif written not in terms:
                c.update(other_errors=1)
            c.update(false=wrong and written in terms)
    return c


def report(name, weight, c):
    print(f"{name:24} {weight:6g} {c['terms']:5} {c['missed']:6} {c['false']:5} "
          f"{100 * (c['missed'] + c['false']) / max(c['terms'], 1):7.1f} {100 * c['other_errors'] / max(c['others'], 1):7.2f}",
          flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("utter")
    p.add_argument("shared", type=Path)
    p.add_argument("--sets", nargs="*", type=Path)
    p.add_argument("--weights", default="0,0.75,1.5,2.5")
    p.add_argument("--noise", action="store_true")
    own, _, options = " ".join(sys.argv[1:]).partition(" -- ")
    a = p.parse_args(own.split())
    counts = collections.Counter()
    for words, _ in sentences(a.shared, 1):
        counts.update(words)
    weights = [float(w) for w in a.weights.split(",")]
    totals = {w: collections.Counter() for w in weights}
    every = []
    print(f"{'set':24} weight terms missed false error % others %")
    for manifest in a.sets or [a.shared / "speech" / f"{name}.tsv" for name in EVAL]:
        files, texts = read_set(manifest)
        terms = choose_terms(texts, counts)
        every += terms
        for w in weights:
            c = count(texts, transcribe(a.utter, files, terms, w, options.split()), {scoring(t) for t in terms})
            totals[w] += c
            report(manifest.stem, w, c)
    for w in weights:
        report("total", w, totals[w])
    if a.noise:
        files = sorted(str(f) for f in (a.shared / "speech" / "noise").glob("*.opus"))
        for w in weights:
            lines = transcribe(a.utter, files, list(dict.fromkeys(every)), w, options.split())
            print(f"noise, weight {w:g}: {sum(bool(line) for line in lines)} of {len(files)} with text, "
                  f"{sum(word in every for line in lines for word in line.split())} terms", flush=True)


if __name__ == "__main__":
    main()
