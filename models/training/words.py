"""Step 6: where each recording may be cut between words, so that the student can hear them in other company (splice.py).

The teacher's CTC head aligns the text: the likeliest path through it (Graves et al., "Connectionist temporal classification",
ICML 2006, section 4, with the best path in place of the sum). CTC says where a piece is certain, not where it begins; a cut
is half way between the last frame of the word before and the first of the next, if it is quiet there.
"""
import json

import numpy as np
import torch

from batches import statistics
from common import LABELLED, arguments, status
from head import Head, features, sources
from splice import GRID
from vocabulary import MARK, PIECES, load

FRAME = 2 * GRID
QUIET = 0.1                 # of a recording's mean power: where more is to be heard, words run into each other


def best_path(log, labels):
    """[frames, pieces + 1] log-probabilities, blank last: every label's first and last frame, or None if they do not fit."""
    blank = log.shape[1] - 1
    states = np.full(2 * len(labels) + 1, blank)
    states[1::2] = labels
    skips = np.zeros(len(states), dtype=bool)           # a blank may be left out between two different labels
    skips[3::2] = states[3::2] != states[1:-2:2]
    score = np.full(len(states), -np.inf)
    score[:2] = log[0, states[:2]]
    back = np.zeros((len(log), len(states)), dtype=np.int8)
    for t in range(1, len(log)):
        one = np.concatenate([[-np.inf], score[:-1]])
        two = np.where(skips, np.concatenate([[-np.inf, -np.inf], score[:-2]]), -np.inf)
        choices = np.stack([score, one, two])
        back[t] = choices.argmax(0)
        score = choices.max(0) + log[t, states]
    at = len(states) - 1 if score[-1] > score[-2] else len(states) - 2
    if not np.isfinite(score[at]):
        return None
    path = [at]
    for t in range(len(log) - 1, 0, -1):
        path.append(path[-1] - int(back[t, path[-1]]))
    path = np.array(path[::-1])
    return [tuple(np.flatnonzero(path == s)[[0, -1]]) for s in range(1, len(states), 2)]


def cuts(pcm, log, pieces):
    """[word, sample] pairs, from the first word to the end: where the recording may be cut. None where the text does not fit."""
    path = best_path(log, [p for _, p in pieces])
    if path is None:
        return None
    energy = np.concatenate([[0], np.cumsum(pcm.astype(np.float64) ** 2)])
    out, word = [[0, 0]], 0
    for k in range(1, len(pieces)):
        if not pieces[k][0].startswith(MARK):
            continue
        word += 1
        at = (int(path[k - 1][1]) + int(path[k][0])) * FRAME // 2
        around = energy[min(at + GRID // 2, len(pcm))] - energy[min(at - GRID // 2, len(pcm))]
        if around < QUIET * GRID * energy[-1] / len(pcm) and at > out[-1][1]:
            out.append([word, at])
    return out + [[word + 1, len(pcm)]]


@torch.inference_mode()
def run(head, work, name):
    tokenizer = load(work)
    for source in sources(work, [name]):
        rows = []
        for i, text in enumerate(source.store.texts):
            encoding = tokenizer.encode(text)
            log = head(features(source, i)[None])[0].log_softmax(-1).numpy()
            rows.append(cuts(source.store.audio(i), log, list(zip(encoding.tokens, encoding.ids))) if encoding.ids else None)
        path = work / "words" / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(rows))
        known = [r for r in rows if r]
        status(work, f"words {name}: {len(known)} of {len(rows)} recordings, {sum(r[-1][0] for r in known)} words, "
                     f"{sum(len(r) - 1 for r in known)} pieces between cuts")


def main():
    a = arguments("Find where recordings may be cut between words.")
    torch.set_num_threads(a.threads)
    head = Head(*statistics(a.work, LABELLED))
    head.load_state_dict(torch.load(a.work / "checkpoint" / "head.pt", weights_only=True))
    head.eval()
    for name in LABELLED:
        if not (a.work / "words" / f"{name}.json").exists():
            run(head, a.work, name)


if __name__ == "__main__":
    main()
