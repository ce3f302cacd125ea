"""What augment.py does to one recording, done to a whole batch where the batch is: on the GPU, in torch.

Waves are [rows, samples] at 16 kHz, samples a multiple of 4. Each function spoils the rows that `rows` names, in place."""
import torch

import augment
from common import RATE


def uniform(n, low, high, device):
    return torch.rand(n, 1, device=device) * (high - low) + low


def chosen(wave, share):
    """The rows that something happens to."""
    return torch.nonzero(torch.rand(wave.shape[0], device=wave.device) < share).flatten()


def power(x):
    return x.square().mean(1, keepdim=True)


def reverberate(wave, rows):
    """A made-up room each: a direct sound and a decaying tail."""
    n, length, device = len(rows), int(0.6 * RATE), wave.device
    time = torch.arange(length, device=device) / RATE
    tail = torch.randn(n, length, device=device) * torch.exp(-6.9 * time / uniform(n, 0.1, 0.6, device))
    tail *= time > uniform(n, 0.002, 0.01, device)
    tail *= 10 ** (-uniform(n, 0, 12, device) / 20) / (tail.square().sum(1, keepdim=True).sqrt() + 1e-9)
    tail[:, 0] = 1
    size = wave.shape[1] + length
    wave[rows] = torch.fft.irfft(torch.fft.rfft(wave[rows], size) * torch.fft.rfft(tail, size), size)[:, :wave.shape[1]]


def clips(noise, n, samples):
    """Stretches of the recordings of noise, which lie end to end in `noise`."""
    start = (torch.rand(n, 1, device=noise.device) * len(noise)).long()
    return noise[(start + torch.arange(samples, device=noise.device)) % len(noise)].float() / 32768


def coloured(n, samples, device):
    """Stationary noise with a random tilt."""
    spectrum = torch.fft.rfft(torch.randn(n, samples, device=device))
    f = torch.arange(spectrum.shape[1], device=device).clamp(min=4) / spectrum.shape[1]
    x = torch.fft.irfft(spectrum * f ** uniform(n, -0.8, 0.1, device), samples)
    return x / (x.abs().amax(1, keepdim=True) + 1e-9)


def add_noise(wave, rows, x, low, high):
    """At `low` to `high` dB below the speech."""
    decibels = uniform(len(rows), low, high, wave.device)
    wave[rows] += x * (power(wave[rows]) / (power(x) + 1e-10) * 10 ** (-decibels / 10)).sqrt()


def telephone(wave, rows):
    """8 kHz, 8-bit µ-law, and back."""
    samples, bins = wave.shape[1], wave.shape[1] // 4 + 1
    narrow = (torch.fft.irfft(torch.fft.rfft(wave[rows])[:, :bins], samples // 2) / 2).clamp(-1, 1)
    code = torch.round(127.5 * (1 + narrow.sign() * torch.log1p(255 * narrow.abs()) / 5.545177))
    y = code / 127.5 - 1
    narrow = y.sign() * torch.expm1(y.abs() * 5.545177) / 255
    spectrum = torch.zeros(len(rows), samples // 2 + 1, dtype=torch.complex64, device=wave.device)
    spectrum[:, :bins] = torch.fft.rfft(narrow) * 2
    spectrum[:, bins - 1] = 0               # what lies at 4 kHz itself would come back twice
    wave[rows] = torch.fft.irfft(spectrum, samples)


def level(wave):
    """Each row's peak at -26 to +2 dB of full scale."""
    wave *= 10 ** uniform(wave.shape[0], -1.3, 0.1, wave.device) / wave.abs().amax(1, keepdim=True).clamp(min=1e-3)


def spoil(wave, noise):
    """The whole batch as it might arrive from elsewhere."""
    wave += torch.randn_like(wave) * 10 ** uniform(wave.shape[0], -5.5, -3, wave.device)
    if len(rows := chosen(wave, augment.REVERBERANT)):
        reverberate(wave, rows)
    if len(rows := chosen(wave, augment.NOISY)):
        add_noise(wave, rows, clips(noise, len(rows), wave.shape[1]), *augment.NOISE_BELOW)
    if len(rows := chosen(wave, augment.HISSING)):
        add_noise(wave, rows, coloured(len(rows), wave.shape[1], wave.device), *augment.HISS_BELOW)
    level(wave)
    if len(rows := chosen(wave, augment.TELEPHONE)):
        telephone(wave, rows)
    wave.clamp_(-1, 1)


def not_speech(n, samples, noise):
    """Noise, hum or silence: its transcript is empty."""
    x = clips(noise, n, samples)
    if len(rows := chosen(x, 0.35)):
        x[rows] = coloured(len(rows), samples, x.device)
    x *= 10 ** uniform(n, -4, -0.2, x.device) / (x.abs().amax(1, keepdim=True) + 1e-6)
    x[chosen(x, 0.15)] = 0
    return x


def stripes(n, count, size, widest, device):
    """[n, size]: true in up to `count` stretches of each row, each at most `widest` wide."""
    width = (torch.rand(n, count, 1, device=device) * widest).long()
    start = (torch.rand(n, count, 1, device=device) * (size - width)).long()
    at = torch.arange(size, device=device)
    return ((at >= start) & (at < start + width)).any(1)


def vocal_tract(mel, share, rng):
    """augment.py's, of a share of the rows: [rows, frames, mels]."""
    bends = [augment.vocal_tract(rng) if rng.random() < share else torch.eye(mel.shape[2]) for _ in range(len(mel))]
    return mel @ torch.stack(bends).to(mel.device)


def window(mel):
    """augment.py's, of every row: [rows, frames, mels]."""
    factor = uniform(len(mel), 1 - augment.STRETCHED, 1 + augment.STRETCHED, mel.device)
    return mel * factor[:, None] + augment.SHIFTED * torch.randn(len(mel), 1, 1, device=mel.device)


def mask(mel, share, bands=augment.BANDS, widest=augment.WIDEST_BAND):
    """SpecAugment (Park et al. 2019), on a share of the rows, in place: [rows, frames, mels]."""
    rows, frames, mels = mel.shape
    on = (torch.rand(rows, 1, device=mel.device) < share)
    hidden = stripes(rows, bands, mels, widest, mel.device) & on
    silent = stripes(rows, 1 + frames // 150, frames, min(augment.LONGEST_STRETCH, max(1, frames // 8)), mel.device) & on
    mel.masked_fill_(hidden[:, None, :] | silent[:, :, None], 0)
