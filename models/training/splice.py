"""Words of one speaker in new company: runs of words from several recordings, joined.

A small model hears eight hours of sentences so often that it learns the sentences. What it is to learn is the words, so
half of what it hears of recordings is put together anew (Lam et al., "On-the-fly aligned data augmentation for
sequence-to-sequence ASR", Interspeech 2021). Cuts lie on words.py's grid, so that the teacher's features are cut with the sound.
"""
import json
from typing import NamedTuple

import numpy as np

from common import DEVELOPMENT, RATE, held_out

GRID = 640                  # samples: the teacher's features are 40 ms apart, and speech is cut only between them
FADE = RATE // 200          # 5 ms, in which one recording gives way to the next
LONGEST_RUN = 3             # pieces between cuts
SECONDS = 2.0, 8.0
LOW_PITCH = 170.0           # Hz: a pitch below it is that of a low voice

# Whose voice a recording is; sets with one speaker, or whose development set goes by text, have one voice.
SPEAKER = {name: DEVELOPMENT[name][0] for name in ("train_an4", "train_speechocean")}


def speaker(name, file):
    """Whose voice a recording of a set is."""
    return SPEAKER.get(name, lambda file: "")(file)


def low_voices(work, name):
    """The speakers of a set whose pitch is low; none where pitch.py has not been run, or where a set has one voice."""
    path = work / "pitch.json"
    known = json.loads(path.read_text()).get(name, {}) if path.exists() else {}
    return {who for who, hertz in known.items() if 0 < hertz < LOW_PITCH}


class Run(NamedTuple):
    """Words first to last (not included) of recording i, and the samples in which they are said."""
    i: int
    first: int
    last: int
    begin: int
    end: int


class Voices:
    """The recordings of a set that may be cut, by speaker."""

    def __init__(self, work, store):
        path = work / "words" / f"{store.name}.json"
        self.cuts = json.loads(path.read_text()) if path.exists() else [None] * len(store)
        self.store, self.recordings = store, {}
        for i, cuts in enumerate(self.cuts):
            if cuts and not held_out(store, i):
                self.recordings.setdefault(self.speaker(i), []).append(i)

    def speaker(self, i):
        return speaker(self.store.name, self.store.files[i])

    def known(self, i):
        return len(self.recordings.get(self.speaker(i), [])) > 3 and self.cuts[i] is not None

    def run(self, i, rng):
        cuts = self.cuts[i]
        count = int(rng.integers(1, min(LONGEST_RUN, len(cuts) - 1) + 1))
        at = int(rng.integers(0, len(cuts) - count))
        (first, begin), (last, end) = cuts[at], cuts[at + count]
        return Run(i, first, last, begin, end)

    def plan(self, i, rng):
        """Runs of recording i's speaker, at random, until there is enough."""
        others, seconds = self.recordings[self.speaker(i)], rng.uniform(*SECONDS)
        runs = [self.run(i, rng)]
        while sum(r.end - r.begin for r in runs) < seconds * RATE:
            runs.append(self.run(others[int(rng.integers(len(others)))], rng))
        return runs

    def text(self, runs):
        return " ".join(w for r in runs for w in self.store.texts[r.i].split()[r.first:r.last])

    def sound(self, runs):
        """The runs one after another; each but the last is a whole number of steps of the grid."""
        out = np.zeros(length(runs), dtype=np.float32)
        at = 0
        for r in runs:
            begin = min(FADE, r.begin) if at else 0
            piece = self.store.audio(r.i, r.begin - begin, r.end)
            if begin:                       # fade in over what was faded out
                ramp = np.linspace(0, 1, begin, dtype=np.float32)
                out[at - begin:at] *= 1 - ramp
                piece[:begin] *= ramp
            out[at - begin:at - begin + len(piece)] += piece
            at += steps(r) * GRID
        return out


def steps(r):
    return -(-(r.end - r.begin) // GRID)


def length(runs):
    return sum(steps(r) for r in runs) * GRID


def rows(runs, starts):
    """The teacher's features that belong to the runs, as rows of its file; `starts` of each recording's features."""
    parts = []
    for r in runs:
        at = starts[r.i] + r.begin // GRID + np.arange(steps(r))
        parts.append(np.minimum(at, starts[r.i + 1] - 1))
    return np.concatenate(parts)
