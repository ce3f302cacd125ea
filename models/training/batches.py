"""Batches for the student: a weighted mix of all the sets, augmented, each batch padded to one length."""
import numpy as np
import torch

import augment
import splice
from common import RATE, Store, STRIDE, HOP, encoder_frames, held_out, maker, shards, teacher_frames
from features import LEAST, log_mel
from vocabulary import load

# How often each recording is heard in a round of the mix; what is short of words is heard less.
TIMES = {"voice_lj": 2.0, "voice_cathy": 1.5, "train_an4": 2.0, "train_speechocean": 1.0,
         "unlabelled_librispeech": 1.0, "train_words": 0.06}
# The least speed of what the readers, who are women, say in shards: at 0.76 their pitch and throats are nearly a man's.
SLOWED = {"j": 0.76, "a": 0.76, "b": 0.76, "r": 0.76}
LOW_TIMES = {"train_speechocean": 2.0}      # how much more often those of its speakers with a low voice, of whom it has few (pitch.py)
SYNTHESIZED = 0.7                   # share of the audio in a round
# How often each utterance of a shard is in the pool from which a round takes, by maker: synthesizers, joined.py of the readers,
# of the readers with an accent, of the learners; b, c, l and m: readers, synthesizers, learners and those of them with
# low voices with sentences like the learners'.
MADE = {"0": 1.6, "j": 1.0, "a": 0.8, "k": 0.4, "b": 1.5, "c": 2.0, "l": 2.0, "m": 3.0}
NOT_SPEECH = 0.06
EMPTY = 0.75                        # share of the batches in which a mel with nothing in it is 0, as Utter has it
WARPED = 0.5                        # share of the utterances whose vocal tract is made longer or shorter
SPLICED = 0.7                       # share of the recordings, where their words are known, that are heard as splices
WIDTH = 512
TOP = 8                             # posteriors kept per frame
FRAME = STRIDE * HOP


class Source:
    """A set with its teacher features and its token ids, whichever exist."""

    def __init__(self, work, name, tokenizer):
        self.store, self.name, self.tokenizer = Store(work, name), name, tokenizer
        self.voices = splice.Voices(work, self.store)
        self.made = name.startswith("syn_")
        self.slowest = SLOWED.get(maker(name), augment.SLOWEST) if self.made else augment.SLOWEST
        times = MADE.get(maker(name), 1.0) if self.made else TIMES[name]
        low = splice.low_voices(work, name) if name in LOW_TIMES else ()
        self.times = np.array([times * (LOW_TIMES[name] if self.voices.speaker(i) in low else 1.0) for i in range(len(self.store))])
        self.labels = [tokenizer.encode(t).ids if t else None for t in self.store.texts]
        path = work / "teacher" / f"{name}.f16"
        self.features = None
        if path.exists():
            counts = np.array([teacher_frames(int(n)) for n in self.store.lengths])
            self.starts = np.concatenate([[0], np.cumsum(counts)])
            self.features = np.memmap(path, dtype=np.float16, mode="r").reshape(-1, WIDTH)

        path = work / "posteriors" / f"{name}.npz"
        self.posteriors = np.load(path) if path.exists() and self.features is not None else None
        if self.posteriors is not None:
            self.posteriors = self.posteriors["ids"], self.posteriors["values"]

    def usable(self, i):
        return (self.labels[i] is not None or self.features is not None) and not held_out(self.store, i)

    def pick(self, i, rng):
        """Recording i as it is, or a splice that begins with it."""
        spliced = self.voices.known(i) and rng.random() < SPLICED
        return self.voices.plan(i, rng) if spliced else i

    def length(self, what):
        return int(self.store.lengths[what]) if isinstance(what, int) else splice.length(what)

    def sound(self, what):
        """Samples, and token ids or None."""
        if isinstance(what, int):
            return self.store.audio(what), self.labels[what]
        return self.voices.sound(what), self.tokenizer.encode(self.voices.text(what)).ids

    def rows(self, what):
        """Which of the teacher's features are this one's."""
        if isinstance(what, int):
            return np.arange(self.starts[what], self.starts[what + 1])
        return splice.rows(what, self.starts)

    def target(self, what, factor, frames):
        """The teacher's features at the student's frames, two a frame, for speech sped up by `factor`."""
        rows = self.rows(what)
        t = np.round(np.arange(2 * frames) * factor).astype(int)
        return self.features[rows[np.minimum(t, len(rows) - 1)]].reshape(frames, 2 * WIDTH)

    def posterior(self, what, factor, frames):
        """The head's likeliest pieces and their probabilities at the student's frames."""
        rows = self.rows(what)[::2] // 2
        t = rows[np.minimum(np.round(np.arange(frames) * factor).astype(int), len(rows) - 1)]
        return self.posteriors[0][t], self.posteriors[1][t]


class Mix(torch.utils.data.IterableDataset):
    def __init__(self, work, batch_seconds, seed):
        self.work, self.batch_seconds, self.seed = work, batch_seconds, seed
        self.sources = {}

    def source(self, name):
        """The set, read anew when one of its files has come."""
        has = [(self.work / path).exists() for path in (f"teacher/{name}.f16", f"posteriors/{name}.npz", f"words/{name}.json")]
        if self.sources.get(name, (None,))[0] != has:
            self.sources[name] = has, Source(self.work, name, load(self.work))
        return self.sources[name][1]

    def open(self):
        """Every set with what there is of it by now."""
        self.noise = Store(self.work, "noise_train")
        self.real = [self.source(n) for n in TIMES]
        self.made = [self.source(n) for n in shards(self.work)]

    def round(self, rng):
        """One round's (source, utterance) pairs, cut into batches of like length, in random order."""
        picks = []
        for s in self.real:
            want = rng.poisson(s.times)
            picks += [(s, s.pick(i, rng)) for i in range(len(s.store)) for _ in range(want[i]) if s.usable(i)]
        pool = [(s, i) for s in self.made for i, want in enumerate(rng.poisson(s.times)) for _ in range(want)]
        rng.shuffle(pool)
        budget = sum(s.length(what) for s, what in picks) * SYNTHESIZED / (1 - SYNTHESIZED)
        for s, i in pool:
            if budget <= 0:
                break
            budget -= s.store.lengths[i]
            picks.append((s, i))
        picks = [(s, what, augment.tempo(rng, s.slowest)) for s, what in picks if s.length(what) < 15 * RATE]
        picks.sort(key=lambda p: p[0].length(p[1]) / p[2] * rng.uniform(0.96, 1.04))
        batches, batch = [], []
        for p in picks:
            longest = p[0].length(p[1]) / p[2]
            if batch and (len(batch) + 1) * longest > self.batch_seconds * RATE:
                batches.append(batch)
                batch = []
            batch.append(p)
        batches.append(batch)
        rng.shuffle(batches)
        return batches

    def example(self, source, what, factor):
        pcm, labels = source.sound(what)
        pcm = augment.speed(pcm, factor) if factor != 1.0 else pcm
        target = posterior = None
        if source.features is not None:
            target = source.target(what, factor, encoder_frames(len(pcm)))
        if source.posteriors is not None:
            posterior = source.posterior(what, factor, encoder_frames(len(pcm)))
        return pcm, labels, target, posterior

    def collate(self, batch, rng):
        examples = [self.example(*p) for p in batch]
        longest = max(len(e[0]) for e in examples)
        for k in range(len(examples)):
            if rng.random() < NOT_SPEECH:
                examples[k] = np.zeros(0, dtype=np.float32), [], None, None
        # Silence before, in whole encoder frames so that the teacher's stay in step, and after.
        total = -(-(longest + int(rng.uniform(0, 0.4 if rng.random() < 0.7 else 1.5) * RATE)) // FRAME) * FRAME
        frames = total // FRAME
        wave = np.zeros((len(examples), total), dtype=np.float32)
        target = np.zeros((len(examples), frames, 2 * WIDTH), dtype=np.float16)
        known = np.zeros((len(examples), frames), dtype=bool)
        ids = np.zeros((len(examples), frames, TOP), dtype=np.int64)
        values = np.zeros((len(examples), frames, TOP), dtype=np.float32)       # all zero where not known
        for row, (pcm, labels, features, posterior) in enumerate(examples):
            if len(pcm) == 0:
                wave[row] = augment.not_speech(total, self.noise, rng)
                continue
            start = int(rng.integers(0, (total - len(pcm)) // FRAME + 1))
            wave[row, start * FRAME:start * FRAME + len(pcm)] = pcm
            wave[row] += rng.standard_normal(total).astype(np.float32) * np.float32(10 ** rng.uniform(-5.5, -3))
            wave[row] = augment.spoil(wave[row], self.noise, rng)
            if features is not None:
                n = min(len(features), frames - start)
                target[row, start:start + n] = features[:n]
                known[row, start:start + n] = True
            if posterior is not None:
                n = min(len(posterior[0]), frames - start)
                ids[row, start:start + n], values[row, start:start + n] = posterior[0][:n], posterior[1][:n]
        mel = log_mel(torch.from_numpy(wave), LEAST if rng.random() < EMPTY else 0.0)
        for row in range(len(examples)):
            if rng.random() < WARPED:
                mel[row] @= augment.vocal_tract(rng)
            augment.window(mel[row], rng)
            augment.mask(mel[row], rng)
        labelled = [row for row, e in enumerate(examples) if e[1] is not None]
        labels = [torch.tensor(examples[row][1], dtype=torch.long) for row in labelled]
        return {"mel": mel, "seconds": wave.size / RATE, "target": torch.from_numpy(target),
                "known": torch.from_numpy(known), "ids": torch.from_numpy(ids), "values": torch.from_numpy(values),
                "labelled": torch.tensor(labelled, dtype=torch.long),
                "labels": torch.cat(labels) if labels else torch.zeros(0, dtype=torch.long),
                "label_lengths": torch.tensor([len(l) for l in labels], dtype=torch.long)}

    def __iter__(self):
        torch.set_num_threads(1)
        rng = np.random.default_rng(self.seed)
        while True:
            self.open()                 # new shards and features that appeared meanwhile are picked up
            for batch in self.round(rng)[:200]:
                yield self.collate(batch, rng)


def loader(work, batch_seconds, seed):
    return torch.utils.data.DataLoader(Mix(work, batch_seconds, seed), batch_size=None, num_workers=1, prefetch_factor=6)


def statistics(work, names):
    """Mean and deviation of every teacher feature, so that each counts the same; 0 and 1 before there are any."""
    paths = [p for p in (work / "teacher" / f"{n}.f16" for n in names) if p.exists()]
    if not paths:
        return torch.zeros(2 * WIDTH), torch.ones(2 * WIDTH)
    x = np.concatenate([np.memmap(p, dtype=np.float16, mode="r").reshape(-1, WIDTH)[::7] for p in paths]).astype(np.float32)
    return torch.from_numpy(np.tile(x.mean(0), 2)), torch.from_numpy(np.tile(x.std(0), 2))
