"""A seeded random checkpoint at the published shape of espnet/fastspeech2_conformer (280 MB in f32) with what transformers
gives for it, to be compared with ours by tests/perf/bench_fastspeech.c. Run by hand:

    python tests/golden/fastspeech_full_shape.py DIR
    build/tests/bench_fastspeech DIR
"""
import sys

import torch
from transformers import FastSpeech2ConformerConfig, FastSpeech2ConformerModel

from make_fastspeech import randomise, run, write

TOKENS = 40


def main(folder):
    model = FastSpeech2ConformerModel(FastSpeech2ConformerConfig()).eval()
    randomise(model, 5)
    tokens = torch.randint(2, model.config.vocab_size, (1, TOKENS), generator=torch.Generator().manual_seed(1))
    case, mel, distance = run(model, 0, input_ids=tokens)
    write(folder, model, [case], [mel])
    print("frames", case["frames"], "tie", distance)


if __name__ == "__main__":
    main(sys.argv[1])
