"""Greedy CTC decoding and the counting of word errors."""
import itertools

import jiwer
import torch

from common import BFLOAT16, DEVELOPMENT, Store, held_out, scoring
from features import log_mel
from net import encode, logits
from vocabulary import load


def greedy(ids, blank):
    return [k for k, _ in itertools.groupby(ids) if k != blank]


def errors(references, guesses):
    """(words, substitutions, deletions, insertions)"""
    pairs = [(scoring(r), scoring(g)) for r, g in zip(references, guesses)]
    out = jiwer.process_words([r for r, _ in pairs], [g for _, g in pairs])
    return out.hits + out.substitutions + out.deletions, out.substitutions, out.deletions, out.insertions


@torch.inference_mode()
def transcribe(model, tokenizer, pcm):
    with torch.autocast("cpu", torch.bfloat16, enabled=BFLOAT16):
        scores = logits(model, encode(model, log_mel(torch.from_numpy(pcm)[None]))[-1])[0]
    return tokenizer.decode(greedy(scores.argmax(-1).tolist(), model.config.pad_token_id))


def quick(model, work):
    """Word error rates on the development set, by where it was taken from. The evaluation sets are left to evaluate.py."""
    model.eval()
    tokenizer, parts = load(work), []
    for name in DEVELOPMENT:
        store = Store(work, name)
        picks = [i for i in range(len(store)) if held_out(store, i)]
        guesses = [transcribe(model, tokenizer, store.audio(i)) for i in picks]
        n, s, d, i = errors([store.texts[i] for i in picks], guesses)
        parts.append(f"{name.partition('_')[2]} {100 * (s + d + i) / n:.1f}")
    return ", ".join(parts) + f"; last: {guesses[0]!r}"
