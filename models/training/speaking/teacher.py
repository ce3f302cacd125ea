"""What the real HiFi-GAN V2 makes of each mel: the output of every one of its stages, for the small vocoder to follow.

The cache is a folder of flat float16 files that grow together, utterance after utterance: `mel` [frames, 80],
`stage0` [8 frames, 64], `stage1` [64 frames, 32], `stage2` [128 frames, 16], `stage3` [256 frames, 8], `wave` [256 frames].
`index` has one number a line, the frames of each utterance; a line is written after all else, so it marks a whole one."""
import json

import numpy as np
import torch
from torch.nn.functional import leaky_relu
from transformers import FastSpeech2ConformerHifiGan, FastSpeech2ConformerHifiGanConfig

from shared import HOP, MELS, OTHERS, VOICES, Mels, arguments, is_held_out, status

STAGES = [(8, 64), (64, 32), (128, 16), (256, 8)]       # samples for every mel frame, channels
FILES = {"mel": (1, MELS), **{f"stage{i}": s for i, s in enumerate(STAGES)}, "wave": (HOP, 1)}


def folded(tensors, name):
    """A weight whose length `weight_g` and direction `weight_v` are kept apart (Salimans and Kingma 2016)."""
    v = tensors[name + ".weight_v"]
    return tensors[name + ".weight_g"] * v / v.flatten(1).norm(dim=1).view(-1, 1, 1)


def load_teacher(folder):
    """The published generator in transformers' class."""
    config = json.loads((folder / "config.json").read_text())
    keys = ["upsample_rates", "upsample_kernel_sizes", "upsample_initial_channel", "resblock_kernel_sizes",
            "resblock_dilation_sizes"]
    model = FastSpeech2ConformerHifiGan(FastSpeech2ConformerHifiGanConfig(normalize_before=False, **{k: config[k] for k in keys}))
    tensors = torch.load(folder / "generator_v2", map_location="cpu", weights_only=True)
    tensors = tensors.get("generator", tensors)
    state = {}
    for key, value in tensors.items():
        base, kind = key.rsplit(".", 1)
        if kind == "bias":
            state[key] = value
        elif kind == "weight_g":
            state[base + ".weight"] = folded(tensors, base)
    state = {k.replace("ups.", "upsampler."): v for k, v in state.items()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert set(missing) <= {"mean", "scale"} and not unexpected
    return model.eval()


def stage(model, i, x):
    """One stage of a generator: [batch, channels, time] to half the channels and `upsample_rates[i]` times the time."""
    x = model.upsampler[i](leaky_relu(x, model.config.leaky_relu_slope))
    n = model.num_kernels
    return sum(block(x) for block in model.resblocks[i * n:(i + 1) * n]) / n


def finish(model, x):
    return torch.tanh(model.conv_post(leaky_relu(x)))[:, 0]


def stages(model, mel):
    """Every stage's output for [batch, frames, 80], the waveform last."""
    x, outputs = model.conv_pre(mel.transpose(1, 2)), []
    for i in range(model.num_upsamples):
        x = stage(model, i, x)
        outputs.append(x)
    return outputs + [finish(model, x)]


class Cache:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def lengths(self):
        index = self.folder / "index"
        return np.array([int(n) for n in index.read_text().split()], dtype=np.int64) if index.exists() else np.zeros(0, np.int64)

    def append(self, mel, outputs):
        """mel [frames, 80] and the generator's outputs for it, each with a batch of one."""
        done = int(self.lengths().sum())
        arrays = [mel] + [x[0].T if x.dim() == 3 else x[0][:, None] for x in outputs]
        for (name, (rate, channels)), x in zip(FILES.items(), arrays):
            with open(self.folder / name, "r+b" if (self.folder / name).exists() else "wb") as f:
                f.seek(done * rate * channels * 2)
                f.write(x.to(torch.float16).contiguous().numpy().tobytes())
        with open(self.folder / "index", "a") as f:
            f.write(f"{len(mel)}\n")

    def arrays(self):
        """name to [frames * rate, channels], as far as the index goes."""
        frames = int(self.lengths().sum())
        return {name: np.memmap(self.folder / name, np.float16, "r", shape=(frames * rate, channels))
                for name, (rate, channels) in FILES.items()}


def utterances(work, other_minutes, seed):
    """(set, number) of all that the vocoder learns from, shuffled: the voices whole, of other people so many minutes."""
    rng, chosen = np.random.default_rng(seed), []
    for name in VOICES + OTHERS:
        mels, budget = Mels(work, name), other_minutes * 60 * 22050 / HOP
        for i in rng.permutation(len(mels)):
            if is_held_out(name, mels.store.files[i]):
                continue
            budget -= mels.frames[i] if name in OTHERS else 0
            if budget > 0:
                chosen.append((name, i))
    return [chosen[k] for k in rng.permutation(len(chosen))]


def main():
    options = arguments(__doc__, other_minutes=(20.0, "minutes of other people's speech"), seed=(1, "of the order"))
    torch.set_num_threads(options.threads)
    teacher, cache = load_teacher(options.shared / "models" / "hifigan-v2-lj"), Cache(options.work / "teacher")
    mels = {name: Mels(options.work, name) for name in VOICES + OTHERS}
    todo = utterances(options.work, options.other_minutes, options.seed)
    with torch.inference_mode():
        for k, (name, i) in enumerate(todo[len(cache.lengths()):]):
            mel = torch.from_numpy(mels[name][i].copy())
            cache.append(mel, stages(teacher, mel[None]))
            if k % 200 == 0:
                status(options.work, f"teacher: {len(cache.lengths())} of {len(todo)} utterances")
    status(options.work, "teacher: done")


if __name__ == "__main__":
    main()
