"""Sentences for the synthesizers: pieces of shared/text, and made-up spellings, numbers, dates and commands."""
import lzma
import random
import re

from common import normalise, number_words, ordinal_words

SHARES = {"lectures": 0.34, "books": 0.27, "speeches": 0.10, "dialogues": 0.11, "banking_queries": 0.03, "made": 0.15}
LONGEST = {"lectures": 24, "books": 20, "speeches": 20, "dialogues": 16, "banking_queries": 18}

MONTHS = ("january february march april may june july august september october november december").split()
COMMANDS = "yes no go stop help start erase rubout repeat enter".split()
STREETS = "street avenue road drive lane court place boulevard".split()


def corpus(shared, name):
    with lzma.open(shared / "text" / f"{name}.txt.xz", "rt", encoding="utf-8") as f:
        return [line.strip() for line in f if line.strip()]


def clauses(line, longest, rng):
    """A stretch of at most `longest` words, cut at punctuation where there is some."""
    words = line.split()
    if len(words) <= longest:
        return line
    starts = [0] + [i + 1 for i, w in enumerate(words[:-3]) if w[-1] in ",;:.!?"]
    start = rng.choice(starts)
    stretch = words[start:start + rng.randint(longest // 2, longest)]
    ends = [i + 1 for i, w in enumerate(stretch) if w[-1] in ",;:.!?" and i >= 3]
    return " ".join(stretch[:ends[-1]] if ends else stretch)


def letters(word):
    return " ".join(word)


class Made:
    """Spellings, digits, numbers, dates, addresses and commands, as people read them to a machine."""

    def __init__(self, names, rng):
        self.names, self.rng = names, rng

    def digits(self, n):
        return " ".join(number_words(self.rng.randrange(10)) if self.rng.random() < 0.93 else "oh" for _ in range(n))

    def spelling(self):
        return letters(self.rng.choice(self.names))

    def code(self):
        r = self.rng
        marks = [r.choice("abcdefghijklmnopqrstuvwxyz") if r.random() < 0.6 else number_words(r.randrange(60))
                 for _ in range(r.randint(3, 7))]
        return " ".join(marks)

    def date(self):
        r = self.rng
        year = r.choice(["nineteen " + number_words(r.randrange(10, 100)), "two thousand " + number_words(r.randrange(1, 25))])
        day = ordinal_words(r.randint(1, 31)) if r.random() < 0.5 else number_words(r.randint(1, 31))
        return f"{r.choice(MONTHS)} {day}" + (" " + year if r.random() < 0.7 else "")

    def address(self):
        r = self.rng
        return f"{number_words(r.randint(1, 9999))} {r.choice(self.names)} {r.choice(STREETS)}"

    def command(self):
        r = self.rng
        first = r.choice(COMMANDS)
        return first if r.random() < 0.3 else f"{first} {r.choice([self.code, lambda: self.digits(r.randint(2, 6))])()}"

    def one(self):
        r = self.rng
        kind = r.random()
        if kind < 0.34:
            return self.spelling()
        if kind < 0.50:
            return self.code()
        if kind < 0.64:
            return self.digits(r.randint(2, 9))
        if kind < 0.76:
            return self.date()
        if kind < 0.86:
            return self.command()
        if kind < 0.92:
            return self.address()
        return number_words(r.choice([r.randrange(100), r.randrange(10000), r.randrange(10**6)]))


def name_list(shared):
    """Words to spell: capitalised words of the books that are not at the start of a sentence."""
    seen = {}
    for line in corpus(shared, "books")[:60000] + corpus(shared, "speeches"):
        for w in re.findall(r"(?<=[a-z,] )[A-Z][a-z]{1,9}\b", line):
            seen[w.lower()] = seen.get(w.lower(), 0) + 1
    return sorted(w for w, n in seen.items() if n >= 2)


def prompts(shared, seed):
    """An endless stream of (spoken text, normalised text)."""
    rng = random.Random(seed)
    lines = {name: corpus(shared, name) for name in SHARES if name != "made"}
    made = Made(name_list(shared), rng)
    kinds, weights = zip(*SHARES.items())
    while True:
        kind = rng.choices(kinds, weights)[0]
        if kind == "made":
            text = made.one()
        else:
            text = clauses(rng.choice(lines[kind]), LONGEST[kind], rng)
            text = re.sub(r"[^A-Za-z0-9 .,;:?!'%&-]", " ", text)
            if re.search(r"\d{2,}", text) and rng.random() < 0.7:      # figures are read in too many ways
                continue
        label = normalise(text)
        if label and len(label) <= 200 and (kind == "made" or len(label.split()) >= 3):
            if kind == "made":
                # A lone "a" would be read as the article: "ay" is the letter's name in every engine's lexicon.
                yield " ".join({"a": "ay"}.get(w, w.upper() if len(w) == 1 else w) for w in label.split()), label
            else:           # the label itself when there are figures, so that what is spoken agrees
                yield (label if re.search(r"\d", text) else text), label
