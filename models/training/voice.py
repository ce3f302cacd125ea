"""The voice activity detector of models/default/vad, in one command: decodes the recordings (step 1's, where it has run),
trains, exports and writes the card. Seeded; goes on where it was stopped."""
import json
import os
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from transformers import ParakeetFeatureExtractor

import prepare
from common import HOP, LABELLED, UNLABELLED, Store, arguments, have, held_out, status, write_store
from voice_labels import label
from voice_mix import stream

CONFIG = {"model_type": "utter_vad", "mel_bins": 40, "hidden_size": 64, "taps": 8, "look_ahead": 3,
          "dilations": [1, 2, 4, 8, 16]}
SECONDS, BATCH = 8, 32
REPEATS, POOL = 3, 40                      # how often a batch is learnt from, of so many that are kept
FLOOR = 2.0 ** -24
FILTERS = torch.as_tensor(ParakeetFeatureExtractor(feature_size=CONFIG["mel_bins"]).mel_filters, dtype=torch.float32)
WINDOW = torch.hann_window(400, periodic=False)


def log_mel(wave):
    """[batch, samples] to [batch, samples // 160, mels]: Parakeet's features, not normalised."""
    wave = torch.cat([wave[:, :1], wave[:, 1:] - 0.97 * wave[:, :-1]], dim=1)
    spectrum = torch.stft(wave, 512, HOP, 400, WINDOW, return_complex=True, pad_mode="constant")
    power = spectrum.real.square() + spectrum.imag.square()
    return torch.log(FILTERS @ power + FLOOR).transpose(1, 2)[:, :wave.shape[1] // HOP]


class Detector(nn.Module):
    """models/vad/MODEL.md. A step is two frames; every layer looks back alone, but the first, by look_ahead frames."""

    def __init__(self, config):
        super().__init__()
        self.config, hidden, mels = config, config["hidden_size"], config["mel_bins"]
        self.register_buffer("mean", torch.zeros(mels))
        self.register_buffer("scale", torch.ones(mels))
        self.input = nn.Linear(config["taps"] * mels, hidden)
        self.blocks = nn.ModuleList(nn.Linear(3 * hidden, hidden) for _ in config["dilations"])
        self.output = nn.Linear(hidden, 2)

    def forward(self, features):
        """[batch, frames, mels], an even number of frames, to logits [batch, frames]."""
        ahead, taps = self.config["look_ahead"], self.config["taps"]
        x = (features - self.mean) * self.scale
        x = torch.cat([F.pad(x, (0, 0, taps - 2 - ahead, 0)), x[:, -1:].expand(-1, ahead, -1)], dim=1)
        x = x.unfold(1, taps, 2).transpose(2, 3).flatten(2)     # [batch, steps, taps · mels]
        h = F.relu(self.input(x))
        for block, d in zip(self.blocks, self.config["dilations"]):
            past = F.pad(h, (0, 0, 2 * d, 0))
            h = h + F.relu(block(torch.cat([past[:, :h.shape[1]], past[:, d:d + h.shape[1]], h], dim=2)))
        return self.output(h).flatten(1)


# ---- data ----

def recordings(a):
    for name in LABELLED + UNLABELLED:
        if not have(a.work, name):
            s = write_store(a.work, name, prepare.items(a.shared, name))
            status(a.work, f"voice: decoded {name}, {s.hours:.2f} h")
    if not have(a.work, "noise_eval"):
        prepare.noise(a.work, a.shared)


class Speech:
    """Utterances with labels, of the training or of the development part of all sets; sets in proportion to the root of
    their number of utterances."""

    def __init__(self, work, development):
        self.stores = [Store(work, name) for name in LABELLED + UNLABELLED]
        self.members = [[i for i in range(len(s)) if held_out(s, i) == development] for s in self.stores]
        weights = np.sqrt([len(m) for m in self.members])
        self.shares = weights / weights.sum()

    def __len__(self):
        return sum(len(m) for m in self.members)

    def audio(self, _):
        """Any utterance, for babble."""
        return self.next(self.rng)[0]

    def next(self, rng):
        self.rng = rng
        while True:
            which = int(rng.choice(len(self.stores), p=self.shares))
            store, members = self.stores[which], self.members[which]
            pcm = store.audio(members[int(rng.integers(len(members)))])
            labels = label(pcm)
            if labels is not None and labels.any():
                return pcm, labels


class Batches(torch.utils.data.Dataset):
    """Batch i, the same whoever makes it."""

    def __init__(self, work, count, seed, development=False):
        self.work, self.count, self.seed, self.development, self.speech = work, count, seed, development, None

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        torch.set_num_threads(1)
        if self.speech is None:
            self.speech, self.noise = Speech(self.work, self.development), Store(self.work, "noise_train")
        rng = np.random.default_rng([self.seed, index])
        self.speech.rng = rng
        made = [stream(SECONDS, rng, self.speech.next, self.noise, self.speech) for _ in range(BATCH)]
        return (log_mel(torch.from_numpy(np.stack([x for x, _ in made]))),
                torch.from_numpy(np.stack([y for _, y in made])).float())


# ---- training ----

def errors(net, batches):
    """Frame errors in %: missed, false, total."""
    miss = false = speech = frames = 0
    with torch.no_grad():
        for x, y in batches:
            said, y = net(x) > 0, y > 0.5
            miss, false = miss + int((y & ~said).sum()), false + int((said & ~y).sum())
            speech, frames = speech + int(y.sum()), frames + y.numel()
    return 100 * miss / speech, 100 * false / (frames - speech), 100 * (miss + false) / frames


def again(made, pool, rng):
    """A new batch, and older ones at another loudness: making streams takes several times as long as learning from them."""
    yield made
    for _ in range(min(len(pool), REPEATS - 1)):
        x, y = pool[int(rng.integers(len(pool)))]
        gain = torch.from_numpy(rng.uniform(-2, 2, (len(x), 1, 1)).astype(np.float32))
        yield torch.clamp(x + gain, min=float(np.log(FLOOR))), y
    pool.append(made)
    del pool[:-POOL]


def train(a):
    folder = a.work / "voice"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "checkpoint.pt"
    torch.manual_seed(a.seed)
    net = Detector(CONFIG)
    optimizer = torch.optim.AdamW(net.parameters(), lr=a.rate, weight_decay=0.01)
    done = 0
    if path.exists():
        kept = torch.load(path)
        net.load_state_dict(kept["net"])
        optimizer.load_state_dict(kept["optimizer"])
        done = kept["step"]
    development = [Batches(a.work, 4, a.seed + 1, True)[i] for i in range(4)]
    if done == 0:
        x = development[0][0].flatten(0, 1)
        net.mean.copy_(x.mean(0))
        net.scale.copy_(1 / x.std(0))
    data = torch.utils.data.Subset(Batches(a.work, a.steps, a.seed), range(done, a.steps))
    loader = torch.utils.data.DataLoader(data, batch_size=None, num_workers=max(a.threads - 1, 1), prefetch_factor=4)
    torch.set_num_threads(1)
    running, pool = 0.7, []
    for step, made in enumerate(loader, done):
        for group in optimizer.param_groups:
            group["lr"] = a.rate * min((step + 1) / 30, 0.5 + 0.5 * float(np.cos(np.pi * step / a.steps)) + 0.01)
        for x, y in again(made, pool, np.random.default_rng([a.seed, step])):
            loss = F.binary_cross_entropy_with_logits(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            running += 0.02 * (float(loss.detach()) - running)
        if (step + 1) % 25 == 0 or step + 1 == a.steps:
            torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}, folder / "new.pt")
            os.replace(folder / "new.pt", path)
            status(a.work, "voice: step %d, loss %.4f, development: missed %.2f %%, false %.2f %%, all %.2f %%" %
                   (step + 1, running, *errors(net, development)))
    return net


def export(net, folder):
    folder.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in net.state_dict().items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")


def main():
    a = arguments("Train the voice activity detector.", steps=(2000, "batches of 32 streams of 8 seconds"),
                  rate=(2e-3, "the highest learning rate"), seed=(5, "of everything that is random"))
    recordings(a)
    export(train(a), a.work / "voice" / "export")


if __name__ == "__main__":
    main()
