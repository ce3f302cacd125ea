"""Muon (Jordan et al. 2024) for the matrices of the layers, AdamW for everything else.

A step of Muon has all its singular values near one. It is scaled to the size of an Adam step (Liu et al., "Muon is scalable
for LLM training", 2025, section 2.2), so that one rate serves both. In float32, matrices of one shape together: the
bfloat16 of torch's own is many times slower where the processor has to emulate it.
"""
import torch
import torch.distributed as dist

from orthogonal import orthogonal

SMALLEST = 64               # rows and columns from which on a weight is a matrix for Muon


def is_matrix(p):
    return p.dim() > 1 and min(p.shape[0], p[0].numel()) >= SMALLEST


def upright(p):
    """[rows <= columns] of a weight, or of its gradient; a view where the shape allows it."""
    flat = p.flatten(1)
    return flat.mT if flat.shape[0] > flat.shape[1] else flat


class Muon:
    def __init__(self, matrices, others, decay=0.02, momentum=0.95):
        self.decay, self.momentum, self.groups = decay, momentum, {}
        for p in matrices:
            self.groups.setdefault(tuple(upright(p).shape), []).append(p)
        self.velocity = {shape: torch.zeros(len(group), *shape, device=group[0].device) for shape, group in self.groups.items()}
        self.adam = torch.optim.AdamW([{"params": [p for p in others if p.dim() > 1], "weight_decay": decay},
                                       {"params": [p for p in others if p.dim() <= 1], "weight_decay": 0.0}],
                                      betas=(0.9, 0.98), fused=True)

    def zero_grad(self):
        for p in (p for group in self.groups.values() for p in group):
            p.grad = None
        self.adam.zero_grad(set_to_none=True)

    @torch.no_grad()
    def step(self, rate, rank=0, processes=1):
        """Of several processes with the same gradients each makes a part of the steps, and all take them all."""
        for shape, group in self.groups.items():
            gradient = torch.stack([upright(p.grad) for p in group])
            velocity = self.velocity[shape].mul_(self.momentum).add_(gradient)
            gradient.add_(velocity, alpha=self.momentum)
            steps = torch.zeros_like(gradient)
            steps[rank::processes] = orthogonal(gradient[rank::processes], 4)
            if processes > 1:
                dist.all_reduce(steps)
            for p, step in zip(group, steps):
                upright(p).mul_(1 - rate * self.decay).add_(step, alpha=-0.2 * max(shape) ** 0.5 * rate)
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.step()

    def state_dict(self):
        return {"velocity": list(self.velocity.values()), "adam": self.adam.state_dict()}

    def load_state_dict(self, state):
        self.velocity = dict(zip(self.velocity, state["velocity"]))
        self.adam.load_state_dict(state["adam"])
