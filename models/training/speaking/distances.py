"""How far a voice's mels and F0 are from recordings of the same sentences."""
import numpy as np
import torch
from numba import njit

from shared import HOP, RATE, log_mel
from pitch import contour        # in the folder that shared has made known

DECIBELS = 10 / np.log(10) * 2 ** 0.5          # from differences of natural cepstra to mel-cepstral distortion (Kubichek 1993)


@njit(cache=True)
def time_warp(distance):
    """The cheapest path through [n, m], steps of one in either or both: pairs of frames, from the last to the first."""
    n, m = distance.shape
    total = np.full((n + 1, m + 1), np.inf)
    total[0, 0] = 0
    for i in range(n):
        for j in range(m):
            total[i + 1, j + 1] = distance[i, j] + min(total[i, j], min(total[i, j + 1], total[i + 1, j]))
    path, i, j = [(n - 1, m - 1)], n, m
    while i > 1 or j > 1:
        a, b, c = total[i - 1, j - 1], total[i - 1, j], total[i, j - 1]
        if a <= b and a <= c:
            i, j = i - 1, j - 1
        elif b <= c:
            i -= 1
        else:
            j -= 1
        path.append((i - 1, j - 1))
    return path


def cepstra(mel):
    """13 mel cepstra without the level, of natural log-mels: [frames, 13]."""
    angle = np.pi / 80 * (np.arange(80) + 0.5)
    return mel @ np.cos(angle[:, None] * np.arange(1, 14)) * (2 / 80)


def pitch(wave, frames):
    return np.resize(contour(wave, RATE, 90.0, 1000 * HOP / RATE), frames)


def compare(wave, made):
    """(mel-cepstral distortion in dB after time warping, F0 of both where both are voiced, ratio of lengths)."""
    real, ours = (log_mel(torch.from_numpy(w)[None])[0].numpy() for w in (wave, made))
    a, b = cepstra(real), cepstra(ours)
    distance = np.sqrt(np.maximum((a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * a @ b.T, 0))
    path = np.array(time_warp(distance))
    f, g = pitch(wave, len(real))[path[:, 0]], pitch(made, len(ours))[path[:, 1]]
    both = (f > 0) & (g > 0)
    return DECIBELS * distance[path[:, 0], path[:, 1]].mean(), f[both], g[both], len(made) / len(wave)


def summary(pairs):
    """Of (recording, what the voice says), both at RATE and at one loudness."""
    rows = [compare(*pair) for pair in pairs]
    f, g = np.concatenate([r[1] for r in rows]), np.concatenate([r[2] for r in rows])
    return {"mcd_db": round(float(np.mean([r[0] for r in rows])), 2), "f0_rmse_hz": round(float(np.sqrt(np.mean((f - g) ** 2))), 1),
            "f0_correlation": round(float(np.corrcoef(f, g)[0, 1]), 3),
            "log_f0_rmse_semitones": round(float(np.sqrt(np.mean((12 * np.log2(f / g)) ** 2))), 2),
            "length_ratio": round(float(np.mean([r[3] for r in rows])), 3), "sentences": len(rows)}
