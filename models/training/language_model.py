"""The word 3-gram model beside the acoustic one, as ARPA: python language_model.py --work DIR --shared DIR

Interpolated modified Kneser-Ney (Chen and Goodman 1998, TR-10-98, section 4.1.3), pruned by weighted difference (Seymore and
Rosenfeld, ICSLP 1996), back-offs recomputed for what is left. Texts: shared/text and the transcripts of the training
recordings; whatever is said in an evaluation set, or by who is held out for development (common.held_out), is left out.
`utter lm build DIR/lm.arpa.gz lm.bin` then makes the file that ships. Nothing is drawn by chance."""
import csv
import gzip
import re

import numpy as np

from common import DEVELOPMENT, EVAL, LABELLED, arguments, is_held_out, normalise, scoring, status
from prompts import SHARES, corpus

BOS, EOS, UNK = 0, 1, 2            # ids of <s>, </s>, <unk>; words follow
WORD_BITS, ORDER = 16, 3
MASK = (1 << WORD_BITS) - 1
TEXTS = [name for name in SHARES if name != "made"]


# ---- texts ----

def transcripts(shared, name):
    with open(shared / "speech" / f"{name}.tsv", newline="") as f:
        for row in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield row["file"], row["text"] or ""


def forbidden(shared):
    """What must not be learnt: all sentences of the evaluation and the development sets, as they are scored."""
    texts = {scoring(normalise(text)) for name in EVAL for _, text in transcripts(shared, name)}
    return texts | {scoring(normalise(text)) for name in DEVELOPMENT for file, text in transcripts(shared, name)
                    if is_held_out(name, file)}


def sentences(shared, repeat):
    """(words, of a transcript) of every sentence; a transcript counts `repeat` times, however many speakers read it."""
    out = forbidden(shared)
    for name in TEXTS:
        for line in corpus(shared, name):
            for part in re.split(r"(?<=[.!?;:])\s+", line):
                text = normalise(part)
                if text and scoring(text) not in out:
                    yield text.split(), False
    seen = set(out)
    for name in LABELLED:
        for _, text in transcripts(shared, name):
            text = normalise(text)
            if text and scoring(text) not in seen:
                seen.add(scoring(text))
                for _ in range(repeat):
                    yield text.split(), True


def vocabulary(texts, size):
    """The commonest words, and every word of a transcript; a word that is met once in the books alone is left out."""
    counts, sure = {}, set()
    for words, transcript in texts:
        for word in words:
            counts[word] = counts.get(word, 0) + 1
        if transcript:
            sure.update(words)
    ranked = sorted((w for w in counts if counts[w] > 1 or w in sure), key=lambda w: (w not in sure, -counts[w], w))
    return sorted(ranked[:size])


# ---- counts: an n-gram is a key of WORD_BITS a word, its last word lowest ----

def stream(texts, ids):
    flat = []
    for words, _ in texts:
        flat.append(BOS)
        flat.extend(ids.get(word, UNK) for word in words)
        flat.append(EOS)
    return np.array(flat, dtype=np.int64)


def ngrams(flat, n):
    """Keys of all n-grams within sentences, with their counts. A word outside the vocabulary is in none."""
    count = len(flat) - n + 1
    key, good = np.zeros(count, dtype=np.int64), np.ones(count, dtype=bool)
    for i in range(n):
        word = flat[i:i + count]
        key = key << WORD_BITS | word
        good &= word != UNK
        if i > 0:
            good &= word != BOS
        if i < n - 1:
            good &= word != EOS
    return np.unique(key[good], return_counts=True)


def adjusted(flat):
    """Per order: keys and the counts that Kneser-Ney takes, which below the highest order are of different words before."""
    tables = [ngrams(flat, n) for n in range(1, ORDER + 1)]
    for n in range(ORDER - 1, 0, -1):
        keys, counts = tables[n - 1]
        inner, followers = np.unique(tables[n][0] & ((1 << n * WORD_BITS) - 1), return_counts=True)
        seen = np.ones_like(counts)
        seen[np.searchsorted(keys, inner)] = followers
        begins = keys >> (n - 1) * WORD_BITS == BOS
        tables[n - 1] = keys, np.where(begins & (n > 1), counts, seen)
    return tables


# ---- estimates ----

def discounts(counts):
    t = [max(int((counts == i).sum()), 1) for i in range(5)]
    y = t[1] / (t[1] + 2 * t[2])
    d = [0.0] + [i - (i + 1) * y * t[i + 1] / t[i] for i in (1, 2, 3)]
    d = [min(max(x, 0.0), 0.95 * i) for i, x in enumerate(d)]
    return np.array(d)[np.minimum(counts, 3)]


def estimate(tables, words):
    """Interpolated probability of every n-gram of every order."""
    probabilities = []
    for n, (keys, counts) in enumerate(tables, 1):
        counts = np.where(keys == BOS, 0, counts) if n == 1 else counts
        discount = np.where(counts > 0, discounts(counts), 0.0)
        context, group = np.unique(keys >> WORD_BITS, return_inverse=True)
        total = np.bincount(group, counts)
        gamma = np.bincount(group, discount) / total
        if n == 1:
            lower = np.full(len(keys), 1.0 / (words + 2))     # every word, </s> and <unk>
            unknown = gamma[0] / (words + 2)
        else:
            below = tables[n - 2][0]
            lower = probabilities[-1][np.searchsorted(below, keys & ((1 << (n - 1) * WORD_BITS) - 1))]
        probabilities.append((counts - discount) / total[group] + gamma[group] * lower)
    return probabilities, unknown


def lower_of(tables, probabilities, n):
    """For each n-gram, the probability of its last word after one word less."""
    return probabilities[n - 2][np.searchsorted(tables[n - 2][0], tables[n - 1][0] & ((1 << (n - 1) * WORD_BITS) - 1))]


def back_offs(tables, probabilities, kept, n):
    """Contexts of n - 1 words, and what their n-grams leave to the order below."""
    keys = tables[n - 1][0][kept[n - 1]]
    context, group = np.unique(keys >> WORD_BITS, return_inverse=True)
    taken = np.bincount(group, probabilities[n - 1][kept[n - 1]])
    below = np.bincount(group, lower_of(tables, probabilities, n)[kept[n - 1]])
    return context, np.maximum(1 - taken, 1e-9) / np.maximum(1 - below, 1e-9)


def prune(tables, probabilities, sizes):
    """The n-grams of each order whose loss would cost most: count times the difference of the logarithms."""
    kept = [np.ones(len(tables[0][0]), dtype=bool)]
    kept += [np.zeros(len(keys), dtype=bool) for keys, _ in tables[1:]]
    for n in range(ORDER, 1, -1):
        keys, counts = tables[n - 1]
        everything = [np.ones(len(k), dtype=bool) for k, _ in tables]
        context, back_off = back_offs(tables, probabilities, everything, n)
        otherwise = back_off[np.searchsorted(context, keys >> WORD_BITS)] * lower_of(tables, probabilities, n)
        worth = counts * (np.log(probabilities[n - 1]) - np.log(otherwise))
        size = min(sizes[n], len(keys))
        kept[n - 1][np.argsort(-worth, kind="stable")[:size]] = True
        if n > 2:                     # what comes before its last word has its back-off, what follows its first its place
            left = keys[kept[n - 1]]
            for part in (left >> WORD_BITS, left & ((1 << (n - 1) * WORD_BITS) - 1)):
                kept[n - 2][np.searchsorted(tables[n - 2][0], part)] = True
    return kept


def write_arpa(path, tables, probabilities, kept, unknown, words):
    names = ["<s>", "</s>", "<unk>"] + words
    with gzip.GzipFile(path, "wb", mtime=0) as f:
        f.write(b"\\data\\\n")
        for n in range(1, ORDER + 1):
            f.write(f"ngram {n}={int(kept[n - 1].sum()) + (n == 1)}\n".encode())
        for n in range(1, ORDER + 1):
            f.write(f"\n\\{n}-grams:\n".encode())
            keys, logs = tables[n - 1][0][kept[n - 1]], np.log10(probabilities[n - 1][kept[n - 1]])
            back_off = np.ones(len(keys))
            if n < ORDER:
                context, left = back_offs(tables, probabilities, kept, n + 1)
                back_off[np.searchsorted(keys, context)] = left
            lines = []
            for key, log, back in zip(keys.tolist(), logs.tolist(), np.log10(back_off).tolist()):
                text = " ".join(names[key >> i * WORD_BITS & MASK] for i in range(n - 1, -1, -1))
                log = -99 if key == BOS and n == 1 else log
                lines.append(f"{log:.5f}\t{text}" + (f"\t{back:.5f}" if n < ORDER else "") + "\n")
            if n == 1:
                lines.append(f"{np.log10(unknown):.5f}\t<unk>\t0\n")
            f.write("".join(lines).encode())
        f.write(b"\n\\end\\\n")


def main():
    a = arguments("Estimate the language model.", words=(40000, "most words"), bigrams=(200000, "most pairs by worth"),
                  trigrams=(300000, "most triples"), repeat=(3, "times that a transcript counts"))
    a.work.mkdir(parents=True, exist_ok=True)
    texts = list(sentences(a.shared, a.repeat))
    words = vocabulary(texts, a.words)
    flat = stream(texts, {word: i for i, word in enumerate(words, UNK + 1)})
    status(a.work, f"language model: {len(texts)} sentences, {len(flat)} words, {len(words)} known, "
                   f"{int((flat == UNK).sum())} outside")
    tables = adjusted(flat)
    probabilities, unknown = estimate(tables, len(words))
    kept = prune(tables, probabilities, {2: a.bigrams, 3: a.trigrams})
    write_arpa(a.work / "lm.arpa.gz", tables, probabilities, kept, unknown, words)
    status(a.work, "language model: " + ", ".join(f"{int(k.sum())} of {len(k)}" for k in kept) + " n-grams of order 1 to 3")


if __name__ == "__main__":
    main()
