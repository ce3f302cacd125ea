"""Makes tests/golden/whisper/align.txt: where tokens begin by openai-whisper's median filter and dynamic time warping, on
hashed attention (tests/unit/test_whisper_segments.c has the same hash). Needs PyPI openai-whisper.

    python tests/golden/make_whisper_align.py
"""
import pathlib

import numpy as np
import torch
from whisper.timing import dtw, median_filter


def attention(seed, heads, rows, positions):
    i = np.arange(heads * rows * positions, dtype=np.uint32)
    h = (i * np.uint32(0x9E3779B1)) ^ np.uint32(seed * 77777)
    h = h * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(13)
    u = ((h >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)).reshape(heads, rows, positions)
    near = np.abs(np.arange(positions)[None] * rows - np.arange(rows)[:, None] * positions) < 4 * positions
    return u + near.astype(np.float32)


def main():
    lines = []
    for seed, (heads, rows, positions, used) in enumerate(
        [(1, 5, 40, 40), (3, 12, 100, 77), (6, 40, 300, 300), (4, 9, 20, 3), (2, 30, 64, 50), (5, 20, 150, 8)], 1
    ):
        w = torch.from_numpy(attention(seed, heads, rows, positions))[:, :, :used]
        w = w / w.sum(-1, keepdim=True)
        std, mean = torch.std_mean(w, dim=-2, keepdim=True, unbiased=False)
        w = median_filter((w - mean) / std, 7).mean(axis=0)[2:-1]
        text, time = dtw(-w)
        jumps = np.pad(np.diff(text), (1, 0), constant_values=1).astype(bool)
        lines.append(" ".join(map(str, [seed, heads, rows, positions, used, *time[jumps].tolist()])))
    (pathlib.Path(__file__).parent / "whisper" / "align.txt").write_text("\n".join(lines) + "\n")


main()
