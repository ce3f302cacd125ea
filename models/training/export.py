"""Step 8: the averaged student as an ordinary ParakeetForCTC checkpoint in a 16-bit type."""
from pathlib import Path

import torch
from transformers import ParakeetFeatureExtractor, ParakeetTokenizer

from common import arguments, status
from features import LEAST
from net import build
from vocabulary import BLANK, load


def main():
    a = arguments("Write the model.", out=("", "folder to write; WORK/export if not given"),
                  dtype=("float16", "float16 or bfloat16"), part=("average", "average or model"))
    out = Path(a.out) if a.out else a.work / "export"
    state = torch.load(a.work / "checkpoint" / "student.pt", weights_only=True)
    model = build().eval()
    model.load_state_dict(state[a.part])
    largest = max(v.abs().max().item() for v in model.parameters())
    model = model.to(getattr(torch, a.dtype))
    model.config.language = "en"                                    # what Utter tells its callers
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    (out / "generation_config.json").unlink(missing_ok=True)        # greedy CTC takes no settings
    ParakeetFeatureExtractor(feature_size=80, sampling_rate=16000, least_deviation=LEAST).save_pretrained(out)
    ParakeetTokenizer(tokenizer_object=load(a.work), pad_token=BLANK, unk_token="<unk>").save_pretrained(out)
    size = sum(f.stat().st_size for f in out.iterdir())
    status(a.work, f"export step {state['step']} ({state['heard'] / 3600:.0f} h heard) as {a.dtype}: {size / 1e6:.2f} MB, "
                   f"largest weight {largest:.1f}")


if __name__ == "__main__":
    main()
