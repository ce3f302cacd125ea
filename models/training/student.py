"""Step 7: train the student. Resumes from checkpoint/student.pt; the schedule runs over --minutes of training.

Four losses: CTC on the texts, of the last layer and of a middle one through the same head (Lee and Watanabe, "Intermediate
loss regularization for CTC-based speech recognition", ICASSP 2021, section 3); the teacher's features from a middle layer
(a projection that is thrown away); and, once head.py has run, the teacher's frame posteriors.
"""
import copy
import os
import signal
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F

from batches import WIDTH, loader, statistics
from common import BFLOAT16, arguments, status
from muon import Muon, is_matrix
from net import begin, build, encode, logits
from score import quick

TAP = 6                     # the layer that learns the teacher's features
MIDDLE = 6                  # the layer that is asked for the text early
AVERAGE = 0.998
EVERY = 4                   # steps between averagings


def optimizer(model, project):
    """Muon for the matrices of the layers, AdamW for the rest."""
    matrices = [p for p in model.encoder.layers.parameters() if is_matrix(p)]
    known = {id(p) for p in matrices}
    return Muon(matrices, [p for p in [*model.parameters(), *project.parameters()] if id(p) not in known])


class Student:
    def __init__(self, work, start=""):
        torch.manual_seed(1)
        self.model = build().train()
        self.path = work / "checkpoint" / "student.pt"
        if start and not self.path.exists():
            begin(self.model, start)
        self.project = torch.nn.Linear(self.model.config.encoder_config.hidden_size, 2 * WIDTH)
        self.average = copy.deepcopy(self.model).eval()
        self.optimizer = optimizer(self.model, self.project)
        self.step, self.trained, self.heard = 0, 0.0, 0.0       # steps, seconds of work, seconds of audio
        if self.path.exists():
            self.load()

    def parameters(self):
        return list(self.model.parameters()) + list(self.project.parameters())

    def state(self):
        return {"model": self.model.state_dict(), "project": self.project.state_dict(),
                "average": self.average.state_dict(), "optimizer": self.optimizer.state_dict(),
                "step": self.step, "trained": self.trained, "heard": self.heard}

    def save(self):
        self.path.parent.mkdir(exist_ok=True)
        torch.save(self.state(), self.path.with_suffix(".part"))
        os.replace(self.path.with_suffix(".part"), self.path)

    def load(self):
        s = torch.load(self.path, weights_only=True)
        for part in ("model", "project", "average", "optimizer"):
            if s[part] is not None:
                getattr(self, part).load_state_dict(s[part])
        self.step, self.trained, self.heard = s["step"], s["trained"], s["heard"]

    @torch.no_grad()
    def update_average(self):
        if self.step % EVERY:
            return
        keep = min(AVERAGE, (1 + self.step) / (10 + self.step)) ** EVERY
        for mine, new in zip(self.average.state_dict().values(), self.model.state_dict().values()):
            if mine.dtype.is_floating_point:
                mine.lerp_(new, 1 - keep)

    def share(self, processes, seconds, stop):
        """Mean gradients over the processes; the seconds heard by all, and whether any of them is to stop."""
        for p in self.parameters():
            if p.grad is None:              # nothing in this process's batch reached it
                p.grad = torch.zeros_like(p)
        grads = [p.grad for p in self.parameters()]
        flat = torch.cat([g.reshape(-1) for g in grads] + [torch.tensor([seconds, float(stop)])])
        dist.all_reduce(flat)
        for g, mean in zip(grads, flat[:-2].div_(processes).split([g.numel() for g in grads])):
            g.copy_(mean.view_as(g))
        return flat[-2].item(), flat[-1].item() > 0


def ctc(model, scores, batch):
    """Over the labelled utterances of the batch, per four frames of audio: about one piece of text."""
    if len(batch["labelled"]) == 0:
        return scores.sum() * 0
    log = scores[batch["labelled"]].float().log_softmax(-1).transpose(0, 1)
    frames = torch.full((log.shape[1],), log.shape[0], dtype=torch.long)
    loss = F.ctc_loss(log, batch["labels"], frames, batch["label_lengths"], blank=model.config.pad_token_id,
                      reduction="sum", zero_infinity=True)
    return loss * 4 / (log.shape[0] * log.shape[1])


def imitation(student, tapped, batch, mean, deviation):
    """Mean squared error of the teacher's features, each scaled to variance one."""
    known = batch["known"]
    if not known.any():
        return tapped.sum() * 0
    guess = student.project(tapped[known]).float()
    return F.mse_loss(guess, (batch["target"][known].float() - mean) / deviation)


def agreement(scores, batch):
    """Cross entropy against the head's posteriors, over the frames that have them."""
    rows = batch["values"].sum(-1) > 0
    if not rows.any():
        return scores.sum() * 0
    log = scores[rows].float().log_softmax(-1)
    return -(log.gather(-1, batch["ids"][rows]) * batch["values"][rows]).sum(-1).mean()


def train(rank, a):
    """One of --processes processes: each takes its own batches, and their gradients are averaged."""
    torch.set_num_threads(max(1, a.threads // a.processes))
    if a.processes > 1:
        dist.init_process_group("gloo", init_method=f"file://{a.meeting}", rank=rank, world_size=a.processes)
    say = (lambda line: status(a.work, line)) if rank == 0 else (lambda line: None)
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))        # save, then leave
    s = Student(a.work, a.start)
    mean, deviation = statistics(a.work, ["voice_lj", "voice_cathy"])
    say(f"student starts at step {s.step}, {s.trained / 60:.0f} of {a.minutes:.0f} min, "
        f"{sum(p.numel() for p in s.model.parameters())} parameters")
    sums, heard, count, began, saved, mark = torch.zeros(4), s.heard, 0, time.time(), time.time(), time.time()
    for batch in loader(a.work, a.batch_seconds, seed=s.step + 7 + 1000003 * rank):
        past = s.trained / (60 * a.minutes)
        rate = a.rate * min(1.0, (s.step + 1) / a.warm_up) * max(0.01, min(1.0, 1.15 * (1 - past)))
        with torch.autocast("cpu", torch.bfloat16, enabled=BFLOAT16):
            layers = encode(s.model, batch["mel"], a.dropout)
            scores, early = logits(s.model, layers[-1]), logits(s.model, layers[MIDDLE - 1])
            near = imitation(s, layers[TAP - 1], batch, mean, deviation)
        text, agree = ctc(s.model, scores, batch), agreement(scores, batch)
        early = ctc(s.model, early, batch)
        s.optimizer.zero_grad()
        ((1 - a.weight_early) * text + a.weight_early * early + a.weight * near + a.weight_head * agree).backward()
        seconds, stop = batch["seconds"], bool(asked) or past >= 1
        if a.processes > 1:
            seconds, stop = s.share(a.processes, seconds, stop)
        torch.nn.utils.clip_grad_norm_(s.parameters(), 5.0)
        s.optimizer.step(rate, rank, a.processes)
        s.step, s.heard, s.trained = s.step + 1, s.heard + seconds, s.trained + time.time() - mark
        mark = time.time()
        s.update_average()
        sums += torch.tensor([text.item(), early.item(), near.item(), agree.item()])
        count += 1
        if count == 50:
            say(f"step {s.step} {s.trained / 60:.1f} min {s.heard / 3600:.1f} h heard, ctc {sums[0] / count:.3f} "
                f"early {sums[1] / count:.3f} imitation {sums[2] / count:.3f} head {sums[3] / count:.3f}, "
                f"{(s.heard - heard) / (time.time() - began):.0f} times real time")
            sums.zero_()
            heard, count, began = s.heard, 0, time.time()
        if stop:
            break
        if rank == 0 and time.time() - saved > 60 * a.checkpoint_minutes:
            s.save()
            say("saved; average: " + quick(s.average, a.work))
            saved = mark = time.time()
    if rank == 0:
        s.save()
        say(f"student {'stopped' if asked else 'done'}: step {s.step}, {s.heard / 3600:.1f} h heard; " + quick(s.average, a.work))


def main():
    a = arguments("Train the student.", minutes=(90.0, "length of the whole schedule"), rate=(1e-3, "peak learning rate"), warm_up=(400, "steps until it is reached"),
                  batch_seconds=(40.0, "audio per step and process"), weight=(1.0, "weight of the teacher's features"),
                  weight_head=(1.0, "weight of the head's posteriors"), weight_early=(0.2, "share of the middle layer's CTC"), dropout=(0.05, "dropout"),
                  checkpoint_minutes=(15.0, "between checkpoints"), start=("", "an exported model to begin from, of as many layers or fewer, when there is no checkpoint; its tokenizer.json must be WORK's"),
                  processes=(2, "processes, which share --threads"))
    a.meeting = str(a.work / f"meeting.{os.getpid()}")
    if a.processes == 1:
        train(0, a)
        return
    workers = [torch.multiprocessing.get_context("spawn").Process(target=train, args=(r, a)) for r in range(a.processes)]
    for w in workers:
        w.start()
    signal.signal(signal.SIGTERM, lambda *_: [w.terminate() for w in workers])
    for w in workers:
        w.join()
    Path(a.meeting).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
