"""Step 5: a CTC head over the frozen teacher, at the student's frame rate and with its pieces.

Its word error rate says what the teacher's features hold; its frame posteriors, kept for every recording as
the few likeliest pieces, are what the student learns from where there is no text, and beside it where there is.
"""
import json
import os
import time

import numpy as np
import torch
import torch.nn.functional as F

from batches import TOP, WIDTH, Source, statistics
from common import BFLOAT16, DEVELOPMENT, EVAL, LABELLED, RATE, UNLABELLED, arguments, encoder_frames, held_out, shards, status
from score import errors, greedy
from vocabulary import PIECES, load

INNER = 320


class Head(torch.nn.Module):
    def __init__(self, mean, deviation, blocks=4):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)
        self.first = torch.nn.Linear(2 * WIDTH, INNER)
        self.norms = torch.nn.ModuleList(torch.nn.LayerNorm(INNER) for _ in range(blocks + 1))
        self.convs = torch.nn.ModuleList(torch.nn.Conv1d(INNER, INNER, 5, padding=2) for _ in range(blocks))
        self.last = torch.nn.Linear(INNER, PIECES + 1)

    def forward(self, x, p=0.0):
        x = (x - self.mean) / self.deviation
        x = self.first(F.dropout(x, p, self.training))
        for norm, conv in zip(self.norms, self.convs):
            y = F.gelu(conv(norm(x).transpose(1, 2))).transpose(1, 2)
            x = x + F.dropout(y, p, self.training)
        return self.last(self.norms[-1](x))


def sources(work, names):
    tokenizer = load(work)
    made = [Source(work, n, tokenizer) for n in names if (work / "teacher" / f"{n}.f16").exists()]
    return [s for s in made if s.features is not None]


def features(source, i):
    return torch.from_numpy(source.target(i, 1.0, encoder_frames(int(source.store.lengths[i])))).float()


def rounds(data, seconds, rng):
    """Batches of like length, for ever; single words seldom."""
    while True:
        picks = [(s, i) for s in data for i in range(len(s.store))
                 if s.labels[i] and not held_out(s.store, i) and (s.name != "train_words" or rng.random() < 0.08)]
        picks.sort(key=lambda p: p[0].store.lengths[p[1]] * rng.uniform(0.95, 1.05))
        cuts, batch = [], []
        for p in picks:
            if batch and (len(batch) + 1) * p[0].store.lengths[p[1]] > seconds * RATE:
                cuts.append(batch)
                batch = []
            batch.append(p)
        rng.shuffle(cuts)
        yield from cuts


def collate(batch, rng):
    rows = [features(s, i) for s, i in batch]
    lengths = torch.tensor([len(r) for r in rows])
    x = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    for row in range(len(rows)):            # a stretch of time unheard
        width = int(rng.integers(0, 4))
        start = int(rng.integers(0, max(1, len(rows[row]) - width)))
        x[row, start:start + width] = 0
    labels = [torch.tensor(s.labels[i]) for s, i in batch]
    return x, lengths, torch.cat(labels), torch.tensor([len(l) for l in labels])


def train(head, data, a):
    optimizer = torch.optim.AdamW(head.parameters(), lr=a.rate, weight_decay=0.02, fused=True)
    rng, began, total, step = np.random.default_rng(3), time.time(), 0.0, 0
    hours = sum(s.store.hours for s in data)
    status(a.work, f"head starts on {hours:.1f} h, {sum(p.numel() for p in head.parameters())} parameters")
    for batch in rounds(data, 160, rng):
        past = (time.time() - began) / (60 * a.minutes)
        if past >= 1:
            break
        for g in optimizer.param_groups:
            g["lr"] = a.rate * min(1.0, (step + 1) / 200) * max(0.01, 1 - past)
        x, lengths, labels, label_lengths = collate(batch, rng)
        with torch.autocast("cpu", torch.bfloat16, enabled=BFLOAT16):
            scores = head(x, a.dropout)
        loss = F.ctc_loss(scores.float().log_softmax(-1).transpose(0, 1), labels, lengths, label_lengths, blank=PIECES,
                          reduction="sum", zero_infinity=True) / len(labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), 5.0)
        optimizer.step()
        total, step = total + loss.item(), step + 1
        if step % 300 == 0:
            status(a.work, f"head step {step}: ctc {total / 300:.3f}")
            total = 0.0


@torch.inference_mode()
def rates(head, work, names, wanted):
    """Word error rates of the recordings i of the sets where wanted(store, i)."""
    tokenizer, found = load(work), {}
    for source in sources(work, names):
        picks = [i for i in range(len(source.store)) if wanted(source.store, i)]
        guesses = [tokenizer.decode(greedy(head(features(source, i)[None])[0].argmax(-1).tolist(), PIECES)) for i in picks]
        n, s, d, i = errors([source.store.texts[i] for i in picks], guesses)
        found[source.name] = round(100 * (s + d + i) / n, 1)
    return found


def measure(head, work):
    """Word error rates of the development set, to choose by, and of the evaluation sets, which the model card shows (teacher.json)."""
    chosen, shown = rates(head, work, DEVELOPMENT, held_out), rates(head, work, EVAL, lambda store, i: True)
    (work / "teacher.json").write_text(json.dumps(shown))
    return ", ".join(f"{name} {rate}" for name, rate in {**chosen, **shown}.items())


@torch.inference_mode()
def write_posteriors(head, work, name):
    """posteriors/NAME.npz: per encoder frame the TOP likeliest pieces and their probabilities."""
    folder = work / "posteriors"
    folder.mkdir(exist_ok=True)
    for source in sources(work, [name]):
        ids, values = [], []
        for i in range(len(source.store)):
            best = head(features(source, i)[None])[0].softmax(-1).topk(TOP)
            ids.append(best.indices.to(torch.int16).numpy())
            values.append(best.values.half().numpy())
        part = folder / f"part-{name}.npz"      # of several processes each writes its own
        np.savez(part, ids=np.concatenate(ids), values=np.concatenate(values))
        os.replace(part, folder / f"{name}.npz")


def main():
    a = arguments("Train the teacher's CTC head.", minutes=(10.0, "training time"), rate=(1e-3, "peak learning rate"),
                  dropout=(0.15, "dropout"), sets=("", "write the posteriors of these alone, by commas"),
                  only_measure=(0, "1: load the head and measure"), only_write=(0, "1: load the head and write posteriors"))
    torch.manual_seed(2)
    torch.set_num_threads(a.threads)
    head = Head(*statistics(a.work, LABELLED))
    path = a.work / "checkpoint" / "head.pt"
    if a.only_measure or a.only_write:
        head.load_state_dict(torch.load(path, weights_only=True))
    else:
        data = sources(a.work, LABELLED + shards(a.work))
        if not data:
            raise SystemExit(f"{a.work}: there are no teacher features yet: run teacher.py first")
        train(head, data, a)
        path.parent.mkdir(exist_ok=True)
        torch.save(head.state_dict(), path)
    head.eval()
    if not a.only_write:
        status(a.work, "teacher's head: " + measure(head, a.work))
    if not a.only_measure:
        for name in a.sets.split(",") if a.sets else LABELLED + UNLABELLED + shards(a.work):
            write_posteriors(head, a.work, name)


if __name__ == "__main__":
    main()
