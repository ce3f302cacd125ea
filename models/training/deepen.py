"""Give the student in checkpoint/student.pt more layers, which at first change nothing: python deepen.py --work DIR --shared DIR

A new layer at the end adds zero to what comes in (the last product of each of its four parts is zero, as in Chen et al., "Net2Net", ICLR
2016, and in ReZero), and takes over the last layer's norm; the norm of that one becomes plain, since to normalise twice is to do it
once. Momentum and moments of everything else are kept. net.build says how many layers there are to be."""
import copy

import torch

from common import arguments, status
from muon import is_matrix
from net import build, deepened, depth
from student import Student


def adams(weights):
    """The names of what AdamW steps, in its order: of more than one dimension first (muon.Muon)."""
    names = [n for n, p in weights if not (n.startswith("encoder.layers.") and is_matrix(p))]
    flat = {n: p.dim() <= 1 for n, p in weights}
    return sorted(names, key=lambda n: flat[n])


def moments(old, state, new, student):
    """AdamW's state for the deeper net: what the shallower one has had, nothing for the new."""
    project = [(f"project.{n}", p) for n, p in student.project.named_parameters()]
    names, mine = adams(list(old.named_parameters()) + project), adams(list(new.named_parameters()) + project)
    kept = {name: state["state"][k] for k, name in enumerate(names)}
    parameters = dict(list(new.named_parameters()) + project)
    step = next(iter(kept.values()))["step"]
    nothing = lambda p: {"step": step.clone(), "exp_avg": torch.zeros_like(p), "exp_avg_sq": torch.zeros_like(p)}
    groups = copy.deepcopy(student.optimizer.adam.state_dict()["param_groups"])
    return {"state": {k: kept.get(name) or nothing(parameters[name].detach()) for k, name in enumerate(mine)}, "param_groups": groups}


def main():
    a = arguments("Deepen the student.")
    path = a.work / "checkpoint" / "student.pt"
    s = torch.load(path, weights_only=True)
    new = Student(a.work / "fresh")         # no such folder: it begins with nothing
    if depth(s["model"]) == depth(new.model.state_dict()):
        return
    old = build(layers=depth(s["model"]))
    s["optimizer"]["adam"] = moments(old, s["optimizer"]["adam"], new.model, new)
    s["optimizer"]["velocity"] = [torch.cat([v, torch.zeros_like(none[len(v):])])
                                  for v, none in zip(s["optimizer"]["velocity"], new.optimizer.velocity.values())]
    for part in ("model", "average"):
        s[part] = deepened(s[part], new.model.state_dict())
    torch.save(s, path.with_suffix(".part"))
    path.rename(path.with_name("shallower.pt"))
    path.with_suffix(".part").rename(path)
    status(a.work, f"deepened from {depth(old.state_dict())} to {depth(s['model'])} layers")


if __name__ == "__main__":
    main()
