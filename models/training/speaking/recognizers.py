"""What two recognizers hear in a folder of recordings, and how much of it is wrong."""
import csv
import subprocess

import jiwer
import numpy as np

from shared import scoring

MODEL = "/usr/share/pocketsphinx/model/en-us"
DRAWS = 2000                # of the bootstrap


def utter(options, kind, *settings):
    """Our own, by sentence: WORK/evaluation/KIND/*.wav, named by KIND.tsv."""
    base = options.work / "evaluation"
    out = base / ".".join([kind, "heard", *settings[1:2], "tsv"])
    subprocess.run([options.utter, "eval", "--threads", str(options.threads), "--hypotheses", out, *settings, base / f"{kind}.tsv"],
                   check=True, stdout=subprocess.DEVNULL)
    with open(out) as f:
        heard = {r["file"]: r["hypothesis"] for r in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)}
    return [heard[f"{k:03d}.wav"] for k in range(len(heard))]


def utter_greedy(options, kind):
    return utter(options, kind, "--beam", "1", "--lm", "none")


def pocketsphinx(options, kind):
    """Debian's. What it heard before is kept in KIND.sphinx."""
    base = options.work / "evaluation"
    names, kept = sorted(p.stem for p in (base / kind).glob("*.wav")), base / f"{kind}.sphinx"
    done = read_sphinx(kept) if kept.exists() else {}
    todo = [n for n in names if n not in done]
    jobs = [start_sphinx(base, kind, k, todo[k::options.threads]) for k in range(options.threads)]
    for job, out in jobs:
        job.wait()
        done.update(read_sphinx(out))
    kept.write_text("".join(f"{text} ({n} 0)\n" for n, text in done.items()))
    return [done[n] for n in names]


def start_sphinx(base, kind, k, names):
    """One process for so many of the sentences: (the process, the file it writes)."""
    control, out = base / f"{kind}.{k}.names", base / f"{kind}.{k}.hyp"
    control.write_text("".join(n + "\n" for n in names))
    out.write_text("")
    return subprocess.Popen(["pocketsphinx_batch", "-adcin", "yes", "-adchdr", "44", "-cepdir", base / kind, "-cepext", ".wav",
                             "-ctl", control, "-hyp", out, "-hmm", f"{MODEL}/en-us", "-lm", f"{MODEL}/en-us.lm.bin",
                             "-dict", f"{MODEL}/cmudict-en-us.dict", "-logfn", "/dev/null"]), out


def read_sphinx(path):
    """Sentence to what was heard: a line is `text (name score)`."""
    heard = {}
    for line in path.read_text().splitlines():
        text, _, rest = line.rpartition("(")
        heard[rest.split()[0]] = text.strip()
    return heard


RECOGNIZERS = {"utter": utter, "utter greedy": utter_greedy, "pocketsphinx": pocketsphinx}


# ---- errors ----

def errors(said, heard):
    """[sentences, 2]: words wrong, words said."""
    counts = [jiwer.process_words(scoring(a), scoring(b)) for a, b in zip(said, heard)]
    return np.array([(c.substitutions + c.deletions + c.insertions, c.substitutions + c.deletions + c.hits) for c in counts])


def rate(counts):
    wrong, words = counts.sum(0)
    return 100 * wrong / words


def more(counts, than):
    """By how many points one error rate is above another of the same sentences, and the 95 % interval of that: the bootstrap over
    sentences (Bisani and Ney, ICASSP 2004)."""
    draws = np.random.default_rng(1).integers(len(counts), size=(DRAWS, len(counts)))
    sums = [c[draws].sum(1) for c in (counts, than)]
    low, high = np.percentile(100 * (sums[0][:, 0] / sums[0][:, 1] - sums[1][:, 0] / sums[1][:, 1]), (2.5, 97.5))
    return [round(float(x), 1) for x in (rate(counts) - rate(than), low, high)]
