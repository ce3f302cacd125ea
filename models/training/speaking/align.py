"""How long each phone lasts: a hidden Markov model of the phones, from a flat start, by Viterbi training.

Each phone without its stress, and silence, is three states from left to right of which the middle one may be skipped; a
state is a mixture of diagonal Gaussians over 13 cepstra of the mel spectrogram, their slopes and curvatures. Between words
silence is optional. It writes `aligned.json` or --out: for each utterance its tokens, the frames each lasts, where its frames begin,
and where its words lie."""
import json

import numpy as np
from numba import njit
from scipy.fft import dct

from phones import load_lexicon, read
from shared import VOCABULARY, VOICES, Mels, arguments, speaker, status

PHONES = ["SIL"] + sorted({t.rstrip("012") for t in VOCABULARY if t[0].isalpha()})
NUMBER = {p: i for i, p in enumerate(PHONES)}
STOPS = {"B", "D", "G", "P", "T", "K", "CH", "JH"}
PAUSE = 6                   # frames from which a silence that the text does not mark is a comma
LEAD, TAIL, END = 2, 16, 2  # frames of silence kept: before the first phone, in the last punctuation, in <sos/eos>


# ---- features ----

def slopes(x):
    """The regression over two frames to either side."""
    p = np.pad(x, ((2, 2), (0, 0)), mode="edge")
    return (2 * (p[4:] - p[:-4]) + p[3:-1] - p[1:-3]) / 10


def cepstra(mel):
    c = dct(mel, axis=1, norm="ortho")[:, :13]
    return np.concatenate([c, slopes(c), slopes(slopes(c))], axis=1)


def features(mels, whose):
    """Of every utterance, with the mean and deviation of its whole speaker taken away."""
    made = [cepstra(mels[i]) for i in range(len(mels))]
    for one in set(whose):
        mine = [i for i in range(len(made)) if whose[i] == one]
        stacked = np.concatenate([made[i] for i in mine])
        mean, deviation = stacked.mean(0), stacked.std(0)
        for i in mine:
            made[i] = ((made[i] - mean) / deviation).astype(np.float32)
    return made


# ---- the states of an utterance ----

class Chain:
    """The states in order, where each may be entered from, and which phone of which word each is."""

    def __init__(self, words, chosen):
        self.phones = [("SIL", -1)]
        for w, (_, pronunciations, _) in enumerate(words):
            self.phones += [(p, w) for p in pronunciations[chosen[w]]] + [("SIL", -1)]
        self.names = [p.rstrip("012") for p, _ in self.phones]
        self.states = np.concatenate([3 * NUMBER[p] + np.arange(3) for p in self.names]).astype(np.int64)
        self.jump = np.full(len(self.states), -1, dtype=np.int64)
        self.jump[2::3] = np.arange(0, len(self.states), 3)             # over the middle state
        for k in range(2, len(self.names)):
            if self.names[k - 1] == "SIL":
                self.jump[3 * k] = 3 * k - 4                            # over the silence


@njit(cache=True)
def viterbi(scores, jump):
    """scores [frames, states of the chain]: the best path's state for each frame, and its score. Silence may be left out
    at both ends."""
    frames, n = scores.shape
    best = np.full(n, -1e30)
    best[0], best[3] = scores[0, 0], scores[0, 3]
    back = np.zeros((frames, n), dtype=np.int32)
    for t in range(1, frames):
        new = np.empty(n)
        for j in range(n):
            value, source = best[j], j
            if j > 0 and best[j - 1] > value:
                value, source = best[j - 1], j - 1
            if jump[j] >= 0 and best[jump[j]] > value:
                value, source = best[jump[j]], jump[j]
            new[j] = value + scores[t, j]
            back[t, j] = source
        best = new
    path = np.empty(frames, dtype=np.int64)
    last = n - 1 if best[n - 1] >= best[n - 4] else n - 4
    path[-1] = last
    for t in range(frames - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path, best[last]


def flat(chain, mel):
    """Quiet frames at both ends are silence, the rest is shared out evenly among the phones."""
    level = mel.mean(1)
    loud = np.nonzero(level > 0.5 * (np.percentile(level, 5) + np.percentile(level, 90)))[0]
    first, last = max(loud[0] - 3, 1), min(loud[-1] + 4, len(mel) - 1)
    spoken = [j for j in range(len(chain.states)) if chain.names[j // 3] != "SIL"]
    path = np.zeros(len(mel), dtype=np.int64)
    path[first:last] = np.array(spoken)[np.arange(last - first) * len(spoken) // (last - first)]
    path[:first] = np.arange(first) * 3 // first
    path[last:] = len(chain.states) - 3 + np.arange(len(mel) - last) * 3 // (len(mel) - last)
    return path


# ---- the mixtures ----

class Mixtures:
    """For every state some diagonal Gaussians: weight [states, k], mean and variance [states, k, features]."""

    def __init__(self, size):
        n = 3 * len(PHONES)
        self.weight, self.mean, self.variance = np.ones((n, 1)), np.zeros((n, 1, size)), np.ones((n, 1, size))

    def split(self):
        step = 0.2 * np.sqrt(self.variance)
        self.weight = np.concatenate([self.weight, self.weight], axis=1) / 2
        self.mean = np.concatenate([self.mean - step, self.mean + step], axis=1)
        self.variance = np.concatenate([self.variance, self.variance], axis=1)

    def components(self, x, states):
        """Log densities [frames, states, k]."""
        mean, variance = self.mean[states], self.variance[states]
        constant = np.log(self.weight[states]) - 0.5 * (np.log(2 * np.pi * variance) + mean ** 2 / variance).sum(2)
        linear = (mean / variance).reshape(-1, x.shape[1]).T.astype(np.float32)
        square = (-0.5 / variance).reshape(-1, x.shape[1]).T.astype(np.float32)
        return (x @ linear + (x * x) @ square).reshape(len(x), *constant.shape) + constant.astype(np.float32)

    def scores(self, x, states):
        c = self.components(x, states)
        top = c.max(2)
        return top + np.log(np.exp(c - top[:, :, None]).sum(2))

    def fit(self, x, labels, rounds=2):
        """Expectation and maximisation within each state."""
        for s in range(len(self.mean)):
            mine = x[labels == s]
            if len(mine) < 40:
                continue
            for _ in range(rounds):
                c = self.components(mine, np.array([s]))[:, 0]
                share = np.exp(c - c.max(1, keepdims=True))
                share /= share.sum(1, keepdims=True)
                total = share.sum(0) + 1e-3
                self.weight[s] = np.maximum(total / total.sum(), 1e-3)
                self.mean[s] = share.T @ mine / total[:, None]
                self.variance[s] = np.maximum(share.T @ (mine * mine) / total[:, None] - self.mean[s] ** 2, 0.02)


# ---- training ----

def decode(model, x, chain):
    used, where = np.unique(chain.states, return_inverse=True)
    return viterbi(np.ascontiguousarray(model.scores(x, used)[:, where].astype(np.float64)), chain.jump)


def spans(path):
    """[phones of the chain that were passed]: (phone, first frame, frame after the last)."""
    phone = path // 3
    edges = np.concatenate([[0], np.nonzero(np.diff(phone))[0] + 1, [len(path)]])
    return [(int(phone[a]), int(a), int(b)) for a, b in zip(edges[:-1], edges[1:])]


class Utterance:
    def __init__(self, name, number, words, x, mel):
        self.name, self.number, self.words, self.x = name, number, words, x
        self.chosen = [0] * len(words)
        self.chain = Chain(words, self.chosen)
        self.path = flat(self.chain, mel)

    def align(self, model):
        self.path, score = decode(model, self.x, self.chain)
        return score

    def choose(self, model):
        """For each word the pronunciation that fits its frames best."""
        for w, (_, pronunciations, _) in enumerate(self.words):
            mine = [(a, b) for k, a, b in spans(self.path) if self.chain.phones[k][1] == w]
            x = self.x[mine[0][0]:mine[-1][1]]
            candidates = [c for c in range(min(len(pronunciations), 4)) if 3 * len(pronunciations[c]) <= len(x)]
            if len(candidates) > 1:
                self.chosen[w] = max(candidates, key=lambda c: decode(model, x, Chain([(0, [pronunciations[c]], 0)], [0]))[1])
        self.chain = Chain(self.words, self.chosen)


def load(options):
    lexicon, utterances = load_lexicon(options.shared / "lexicon" / "cmudict.txt"), []
    for name in options.sets.split(","):
        mels, unknown = Mels(options.work, name), 0
        for i, x in enumerate(features(mels, [speaker(name, file) for file in mels.store.files])):
            words = read(mels.store.texts[i], lexicon)
            unknown += words is None
            if words and len(x) > 4 * sum(len(p[0]) for _, p, _ in words):
                utterances.append(Utterance(name, i, words, x, mels[i]))
        status(options.work, f"align: {name}: {len(mels)} utterances, {unknown} with words that the lexicon lacks")
    return utterances


def train(utterances, options):
    x = np.concatenate([u.x for u in utterances])
    model = Mixtures(x.shape[1])
    for turn in range(18):
        model.fit(x, np.concatenate([u.chain.states[u.path] for u in utterances]))
        if turn in (6, 9, 12):
            model.split()
            continue
        score = sum(u.align(model) for u in utterances) / len(x)
        status(options.work, f"align: round {turn}, log likelihood {score:.3f} a frame")
        if turn in (8, 14):
            for u in utterances:
                u.choose(model)
                u.align(model)
    return model


# ---- what becomes of it ----

class Tokens:
    """The tokens and durations of one utterance, built from left to right."""

    def __init__(self):
        self.tokens, self.frames = [], []

    def add(self, token, frames):
        self.tokens.append(token)
        self.frames.append(frames)


def tokens(utterance):
    """Phones, punctuation and the end, with their frames; silences too short for a pause go to a neighbour."""
    out, pending = Tokens(), 0
    chain, path = utterance.chain, spans(utterance.path)
    silence = {k: b - a for k, a, b in path if chain.names[k] == "SIL"}
    length = {k: b - a for k, a, b in path}
    for k, (phone, word) in enumerate(chain.phones):
        if 0 < k < len(chain.phones) - 1 and word < 0:
            pending = between(out, silence.get(k, 0), utterance.words[chain.phones[k - 1][1]][2], chain.names[k + 1])
        elif word >= 0:
            lead = min(LEAD, silence.get(0, 0)) if k == 1 else 0
            out.add(phone, length[k] + pending + lead)
            pending = 0
    tail = silence.get(len(chain.phones) - 1, 0)
    out.add(utterance.words[-1][2], min(TAIL, max(tail - END, 0)))
    out.add("<sos/eos>", min(END, tail))
    return out, max(silence.get(0, 0) - LEAD, 0)


def between(out, silence, mark, following):
    """The silence between two words: what of it the next phone takes."""
    if mark or silence >= PAUSE:
        out.add(mark or ",", silence)
        return 0
    if following in STOPS:
        return silence
    out.frames[-1] += silence
    return 0


def word_times(utterance):
    """[(word, first frame, frame after the last)]."""
    times = {}
    for k, a, b in spans(utterance.path):
        word = utterance.chain.phones[k][1]
        if word >= 0:
            times[word] = (times.get(word, (a, b))[0], b)
    return [(utterance.words[w][0], *times[w]) for w in sorted(times)]


def main():
    options = arguments(__doc__, sets=(",".join(VOICES), "the sets, by commas, which share their phones' models"), out=("aligned.json", "what to write"))
    utterances = load(options)
    train(utterances, options)
    rows = []
    for u in utterances:
        out, start = tokens(u)
        rows.append({"set": u.name, "number": u.number, "tokens": out.tokens, "frames": out.frames, "start": start,
                     "words": word_times(u)})
    (options.work / options.out).write_text(json.dumps(rows))
    status(options.work, f"align: {len(rows)} utterances")


if __name__ == "__main__":
    main()
