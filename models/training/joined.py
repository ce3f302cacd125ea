"""Speech joined of recorded units: new sentences in the sound of real recordings (Hunt and Black, "Unit selection in a
concatenative speech synthesis system using a large speech database", ICASSP 1996).

    python joined.py --work DIR --shared DIR --shards N
    python joined.py --work DIR --shared DIR --shards N --sets train_speechocean+train_an4 --aligned aligned_many.json --prefix k
    python joined.py --work DIR --shared DIR --shards N --accent 1.3 --prefix a
    python joined.py --work DIR --shared DIR --shards N --accent 1.3 --like train_speechocean --prefix b
    python joined.py --work DIR --shared DIR --shards N --sets train_speechocean --aligned aligned_many.json --low 1 --prefix m

A unit reaches from the middle of a phone to the middle of the next. Of those that were recorded the search takes a chain
whose neighbours fit: in sound where they are joined, and in what stood around them. Neighbours of one recording cost nothing to
join, so known words stay whole. Of sets with many speakers a sentence has one who leads, and others the more seldom the less they
sound like that one. Needs what speaking/align.py wrote of the sets. A shard is a set like any other (data/syn_jNN.*)."""
import json
import random
from itertools import islice

import numpy as np
from scipy.fft import dct

from accent import accented
from alike import reading
from common import RATE, Store, arguments, have, is_held_out, status, write_store
from splice import low_voices, speaker
from speaking.phones import load_lexicon, read

FRAME = 256 / 22050                 # seconds of an aligned frame
PER_SHARD = 700
CANDIDATES = 24
FADE = 160                          # samples over which one unit gives way to the next
SHIFT = 70                          # samples by which the next may be moved to fall in with the last one's pitch
SLICE = 200                         # samples between the slices of speech made slower
PAUSE = 0.09                        # seconds of a pause kept on either side of a join in it
STRANGE = 0.7                       # cost of a neighbour's other neighbour being another phone
JOIN = 1.2                          # cost of any join, beside the distance of the two sounds
FOREIGN = 0.6                       # cost of another speaker's unit, times how far apart the two are
LOUDNESS = 0.07
SLOW = 0.7                          # how much longer than its reader a speaker with an accent of strength 1 takes at most
HESITANT = 0.08                     # share of the words after which an accent of strength 1 pauses
FILTERS = 24


def bare(token):
    return token.rstrip("012") if token[0].isalpha() else "SIL"


def cepstra(wave):
    """[frames of 10 ms, 12]: of the logarithm of FILTERS bands, evenly spaced up to 6 kHz on a scale between linear and mel."""
    n = max(0, (len(wave) - 400) // 160 + 1)
    at = np.arange(n)[:, None] * 160 + np.arange(400)
    power = np.abs(np.fft.rfft(wave[at] * np.hanning(400), 512)) ** 2
    edges = (np.linspace(0, 1, FILTERS + 1) ** 1.7 * 190).astype(int) + np.arange(FILTERS + 1) // 4
    bands = np.add.reduceat(power[:, :edges[-1] + 1], edges[:-1], axis=1)
    return dct(np.log(bands + 1e-7), axis=1, norm="ortho")[:, :12].astype(np.float32)


class Inventory:
    """What was recorded of one reader or of many: phones in order, and for every pair of phones where it is to be found."""

    def __init__(self, work, sets, rows, low=0.0):
        self.waves, self.phones, self.stress, self.middle, self.sound, self.places = [], [], [], [], [], {}
        self.speaker, self.speakers = [], {}
        for name in sets:
            store = Store(work, name)
            for row in (r for r in rows if r["set"] == name):
                file = store.files[row["number"]]
                if not is_held_out(name, file):
                    who = self.speakers.setdefault((name, speaker(name, file)), len(self.speakers))
                    self.add(store.audio(row["number"]), row, who)
        self.phones, self.stress, self.speaker = np.array(self.phones), np.array(self.stress), np.array(self.speaker)
        self.middle, self.sound = np.array(self.middle), np.array(self.sound)
        self.sound = (self.sound - self.sound.mean(0)) / self.sound.std(0)
        self.places = {pair: np.array(at) for pair, at in self.places.items()}
        self.apart = self.distances()
        lows = {(name, who) for name in sets for who in low_voices(work, name)}
        self.low_share, self.low_speakers = low, [number for who, number in self.speakers.items() if who in lows]

    def distances(self):
        """Between the mean sounds of any two speakers, 1 on average."""
        means = np.stack([self.sound[self.speaker == s].mean(0) for s in range(len(self.speakers))])
        apart = np.linalg.norm(means[:, None] - means[None], axis=2)
        return apart / max(apart.mean(), 1e-6)

    def add(self, wave, row, speaker):
        loud = np.square(wave[:len(wave) // 400 * 400].reshape(-1, 400)).mean(1)
        wave = wave * np.float32(LOUDNESS / np.sqrt(loud[loud > 0.01 * loud.max()].mean() + 1e-9))
        sound, number = cepstra(wave), len(self.waves)
        tokens = [t for t in row["tokens"] if t != "<sos/eos>"]
        edges = (row["start"] + np.concatenate([[0], np.cumsum(row["frames"][:len(tokens)])])) * FRAME * RATE
        if edges[-1] > len(wave) or len(sound) < 2:
            return
        self.waves.append(wave)
        for k, token in enumerate(tokens):
            middle = (edges[k] + edges[k + 1]) / 2
            if bare(token) == "SIL":        # not deep into it: a join in a pause wants no long pause
                middle = min(middle, edges[k] + PAUSE * RATE)
            at = len(self.phones)
            self.phones.append(bare(token))
            self.speaker.append(speaker)
            self.stress.append(token[-1] if token[-1] in "012" else "")
            self.middle.append((number, int(middle)))
            self.sound.append(sound[min(int(middle / 160), len(sound) - 1)])
            if k:
                self.places.setdefault((self.phones[at - 1], self.phones[at]), []).append(at - 1)

    def candidates(self, k, target, stress, lead, rng):
        """The places of the pair (k, k + 1) of the target that fit best, and what each costs."""
        at = self.places.get((target[k], target[k + 1]))
        if at is None:
            return None
        cost = rng.random(len(at)).astype(np.float32)       # so that no sentence is joined of the same units twice
        cost += FOREIGN * self.apart[lead, self.speaker[at]]
        if k:
            cost += STRANGE * (self.phones[np.maximum(at - 1, 0)] != target[k - 1])
        if k + 2 < len(target):
            cost += STRANGE * (self.phones[np.minimum(at + 2, len(self.phones) - 1)] != target[k + 2])
        cost += 0.4 * (self.stress[at] != stress[k]) + 0.4 * (self.stress[at + 1] != stress[k + 1])
        best = np.argsort(cost)[:CANDIDATES]
        return at[best], cost[best]

    def leader(self, rng):
        """The number of the speaker who leads a sentence: one with a low voice as often as was asked for, else any."""
        if self.low_share and self.low_speakers and rng.random() < self.low_share:
            return int(rng.choice(self.low_speakers))
        return int(rng.integers(len(self.speakers)))

    def choose(self, target, stress, rng):
        """The cheapest chain of places, by Viterbi's search; None where a pair was never recorded."""
        total, chain, back, lead = None, [], [], self.leader(rng)
        for k in range(len(target) - 1):
            found = self.candidates(k, target, stress, lead, rng)
            if found is None:
                return None
            at, cost = found
            if chain:
                apart = np.linalg.norm(self.sound[chain[-1] + 1][:, None] - self.sound[at][None], axis=2)
                joins = np.where(chain[-1][:, None] + 1 == at[None], 0, JOIN + 0.5 * apart) + total[:, None]
                back.append(joins.argmin(0))
                cost = cost + joins.min(0)
            total = cost
            chain.append(at)
        pick = [int(total.argmin())]
        for b in reversed(back):
            pick.append(int(b[pick[-1]]))
        return [int(at[p]) for at, p in zip(chain, reversed(pick))]

    def speak(self, places):
        """The samples of a chain of places."""
        runs, first = [], places[0]
        for a, b in zip(places, places[1:] + [None]):
            if b != a + 1:
                runs.append((first, a + 1))
                first = b
        out = np.zeros(0, dtype=np.float32)
        for first, last in runs:
            (number, begin), (_, end) = self.middle[first], self.middle[last]
            out = joined(out, self.waves[number], begin, end)
        return out, len(runs)


def joined(out, wave, begin, end):
    """`out` and wave[begin:end], one fading into the other where the two are most alike."""
    if len(out) < FADE:
        return wave[begin:end].copy()
    low = max(begin - FADE - SHIFT, 0)
    around, tail = wave[low:begin + SHIFT], out[-FADE:]
    if len(around) < FADE:
        return np.concatenate([out, wave[begin:end]])
    alike = np.correlate(around, tail, "valid")
    energy = np.convolve(around ** 2, np.ones(FADE), "valid")
    at = low + int((alike / np.sqrt(energy + 1e-6)).argmax())
    ramp = np.linspace(0, 1, FADE, dtype=np.float32)
    blend = tail * (1 - ramp) + wave[at:at + FADE] * ramp
    return np.concatenate([out[:-FADE], blend, wave[at + FADE:max(end, at + FADE)]])


def slower(wave, factor):
    """`factor` times as long at the same pitch: frames overlapped, each taken where it goes on best from the last one (Verhelst and
    Roelands, "An overlap-add technique based on waveform similarity", ICASSP 1993)."""
    window, half = np.hanning(2 * SLICE + 1)[:-1].astype(np.float32), SLICE
    count = int(len(wave) * factor / half)
    out, at = np.zeros((count + 1) * half, dtype=np.float32), 0
    for n in range(count):
        want = min(int(n * half / factor), len(wave) - 2 * half - SHIFT)
        if n:
            goes_on, low = wave[at + half:at + 3 * half], max(want - SHIFT, 0)
            around = wave[low:want + SHIFT + 2 * half]
            at = low + int(np.correlate(around, goes_on, "valid").argmax()) if len(goes_on) == 2 * half else want
        out[n * half:(n + 2) * half] += window * wave[at:at + 2 * half]
    return out


def phones_of(text, lexicon, rng, accent):
    """Phones and their stress with pauses at both ends and where the text has them, or None where a word is unknown. An accent
    of some strength says other phones than the lexicon's, and pauses between words."""
    words = read(text, lexicon)
    if not words:
        return None
    tokens = ["SIL"]
    for k, (_, pronunciations, mark) in enumerate(words):
        said = pronunciations[0] if rng.random() < 0.85 else rng.choice(pronunciations[:3])
        tokens += accented(said, accent, rng) if accent else said
        if k + 1 < len(words) and rng.random() < (0.8 if mark else HESITANT * accent):
            tokens.append("SIL")
    tokens.append("SIL")
    return [t.rstrip("012") for t in tokens], [t[-1] if t[-1] in "012" else "" for t in tokens]


def speech(inventories, lexicon, stream, seed, strongest):
    """(file, samples, text), as many as there are sentences that can be joined. Who has recorded more reads more."""
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    names, weights = list(inventories), [len(i.phones) ** 0.5 for i in inventories.values()]
    for spoken, label in stream:
        accent = rng.uniform(0.2, strongest) if strongest else 0
        found = phones_of(spoken, lexicon, rng, accent)
        name = rng.choices(names, weights)[0]
        places = found and inventories[name].choose(*found, numbers)
        if not places:
            continue
        pcm, runs = inventories[name].speak(places)
        if accent and len(pcm) > 0.4 * RATE:
            pcm = slower(pcm, rng.uniform(1, 1 + SLOW * accent))
        if 0.4 < len(pcm) / RATE < 14:
            yield f"joined:{name}:{runs}", pcm * (rng.uniform(0.15, 0.8) / np.abs(pcm).max()), label


def main():
    a = arguments(__doc__, shards=(6, "shards to make, about 45 minutes each"), seed=(1, "seed"), prefix=("j", "the letter before the shards' numbers"),
                  sets=("voice_cathy,voice_lj", "by commas; those joined by + read together"), aligned=("aligned.json", "of speaking/align.py"),
                  low=(0.0, "share of the sentences that are led by one with a low voice (pitch.py)"),
                  accent=(0.0, "the strongest Mandarin accent, as 1.3; 0: none"), like=("", "sets whose sentences those read are to be like, by commas"))
    rows = json.loads((a.work / a.aligned).read_text())
    inventories = {sets: Inventory(a.work, sets.split("+"), rows, a.low) for sets in a.sets.split(",")}
    for name, made in inventories.items():
        if a.low and not made.low_speakers:
            raise SystemExit(f"{name}: no speaker is known to have a low voice (has pitch.py been run?)")
        status(a.work, f"joined: {name}: {len(made.speakers)} speakers, {len(made.phones)} phones, {len(made.places)} pairs")
    lexicon = load_lexicon(a.shared / "lexicon" / "cmudict.txt")
    text = reading(a.shared, a.like)
    for n in range(a.shards):
        name = f"syn_{a.prefix}{n:02d}"
        if have(a.work, name):
            continue
        seed = a.seed * 1000 + 500 + n + 100 * ord(a.prefix[:1])
        store = write_store(a.work, name, islice(speech(inventories, lexicon, text(seed), seed, a.accent), PER_SHARD))
        runs = sum(int(f.rsplit(":", 1)[1]) for f in store.files) / max(1, sum(len(t.split()) for t in store.texts))
        status(a.work, f"joined {name}: {len(store)} utterances, {store.hours:.2f} h, {runs:.2f} units a word")


if __name__ == "__main__":
    main()
