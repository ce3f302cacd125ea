"""Golden values for models/fastconformer: two small seeded random ParakeetForCTC checkpoints and the
log-probabilities that transformers gives for them.

    pip install torch transformers safetensors
    python tests/golden/make_fastconformer.py tests/golden

fastconformer/         biases everywhere, scaled input, subsampling 8, one file
fastconformer_sharded/ no biases, plain input, subsampling 4, kernel 5, bf16 tensors in two shards with an index

Every weight is random, norms and running statistics too, so that no term is hidden behind a 0 or a 1. The features are
not stored: both sides make them from the same integers (see features()). scores.f32 is [rows, time, vocabulary], zero
behind each row's end; shape.txt has rows, frames, then the rows' lengths, and time.
"""
import json
import os
import sys

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import ParakeetCTCConfig, ParakeetEncoderConfig, ParakeetForCTC


def features(rows, frames, mels):
    """Multiplicative hashing of the element's index: exact in f32 on both sides, uniform in [-1.75, 1.75)."""
    i = np.arange(rows * frames * mels, dtype=np.uint64)
    h = (i * 2654435761 + 12345) % (1 << 32)
    h ^= h >> 15
    h = (h * 2246822519) % (1 << 32)
    return ((h >> 8).astype(np.float32) / 8388608 - 1).reshape(rows, frames, mels) * np.float32(1.75)


@torch.no_grad()
def randomise(model, seed):
    g = torch.Generator().manual_seed(seed)
    normal = lambda t, mean, deviation: t.copy_(torch.randn(t.shape, generator=g) * deviation + mean)
    for name, t in sorted(model.state_dict().items()):
        if name.endswith("num_batches_tracked"):
            continue
        if name.endswith("running_var"):
            t.copy_(torch.rand(t.shape, generator=g) * 1.5 + 0.5)
        elif "norm" in name and name.endswith(".weight"):
            normal(t, 1, 0.2)
        elif t.dim() < 2 or name.endswith(("bias_u", "bias_v")):
            normal(t, 0, 0.3)
        else:
            normal(t, 0, t[0].numel() ** -0.5)


def build(encoder, vocabulary, seed):
    config = ParakeetCTCConfig(vocab_size=vocabulary, pad_token_id=vocabulary - 1,
                               encoder_config=ParakeetEncoderConfig(**encoder))
    model = ParakeetForCTC(config).eval()
    randomise(model, seed)
    return model


def scores(model, lengths):
    frames, mels = max(lengths), model.config.encoder_config.num_mel_bins
    x = torch.from_numpy(features(len(lengths), frames, mels))
    mask = torch.arange(frames)[None] < torch.tensor(lengths)[:, None]
    x = x * mask[:, :, None]
    with torch.no_grad():
        out = torch.log_softmax(model(input_features=x, attention_mask=mask).logits.float(), -1)
    valid = model._get_subsampling_output_length(torch.tensor(lengths))
    return (out * (torch.arange(out.shape[1])[None] < valid[:, None])[:, :, None]).numpy()


def write_scores(folder, model, lengths):
    out = scores(model, lengths)
    out.astype("<f4").tofile(os.path.join(folder, "scores.f32"))
    with open(os.path.join(folder, "shape.txt"), "w") as f:
        print(len(lengths), max(lengths), *lengths, out.shape[1], file=f)


def write_config(folder, model):
    config = model.config.to_dict()
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump(config, f, indent=1, sort_keys=True)
        f.write("\n")


def main(out):
    folder = os.path.join(out, "fastconformer")
    os.makedirs(folder, exist_ok=True)
    model = build(dict(hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96,
                       subsampling_conv_channels=16, conv_kernel_size=9, num_mel_bins=80), 33, 1)
    write_config(folder, model)
    save_file(model.state_dict(), os.path.join(folder, "model.safetensors"), {"format": "pt"})
    write_scores(folder, model, [61, 168, 97])

    folder = os.path.join(out, "fastconformer_sharded")
    os.makedirs(folder, exist_ok=True)
    model = build(dict(hidden_size=20, num_hidden_layers=3, num_attention_heads=2, intermediate_size=28,
                       subsampling_conv_channels=6, conv_kernel_size=5, num_mel_bins=16, subsampling_factor=4,
                       attention_bias=False, convolution_bias=False, scale_input=False), 11, 2)
    weights = {k: v.to(torch.bfloat16) if v.is_floating_point() else v for k, v in model.state_dict().items()}
    model.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in weights.items()})
    write_config(folder, model)
    names = sorted(weights)
    parts = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for file, part in parts.items():
        save_file({k: weights[k] for k in part}, os.path.join(folder, file), {"format": "pt"})
    with open(os.path.join(folder, "model.safetensors.index.json"), "w") as f:
        json.dump({"metadata": {}, "weight_map": {k: file for file, part in parts.items() for k in part}}, f, indent=1)
        f.write("\n")
    write_scores(folder, model, [40, 7, 33, 1])


if __name__ == "__main__":
    main(sys.argv[1])
