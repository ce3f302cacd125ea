"""Trains the small vocoder: it follows the real HiFi-GAN's waveform, stage by stage at first, then as a whole.

Its stages have the channels and rates of the teacher's, with fewer convolutions in each. The first stage runs at a thirtieth
of the waveform's rate and yet decides on the phases of all that is voiced, so it learns first and alone to give the teacher's
output, then the second with it. At last the whole learns the waveform: its samples, its spectra with and without phase, and
still the outputs of the stages."""
import time

import numpy as np
import torch
from transformers import FastSpeech2ConformerHifiGan, FastSpeech2ConformerHifiGanConfig

from muon import Muon
from shared import HOP, Mels, arguments, is_held_out, log_mel, released, status
from teacher import FILES, STAGES, Cache, finish, load_teacher, stage, stages

CONFIG = dict(model_in_dim=80, upsample_initial_channel=128, upsample_rates=[8, 8, 2, 2], upsample_kernel_sizes=[16, 16, 4, 4],
              resblock_kernel_sizes=[3, 7], resblock_dilation_sizes=[[1], [3]], leaky_relu_slope=0.1, normalize_before=True)
EDGE = 4                    # mel frames at each end of a crop that are not scored: the teacher knew what lies beyond
SPECTRA = [(2048, 512), (1024, 256), (512, 128), (256, 64)]
windows = {n: torch.hann_window(n) for n, _ in SPECTRA}


def new_model(mean, scale):
    """Convolutions as He et al. 2015 begin them, with what each transposed one really sums up taken into account."""
    model = FastSpeech2ConformerHifiGan(FastSpeech2ConformerHifiGanConfig(**CONFIG))
    for module in model.modules():
        if isinstance(module, torch.nn.ConvTranspose1d):
            torch.nn.init.normal_(module.weight, std=(module.stride[0] / module.in_channels / module.kernel_size[0]) ** 0.5)
        elif isinstance(module, torch.nn.Conv1d):
            torch.nn.init.normal_(module.weight, std=(1.0 / module.in_channels / module.kernel_size[0]) ** 0.5)
        if isinstance(module, (torch.nn.Conv1d, torch.nn.ConvTranspose1d)):
            torch.nn.init.zeros_(module.bias)
    model.mean.copy_(mean)
    model.scale.copy_(scale)
    return model


# ---- crops ----

class Crops:
    """Random stretches of the cache, within one utterance each."""

    def __init__(self, folders, frames, rows, rng):
        self.folders, self.frames, self.rows, self.rng = folders, frames, rows, rng
        self.refresh()

    def refresh(self):
        """Takes up what the cache has grown by."""
        self.parts = []
        for folder in self.folders:
            cache = Cache(folder)
            lengths = cache.lengths()
            if len(lengths):
                starts = np.concatenate([[0], np.cumsum(lengths)])[:-1]
                keep = lengths > self.frames + 1
                self.parts.append((cache.arrays(), starts[keep], lengths[keep]))

    def places(self):
        """(arrays, first frame) for each row: every part as often as any other, utterances by their length."""
        for _ in range(self.rows):
            arrays, starts, lengths = self.parts[self.rng.integers(len(self.parts))]
            k = np.searchsorted(np.cumsum(lengths), self.rng.integers(lengths.sum()), side="right")
            yield arrays, int(starts[k] + self.rng.integers(lengths[k] - self.frames))

    def batch(self, names):
        """name to [rows, channels, time]."""
        places = list(self.places())
        return {name: torch.from_numpy(np.stack([a[name][s * r:(s + self.frames) * r].T.astype(np.float32)
                                                 for a, s in places])) for name in names for r in [FILES[name][0]]}


# ---- losses ----

def inner(x):
    """Without the edges: [..., frames * rate], the rate being that of the crop in `inner.frames`."""
    rate = x.shape[-1] // inner.frames
    return x[..., EDGE * rate:-EDGE * rate]


def relative(x, goal, scale):
    """Squared error of a stage in units of each channel's variance."""
    return ((inner(x) - inner(goal)) / scale[:, None]).square().mean()


def compressed(wave, size, hop):
    """Magnitude, and the spectrum with its magnitude to the power 0.3: [..., 2]."""
    s = torch.view_as_real(torch.stft(wave, size, hop, size, windows[size], center=False, return_complex=True))
    magnitude = (s.square().sum(-1) + 1e-7).sqrt()
    return magnitude, s * magnitude[..., None] ** -0.7


def spectral(wave, goal):
    """Errors of the logarithm of the magnitudes, and of the compressed spectra with their phases."""
    size_error = phase_error = 0.0
    for size, hop in SPECTRA:
        m, c = compressed(wave, size, hop)
        with torch.no_grad():
            mg, cg = compressed(goal, size, hop)
        size_error = size_error + (torch.log(m + 1e-3) - torch.log(mg + 1e-3)).abs().mean() / len(SPECTRA)
        phase_error = phase_error + (c - cg).abs().mean() / len(SPECTRA)
    return size_error, phase_error


# ---- steps ----

class Trainer:
    def __init__(self, options):
        self.options = options
        torch.manual_seed(options.seed)
        self.crops = Crops([options.work / p for p in options.caches.split(",")], options.frames, options.rows,
                           np.random.default_rng(options.seed))
        inner.frames = options.frames
        first = self.crops.parts[0][0]
        mel = torch.from_numpy(first["mel"][:60000].astype(np.float32))
        self.scales = [torch.from_numpy(first[f"stage{i}"][:60000].astype(np.float32).std(0)) + 1e-3 for i in range(len(STAGES))]
        self.model = new_model(mel.mean(0), mel.std(0))
        self.average = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.optimizer = Muon(self.model.parameters(), options.rate)
        self.steps, self.seconds, self.errors = 0, 0.0, {}

    def chain(self, batch, depth):
        """The first stages one after another, each held to the teacher's output: (the last one's own output, the loss)."""
        mel = (batch["mel"] - self.model.mean[:, None]) / self.model.scale[:, None]
        x, loss = self.model.conv_pre(mel), 0.0
        for i in range(depth):
            x = stage(self.model, i, x.detach() if i and self.turn() < 3 else x)
            error = relative(x, batch[f"stage{i}"], self.scales[i])
            self.note(f"stage{i}", error)
            loss = loss + error
        return x, loss

    def whole(self, batch):
        """All stages and the waveform."""
        x, loss = self.chain(batch, len(STAGES))
        wave, goal = inner(finish(self.model, x)), inner(batch["wave"][:, 0])
        wave_error = (wave - goal).abs().mean()
        size_error, phase_error = spectral(wave, goal)
        mel_error = (log_mel(wave) - log_mel(goal)).abs().mean()
        for name, error in (("wave", wave_error), ("size", size_error), ("phase", phase_error), ("mel", mel_error)):
            self.note(name, error)
        o = self.options
        return (o.stage_weight * loss + o.wave_weight * wave_error + size_error + o.phase_weight * phase_error
                + o.mel_weight * mel_error)

    def turn(self):
        """0: the first stage learns; 1: the second too; 2: all, each by its own error; 3: all, each by the errors of those after it too.
        A stage that knows nothing yet would undo the ones before it."""
        return sum(self.seconds / 60 >= float(m) for m in self.options.turns.split(","))

    def loss(self):
        depth = self.turn() + 1
        self.crops.rows = self.options.rows + 2 * (depth < 3)
        if depth > 2:
            return self.whole(self.crops.batch(FILES))
        return self.chain(self.crops.batch(["mel"] + [f"stage{i}" for i in range(depth)]), depth)[1]

    def note(self, name, value):
        self.errors.setdefault(name, []).append(float(value.detach()))

    def step(self):
        done = self.seconds / (60 * self.options.minutes)
        loss = self.loss()
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step(min(1.0, (self.steps + 1) / 50) * max(0.0, 1 - done) ** 1.5)
        self.steps += 1
        keep = min(0.996, self.steps / (self.steps + 10))
        for k, v in self.model.state_dict().items():
            self.average[k].lerp_(v, 1 - keep)

    def report(self):
        text = " ".join(f"{k} {np.mean(v):.4f}" for k, v in self.errors.items())
        self.errors = {}
        return f"vocoder: step {self.steps}, {self.seconds / 60:.1f} min: {text}"

    def save(self):
        path = self.options.work / f"{self.options.name}.pt"
        torch.save({"model": self.model.state_dict(), "average": self.average, "optimizer": self.optimizer.state_dict(),
                    "steps": self.steps, "seconds": self.seconds, "config": CONFIG}, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").rename(path)

    def resume(self):
        path = self.options.work / f"{self.options.name}.pt"
        if not path.exists():
            if self.options.start:
                self.model.load_state_dict(released(self.options.start).vocoder.state_dict())
                self.average = {k: v.clone() for k, v in self.model.state_dict().items()}
            return
        saved = torch.load(path, weights_only=True)
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.average, self.steps, self.seconds = saved["average"], saved["steps"], saved["seconds"]


class Development:
    """Held-out recordings and what the teacher makes of them."""

    def __init__(self, options, count=8):
        mels = Mels(options.work, "voice_cathy")
        numbers = [i for i in range(len(mels)) if is_held_out("voice_cathy", mels.store.files[i])][:count]
        self.mels = [torch.from_numpy(mels[i].copy())[None] for i in numbers]
        teacher = load_teacher(options.shared / "models" / "hifigan-v2-lj")
        with torch.inference_mode():
            self.waves = [stages(teacher, m)[-1] for m in self.mels]

    def measure(self, average):
        """Signal to error in dB, and the error of the magnitudes, of the averaged weights."""
        model = FastSpeech2ConformerHifiGan(FastSpeech2ConformerHifiGanConfig(**CONFIG))
        model.load_state_dict(average)
        with torch.inference_mode():
            made = [model(m) for m in self.mels]
            ratios = [10 * torch.log10(w.square().sum() / (w - x).square().sum()) for w, x in zip(self.waves, made)]
            sizes = [spectral(x, w)[0] for w, x in zip(self.waves, made)]
        return float(torch.stack(ratios).mean()), float(torch.stack(sizes).mean())


def main():
    options = arguments(__doc__, minutes=(80.0, "of training, all runs together"), rate=(0.02, "peak learning rate"),
                        turns=("10,19,22", "minutes at which more is learned: see Trainer.turn"), frames=(72, "of a crop"),
                        rows=(6, "crops in a batch of the whole"), stage_weight=(0.2, "of the stages' outputs in the whole"),
                        wave_weight=(2.0, "of the samples"), phase_weight=(1.5, "of spectra with their phases"),
                        mel_weight=(2.0, "of mels, which keep the energy that the others take away"),
                        caches=("teacher", "folders of the teacher's outputs, with commas"), start=("", "folder of a released voice to begin from"),
                        name=("vocoder", "of the checkpoint"),
                        seed=(1, "of everything"))
    torch.set_num_threads(options.threads)
    trainer, development = Trainer(options), Development(options)
    trainer.resume()
    saved = reported = last = time.monotonic()
    while trainer.seconds < 60 * options.minutes:
        trainer.step()
        now = time.monotonic()
        trainer.seconds, last = trainer.seconds + now - last, now
        if now - reported > 60:
            status(options.work, trainer.report())
            trainer.crops.refresh()
            reported = now
        if now - saved > 300:
            trainer.save()
            status(options.work, "vocoder: held out: {:.2f} dB, magnitudes {:.4f}".format(*development.measure(trainer.average)))
            saved = now
    trainer.save()
    status(options.work, "vocoder: done: {:.2f} dB, magnitudes {:.4f}".format(*development.measure(trainer.average)))


if __name__ == "__main__":
    main()
