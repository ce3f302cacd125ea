"""Golden values for models/vits: small seeded random VitsModel checkpoints, and the durations and waveforms that
transformers gives for them.

    pip install torch transformers safetensors
    python tests/golden/make_vits.py tests/golden/vits

stochastic/    one speaker, stochastic durations, weight norm as PyTorch stores it now
speakers/      five speakers, stochastic durations, dilations, three flows, weight norm as PyTorch stored it once
deterministic/ three speakers, durations without noise, no biases in the attention

Every weight is random, norms and the flows' affine parts too, so that no term is hidden behind a 0 or a 1. What only
training needs (the posterior encoder, the duration predictor's other flows) is left out of the files. The noise is not
stored: both sides make it from the same integers (see noise()).

rows.txt: rows, then for each row: tokens, speaker (-1: none), speaking rate, frames; its tokens; its durations.
waveform.f32: the rows' samples, one row after the other. Each row is computed alone, since the reference's decoder hears
the padding of a batch.
"""
import json
import os
import sys

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import VitsConfig, VitsModel


def noise(seed, count):
    """Multiplicative hashing of the element's index: exact in f32 on both sides, uniform in [-1.75, 1.75)."""
    i = np.arange(count, dtype=np.uint64)
    h = (i * 2654435761 + seed) % (1 << 32)
    h ^= h >> 15
    h = (h * 2246822519) % (1 << 32)
    return torch.from_numpy(((h >> 8).astype(np.float32) / 8388608 - 1) * np.float32(1.75))


@torch.no_grad()
def randomise(model, seed):
    g = torch.Generator().manual_seed(seed)
    normal = lambda t, mean, deviation: t.copy_(torch.randn(t.shape, generator=g) * deviation + mean)
    for name, t in sorted(model.state_dict().items()):
        if "norm" in name and name.endswith(".weight"):
            normal(t, 1, 0.2)
        elif name.endswith("original0"):
            t.copy_(torch.rand(t.shape, generator=g) * 1.5 + 0.5)
        elif name.endswith("translate"):
            normal(t, -1.5, 0.1)
        elif name.endswith("log_scale"):
            normal(t, 0.9, 0.1)
        elif name.endswith("duration_predictor.proj.bias"):
            normal(t, 0.8, 0.01)
        elif name.endswith("duration_predictor.proj.weight"):
            normal(t, 0, 0.4 * t[0].numel() ** -0.5)
        elif name.endswith("decoder.conv_post.weight"):
            normal(t, 0, 0.3 * t[0].numel() ** -0.5)
        elif name.endswith("conv_proj.weight") and ".flows." in name:
            normal(t, 0, 3 * t[0].numel() ** -0.5)
        elif t.dim() < 2:
            normal(t, 0, 0.3)
        else:
            normal(t, 0, t[0].numel() ** -0.5)


def speak(model, tokens, speaker, rate, count, frames, row):
    """noise_duration is [2, count] of the row, noise_prior [frames, size] of it; both are what the batch has."""
    durations = noise(1000 + row, 2 * count).reshape(2, count)[None, :, : len(tokens)]
    size = model.config.flow_size
    prior = noise(2000 + row, frames * size).reshape(frames, size)
    ceil, kept = torch.ceil, {}

    def randn_like(x):
        n = x.shape[2]
        assert n <= frames
        return prior[:n].T[None]

    def ceiling(x):
        kept["durations"] = ceil(x)
        return kept["durations"]

    saved = torch.randn, torch.randn_like
    torch.randn, torch.randn_like, torch.ceil = lambda *shape: durations, randn_like, ceiling
    try:
        with torch.no_grad():
            out = model(torch.tensor([tokens]), speaker_id=speaker if speaker >= 0 else None, speaking_rate=rate)
    finally:
        (torch.randn, torch.randn_like), torch.ceil = saved, ceil
    return kept["durations"].flatten().int().tolist(), out.waveform[0].numpy()


def write_rows(folder, model, rows, most_frames=4096):
    count = max(len(tokens) for tokens, _, _ in rows)
    waveforms = []
    with open(os.path.join(folder, "rows.txt"), "w") as f:
        print(len(rows), file=f)
        for i, (tokens, speaker, rate) in enumerate(rows):
            durations, waveform = speak(model, tokens, speaker, rate, count, most_frames, i)
            print(len(tokens), speaker, rate, max(sum(durations), 1), file=f)
            print(*tokens, file=f)
            print(*durations, file=f)
            waveforms.append(waveform)
            print(folder, "row", i, "durations", durations, "rms", float(np.sqrt(np.mean(waveform ** 2))))
    np.concatenate(waveforms).astype("<f4").tofile(os.path.join(folder, "waveform.f32"))


def stored(model, old_names):
    weights = {k: v.clone() for k, v in model.state_dict().items()
               if not k.startswith(("posterior_encoder.", "duration_predictor.post_", "duration_predictor.flows.1."))}
    if not old_names:
        return weights
    rename = lambda k: (k.replace("parametrizations.weight.original0", "weight_g")
                        .replace("parametrizations.weight.original1", "weight_v"))
    return {rename(k): v for k, v in weights.items()}


def write(folder, model, rows, old_names=False):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump(model.config.to_dict(), f, indent=1, sort_keys=True)
        f.write("\n")
    save_file(stored(model, old_names), os.path.join(folder, "model.safetensors"), {"format": "pt"})
    write_rows(folder, model, rows)


def build(seed, **config):
    model = VitsModel(VitsConfig(**config)).eval()
    randomise(model, seed)
    return model


def tokens(seed, count, vocabulary):
    return np.random.RandomState(seed).randint(0, vocabulary, count).tolist()


SMALL = dict(vocab_size=12, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, window_size=3, ffn_dim=20,
             flow_size=12, spectrogram_bins=5, posterior_encoder_num_wavenet_layers=1, duration_predictor_filter_channels=14,
             upsample_initial_channel=16, upsample_rates=[4, 3], upsample_kernel_sizes=[8, 5], resblock_kernel_sizes=[3, 5],
             resblock_dilation_sizes=[[1, 3], [1, 2]], prior_encoder_num_flows=4, prior_encoder_num_wavenet_layers=3)


def main(out):
    model = build(1, **SMALL)
    write(os.path.join(out, "stochastic"), model,
          [(tokens(1, 17, 12), -1, 1.0), (tokens(2, 1, 12), -1, 1.0), (tokens(3, 29, 12), -1, 0.8)])
    model = build(2, **dict(SMALL, num_speakers=5, speaker_embedding_size=6, prior_encoder_num_flows=3, wavenet_dilation_rate=2,
                            wavenet_kernel_size=3, duration_predictor_num_flows=3, duration_predictor_flow_bins=6,
                            duration_predictor_tail_bound=3.0, num_attention_heads=4, layer_norm_eps=1e-3, noise_scale=0.9,
                            leaky_relu_slope=0.2))
    write(os.path.join(out, "speakers"), model,
          [(tokens(4, 23, 12), 3, 1.0), (tokens(5, 9, 12), 0, 1.25), (tokens(6, 4, 12), 4, 0.5)], old_names=True)
    model = build(3, **dict(SMALL, num_speakers=3, speaker_embedding_size=4, use_stochastic_duration_prediction=False,
                            use_bias=False, num_hidden_layers=1, prior_encoder_num_wavenet_layers=1, layer_norm_eps=1e-2))
    write(os.path.join(out, "deterministic"), model, [(tokens(7, 11, 12), 2, 1.0), (tokens(8, 21, 12), 1, 1.5)])


if __name__ == "__main__":
    main(sys.argv[1])
