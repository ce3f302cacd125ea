"""Trains the acoustic model: transformers' own FastSpeech2ConformerModel, on the aligned recordings.

Two speakers share it, each with F0 and energy normalised by their own statistics. What LJ's embedding adds, the voice
proper has as zero, so a caller who names no speaker hears her."""
import json
import math
import time

import numpy as np
import torch
from transformers import FastSpeech2ConformerConfig, FastSpeech2ConformerModel

import quicker
from shared import HOP, IDS, MELS, VOCABULARY, VOICES, Mels, arguments, is_held_out, released, status

CONFIG = dict(
    vocab_size=len(VOCABULARY), num_mel_bins=MELS, num_speakers=len(VOICES), hidden_size=160,
    encoder_layers=4, encoder_num_attention_heads=2, encoder_linear_units=384, encoder_kernel_size=7,
    decoder_layers=3, decoder_num_attention_heads=2, decoder_linear_units=384, decoder_kernel_size=15,
    positionwise_conv_kernel_size=1, encoder_normalize_before=True, decoder_normalize_before=True,
    speech_decoder_postnet_layers=2, speech_decoder_postnet_units=80, speech_decoder_postnet_dropout=0.0,
    duration_predictor_channels=160, duration_predictor_dropout_rate=0.3,
    pitch_predictor_layers=3, pitch_predictor_channels=160, pitch_predictor_kernel_size=3, pitch_predictor_dropout=0.3,
    energy_predictor_channels=160, energy_predictor_dropout=0.3, stop_gradient_from_energy_predictor=True,
    encoder_dropout_rate=0.05, encoder_attention_dropout_rate=0.0, encoder_positional_dropout_rate=0.0,
    decoder_dropout_rate=0.0, decoder_attention_dropout_rate=0.0, decoder_positional_dropout_rate=0.0)


# ---- what it learns from ----

def contour(f0):
    """log F0 with straight lines through what is not voiced; [frames]."""
    voiced = np.nonzero(f0 > 0)[0]
    if len(voiced) == 0:
        return np.full(len(f0), np.nan)
    return np.interp(np.arange(len(f0)), voiced, np.log(f0[voiced]))


def loudness(mel):
    """Logarithm of the level of each frame."""
    return 0.5 * np.log(np.exp(2 * mel.astype(np.float64)).sum(1))


def averages(values, frames):
    """The mean over each token's frames; 0 where it has none."""
    edges = np.concatenate([[0], np.cumsum(frames)])
    return np.array([values[a:b].mean() if b > a else 0.0 for a, b in zip(edges[:-1], edges[1:])], dtype=np.float32)


class Speaker:
    """One voice's mels, F0 and their statistics."""

    def __init__(self, work, name):
        self.mels = Mels(work, name)
        self.f0 = np.fromfile(work / "data" / f"speak_{name}.f0", dtype=np.float32)
        voiced = np.log(self.f0[self.f0 > 0])
        self.log_f0_mean, self.log_f0_deviation = float(voiced.mean()), float(voiced.std())
        level = loudness(self.mels.values[::7])
        loud = level[level > np.percentile(level, 30)]
        self.level_mean, self.level_deviation = float(loud.mean()), float(loud.std())

    def example(self, row, speaker):
        a = self.mels.offsets[row["number"]] + row["start"]
        b = a + sum(row["frames"])
        mel, frames = np.array(self.mels.values[a:b]), np.array(row["frames"])
        pitch = (contour(self.f0[a:b]) - self.log_f0_mean) / self.log_f0_deviation
        level = (loudness(mel) - self.level_mean) / self.level_deviation
        spoken = frames > 0
        return {"ids": np.array([IDS[t] for t in row["tokens"]]), "frames": frames, "mel": mel, "speaker": speaker,
                "pitch": np.nan_to_num(averages(pitch, frames)) * spoken, "energy": averages(level, frames) * spoken}


def load(work):
    """(training examples, held-out examples of the voice proper, the speakers)."""
    speakers = {name: Speaker(work, name) for name in VOICES}
    train, held_out = [], []
    for row in json.loads((work / "aligned.json").read_text()):
        speaker = speakers[row["set"]]
        example = speaker.example(row, VOICES.index(row["set"]))
        out = is_held_out(row["set"], speaker.mels.store.files[row["number"]])
        (held_out if out else train).append(example)
    return train, [e for e in held_out if e["speaker"] == 0], speakers


def padded(arrays, fill=0):
    out = np.full((len(arrays), max(len(a) for a in arrays), *arrays[0].shape[1:]), fill, dtype=arrays[0].dtype)
    for row, a in zip(out, arrays):
        row[:len(a)] = a
    return torch.from_numpy(out)


def collate(examples):
    """The arguments of the model's forward."""
    ids = padded([e["ids"] for e in examples])
    return {"input_ids": ids, "attention_mask": (ids != 0).long(), "duration_labels": padded([e["frames"] for e in examples]),
            "spectrogram_labels": padded([e["mel"] for e in examples], -100.0),
            "pitch_labels": padded([e["pitch"] for e in examples])[..., None],
            "energy_labels": padded([e["energy"] for e in examples])[..., None],
            "speaker_ids": torch.tensor([[e["speaker"]] for e in examples])}


def batches(examples, frames, rng):
    """One pass over the examples: batches of similar lengths, about so many mel frames each, in random order."""
    order = sorted(range(len(examples)), key=lambda i: len(examples[i]["mel"]) * rng.uniform(0.9, 1.1))
    groups, group = [], []
    for i in order:
        if group and (len(group) + 1) * len(examples[i]["mel"]) > frames:
            groups.append(group)
            group = []
        group.append(examples[i])
    groups.append(group)
    for k in rng.permutation(len(groups)):
        yield collate(groups[k])


# ---- the model and its loss ----

class Errors(torch.nn.Module):
    """In place of the model's own criterion, which adds everything up: the same terms, each kept in `last`."""

    def forward(self, outputs_after_postnet, outputs_before_postnet, duration_outputs, pitch_outputs, energy_outputs,
                spectrogram_labels, duration_labels, pitch_labels, energy_labels, duration_mask, spectrogram_mask):
        def mean(error, mask):
            return error[mask.expand_as(error)].mean()

        log_frames = torch.log(duration_labels.float() + 1)
        spoken = (duration_mask & (duration_labels > 0)).unsqueeze(-1)
        terms = {
            "mel": mean((outputs_after_postnet - spectrogram_labels).abs(), spectrogram_mask),
            "before": mean((outputs_before_postnet - spectrogram_labels).abs(), spectrogram_mask),
            "duration": mean((duration_outputs - log_frames).square(), duration_mask),
            "pitch": mean((pitch_outputs - pitch_labels).square(), spoken),
            "energy": mean((energy_outputs - energy_labels).square(), spoken)}
        self.last = {k: float(v.detach()) for k, v in terms.items()}
        return terms["mel"] + 0.5 * terms["before"] + 0.5 * terms["duration"] + 0.2 * terms["pitch"] + 0.2 * terms["energy"]


def new_model():
    quicker.install(CONFIG)
    model = FastSpeech2ConformerModel(FastSpeech2ConformerConfig(**CONFIG))
    model.criterion = Errors()
    with torch.no_grad():
        model.speaker_id_embedding.weight.zero_()
        model.speech_decoder_postnet.feat_out.bias.fill_(-5.0)      # about the mean log-mel
    return model


class Trainer:
    def __init__(self, options, train):
        torch.manual_seed(options.seed)
        self.options, self.train, self.rng = options, train, np.random.default_rng(options.seed)
        self.model = new_model()
        self.average = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=options.rate, betas=(0.9, 0.98), weight_decay=0.01)
        self.steps, self.seconds, self.errors = 0, 0.0, {}

    def examples(self):
        while True:
            yield from batches(self.train, self.options.frames, self.rng)

    def step(self, batch):
        done = min(1.0, self.seconds / (60 * self.options.minutes))
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.rate * min(1.0, (self.steps + 1) / 300) * 0.5 * (1 + math.cos(math.pi * done))
        self.model.train()
        loss = self.model(**batch, return_dict=True).loss
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.model.speaker_id_embedding.weight.grad[0] = 0
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.steps += 1
        self.follow()
        for k, v in self.model.criterion.last.items():
            self.errors.setdefault(k, []).append(v)

    def follow(self):
        """The running average of the weights, which is what is released."""
        keep = min(0.998, self.steps / (self.steps + 10))
        for k, v in self.model.state_dict().items():
            if v.is_floating_point():
                self.average[k].lerp_(v, 1 - keep)

    def report(self):
        text = " ".join(f"{k} {np.mean(v):.4f}" for k, v in self.errors.items())
        self.errors = {}
        return f"acoustic: step {self.steps}, {self.seconds / 60:.1f} min: {text}"

    def save(self):
        path = self.options.work / f"{self.options.name}.pt"
        torch.save({"model": self.model.state_dict(), "average": self.average, "optimizer": self.optimizer.state_dict(),
                    "steps": self.steps, "seconds": self.seconds}, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").rename(path)

    def resume(self):
        path = self.options.work / f"{self.options.name}.pt"
        if not path.exists():
            if self.options.start:
                self.model.load_state_dict(released(self.options.start).model.state_dict())
                self.average = {k: v.clone() for k, v in self.model.state_dict().items()}
            return
        saved = torch.load(path, weights_only=True)
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.average, self.steps, self.seconds = saved["average"], saved["steps"], saved["seconds"]
        self.rng = np.random.default_rng(self.options.seed + self.steps)


def without_dropout(model):
    """In training mode, so that it takes the given durations, but as it is when it speaks."""
    model.train()
    for module in model.modules():
        if isinstance(module, (torch.nn.Dropout, torch.nn.BatchNorm1d)):
            module.eval()
    return model


def measure(average, held_out):
    """The errors on held-out recordings with their own durations, F0 and energy."""
    model = new_model()
    model.load_state_dict(average)
    without_dropout(model)
    sums, rng = {}, np.random.default_rng(0)
    with torch.no_grad():
        for batch in batches(held_out[:60], 3000, rng):
            model(**batch, return_dict=True)
            for k, v in model.criterion.last.items():
                sums.setdefault(k, []).append(v)
    return " ".join(f"{k} {np.mean(v):.4f}" for k, v in sums.items())


def main():
    options = arguments(__doc__, minutes=(80.0, "of training, all runs together"), rate=(2e-3, "peak learning rate"),
                        frames=(1600, "mel frames in a batch"), start=("", "folder of a released voice to begin from"),
                        name=("acoustic", "of the checkpoint"), seed=(1, "of everything"))
    torch.set_num_threads(options.threads)
    train, held_out, _ = load(options.work)
    trainer = Trainer(options, train)
    trainer.resume()
    status(options.work, f"acoustic: {len(train)} utterances, {sum(len(e['mel']) for e in train) * HOP / 22050 / 3600:.2f} h, "
           f"{sum(p.numel() for p in trainer.model.parameters()) / 1e6:.2f} M parameters")
    saved = reported = last = time.monotonic()
    for batch in trainer.examples():
        trainer.step(batch)
        now = time.monotonic()
        trainer.seconds, last = trainer.seconds + now - last, now
        if now - reported > 60:
            status(options.work, trainer.report())
            reported = now
        if now - saved > 300 or trainer.seconds >= 60 * options.minutes:
            trainer.save()
            status(options.work, "acoustic: held out: " + measure(trainer.average, held_out))
            saved = now
        if trainer.seconds >= 60 * options.minutes:
            break
    status(options.work, "acoustic: done")


if __name__ == "__main__":
    main()
