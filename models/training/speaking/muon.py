"""Muon (Jordan et al. 2024): steps whose matrix has all its singular values near one, for the convolutions' weights."""
import torch

import shared     # noqa: F401  (finds the folder above)
from orthogonal import orthogonal


class Muon:
    """Weights of more than one dimension by Muon, biases and single rows by Adam."""

    def __init__(self, parameters, rate, momentum=0.95, rate_of_adam=4e-3):
        parameters = list(parameters)
        self.rate, self.momentum, self.rate_of_adam = rate, momentum, rate_of_adam
        self.matrices = [p for p in parameters if p.dim() > 1 and p.shape[0] > 1]
        self.velocity = [torch.zeros_like(p) for p in self.matrices]
        self.adam = torch.optim.Adam([p for p in parameters if p.dim() == 1 or p.shape[0] == 1], betas=(0.9, 0.99))

    def zero_grad(self):
        for p in self.matrices:
            p.grad = None
        self.adam.zero_grad(set_to_none=True)

    @torch.no_grad()
    def step(self, scale):
        """`scale` of the peak rate. Weights that had no gradient stay."""
        for p, v in zip(self.matrices, self.velocity):
            if p.grad is not None:
                v.mul_(self.momentum).add_(p.grad)
                step = orthogonal((p.grad + self.momentum * v).flatten(1))
                p.add_(step.view_as(p), alpha=-self.rate * scale * max(1.0, step.shape[0] / step.shape[1]) ** 0.5)
        for group in self.adam.param_groups:
            group["lr"] = self.rate_of_adam * scale
        self.adam.step()

    def state_dict(self):
        return {"velocity": self.velocity, "adam": self.adam.state_dict()}

    def load_state_dict(self, state):
        self.velocity = state["velocity"]
        self.adam.load_state_dict(state["adam"])
