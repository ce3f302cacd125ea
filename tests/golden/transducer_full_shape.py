"""A seeded random checkpoint at the full shape of nvidia/parakeet-tdt-0.6b-v2 or -v3 (2.5 GB in f32), with what
transformers' forward makes of it (its greedy search has no end of tokens without a duration), to be compared with ours by test_transducer. Run by hand:

    python tests/golden/transducer_full_shape.py DIR [v2|v3|rnnt]
    UTTER_GOLDEN_TRANSDUCER=/path/of/DIR build/tests/test_transducer
"""
import sys

from make_transducer import build, write


def main(folder, size="v2"):
    plain = dict(attention_bias=False, convolution_bias=False, scale_input=False, num_mel_bins=128)
    tdt = dict(durations=[0, 1, 2, 3, 4])
    encoder, vocabulary, more = {"v2": (plain, 1025, tdt), "v3": (plain, 8193, tdt), "rnnt": ({}, 1025, {})}[size]
    model = build(encoder, 7, 2.0, vocab_size=vocabulary, **more)
    write(folder, model, [240, 120], 3, 1, search=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
