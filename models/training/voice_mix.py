"""Streams of speech, pauses and noise with a label for each frame: what voice activity is trained and measured on."""
import numpy as np
from scipy.signal import fftconvolve, lfilter

from augment import clip, coloured, mu_law_8k, reverberate
from common import HOP, RATE


def unit(x):
    return x / np.float32(np.sqrt((x.astype(np.float64) ** 2).mean()) + 1e-9)


# ---- noise that is made ----

def hum(n, rng):
    """Mains: 50 or 60 Hz and its harmonics, with some hiss."""
    t = np.arange(n, dtype=np.float32) / RATE
    base, x = rng.choice([50.0, 60.0, 100.0, rng.uniform(70, 400)]), np.zeros(n, dtype=np.float32)
    for k in range(1, int(rng.integers(3, 20))):
        x += np.float32(rng.exponential() / k) * np.sin(np.float32(2 * np.pi * base * k) * t + np.float32(rng.uniform(0, 6)))
    return unit(x) + np.float32(rng.uniform(0, 0.3)) * unit(coloured(n, rng))


def music(n, rng):
    """Notes of a few harmonics that decay, two or three at a time, in a scale and a beat."""
    x = np.zeros(n, dtype=np.float32)
    beat, root = int(rng.uniform(0.12, 0.6) * RATE), rng.uniform(100, 300)
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16])
    partials = rng.exponential(size=6) / np.arange(1, 7)
    for start in range(0, n, beat):
        length = min(int(beat * rng.uniform(0.8, 3)), n - start)
        t = np.arange(length, dtype=np.float32) / RATE
        envelope = np.exp(-np.float32(rng.uniform(1, 8)) * t) * np.minimum(t * np.float32(rng.uniform(20, 200)), 1)
        for _ in range(int(rng.integers(0, 4))):
            pitch = root * 2 ** (int(rng.choice(scale)) / 12)
            for k, p in enumerate(partials, 1):
                if pitch * k < 7500:
                    x[start:start + length] += np.float32(p) * envelope * np.sin(np.float32(2 * np.pi * pitch * k) * t)
    return unit(x) + np.float32(0.02) * unit(coloured(n, rng))


def clicks(n, rng):
    """Keys, knocks, drops: short bursts through a resonance, at random times."""
    x = np.zeros(n, dtype=np.float32)
    for start in rng.integers(0, n, int(rng.uniform(0.5, 12) * n / RATE) + 1):
        length = min(int(rng.uniform(0.002, 0.08) * RATE), n - start)
        burst = rng.standard_normal(length) * np.exp(-5 * np.arange(length) / length)
        angle, r = rng.uniform(0.03, 0.9) * np.pi, rng.uniform(0.3, 0.98)
        x[start:start + length] += rng.exponential() * lfilter([1], [1, -2 * r * np.cos(angle), r * r], burst)
    return unit(x) + np.float32(0.03) * unit(coloured(n, rng))


def swelling(n, rng):
    """Wind, traffic, breath: noise whose loudness wanders."""
    knots = rng.uniform(-25, 0, n // int(rng.uniform(0.1, 2) * RATE) + 2)
    db = np.interp(np.arange(n), np.linspace(0, n, len(knots)), knots)
    return coloured(n, rng) * (10 ** (db / 20)).astype(np.float32)


def babble(n, rng, speech):
    """So many voices at once that none is understood."""
    x = np.zeros(n, dtype=np.float32)
    for _ in range(int(rng.integers(12, 20))):
        x += unit(clip(speech, n, rng))
    return reverberate(x, rng)


def recorded(n, noise, rng):
    """A clip, slower or faster, forwards or backwards: there are few."""
    if rng.random() < 0.3:
        return clip(noise, n, rng)
    factor = 2 ** rng.uniform(-0.7, 0.7)
    x = clip(noise, int(n * factor) + 2, rng)
    x = np.interp(np.arange(n, dtype=np.float32) * factor, np.arange(len(x)), x).astype(np.float32)
    return x[::-1] if rng.random() < 0.3 else x


def made(n, rng, speech):
    r = rng.random()
    if r < 0.35:
        return coloured(n, rng)
    if r < 0.50:
        return swelling(n, rng)
    if r < 0.62:
        return hum(n, rng)
    if r < 0.78:
        return music(n, rng)
    if r < 0.90:
        return clicks(n, rng)
    return babble(n, rng, speech)


# ---- streams ----

def speech_and_pauses(n, rng, next_utterance, shortest, longest):
    """n samples of utterances between pauses of shortest to longest seconds; labels [n // 160]; and where no utterance
    lies. next_utterance(rng): (samples, labels)."""
    x, labels, at = np.zeros(n, dtype=np.float32), np.zeros(n // HOP, dtype=bool), 0
    if rng.random() < 0.8:
        at = int(rng.uniform(0, longest) * RATE)
    while at < n:
        at -= at % HOP
        pcm, speech = next_utterance(rng)
        if rng.random() < 0.15:                                 # in the middle of it
            skip = int(rng.integers(0, len(speech) // 2 + 1))
            pcm, speech = pcm[skip * HOP:], speech[skip:]
        length = min(len(speech), (n - at) // HOP)
        if length < 1:
            break
        piece = pcm[:length * HOP] * np.float32(10 ** rng.uniform(-0.3, 0.1))
        ramp = np.minimum(np.arange(len(piece), dtype=np.float32) / RATE * 100, 1)
        x[at:at + len(piece)] += piece * ramp * ramp[::-1]
        labels[at // HOP:at // HOP + length] |= speech[:length]
        at += len(piece) + int(np.exp(rng.uniform(np.log(shortest), np.log(longest))) * RATE)
    return x, labels


def speech_level(x, labels):
    """Root mean square of the speech frames."""
    frames = x[:len(labels) * HOP].reshape(-1, HOP)[labels]
    return float(np.sqrt((frames.astype(np.float64) ** 2).mean())) if len(frames) else 0.0


def stream(seconds, rng, next_utterance, noise, speech):
    """One training stream: float32 samples, and labels of its frames."""
    n = int(seconds * RATE) // HOP * HOP
    x, labels = np.zeros(n, dtype=np.float32), np.zeros(n // HOP, dtype=bool)
    if rng.random() > 0.12:
        x, labels = speech_and_pauses(n, rng, next_utterance, 0.15, 3.0)
    level = speech_level(x, labels) or 0.05
    if rng.random() < 0.3 and labels.any():
        x = reverberate(x, rng)
    r = rng.random()
    for _ in range(0 if r < 0.12 else 1 if r < 0.8 else 2):
        added = recorded(n, noise, rng) if rng.random() < 0.6 else made(n, rng, speech)
        x = x + unit(added) * np.float32(level * 10 ** (-rng.uniform(-5, 25) / 20))
    x = x + rng.standard_normal(n).astype(np.float32) * np.float32(level * 10 ** rng.uniform(-4.5, -2))
    x = x * np.float32(10 ** rng.uniform(-2, -0.02) / max(float(np.abs(x).max()), 1e-4))
    if rng.random() < 0.3:
        x = mu_law_8k(x)
    if rng.random() < 0.1:                                      # a channel's own colour
        x = fftconvolve(x, rng.standard_normal(8) * np.exp(-np.arange(8)) + np.eye(8)[0])[:n]
    if rng.random() < 0.1:                                      # a line that sends nothing for a while
        begin, length = int(rng.integers(len(labels))), int(rng.uniform(10, 300))
        x[begin * HOP:(begin + length) * HOP], labels[begin:begin + length] = 0, False
    return np.clip(x, -1, 1).astype(np.float32), labels
