"""Step 10: the model card, README.md in the model's folder, from what evaluate.py and head.py measured."""
import collections
import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from common import EVAL, LABELLED, arguments, maker, shards

MACHINES = "0c"             # the makers that are synthesizers (batches.MADE)

TEXT = """---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: automatic-speech-recognition
tags: [parakeet, fastconformer, ctc]
---
# Utter's default English model

A FastConformer encoder with a CTC head, {millions:.2f} M parameters in {dtype}, as transformers' `ParakeetForCTC` writes it.
{layers} layers of width {width}, 8 times subsampling (12.5 frames a second), 256 Unigram pieces and a blank (id 256).
It writes lower-case words without punctuation; figures come out as words. Input is 16 kHz mono.

```python
from transformers import AutoTokenizer, ParakeetFeatureExtractor, ParakeetForCTC
model, extractor, tokenizer = (
    c.from_pretrained("models/default/en") for c in (ParakeetForCTC, ParakeetFeatureExtractor, AutoTokenizer))
inputs = extractor(samples, sampling_rate=16000, return_tensors="pt")
print(tokenizer.decode(model.float().generate(**inputs)[0], skip_special_tokens=True))
```

## Word error rates
Greedy decoding, float32, one utterance at a time, no language model; lower case, punctuation dropped on both sides.
`ulaw` is the same set as 8 kHz G.711 µ-law, with transformers' extractor, which does not know preprocessor_config.json's
`least_deviation` (Utter does; its rates are in docs/models.md). The teacher is the Whisper-base encoder, frozen, under the recipe's own CTC head.

| set | words | clean % | ulaw % | substituted / deleted / inserted (clean) | teacher, clean % | goal, clean % |
| --- | --- | --- | --- | --- | --- | --- |
{table}

Of {noise[clips]} held-out noise clips {noise[with_text]} gave some text; of {silence[clips]} silent ones {silence[with_text]}.

Measured with `python models/training/evaluate.py --work DIR --model models/default/en`.

## The language model
`lm.bin`: an interpolated modified Kneser-Ney 3-gram of 39 540 words, pruned to 3.6 MB, for the beam of 64 that `utter` searches
with unless told otherwise; docs/models.md has the error rates with it. Made by `models/training/language_model.py` of the
transcripts of the training recordings below and of public-domain books, speeches and LJ Speech transcripts, task dialogues
(CC BY-SA 4.0) and banking queries (CC BY 4.0); sentences of the evaluation sets are left out.

`confidence.json` has the weights by which `utter` says how likely a word is right (`models/training/confidence.py`; how far it
can be believed is in docs/models.md), `presence.json` those by which it tells speech from noise (`models/training/presence.py`).

## How it was trained
By `models/training/`, on two processor cores in about {minutes:.0f} minutes of training
({heard:.0f} hours of augmented audio heard, {step} steps{runs}), from
{hours_real:.1f} h of recordings with text, {spliced} half of them or more as splices of their words (`splice.py`), 1.1 h without,
{hours_made:.1f} h of speech from synthesizers (`synthesize.py`) and {hours_joined:.1f} h of sentences joined of the recordings' units (`joined.py`).
Three losses: CTC on the texts, the Whisper-base encoder's features, and the frame posteriors of a CTC head over it.{mean}

| data | licence |
| --- | --- |
| speechocean762, the training part | free for commercial and other use |
| CMU AN4, the training part | BSD-like |
| rhasspy "cathy" (CMU Arctic sentences) | CC0 |
| LJ Speech, 300 utterances; LJ Speech transcripts, public-domain books and speeches as prompts | public domain |
| Speech Commands v1, single words | CC BY 4.0 |
| LibriSpeech, 1.1 h without its texts | CC BY 4.0 |
| ESC-10 sounds, as noise | CC BY 3.0 |
| task dialogues and banking queries, as prompts | CC BY-SA 4.0, CC BY 4.0 |
| openai/whisper-base encoder, as teacher | MIT |

The texts and recordings of the evaluation sets were used for measuring alone.

## What it cannot do
{limits}
"""

GOALS = {"eval_an4": 10, "eval_lj": 40, "eval_cathy": 40, "eval_speechocean_adult": 48}
LIMITS = """- It is small and briefly trained: outside the kinds of speech above expect more errors than the table shows, most of all
  in conversation, in accents it has not heard and far from the microphone.
- `eval_lj` and `eval_cathy` are voices it was trained on, reading other texts: they say little about new speakers of that style.
- Seldom heard words come out spelled as they sound. The language model helps where it knows them.
- No punctuation, no capitals, no figures, English alone."""


def row(name, results, teacher):
    clean, ulaw = results[f"{name} clean"], results[f"{name} ulaw"]
    parts = f"{clean['sub']} / {clean['del']} / {clean['ins']}"
    cells = [name, clean["words"], f"{clean['wer']:.1f}", f"{ulaw['wer']:.1f}", parts, teacher.get(name, "–"), GOALS[name]]
    return "| " + " | ".join(map(str, cells)) + " |"


def shortfalls(results):
    missed = [n for n, goal in GOALS.items() if results[f"{n} clean"]["wer"] > goal]
    telephone = [n for n in GOALS if results[f"{n} ulaw"]["wer"] > results[f"{n} clean"]["wer"] + 4]
    lines = []
    if missed:
        lines.append(f"- It misses its goal, the last column of the table, on {', '.join(missed)}.")
    if telephone:
        lines.append(f"- Telephone copies cost more than the 4 points aimed at on {', '.join(telephone)}.")
    return "\n".join(lines + [LIMITS])


def types(folder):
    """What its weights are stored in, that of most entries first."""
    entries = collections.Counter()
    for value in load_file(folder / "model.safetensors").values():
        entries[str(value.dtype).removeprefix("torch.")] += value.numel()
    return " and ".join(name for name, _ in entries.most_common() if name.startswith("float"))


def hours(work, names):
    total = sum(sum(json.loads((work / "data" / f"{n}.json").read_text())["lengths"]) for n in names)
    return total / 16000 / 3600


def main():
    a = arguments("Write the model card.", model=("", "folder; WORK/export if not given"), mean=(1, "how many checkpoints the weights are the mean of"),
                  before=("0,0,0,0", "of earlier runs, whose weights this one began from: minutes, hours heard, steps, hours synthesized"))
    before = [float(x) for x in a.before.split(",")]
    folder = Path(a.model) if a.model else a.work / "export"
    results = json.loads((a.work / "results.json").read_text())
    teacher = json.loads((a.work / "teacher.json").read_text()) if (a.work / "teacher.json").exists() else {}
    config = json.loads((folder / "config.json").read_text())
    state = torch.load(a.work / "checkpoint" / "student.pt", weights_only=True)
    encoder = config["encoder_config"]
    (folder / "README.md").write_text(TEXT.format(
        millions=sum(v.numel() for k, v in state["average"].items() if v.dim()) / 1e6, dtype=types(folder),
        layers=encoder["num_hidden_layers"], width=encoder["hidden_size"],
        table="\n".join(row(n, results, teacher) for n in EVAL), noise=results["noise"], silence=results["silence"],
        minutes=before[0] + state["trained"] / 60, heard=before[1] + state["heard"] / 3600, step=int(before[2]) + state["step"],
        runs=", in several runs" if any(before) else "", spliced="in the later runs" if any(before) else "about",
        mean=f" The weights are\nthe mean of {a.mean} checkpoints of the last run (`export.py --checkpoints`)." if a.mean > 1 else "",
        hours_real=hours(a.work, LABELLED), limits=shortfalls(results),
        hours_made=before[3] + hours(a.work, [n for n in shards(a.work) if maker(n) in MACHINES]),
        hours_joined=hours(a.work, [n for n in shards(a.work) if maker(n) not in MACHINES])))


if __name__ == "__main__":
    main()
