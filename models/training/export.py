"""Step 8: the averaged student as an ordinary ParakeetForCTC checkpoint, or the mean of several checkpoints of one training (Wortsman
et al., "Model soups", ICML 2022, section 2).

Its matrices take a byte an entry (E4M3 of Micikevicius et al., "FP8 formats for deep learning", 2022), everything else two: twice as many
layers fit in a file of one size. What it costs is in README.md, "What was learnt". transformers and Utter read such a file as they read one
of 16 bits."""
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import ParakeetFeatureExtractor, ParakeetTokenizer

from common import arguments, status
from features import LEAST
from muon import is_matrix
from net import build
from vocabulary import BLANK, load


def mean(states):
    """Of the weights, entry by entry; what is no weight (a count) is the first one's."""
    return {k: sum(s[k] for s in states) / len(states) if v.is_floating_point() else v for k, v in states[0].items()}


def shrink(path):
    """The matrices of a file of safetensors in 8 bits, in place."""
    weights = load_file(path)
    small = {k: v.to(torch.float8_e4m3fn) if is_matrix(v) else v for k, v in weights.items()}
    save_file(small, path, metadata={"format": "pt"})


def main():
    a = arguments("Write the model.", out=("", "folder to write; WORK/export if not given"),
                  dtype=("float8", "float8, float16 or bfloat16"), part=("average", "average or model"),
                  checkpoints=("student.pt", "in WORK/checkpoint, by commas: their mean is written"))
    out = Path(a.out) if a.out else a.work / "export"
    states = [torch.load(a.work / "checkpoint" / name, weights_only=True) for name in a.checkpoints.split(",")]
    model = build().eval()
    model.load_state_dict(mean([s[a.part] for s in states]))
    largest = max(v.abs().max().item() for v in model.parameters())
    model = model.to(torch.float16 if a.dtype == "float8" else getattr(torch, a.dtype))
    model.config.language = "en"                                    # what Utter tells its callers
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    if a.dtype == "float8":
        shrink(out / "model.safetensors")
    (out / "generation_config.json").unlink(missing_ok=True)        # greedy CTC takes no settings
    ParakeetFeatureExtractor(feature_size=80, sampling_rate=16000, least_deviation=LEAST).save_pretrained(out)
    ParakeetTokenizer(tokenizer_object=load(a.work), pad_token=BLANK, unk_token="<unk>").save_pretrained(out)
    size = sum(f.stat().st_size for f in out.iterdir())
    steps, heard = [str(s["step"]) for s in states], max(s["heard"] for s in states) / 3600
    status(a.work, f"export step {', '.join(steps)} ({heard:.0f} h heard) as {a.dtype}: {size / 1e6:.2f} MB, largest weight {largest:.1f}")


if __name__ == "__main__":
    main()
