"""A seeded random checkpoint at the full shape of nvidia/parakeet-ctc-0.6b (2.4 GB in f32) with the scores that
transformers gives for it, to be compared with ours by tests/perf/bench_parity.c. Run by hand:

    python tests/golden/full_shape.py DIR [0.6b|1.1b]
    build/tests/bench_parity DIR
"""
import os
import sys

from make_fastconformer import build, write_config, write_scores
from safetensors.torch import save_file


def main(folder, size="0.6b"):
    os.makedirs(folder, exist_ok=True)
    model = build(dict(num_hidden_layers={"0.6b": 24, "1.1b": 42}[size]), 1025, 3)
    write_config(folder, model)
    save_file(model.state_dict(), os.path.join(folder, "model.safetensors"), {"format": "pt"})
    write_scores(folder, model, [1600, 900])


if __name__ == "__main__":
    main(*sys.argv[1:])
