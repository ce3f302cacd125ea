"""Seeded random checkpoints at published shapes of VITS with the waveform that transformers gives for one row, to be
compared with ours, and timed, by tests/perf/bench_vits.c. Run by hand:

    python tests/golden/vits_full_shape.py DIR [vits-ljs|vits-vctk|mms-tts]
    build/tests/bench_vits DIR
"""
import sys
import time

import torch
from make_vits import build, speak, tokens, write

SHAPES = {"mms-tts": dict(), "vits-ljs": dict(vocab_size=178, sampling_rate=22050),
          "vits-vctk": dict(vocab_size=178, sampling_rate=22050, num_speakers=109, speaker_embedding_size=256)}


def main(folder, name="vits-ljs"):
    model = build(4, **SHAPES[name])
    # Some 3 s of speech: 120 tokens, every second one a blank.
    row = [t if i % 2 else 0 for i, t in enumerate(tokens(9, 121, model.config.vocab_size))]
    row = (row, 7 if model.config.num_speakers > 1 else -1, 4.0)
    write(folder, model, [row], old_names=True)
    begin = time.time()
    speak(model, *row, len(row[0]), 4096, 0)
    print("transformers: %.0f ms with %d threads" % ((time.time() - begin) * 1e3, torch.get_num_threads()))


if __name__ == "__main__":
    main(*sys.argv[1:])
