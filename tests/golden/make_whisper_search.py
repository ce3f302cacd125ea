"""Makes tests/golden/whisper/search.txt: what openai-whisper's DecodingTask makes of scores that are a hash of the
tokens before (tests/unit/test_whisper_search.c has the same hash). Needs PyPI openai-whisper.

    python tests/golden/make_whisper_search.py
"""
import pathlib
import types

import numpy as np
import torch
from whisper.decoding import DecodingOptions, DecodingTask
from whisper.tokenizer import get_tokenizer

SEEDS = 20
M32 = 0xFFFFFFFF
# size, beam, patience, length penalty, prompt tokens, timestamps, positions, tokens
CONFIGS = [
    (51865, 1, 0, 0, 0, 1, 448, 40), (51865, 5, 0, 0, 0, 1, 448, 40), (51865, 5, 2.0, 0, 7, 1, 448, 24),
    (51865, 3, 0.5, 1.0, 0, 0, 448, 24), (51864, 5, 0, 0.6, 0, 1, 448, 24), (51864, 1, 0, 0, 9, 0, 448, 32),
    (51866, 5, 0, 0, 60, 1, 64, 0), (51864, 1, 0, 0, 60, 1, 64, 0),
]


def mix(state, token):
    x = ((state ^ token) * 0x9E3779B1 + 0x7F4A7C15) & M32
    x = ((x ^ (x >> 15)) * 0x85EBCA6B) & M32
    return x ^ (x >> 13)


def scores(seed, tokens, size, begin, eot, first, timestamps):
    state = seed
    for t in tokens:
        state = mix(state, t)
    i = np.arange(size, dtype=np.uint32)
    h = (i * np.uint32(0x9E3779B1)) ^ np.uint32(state)
    h = h * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(13)
    u = (h >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
    x = np.float32(4) * u
    peak = (h & np.uint32(2047)) == 0
    x[peak] += np.float32(4) + np.float32(12) * u[peak]
    length = np.float32(len(tokens) - begin)
    b = np.float32(mix(state, 1) >> 8) * np.float32(2.0**-24)
    x[eot] = np.float32(24) * b - np.float32(8) + np.float32(0.25) * length
    c = np.float32(mix(state, 2) >> 8) * np.float32(2.0**-24)
    if timestamps:
        k = np.arange(size - first, dtype=np.float32)
        x[first:] = np.float32(28) * c - np.float32(8) - np.float32(0.25) * np.abs(k - np.float32(12) * length) + u[first:]
    else:
        x[first:] = np.float32(-40)
    return x


class Inference:
    def __init__(self, seed, task, timestamps):
        self.seed, self.task, self.timestamps, self.first = seed, task, timestamps, True

    def logits(self, tokens, features):
        task, t = self.task, self.task.tokenizer
        size = t.encoding.n_vocab

        def row(sequence):
            return scores(self.seed, sequence, size, task.sample_begin, t.eot, t.timestamp_begin, self.timestamps)

        width = tokens.shape[1] if self.first else 1
        out = torch.zeros(len(tokens), width, size)
        for i, sequence in enumerate(tokens.tolist()):
            out[i, -1] = torch.from_numpy(row(sequence))
            if self.first:
                out[i, task.sot_index] = torch.from_numpy(row(sequence[: task.sot_index + 1]))
        self.first = False
        return out

    def rearrange_kv_cache(self, indices):
        pass

    def cleanup_caching(self):
        pass


def run(config, seed):
    size, beam, patience, penalty, prompt, timestamps, positions, tokens = config
    dims = types.SimpleNamespace(n_text_ctx=positions, n_audio_ctx=1500, n_audio_state=1)
    model = types.SimpleNamespace(dims=dims, is_multilingual=size > 51864, num_languages=100 if size == 51866 else 99,
                                  decoder=types.SimpleNamespace(blocks=[]))
    options = DecodingOptions(language="de" if size > 51864 else "en", sample_len=tokens or None, fp16=False,
                              beam_size=beam if beam > 1 else None, patience=patience or None,
                              length_penalty=penalty or None, without_timestamps=not timestamps,
                              prompt=[mix(seed, 1000 + i) % 50000 for i in range(prompt)] or None)
    task = DecodingTask(model, options)
    inference = Inference(seed, task, timestamps)
    task.inference = inference
    if beam > 1:
        task.decoder.inference = inference
    return task.run(torch.zeros(1, 1500, 1))[0]


def main():
    lines = []
    for multilingual in (False, True):
        ids = get_tokenizer(multilingual).non_speech_tokens
        lines.append("suppress " + " ".join(map(str, ids)))
    for config in CONFIGS:
        lines.append("config " + " ".join(map(str, config)))
        for seed in range(1, SEEDS + 1):
            r = run(config, seed)
            lines.append(f"{seed} {r.avg_logprob:.5f} {r.no_speech_prob:.6e} " + " ".join(map(str, r.tokens)))
    out = pathlib.Path(__file__).parent / "whisper" / "search.txt"
    out.write_text("\n".join(lines) + "\n")


main()
