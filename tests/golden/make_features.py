#!/usr/bin/env python3
"""Golden values for tests/unit/test_logmel.c, from the published extractors (transformers 5.23.0, torch 2.9.1).

    python3 tests/golden/make_features.py

Writes, into tests/golden/features: signal.s16, one second of seeded 16 kHz sound (little-endian int16; the extractors
and the C code both read it as value / 32768), and for each extractor a raw little-endian float32 array [frames, mels].
What each one is stands beside its name below.

The chirp carries noise 3 dB under it. Without, the extractors' own float32 rounding moves bins that lie 100 dB under a
frame's peak by 1e-3 (measured against a float64 evaluation of the same formulas), and nothing could match them closer.
"""
import os

import numpy as np
import torch
from transformers import ParakeetFeatureExtractor, WhisperFeatureExtractor

RATE, COUNT = 16000, 16013  # not a whole number of hops
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "features")


def make_signal():
    """Noise, a chirp, near-silence, digital silence, a clipped buzz, a decay: the ranges that features meet."""
    random = np.random.default_rng(20240131)
    t = np.arange(COUNT) / RATE
    x = np.zeros(COUNT)
    part = lambda a, b: slice(int(a * RATE), int(b * RATE) if b else COUNT)
    x[part(0, 0.2)] = 0.3 * random.standard_normal(3200)
    s = part(0.2, 0.45)
    u = t[s] - 0.2
    x[s] = 0.2 * np.sin(2 * np.pi * (100 * u + 0.5 * (7700 / 0.25) * u * u)) + 0.1 * random.standard_normal(u.size)
    x[part(0.45, 0.6)] = random.integers(-1, 2, 2400) / 32768
    s = part(0.65, 0.85)
    x[s] = 3 * sum(np.sin(2 * np.pi * 130 * k * t[s]) / k for k in range(1, 9)) + 0.1 * random.standard_normal(3200)
    s = part(0.85, None)
    x[s] = 0.5 * np.exp(-(t[s] - 0.85) * 40) * random.standard_normal(t[s].size)
    return np.clip(np.round(x * 32768), -32768, 32767).astype("<i2")


def save(name, array):
    array = np.ascontiguousarray(array, dtype="<f4")
    array.tofile(os.path.join(FOLDER, name))
    print(name, array.shape)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    pcm = make_signal()
    pcm.tofile(os.path.join(FOLDER, "signal.s16"))
    x = pcm.astype(np.float32) / 32768

    parakeet = ParakeetFeatureExtractor(feature_size=80)
    w = torch.from_numpy(x)[None]
    emphasised = torch.cat([w[:, :1], w[:, 1:] - parakeet.preemphasis * w[:, :-1]], dim=1)
    raw = parakeet._torch_extract_fbank_features(emphasised)[0].numpy()
    whole = parakeet(x, sampling_rate=RATE, return_tensors="pt")
    frames = int(whole["attention_mask"].sum())
    save("parakeet80_raw.f32", raw[:frames])  # before normalisation, the frames under the attention mask
    save("parakeet80_normalised.f32", whole["input_features"][0, :frames].numpy())

    for mels in (80, 128):
        whisper = WhisperFeatureExtractor(feature_size=mels)
        bare = whisper(x, sampling_rate=RATE, padding="do_not_pad", truncation=False, return_tensors="np")
        save(f"whisper{mels}_bare.f32", bare["input_features"][0].T)  # the recording alone
        window = whisper(x, sampling_rate=RATE, return_tensors="np")["input_features"][0].T
        assert window.shape[0] == 3000
        # padded to 30 s: what surrounds the recording, then the last frame
        save(f"whisper{mels}_window.f32", np.concatenate([window[: frames + 3], window[-1:]]))


if __name__ == "__main__":
    main()
