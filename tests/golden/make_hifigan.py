"""Golden values for models/hifigan: small seeded random generators in every naming, and what PyTorch gives for them; and
the authors' V2 on two pieces of recordings.

    pip install torch transformers safetensors soundfile
    python tests/golden/make_hifigan.py tests/golden/hifigan [SHARED]

pairs/         the authors' naming and format: blocks of kind 1, weight norm, PyTorch's format before 1.6
single/        blocks of kind 2 (V3), weight norm, PyTorch's zip format
folded/        FastSpeech2ConformerHifiGan of transformers: plain weights, normalised frames
parametrized/  SpeechT5HifiGan with PyTorch's newer weight norm, under the prefix "vocoder."
vits/          VitsModel's decoder with a speaker's conditioning, weight norm, under the prefix "decoder."
real/          with SHARED/models/hifigan-v2-lj and SHARED/speech/eval_lj: mels.f32 and samples.f32 of real speech

The first two come of the generator below, written from the paper (Kong et al. 2020, arXiv 2010.05646): the others of
transformers'. Frames are made from integers on both sides (see frames()). samples.f32 is [rows, time · hop], zero behind
each row's end; shape.txt has rows, time, then the rows' lengths.
"""
import json
import os
import sys

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import weight_norm


# ---- the generator, from the paper ----

class Block(nn.Module):
    def __init__(self, kind, channels, kernel, dilations):
        super().__init__()
        def convolution(d):
            return weight_norm(nn.Conv1d(channels, channels, kernel, dilation=d, padding=d * (kernel - 1) // 2))
        self.kind = kind
        if kind == 1:
            self.convs1 = nn.ModuleList(convolution(d) for d in dilations)
            self.convs2 = nn.ModuleList(convolution(1) for _ in dilations)
        else:
            self.convs = nn.ModuleList(convolution(d) for d in dilations)

    def forward(self, x):
        if self.kind == 1:
            for one, two in zip(self.convs1, self.convs2):
                x = x + two(F.leaky_relu(one(F.leaky_relu(x, 0.1)), 0.1))
        else:
            for one in self.convs:
                x = x + one(F.leaky_relu(x, 0.1))
        return x


class Generator(nn.Module):
    def __init__(self, config):
        super().__init__()
        n, kind = config["upsample_initial_channel"], int(config["resblock"])
        self.blocks = len(config["resblock_kernel_sizes"])
        self.conv_pre = weight_norm(nn.Conv1d(config["num_mels"], n, 7, padding=3))
        self.ups, self.resblocks = nn.ModuleList(), nn.ModuleList()
        for rate, kernel in zip(config["upsample_rates"], config["upsample_kernel_sizes"]):
            self.ups.append(weight_norm(nn.ConvTranspose1d(n, n // 2, kernel, rate, padding=(kernel - rate) // 2)))
            n //= 2
            for k, d in zip(config["resblock_kernel_sizes"], config["resblock_dilation_sizes"]):
                self.resblocks.append(Block(kind, n, k, d))
        self.conv_post = weight_norm(nn.Conv1d(n, 1, 7, padding=3))

    def forward(self, mel):  # [batch, mels, time]
        x = self.conv_pre(mel)
        for i, up in enumerate(self.ups):
            x = up(F.leaky_relu(x, 0.1))
            x = sum(b(x) for b in self.resblocks[i * self.blocks:(i + 1) * self.blocks]) / self.blocks
        return torch.tanh(self.conv_post(F.leaky_relu(x)))[:, 0]  # the last slope is PyTorch's default, 0.01


# ---- what both sides make ----

def frames(rows, time, mels):
    """Multiplicative hashing of the element's index: exact in f32 on both sides, uniform in [-1.75, 1.75)."""
    i = np.arange(rows * time * mels, dtype=np.uint64)
    h = (i * 2654435761 + 12345) % (1 << 32)
    h ^= h >> 15
    h = (h * 2246822519) % (1 << 32)
    return ((h >> 8).astype(np.float32) / 8388608 - 1).reshape(rows, time, mels) * np.float32(1.75)


@torch.no_grad()
def randomise(module, seed):
    g = torch.Generator().manual_seed(seed)
    for name, t in sorted(module.state_dict().items()):
        if name.endswith(("weight_g", "original0")):
            t.copy_(torch.rand(t.shape, generator=g) * 0.5 + 0.9)
        elif name == "scale":
            t.copy_(torch.rand(t.shape, generator=g) + 0.5)
        elif t.dim() < 2:
            t.copy_(torch.randn(t.shape, generator=g) * 0.1)
        else:
            t.copy_(torch.randn(t.shape, generator=g) * (2 / t[0].numel()) ** 0.5)


def write(folder, config, lengths, mels, hop, run):
    """run: frames of one row [1, time, mels], and its index, to its samples."""
    os.makedirs(folder, exist_ok=True)
    x = torch.from_numpy(frames(len(lengths), max(lengths), mels))
    out = np.zeros((len(lengths), max(lengths) * hop), np.float32)
    with torch.no_grad():
        for i, length in enumerate(lengths):
            out[i, :length * hop] = run(x[i:i + 1, :length], i).numpy().reshape(-1)
    print(folder, "rms", np.sqrt((out ** 2).mean()))
    out.astype("<f4").tofile(os.path.join(folder, "samples.f32"))
    with open(os.path.join(folder, "shape.txt"), "w") as f:
        print(len(lengths), max(lengths), *lengths, file=f)
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump(config, f, indent=1, sort_keys=True)
        f.write("\n")


def save(folder, module, prefix=""):
    tensors = {prefix + k: v.detach().contiguous() for k, v in module.state_dict().items()}
    save_file(tensors, os.path.join(folder, "model.safetensors"))


# ---- the folders ----

def original(folder, kind, old, seed, **shape):
    config = dict(resblock=str(kind), num_mels=5, upsample_initial_channel=16, sampling_rate=22050, **shape)
    model = Generator(config)
    randomise(model, seed)
    hop = int(np.prod(config["upsample_rates"]))
    write(folder, config, [11, 4, 1], 5, hop, lambda x, i: model(x.transpose(1, 2)))
    torch.save({"generator": model.state_dict()}, os.path.join(folder, "generator_v%d" % (1 if kind == 1 else 3)),
               _use_new_zipfile_serialization=not old)


def hugging_face(root):
    from transformers import (FastSpeech2ConformerHifiGan, FastSpeech2ConformerHifiGanConfig, SpeechT5HifiGan,
                              SpeechT5HifiGanConfig, VitsConfig)
    from transformers.models.vits.modeling_vits import VitsHifiGan
    shape = dict(upsample_initial_channel=16, upsample_rates=[4, 3], upsample_kernel_sizes=[8, 5],
                 resblock_kernel_sizes=[3, 5], resblock_dilation_sizes=[[1, 3], [1, 2]])
    config = FastSpeech2ConformerHifiGanConfig(model_in_dim=6, **shape)
    model = FastSpeech2ConformerHifiGan(config)
    randomise(model, 3)
    write(root + "/folded", config.to_dict(), [9, 5], 6, 12, lambda x, i: model(x))
    save(root + "/folded", model)

    config = SpeechT5HifiGanConfig(model_in_dim=6, leaky_relu_slope=0.2, **shape)
    model = SpeechT5HifiGan(config)
    model.apply_weight_norm()
    randomise(model, 4)
    write(root + "/parametrized", config.to_dict(), [9, 5], 6, 12, lambda x, i: model(x))
    save(root + "/parametrized", model, "vocoder.")

    config = VitsConfig(flow_size=6, speaker_embedding_size=4, num_speakers=3, **shape)
    model = VitsHifiGan(config)
    model.apply_weight_norm()
    randomise(model, 5)
    speakers = torch.from_numpy(frames(2, 1, 4))
    write(root + "/vits", config.to_dict(), [9, 5], 6, 12,
          lambda x, i: model(x.transpose(1, 2), speakers[i:i + 1].transpose(1, 2)))
    save(root + "/vits", model, "decoder.")


# ---- real speech ----

def mel_filters(rate, n_fft, mels, low, high):
    """Triangles of equal area on Slaney's scale, linear below 1000 Hz and logarithmic above."""
    def to_mel(f):
        return np.where(f < 1000, 3 * f / 200, 15 + 27 * np.log(np.maximum(f, 1000) / 1000) / np.log(6.4))
    def to_hertz(m):
        return np.where(m < 15, 200 * m / 3, 1000 * np.exp(np.log(6.4) * (m - 15) / 27))
    edges = to_hertz(np.linspace(to_mel(np.float64(low)), to_mel(np.float64(high)), mels + 2))
    bins = np.linspace(0, rate / 2, n_fft // 2 + 1)
    up = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(up, down)) * (2 / (edges[2:] - edges[:-2]))[:, None]


def log_mel(samples, config):
    """As the generator's authors: reflected ends, Hann window, magnitudes, log of what is at least 1e-5."""
    n_fft, hop = config["n_fft"], config["hop_size"]
    x = np.pad(samples, (n_fft - hop) // 2, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    count = (len(x) - n_fft) // hop + 1
    spectra = np.stack([np.fft.rfft(x[i * hop:i * hop + n_fft] * window) for i in range(count)])
    magnitudes = np.sqrt(spectra.real ** 2 + spectra.imag ** 2 + 1e-9)
    filters = mel_filters(config["sampling_rate"], n_fft, config["num_mels"], config["fmin"], config["fmax"])
    return np.log(np.maximum(magnitudes @ filters.T, 1e-5)).astype(np.float32)


def real(folder, shared):
    import soundfile
    source = shared + "/models/hifigan-v2-lj/"
    config = json.load(open(source + "config.json"))
    model = Generator(config)
    model.load_state_dict(torch.load(source + "generator_v2", map_location="cpu")["generator"])
    names = sorted(os.listdir(shared + "/speech/eval_lj"))
    pieces = []
    for name, first in ((names[0], 60), (names[-1], 100)):
        samples, rate = soundfile.read(shared + "/speech/eval_lj/" + name)
        if rate != config["sampling_rate"]:
            samples = np.interp(np.arange(int(len(samples) * config["sampling_rate"] / rate)) * rate /
                                config["sampling_rate"], np.arange(len(samples)), samples)
        pieces.append(log_mel(samples, config)[first:first + 24])
    mels = np.stack(pieces)
    with torch.no_grad():
        out = model(torch.from_numpy(mels).transpose(1, 2)).numpy()
    print(folder, rate, "rms", np.sqrt((out ** 2).mean()))
    os.makedirs(folder, exist_ok=True)
    mels.astype("<f4").tofile(folder + "/mels.f32")
    out.astype("<f4").tofile(folder + "/samples.f32")


if __name__ == "__main__":
    root = sys.argv[1]
    original(root + "/pairs", 1, True, 1, upsample_rates=[4, 2], upsample_kernel_sizes=[8, 4],
             resblock_kernel_sizes=[3, 7], resblock_dilation_sizes=[[1, 3, 5], [1, 3, 5]])
    original(root + "/single", 2, False, 2, upsample_rates=[3, 4], upsample_kernel_sizes=[7, 8],
             resblock_kernel_sizes=[3, 5, 7], resblock_dilation_sizes=[[1, 2], [2, 6], [3, 12]])
    hugging_face(root)
    if len(sys.argv) > 2:
        real(root + "/real", sys.argv[2])
