"""What happens to a recording before the student hears it: speed, reverberation, noise, telephone, level, masks."""
import numpy as np
import soxr
import torch
from scipy.signal import fftconvolve

from common import RATE


# Shares of the recordings that each of these happens to, and decibels of speech above noise; sound.py, too, goes by them.
REVERBERANT = 0.1
NOISY, NOISE_BELOW = 0.12, (5, 30)
HISSING, HISS_BELOW = 0.12, (10, 40)
TELEPHONE = 0.5
MASKED = 0.75
BANDS, WIDEST_BAND, LONGEST_STRETCH = 2, 15, 20     # of a mask: mels, frames
STRETCHED, SHIFTED = 0.08, 0.1      # as another window would normalise: at most so much about 1; deviation about 0


def mu_law_8k(pcm):
    """The telephone: 8 kHz, 8-bit µ-law, and back to 16 kHz."""
    narrow = np.clip(soxr.resample(pcm, RATE, 8000, quality="MQ"), -1, 1)
    code = np.round(127.5 * (1 + np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256)))
    y = code / 127.5 - 1
    narrow = np.sign(y) * np.expm1(np.abs(y) * np.log(256)) / 255
    wide = soxr.resample(narrow.astype(np.float32), 8000, RATE, quality="MQ")
    out = np.zeros_like(pcm)
    out[:min(len(pcm), len(wide))] = wide[:len(pcm)]
    return out


def reverberate(pcm, rng):
    """A made-up room: a direct sound and a decaying noise tail."""
    decay = rng.uniform(0.1, 0.6)
    n = int(decay * RATE)
    tail = rng.standard_normal(n).astype(np.float32) * np.exp(-6.9 * np.arange(n, dtype=np.float32) / n)
    tail[:int(rng.uniform(0.002, 0.01) * RATE)] = 0
    tail *= 10 ** (-rng.uniform(0, 12) / 20) / (np.sqrt((tail ** 2).sum()) + 1e-9)
    tail[0] = 1.0
    return fftconvolve(pcm, tail)[:len(pcm)].astype(np.float32)


def coloured(n, rng):
    """Stationary noise with a random tilt."""
    spectrum = np.fft.rfft(rng.standard_normal(n).astype(np.float32))
    f = np.maximum(np.arange(len(spectrum)), 4) / len(spectrum)
    x = np.fft.irfft(spectrum * f ** rng.uniform(-0.8, 0.1), n).astype(np.float32)
    return x / (np.abs(x).max() + 1e-9)


def clip(noise, n, rng):
    """`n` samples of a random recording of noise, repeated when it is short."""
    x = noise.audio(int(rng.integers(len(noise))))
    x = np.tile(x, -(-n // len(x)) + 1)
    start = int(rng.integers(len(x) - n + 1))
    return x[start:start + n]


def add_noise(pcm, x, db):
    speech, power = float((pcm ** 2).mean()), float((x ** 2).mean())
    if power < 1e-10 or speech < 1e-10:
        return pcm
    return pcm + x * np.float32(np.sqrt(speech / power * 10 ** (-db / 10)))


def speed(pcm, factor):
    return soxr.resample(pcm, RATE * factor, RATE, quality="QQ").astype(np.float32)


SLOWEST = 0.86              # factor of speed


def tempo(rng, slowest=SLOWEST):
    """A factor of speed, which moves pitch and formants with it: in effect another speaker."""
    return 1.0 if rng.random() < 0.35 else float(rng.uniform(slowest, 1.16))


def spoil(pcm, noise, rng):
    """The same length, as it might arrive from elsewhere."""
    if rng.random() < REVERBERANT:
        pcm = reverberate(pcm, rng)
    r = rng.random()
    if r < NOISY:
        pcm = add_noise(pcm, clip(noise, len(pcm), rng), rng.uniform(*NOISE_BELOW))
    elif r < NOISY + HISSING:
        pcm = add_noise(pcm, coloured(len(pcm), rng), rng.uniform(*HISS_BELOW))
    pcm = pcm * np.float32(10 ** rng.uniform(-1.3, 0.1) / max(np.abs(pcm).max(), 1e-3))
    if rng.random() < TELEPHONE:
        pcm = mu_law_8k(pcm)
    return np.clip(pcm, -1, 1)


def not_speech(n, noise, rng):
    """Noise, hum or silence: its transcript is empty."""
    r = rng.random()
    if r < 0.15:
        return np.zeros(n, dtype=np.float32)
    x = clip(noise, n, rng) if r < 0.65 else coloured(n, rng)
    return x * np.float32(10 ** rng.uniform(-4, -0.2) / (np.abs(x).max() + 1e-6))


def mel_centres():
    """Where slaney's 80 mel bins between 0 and 8 kHz lie, in Hz: linear to 1 kHz, then 27 bins to a factor of 6.4."""
    top = 15 + 27 * np.log(8) / np.log(6.4)
    mel = np.linspace(0, top, 82)[1:-1]
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


CENTRES = mel_centres()


def vocal_tract(rng):
    """What a log-mel is multiplied by to be as from a throat longer or shorter by a tenth at most, [80, 80] (Jaitly and Hinton, "Vocal tract
    length perturbation", ICML 2013 workshop, section 3): frequencies times a factor, bent back above 4.8 kHz so that the highest stays."""
    factor = rng.uniform(0.9, 1.1)
    bend = 4800 * min(factor, 1) / factor
    f = np.where(CENTRES <= bend, CENTRES * factor, 8000 - (8000 - bend * factor) / (8000 - bend) * (8000 - CENTRES))
    at = np.interp(f, CENTRES, np.arange(80))
    return torch.from_numpy(np.maximum(0, 1 - np.abs(np.arange(80)[:, None] - at)).astype(np.float32))       # between two neighbours


def window(mel, rng):
    """As if the utterance had been normalised over a longer window with other speech in it, in place."""
    mel.mul_(float(rng.uniform(1 - STRETCHED, 1 + STRETCHED))).add_(float(rng.normal(0, SHIFTED)))


def mask(mel, rng):
    """SpecAugment (Park et al. 2019) on one utterance, in place: [frames, 80]."""
    frames = mel.shape[0]
    if rng.random() >= MASKED:
        return
    for _ in range(BANDS):
        width = int(rng.integers(0, WIDEST_BAND))
        low = int(rng.integers(0, 80 - width))
        mel[:, low:low + width] = 0
    for _ in range(1 + frames // 150):
        width = min(int(rng.integers(0, LONGEST_STRETCH)), frames // 8)
        start = int(rng.integers(0, frames - width + 1))
        mel[start:start + width] = 0
