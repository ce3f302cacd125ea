"""Golden values for models/vad, by forward passes written here in PyTorch after models/vad/MODEL.md.

    pip install torch safetensors soundfile
    python tests/golden/make_vad.py tests/golden ../shared/models

vad/config.json, model.safetensors, small.f32   our own network, small, seeded random weights: probabilities of FRAMES frames
vad/default.f32                                 the same of the network that ships
vad/silero.f32                                  Silero's published weights: probabilities of the windows of samples/morning.flac
vad/silero_ggml.f32                             the same of whisper.cpp's file of a later version
vad/silero_random.f32                           the same of the weights that models/load/random.c makes of seed 3

The features are not stored: both sides make them from the same integers (make_fastconformer.py), spread over log-mel's range.
"""
import json
import struct
import sys
from pathlib import Path

import numpy as np
import soundfile
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from make_fastconformer import features

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 151
SMALL = {"model_type": "utter_vad", "mel_bins": 5, "hidden_size": 7, "taps": 6, "look_ahead": 1, "dilations": [1, 3, 2]}


# ---- our own ----

def judge(w, config, x):
    """[frames, mels], raw log-mel, to [frames] probabilities; the last frame stands for those beyond the end."""
    ahead, taps = config["look_ahead"], config["taps"]
    frames = len(x)
    x = (x - w["mean"]) * w["scale"]
    x = torch.cat([torch.zeros(taps - 2 - ahead, x.shape[1]), x, x[-1:].expand(ahead + frames % 2, -1)])
    h = torch.stack([x[2 * s:2 * s + taps].flatten() for s in range((frames + 1) // 2)])
    h = F.relu(F.linear(h, w["input.weight"], w["input.bias"]))
    for i, d in enumerate(config["dilations"]):
        back = lambda n: F.pad(h, (0, 0, n, 0))[:len(h)]
        h = h + F.relu(F.linear(torch.cat([back(2 * d), back(d), h], 1), w[f"blocks.{i}.weight"], w[f"blocks.{i}.bias"]))
    return torch.sigmoid(F.linear(h, w["output.weight"], w["output.bias"])).flatten()[:frames]


def small_weights():
    g = torch.Generator().manual_seed(11)
    m, d, t = SMALL["mel_bins"], SMALL["hidden_size"], SMALL["taps"]
    normal = lambda *shape: torch.randn(shape, generator=g) * (shape[-1] ** -0.5 if len(shape) > 1 else 0.3)
    w = {"mean": normal(m) - 8, "scale": 0.3 + normal(m) / 3, "input.weight": normal(d, t * m), "input.bias": normal(d),
         "output.weight": normal(2, d), "output.bias": normal(2)}
    for i in range(len(SMALL["dilations"])):
        w.update({f"blocks.{i}.weight": normal(d, 3 * d), f"blocks.{i}.bias": normal(d)})
    return w


def log_mel_like(frames, mels):
    return torch.from_numpy(features(1, frames, mels)[0] * np.float32(4) - np.float32(8))


# ---- Silero's ----

SHAPES = {"stft_conv.weight": (258, 1, 256), "conv1.weight": (128, 129, 3), "conv1.bias": (128,),
          "conv2.weight": (64, 128, 3), "conv2.bias": (64,), "conv3.weight": (64, 64, 3), "conv3.bias": (64,),
          "conv4.weight": (128, 64, 3), "conv4.bias": (128,), "lstm_cell.weight_ih": (512, 128),
          "lstm_cell.weight_hh": (512, 128), "lstm_cell.bias_ih": (512,), "lstm_cell.bias_hh": (512,),
          "final_conv.weight": (1, 128, 1), "final_conv.bias": (1,)}


def ggml_weights(path):
    """By the published names, from the file that models/load/ggml.h describes."""
    data, found = path.read_bytes(), []
    at = 4 + 14 + 5 * 4
    at += 4 + struct.unpack_from("<i", data, at)[0] * 12 + 16
    while at < len(data):
        rank, length, half = struct.unpack_from("<3i", data, at)
        count = int(np.prod(struct.unpack_from(f"<{rank}i", data, at + 12)))
        at += 12 + 4 * rank + length
        found.append(np.frombuffer(data, "<f2" if half else "<f4", count, at).astype(np.float32))
        at += count * (2 if half else 4)
    names = list(SHAPES)[1:] + ["stft_conv.weight"]
    return {name: torch.from_numpy(values).reshape(SHAPES[name]) for name, values in zip(names, found)}


def random_floats(seed, name, shape):
    """random_floats of models/load/random.c."""
    count, wrap = int(np.prod(shape)), (1 << 64) - 1
    if name.endswith(".bias"):
        return torch.zeros(shape)
    if len(shape) < 2:
        return torch.ones(shape)
    h = 14695981039346656037 ^ (seed * 0x9e3779b97f4a7c15 & wrap)
    for c in name.encode():
        h = (h ^ c) * 1099511628211 & wrap
    with np.errstate(over="ignore"):
        z = np.uint64(h) + np.arange(count, dtype=np.uint64) * np.uint64(0x9e3779b97f4a7c15)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xbf58476d1ce4e5b9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94d049bb133111eb)
        z = z ^ z >> np.uint64(31)
    parts = sum((z >> np.uint64(s) & np.uint64(0xffff)).astype(np.int64) for s in (0, 16, 32, 48))
    factor = np.float32(np.float32(1 / np.sqrt(max(np.prod(shape[1:]), 1))) * np.float32(1.7320508) / np.float32(65536))
    return torch.from_numpy(((parts - 2 * 65535).astype(np.float32) * factor).reshape(shape))


def silero(w, samples):
    context, state, out = torch.zeros(64), (torch.zeros(1, 128), torch.zeros(1, 128)), []
    for window in samples[:len(samples) // 512 * 512].reshape(-1, 512):
        x = F.pad(torch.cat([context, window])[None, None], (0, 64), mode="reflect")
        context = window[-64:]
        x = F.conv1d(x, w["stft_conv.weight"], stride=128)
        x = torch.sqrt(x[:, :129] ** 2 + x[:, 129:] ** 2)
        for i, stride in enumerate((1, 2, 2, 1), 1):
            x = F.relu(F.conv1d(x, w[f"conv{i}.weight"], w[f"conv{i}.bias"], stride=stride, padding=1))
        state = torch.lstm_cell(x[:, :, 0], state, w["lstm_cell.weight_ih"], w["lstm_cell.weight_hh"],
                                w["lstm_cell.bias_ih"], w["lstm_cell.bias_hh"])
        x = F.conv1d(F.relu(state[0])[:, :, None], w["final_conv.weight"], w["final_conv.bias"])
        out.append(torch.sigmoid(x).flatten())
    return torch.cat(out)


@torch.no_grad()
def main(golden, models):
    folder = Path(golden) / "vad"
    folder.mkdir(exist_ok=True)
    write = lambda name, values: values.numpy().astype("<f4").tofile(folder / name)
    (folder / "config.json").write_text(json.dumps(SMALL) + "\n")
    save_file(small_weights(), folder / "model.safetensors")
    write("small.f32", judge(small_weights(), SMALL, log_mel_like(FRAMES, SMALL["mel_bins"])))
    shipped = ROOT / "models/default/vad"
    if shipped.exists():
        config = json.loads((shipped / "config.json").read_text())
        write("default.f32", judge(load_file(shipped / "model.safetensors"), config, log_mel_like(FRAMES, config["mel_bins"])))
    signal = torch.from_numpy(soundfile.read(ROOT / "samples/morning.flac", dtype="float32")[0])
    write("silero.f32", silero(load_file(Path(models) / "silero-vad/silero_vad_16k.safetensors"), signal))
    write("silero_ggml.f32", silero(ggml_weights(Path(models) / "ggml-headers/silero-v6.2.0-ggml.bin"), signal))
    write("silero_random.f32", silero({n: random_floats(3, n, s) for n, s in SHAPES.items()}, signal))


if __name__ == "__main__":
    main(*sys.argv[1:])
