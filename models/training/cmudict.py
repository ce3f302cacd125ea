"""CMUdict as both recipes of the pronouncer take it: words with their variants, and which phones each letter stands for.

An alignment gives every letter of a word a chunk: none, one or two phones, seldom more. Chunks are found by
expectation-maximization over all monotone alignments (Jiampojamarn et al. 2007, "Applying Many-to-Many Alignments and
Hidden Markov Models to Letter-to-Phoneme Conversion", with a letter as the unit), stress put aside.
"""
import json
import re
import zlib
from collections import Counter, defaultdict
from math import log
from pathlib import Path

USUAL = 2                   # phones of one letter; as many as it takes where a word cannot be had otherwise
ROUNDS = 6
SAMPLE = 6                  # rounds look at every so-manieth word
RARE = 1e-9
LONG = {0: 0.2, 1: 1.0, 2: 0.02}     # what the first round believes of a chunk's length


def read(path):
    """{word: [phones]}: words of a to z and apostrophes in lower case, variants in the dictionary's order."""
    words = defaultdict(list)
    for line in open(path, encoding="latin-1"):
        found = re.fullmatch(r"([A-Z']*[A-Z][A-Z']*)(\(\d\))?  ([A-Z0-2 ]+)", line.rstrip())
        if found and found[3].split() not in words[found[1].lower()]:
            words[found[1].lower()].append(found[3].split())
    return dict(words)


def is_held_out(word):
    """One word in ten, which the letter-to-sound model never sees."""
    return zlib.crc32(word.encode()) % 10 == 0


def bare(phones):
    return tuple(p.rstrip("012") for p in phones)


def lengths(word, phones):
    """How many phones a letter may stand for; the usual unless there are more phones than that."""
    return max(USUAL, -(-len(phones) // len(word)) + (len(phones) > USUAL * len(word)))


def forward(word, phones, weight, most):
    """sums[i][j]: of the weights of all alignments of i letters with j phones."""
    n, m = len(word), len(phones)
    sums = [[0.0] * (m + 1) for _ in range(n + 1)]
    sums[0][0] = 1.0
    for i in range(n):
        for j in range(m + 1):
            here = sums[i][j]
            if here:
                for k in range(min(most, m - j) + 1):
                    sums[i + 1][j + k] += here * weight(word[i], phones[j:j + k])
    return sums


def count(word, phones, weight, counts):
    """Adds the expected number of times that each letter stands for each chunk in this word."""
    n, m = len(word), len(phones)
    most = lengths(word, phones)
    ahead = forward(word, phones, weight, most)
    if not ahead[n][m]:
        return
    behind = [[0.0] * (m + 1) for _ in range(n + 1)]
    behind[n][m] = 1.0 / ahead[n][m]
    for i in range(n - 1, -1, -1):
        for j in range(m + 1):
            if ahead[i][j]:
                for k in range(min(most, m - j) + 1):
                    if behind[i + 1][j + k]:
                        chunk = phones[j:j + k]
                        w = weight(word[i], chunk) * behind[i + 1][j + k]
                        behind[i][j] += w
                        counts[word[i], chunk] += ahead[i][j] * w


def learn(entries):
    """The probability of each chunk given its letter, from (word, bare phones)."""
    weight = lambda letter, chunk: LONG.get(len(chunk), RARE)
    for _ in range(ROUNDS):
        counts, totals = defaultdict(float), defaultdict(float)
        for word, phones in entries:
            count(word, phones, weight, counts)
        for (letter, _), c in counts.items():
            totals[letter] += c
        table = {key: c / totals[key[0]] for key, c in counts.items() if c / totals[key[0]] > RARE}
        weight = lambda letter, chunk, table=table: table.get((letter, chunk), RARE)
    return table


def align(word, phones, table):
    """The likeliest alignment: a tuple of phones, with their stress, for every letter."""
    plain, n, m = bare(phones), len(word), len(phones)
    most = lengths(word, phones)
    best = [[None] * (m + 1) for _ in range(n + 1)]
    best[0][0] = (0.0, 0)
    for i in range(n):
        for j in range(m + 1):
            if best[i][j]:
                for k in range(min(most, m - j) + 1):
                    score = best[i][j][0] + log(table.get((word[i], plain[j:j + k]), RARE ** max(1, k)))
                    if not best[i + 1][j + k] or score > best[i + 1][j + k][0]:
                        best[i + 1][j + k] = (score, k)
    chunks, j = [], m
    for i in range(n, 0, -1):
        k = best[i][j][1]
        chunks.append(tuple(phones[j - k:j]))
        j -= k
    return chunks[::-1]


def alignments(work, words):
    """{word: [chunks of each variant]}, kept in the work folder once they are made."""
    path = Path(work) / "aligned.json"
    if not path.exists():
        table = learn([(w, bare(p)) for w, variants in list(words.items())[::SAMPLE] for p in variants])
        made = {w: [align(w, p, table) for p in variants] for w, variants in words.items()}
        path.write_text(json.dumps(made))
    return {w: [[tuple(c) for c in v] for v in variants] for w, variants in json.loads(path.read_text()).items()}


def table_of(alignments):
    """What align needs for one more word, from those that are aligned."""
    counts, totals = Counter(), Counter()
    for word, variants in alignments.items():
        for chunks in variants:
            counts.update(zip(word, map(bare, chunks)))
            totals.update(word)
    return {key: c / totals[key[0]] for key, c in counts.items()}
