"""Give the student in checkpoint/student.pt more layers, which at first change nothing: python deepen.py --work DIR --shared DIR

net.build says how many there are to be, net.deepened what they begin with. Momentum and moments of everything else are kept."""
import copy

import torch

from common import arguments, status
from muon import is_matrix
from net import build, deepened, depth, spread
from student import Student


def adams(weights):
    """The names of what AdamW steps, in its order: of more than one dimension first (muon.Muon)."""
    names = [n for n, p in weights if not (n.startswith("encoder.layers.") and is_matrix(p))]
    flat = {n: p.dim() <= 1 for n, p in weights}
    return sorted(names, key=lambda n: flat[n])


def was(name, order):
    """What a parameter was called in the shallower net, or None if it is new."""
    if not name.startswith("encoder.layers."):
        return name
    _, _, at, rest = name.split(".", 3)
    layer, new = order[int(at)]
    return None if new else f"encoder.layers.{layer}.{rest}"


def moments(old, state, new, student, order):
    """AdamW's state for the deeper net: what the shallower one has had, nothing for the new."""
    project = [(f"project.{n}", p) for n, p in student.project.named_parameters()]
    names, mine = adams(list(old.named_parameters()) + project), adams(list(new.named_parameters()) + project)
    kept = {name: state["state"][k] for k, name in enumerate(names)}
    parameters = dict(list(new.named_parameters()) + project)
    step = next(iter(kept.values()))["step"]
    nothing = lambda p: {"step": step.clone(), "exp_avg": torch.zeros_like(p), "exp_avg_sq": torch.zeros_like(p)}
    groups = copy.deepcopy(student.optimizer.adam.state_dict()["param_groups"])
    return {"state": {k: kept.get(was(name, order)) or nothing(parameters[name].detach()) for k, name in enumerate(mine)},
            "param_groups": groups}


def velocity(old, order):
    """Muon's, of the matrices of one shape, as many in every layer."""
    layers = old.chunk(1 + max(layer for layer, _ in order))
    return torch.cat([torch.zeros_like(layers[layer]) if new else layers[layer] for layer, new in order])


def main():
    a = arguments("Deepen the student.")
    path = a.work / "checkpoint" / "student.pt"
    s = torch.load(path, weights_only=True)
    new = Student(a.work / "fresh")         # no such folder: it begins with nothing
    if depth(s["model"]) == depth(new.model.state_dict()):
        return
    old, layers = build(layers=depth(s["model"])), depth(new.model.state_dict())
    order = spread(depth(s["model"]), layers)
    s["optimizer"]["adam"] = moments(old, s["optimizer"]["adam"], new.model, new, order)
    s["optimizer"]["velocity"] = [velocity(v, order) for v in s["optimizer"]["velocity"]]
    for part in ("model", "average"):
        s[part] = deepened(s[part], layers)
    torch.save(s, path.with_suffix(".part"))
    path.rename(path.with_name("shallower.pt"))
    path.with_suffix(".part").rename(path)
    status(a.work, f"deepened from {depth(old.state_dict())} to {depth(s['model'])} layers")


if __name__ == "__main__":
    main()
