"""A random 4-gram model and what KenLM says of sentences: pip install kenlm; python tests/golden/make_ngram.py

The model lacks some suffixes of its n-grams, as pruned models do. scores.txt: a sentence, a tab, the log10 probability of each
word and of </s> (a word outside the vocabulary too)."""
import random
from pathlib import Path

import kenlm

here = Path(__file__).parent / "ngram"
rng = random.Random(7)
words = ["a", "an", "and", "andes", "b", "be", "bee", "it's", "the", "then", "zoo", "\u00e9t\u00e9"]
orders = [[("<s>",), ("</s>",), ("<unk>",)] + [(w,) for w in words]]
for n in (2, 3, 4):
    grams = {g + (w,) for g in orders[-1] if "</s>" not in g and "<unk>" not in g
             for w in words + ["</s>"] if (n == 2 or g[1:] + (w,) in orders[-1]) and rng.random() < (0.5, 0.4, 0.4)[n - 2]}
    orders.append(sorted(g for g in grams))
contexts = [{g[:-1] for g in grams} for grams in orders[1:]] + [set()]
for n in (2, 3):                                    # leave out what is nobody's beginning, but somebody's end
    orders[n - 1] = [g for g in orders[n - 1] if g in contexts[n - 1] or rng.random() < 0.9]

lines = ["\\data\\"] + [f"ngram {n}={len(g)}" for n, g in enumerate(orders, 1)]
for n, grams in enumerate(orders, 1):
    lines += ["", f"\\{n}-grams:"]
    for g in grams:
        p = -99 if g == ("<s>",) else -3 * rng.random() ** 2 - 0.01
        back_off = f"\t{rng.uniform(-1.5, 0.3):.6g}" if g in contexts[n - 1] else ""
        lines.append(f"{p:.7g}\t{' '.join(g)}{back_off}")
(here / "small.arpa").write_text("\n".join(lines + ["", "\\end\\", ""]))

model = kenlm.Model(str(here / "small.arpa"))
out = []
for i in range(120):
    text = " ".join(rng.choice(words + ["unheard"] * (i % 3 == 0)) for _ in range(rng.randint(0, 9)))
    out.append(text + "\t" + " ".join(f"{s[0]:.6f}" for s in model.full_scores(text)))
(here / "scores.txt").write_text("\n".join(out) + "\n")
