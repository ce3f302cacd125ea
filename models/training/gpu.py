"""Steps 4, 5 and 7 in minutes, where there is a GPU: the teacher is tuned first, and then teaches the student while it trains.

Everything lies on the card: the recordings, the augmentation (sound.py), the teacher and the student. The teacher is
Whisper-base's encoder with a CTC head, both trained on the labelled and the synthesized sets; it hears each batch clean,
the student hears it spoiled, and learns the text, the teacher's posteriors of every frame, and its features.

    python gpu.py --work DIR --shared DIR --teacher-seconds 90 --seconds 240 --start ../default/en
"""
import copy
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import augment
import sound
from batches import EMPTY, FRAME, NOT_SPEECH, SPLICED, SYNTHESIZED, TIMES, WARPED, WIDTH, Source
from common import DEVELOPMENT, EVAL, RATE, Store, arguments, have, held_out, shards, status
from features import LEAST, log_mel
from head import Head
from net import begin, build, encode, logits
from score import errors, greedy
from student import AVERAGE, MIDDLE, TAP, optimizer
from vocabulary import PIECES, load
from whisper import HEADS, LAYERS, Whisper

LONGEST = 15                # seconds
SPLICES = 3                 # of each recording: they are made once
MARGIN = 16000              # of silence behind what the teacher hears


# ---- data ----

class Data:
    """All sets on the device, end to end, and which utterance lies where."""

    def __init__(self, work, device):
        self.tokenizer = load(work)
        self.start, self.length, self.times, self.made, self.slowest, self.labels = [], [], [], [], [], []
        self.parts, self.end = [], 0
        for name in [n for n in TIMES if have(work, n)] + shards(work):
            self.add_set(work, name)
        self.pcm = torch.cat(self.parts).to(device)
        del self.parts
        noise = Store(work, "noise_train")
        self.noise = torch.from_numpy(np.array(noise.samples)).to(device)
        self.length, self.times, self.made = np.array(self.length), np.array(self.times), np.array(self.made)
        self.device = device

    def add(self, source, start, length, times, labels):
        if 2 * FRAME <= length <= LONGEST * RATE:
            self.start.append(start)
            self.length.append(length)
            self.times.append(times)
            self.made.append(source.made)
            self.slowest.append(source.slowest)
            self.labels.append(labels)

    def add_samples(self, samples):
        self.parts.append(torch.from_numpy(np.array(samples)))
        self.end += len(samples)

    def add_set(self, work, name):
        """A recording that may be cut (words.py, whose files may come from another machine) shares its times with splices."""
        source, rng, begin = Source(work, name, self.tokenizer), np.random.default_rng(5), self.end
        store, voices = source.store, source.voices
        self.add_samples(store.samples)
        for i in (i for i in range(len(store)) if not held_out(store, i)):
            spliced = SPLICED if voices.known(i) else 0.0
            self.add(source, begin + int(store.offsets[i]), int(store.lengths[i]), source.times[i] * (1 - spliced), source.labels[i])
            for _ in range(SPLICES if spliced else 0):
                pcm, labels = source.sound(voices.plan(i, rng))
                self.add(source, self.end, len(pcm), source.times[i] * spliced / SPLICES, labels)
                self.add_samples((pcm * 32767).astype(np.int16))

    @property
    def hours(self):
        return float(self.length.sum()) / RATE / 3600

    def round(self, rng, seconds, labelled):
        """One round of the mix as batches of (utterance, factor of speed), of like length together, in random order."""
        usable = np.array([l is not None for l in self.labels]) if labelled else np.ones(len(self.length), bool)
        want = rng.poisson(self.times * usable)
        picks = np.repeat(np.arange(len(want)), want * ~self.made)
        made = rng.permutation(np.repeat(np.arange(len(want)), want * self.made))
        share = np.cumsum(self.length[made]) <= self.length[picks].sum() * SYNTHESIZED / (1 - SYNTHESIZED)
        picks = np.concatenate([picks, made[share]])
        factor = np.array([augment.tempo(rng, self.slowest[i]) for i in picks])
        order = np.argsort(self.length[picks] / factor * rng.uniform(0.96, 1.04, len(picks)))
        batches, batch = [], []
        for k in order:
            n = self.length[picks[k]] / factor[k]
            if batch and (len(batch) + 1) * n > seconds * RATE:
                batches.append(batch)
                batch = []
            batch.append((int(picks[k]), float(factor[k])))
        batches.append(batch)
        rng.shuffle(batches)
        return batches

    def batch(self, picks, rng):
        """{wave [rows, samples] clean, speech [rows], labels, label_lengths}: in place where it begins at random."""
        lengths = np.array([int(self.length[i] / f) for i, f in picks])
        samples = -(-(int(lengths.max()) + int(rng.uniform(0, 0.4 if rng.random() < 0.7 else 1.5) * RATE)) // FRAME) * FRAME
        lead = np.array([rng.integers(0, samples - n + 1) for n in lengths])
        to = lambda x, t=torch.float64: torch.tensor(x, dtype=t, device=self.device)[:, None]
        place = torch.arange(samples, device=self.device, dtype=torch.float64) - to(lead)
        at = place * to([f for _, f in picks])
        inside = (place >= 0) & (at < to([self.length[i] - 2 for i, _ in picks]))
        at = at.clamp(min=0) * inside
        low = at.long()
        part = (at - low).float()
        low += to([self.start[i] for i, _ in picks], torch.int64)
        wave = torch.lerp(self.pcm[low].float(), self.pcm[low + 1].float(), part) * inside / 32768
        labels = [self.labels[i] for i, _ in picks]
        return wave, labels


def placed(labels, rows, device):
    """Labels of the rows that have some, for the CTC loss."""
    known = [r for r in rows if labels[r] is not None]
    flat = torch.tensor([x for r in known for x in labels[r]], dtype=torch.long, device=device)
    return torch.tensor(known, device=device), flat, torch.tensor([len(labels[r]) for r in known], device=device)


def ctc(scores, known, flat, lengths):
    """Per four frames of audio: about one piece of text."""
    if len(known) == 0:
        return scores.sum() * 0
    log = scores[known].float().log_softmax(-1).transpose(0, 1)
    frames = torch.full((log.shape[1],), log.shape[0], dtype=torch.long, device=scores.device)
    loss = F.ctc_loss(log, flat, frames, lengths, blank=PIECES, reduction="sum", zero_infinity=True)
    return loss * 4 / (log.shape[0] * log.shape[1])


# ---- the teacher ----

class Teacher(torch.nn.Module):
    """Whisper's encoder, whose weights may move, and the head over it, at the student's frame rate."""

    def __init__(self, shared, device):
        super().__init__()
        given = Whisper(shared)
        self.names = {k: k.replace(".", "/") for k in given.w}
        self.encoder = torch.nn.ParameterDict({self.names[k]: torch.nn.Parameter(v.float()) for k, v in given.w.items()})
        self.register_buffer("mel", given.mel)
        self.register_buffer("window", given.window)
        self.head = Head(torch.zeros(2 * WIDTH), torch.ones(2 * WIDTH))
        self.to(device)

    def w(self, name):
        return self.encoder[self.names[name]] if name in self.names else None

    def log_mel(self, wave):
        spectrum = torch.stft(wave, 400, 160, window=self.window, return_complex=True)[..., :-1].abs() ** 2
        mel = (self.mel @ spectrum).clamp(min=1e-10).log10()
        return (torch.maximum(mel, mel.amax(dim=(1, 2), keepdim=True) - 8.0) + 4.0) / 4.0

    def linear(self, x, name):
        return F.linear(x, self.w(name + ".weight"), self.w(name + ".bias"))

    def norm(self, x, name):
        return F.layer_norm(x.float(), x.shape[-1:], self.w(name + ".weight"), self.w(name + ".bias"))

    def encode(self, wave, hide=0.0, p=0.0):
        """[rows, samples] to the features of the student's frames, [rows, samples / 1280, 2 · width]."""
        frames = wave.shape[1] // FRAME
        mel = self.log_mel(F.pad(wave, (0, MARGIN)))
        if hide:
            mel = mel.transpose(1, 2).contiguous()
            sound.mask(mel, hide, bands=2, widest=20)
            mel = mel.transpose(1, 2)
        x = F.gelu(F.conv1d(mel, self.w("conv1.weight"), self.w("conv1.bias"), 1, 1))
        x = F.gelu(F.conv1d(x, self.w("conv2.weight"), self.w("conv2.bias"), 2, 1)).transpose(1, 2).float()
        x = x + self.w("embed_positions.weight")[:x.shape[1]]
        rows, time, width = x.shape
        for i in range(LAYERS):
            at = f"layers.{i}."
            h = self.norm(x, at + "self_attn_layer_norm")
            q, k, v = (self.linear(h, at + f"self_attn.{n}_proj").view(rows, time, HEADS, -1).transpose(1, 2) for n in "qkv")
            h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(rows, time, width)
            x = x + F.dropout(self.linear(h, at + "self_attn.out_proj"), p, self.training).float()
            h = self.linear(F.gelu(self.linear(self.norm(x, at + "final_layer_norm"), at + "fc1")), at + "fc2")
            x = x + F.dropout(h, p, self.training).float()
        x = self.norm(x, "layer_norm")
        x = torch.cat([x[:, :1], x[:, :1], x], dim=1)[:, :4 * frames]      # as teacher.py: two features a frame
        return x.reshape(rows, 2 * frames, 2, width).mean(2).reshape(rows, frames, 2 * width)

    def forward(self, wave, hide=0.0, p=0.0):
        features = self.encode(wave, hide, p)
        return features, self.head(features, p)


def passed(began, seconds):
    return (time.time() - began) / seconds


def autocast(device):
    return torch.autocast(device, torch.bfloat16, enabled=device == "cuda")


def train_teacher(teacher, data, a, say):
    """The head at the full rate, the encoder at a fraction of it."""
    rng, began, step, total = np.random.default_rng(3), time.time(), 0, torch.zeros((), device=data.device)
    with torch.no_grad(), autocast(data.device):
        some = [teacher.encode(data.batch(b, rng)[0]).flatten(0, 1) for b in data.round(rng, a.batch_seconds, True)[:8]]
        some = torch.cat(some)
        teacher.head.mean.copy_(some.mean(0))
        teacher.head.deviation.copy_(some.std(0))
    adam = torch.optim.AdamW([{"params": teacher.head.parameters(), "share": 1.0},
                              {"params": [p for n, p in teacher.encoder.items() if n != "embed_positions/weight"],
                               "share": a.encoder_share}], lr=1e-3, weight_decay=0.02, fused=True)
    teacher.train()
    while passed(began, a.teacher_seconds) < 1:
        for picks in data.round(rng, a.batch_seconds, True):
            past = passed(began, a.teacher_seconds)
            if past >= 1:
                break
            for g in adam.param_groups:
                g["lr"] = g["share"] * a.teacher_rate * min(1.0, (step + 1) / 100) * max(0.01, 1 - past)
            wave, labels = data.batch(picks, rng)
            if step % 2:
                sound.spoil(wave, data.noise)
            with autocast(data.device):
                scores = teacher(wave, 0.7, 0.1)[1]
            loss = ctc(scores, *placed(labels, range(len(labels)), data.device))
            adam.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(teacher.parameters(), 1.0)
            adam.step()
            total += loss.detach()
            step += 1
            if step % 100 == 0:
                say(f"teacher step {step}, {100 * past:.0f} %: ctc {total.item() / 100:.3f}")
                total.zero_()
    teacher.eval()
    for p in teacher.parameters():
        p.requires_grad_(False)


# ---- the student ----

def save(a, average, step, heard):
    path = a.work / "checkpoint" / "student.pt"
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    torch.save({"average": {k: v.cpu() for k, v in average.state_dict().items()}, "step": step, "heard": heard}, part)
    part.rename(path)


def losses(student, project, teacher, data, picks, rng, a):
    """text, early, near, agree: as in student.py, the teacher's part of a row of noise left out."""
    wave, labels = data.batch(picks, rng)
    rows = len(labels)
    noise = np.flatnonzero(rng.random(rows) < NOT_SPEECH)
    with torch.no_grad(), autocast(data.device):
        features, posteriors = teacher(wave)
        posteriors = posteriors.float().softmax(-1)
        features = ((features - teacher.head.mean) / teacher.head.deviation).float()
    sound.spoil(wave, data.noise)
    speech = torch.ones(rows, dtype=torch.bool, device=data.device)
    if len(noise):
        at = torch.tensor(noise, device=data.device)
        wave[at] = sound.not_speech(len(noise), wave.shape[1], data.noise)
        speech[at] = False
        for r in noise:
            labels[r] = []
    x = log_mel(wave, LEAST if rng.random() < EMPTY else 0.0)
    x = sound.vocal_tract(x, WARPED, rng)
    x = sound.window(x)
    sound.mask(x, augment.MASKED)
    with autocast(data.device):
        layers = encode(student, x, a.dropout)
        scores, early = logits(student, layers[-1]), logits(student, layers[MIDDLE - 1])
        guess = project(layers[TAP - 1])
    where = placed(labels, range(rows), data.device)
    weight = speech[:, None].expand(-1, scores.shape[1]).float()
    agree = -((scores.float().log_softmax(-1) * posteriors).sum(-1) * weight).sum() / weight.sum().clamp(min=1)
    near = ((guess.float() - features).square().mean(-1) * weight).sum() / weight.sum().clamp(min=1)
    return ctc(scores, *where), ctc(early, *where), near, agree, wave.numel() / RATE


def train_student(student, teacher, data, a, say):
    device = data.device
    project = torch.nn.Linear(student.config.encoder_config.hidden_size, 2 * WIDTH).to(device)
    parameters = list(student.parameters()) + list(project.parameters())
    muon = optimizer(student, project)
    average = copy.deepcopy(student).eval()
    floats = [(m, s) for m, s in zip(average.state_dict().values(), student.state_dict().values()) if m.dtype.is_floating_point]
    rng, began, saved, step, heard, sums = np.random.default_rng(7), time.time(), time.time(), 0, 0.0, torch.zeros(4, device=device)
    mark, mark_heard = began, 0.0
    while passed(began, a.seconds) < 1:
        for picks in data.round(rng, a.batch_seconds, False):
            past = passed(began, a.seconds)
            if past >= 1:
                break
            text, early, near, agree, seconds = losses(student, project, teacher, data, picks, rng, a)
            muon.zero_grad()
            (0.8 * text + 0.2 * early + a.weight * near + a.weight_head * agree).backward()
            torch.nn.utils.clip_grad_norm_(parameters, 5.0)
            muon.step(a.rate * min(1.0, (step + 1) / 200) * max(0.01, min(1.0, 1.15 * (1 - past))))
            step, heard = step + 1, heard + seconds
            with torch.no_grad():
                torch._foreach_lerp_([m for m, _ in floats], [s for _, s in floats], 1 - min(AVERAGE, (1 + step) / (10 + step)))
                sums += torch.stack([text, early, near, agree]).detach()
            if step % 100 == 0:
                now, s = time.time(), (sums / 100).tolist()
                say(f"step {step}, {100 * past:.0f} %, {heard / 3600:.0f} h heard, ctc {s[0]:.3f} early {s[1]:.3f} "
                    f"imitation {s[2]:.3f} head {s[3]:.3f}, {(heard - mark_heard) / (now - mark):.0f} times real time")
                sums.zero_()
                mark, mark_heard = now, heard
            if time.time() - saved > 60:
                save(a, average, step, heard)
                saved = time.time()
    save(a, average, step, heard)
    return average


# ---- how well ----

@torch.inference_mode()
def rates(recognize, work, names, tokenizer, device, picked):
    """Word error rates of greedy search, one utterance at a time."""
    out = {}
    for name in (n for n in names if have(work, n)):
        store = Store(work, name)
        picks = [i for i in range(len(store)) if picked(store, i)]
        guesses = []
        for i in picks:
            wave = torch.from_numpy(store.audio(i)).to(device)[None]
            with autocast(device):
                ids = recognize(wave)[0].argmax(-1).tolist()
            guesses.append(tokenizer.decode(greedy(ids, PIECES)))
        if picks:
            n, s, d, i = errors([store.texts[i] for i in picks], guesses)
            out[name] = round(100 * (s + d + i) / n, 1)
    return out


def main():
    a = arguments("Train teacher and student on a GPU.", device=("cuda", "cuda or cpu"), teacher_seconds=(90.0, "training of the teacher"),
                  seconds=(240.0, "training of the student"), rate=(2e-3, "the student's peak learning rate"),
                  teacher_rate=(1e-3, "the head's peak learning rate"), encoder_share=(0.1, "of it for the encoder"),
                  batch_seconds=(600.0, "audio per step"), weight=(0.5, "weight of the teacher's features"),
                  weight_head=(1.5, "weight of its posteriors"), dropout=(0.05, "dropout"),
                  start=("", "an exported model to begin from; its tokenizer.json must be WORK's"))
    torch.manual_seed(1)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    began, tokenizer = time.time(), load(a.work)
    say = lambda line: status(a.work, f"[{time.time() - began:.0f} s] {line}")
    data = Data(a.work, a.device)
    say(f"{data.hours:.1f} h, {len(data.length)} utterances")
    teacher = Teacher(a.shared, a.device)
    train_teacher(teacher, data, a, say)
    pad = lambda wave: F.pad(wave, (0, -wave.shape[1] % FRAME))
    hear = lambda wave: teacher(pad(wave))[1]
    say(f"teacher: development {rates(hear, a.work, DEVELOPMENT, tokenizer, a.device, held_out)}")
    student = build()
    if a.start:
        begin(student, a.start)
    student = train_student(student.to(a.device).train(), teacher, data, a, say)
    hear_student = lambda wave: logits(student, encode(student, log_mel(wave))[-1])
    say(f"student: development {rates(hear_student, a.work, DEVELOPMENT, tokenizer, a.device, held_out)}")
    known = rates(hear, a.work, EVAL, tokenizer, a.device, lambda store, i: True)
    (a.work / "teacher.json").write_text(json.dumps(known))
    say(f"teacher: {known}")


if __name__ == "__main__":
    main()
