"""Random models of order 4 and 6 and what KenLM says of sentences: pip install kenlm; python tests/golden/make_ngram.py

The models lack some suffixes of their n-grams, as pruned models do. *scores.txt: a sentence, a tab, the log10 probability of
each word and of </s> (a word outside the vocabulary too)."""
import random
from pathlib import Path

import kenlm

FOLDER = Path(__file__).parent / "ngram"
WORDS = ["a", "an", "and", "andes", "b", "be", "bee", "it's", "the", "then", "zoo", "\u00e9t\u00e9"]


def draw(rng, words, rates):
    """The n-grams of each order; rates: the share of what could go on that does, from order 2 on."""
    orders = [[("<s>",), ("</s>",), ("<unk>",)] + [(w,) for w in words]]
    for n, rate in enumerate(rates, 2):
        grams = {g + (w,) for g in orders[-1] if "</s>" not in g and "<unk>" not in g
                 for w in words + ["</s>"] if (n == 2 or g[1:] + (w,) in orders[-1]) and rng.random() < rate}
        orders.append(sorted(g for g in grams))
    contexts = [{g[:-1] for g in grams} for grams in orders[1:]] + [set()]
    for n in range(2, len(orders)):                 # leave out what is nobody's beginning, but somebody's end
        orders[n - 1] = [g for g in orders[n - 1] if g in contexts[n - 1] or rng.random() < 0.9]
    return orders, contexts


def make(name, scores, rng, words, rates):
    orders, contexts = draw(rng, words, rates)
    lines = ["\\data\\"] + [f"ngram {n}={len(g)}" for n, g in enumerate(orders, 1)]
    for n, grams in enumerate(orders, 1):
        lines += ["", f"\\{n}-grams:"]
        for g in grams:
            p = -99 if g == ("<s>",) else -3 * rng.random() ** 2 - 0.01
            back_off = f"\t{rng.uniform(-1.5, 0.3):.6g}" if g in contexts[n - 1] else ""
            lines.append(f"{p:.7g}\t{' '.join(g)}{back_off}")
    (FOLDER / name).write_text("\n".join(lines + ["", "\\end\\", ""]))
    model = kenlm.Model(str(FOLDER / name))
    out = []
    for i in range(120):
        text = " ".join(rng.choice(words + ["unheard"] * (i % 3 == 0)) for _ in range(rng.randint(0, 9)))
        out.append(text + "\t" + " ".join(f"{s[0]:.6f}" for s in model.full_scores(text)))
    (FOLDER / scores).write_text("\n".join(out) + "\n")


make("small.arpa", "scores.txt", random.Random(7), WORDS, (0.5, 0.4, 0.4))
make("deep.arpa", "deep_scores.txt", random.Random(8), WORDS[:4], (0.9, 0.8, 0.8, 0.7, 0.6))
