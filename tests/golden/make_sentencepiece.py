"""Trains small SentencePiece models of characters on a text of our own and writes them with what sentencepiece itself
makes of odd strings.

    pip install sentencepiece
    python tests/golden/make_sentencepiece.py tests/golden/sentencepiece        (sentencepiece 0.2.3)

For every NAME: NAME.model, and NAME.tsv with one line per case: the text and its ids, as JSON.

plain    identity for a normalizer; the special pieces in the order of microsoft/speecht5_tts
rules    a normalizer of our own rules, whose longest match counts; pieces of the user's; no dummy prefix, spaces kept
behind   white space as the end of a word; another normalizer
unigram  not of characters: refused
"""
import io
import json
import os
import sys
import tempfile

import sentencepiece

from make_tokenizers import CASES, TEXT

RULES = [("A", "a"), ("B", "b"), ("\u00e9", "e"), ("e\u0301", "\u00e9"), ("\u00a0", " "), ("ffi", "\u00df"), ("ff", "F"),
         ("\u2026", "..."), ("\u200d", "")]
MORE = ["\u00c9t\u00e9", "AaBb", "office off of", "e\u0301\u0301e", "a b ab", "wait\u2026 what", "a\u200db\u200d", "\u200d", "<lau", "<laugh>", "x<laugh><laugh>y",
        "<laugh>a b", "\u65e5\u672c a \u8a9e\u8a9e b", "  x", "x  \u00a0y \u00a0"]
BYTES = [b"\xff", b"a\xffb", b"\xe2\x96", b"\xe2\x96a", b"\xf0\x9f\x99", b"\xc3\xa9\xc3"]


def train(folder, name, **options):
    made = io.BytesIO()
    given = dict(model_type="char", vocab_size=60, normalization_rule_name="identity", hard_vocab_limit=False,
                 character_coverage=1.0, minloglevel=2, num_threads=1)
    given.update(options)
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(TEXT), model_writer=made, **given)
    with open(os.path.join(folder, name + ".model"), "wb") as f:
        f.write(made.getvalue())
    return sentencepiece.SentencePieceProcessor(model_proto=made.getvalue())


def main(folder):
    os.makedirs(folder, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8") as rules:
        for before, after in RULES:
            print(*[" ".join("%X" % ord(c) for c in text) for text in (before, after)], sep="\t", file=rules)
        rules.flush()
        models = {
            "plain": train(folder, "plain", bos_id=0, pad_id=1, eos_id=2, unk_id=3),
            "rules": train(folder, "rules", normalization_rule_tsv=rules.name, add_dummy_prefix=False,
                           remove_extra_whitespaces=False, user_defined_symbols=["<laugh>", "<la", "ab", "~"]),
            "behind": train(folder, "behind", normalization_rule_tsv=rules.name, treat_whitespace_as_suffix=True),
            "unigram": train(folder, "unigram", model_type="unigram"),
        }
    for name, model in models.items():
        with open(os.path.join(folder, name + ".tsv"), "w") as f:
            for text in CASES + MORE if name != "unigram" else ["the"]:
                print(json.dumps(text), json.dumps(model.encode(text)), sep="\t", file=f)
        if name == "plain":
            with open(os.path.join(folder, "bytes.tsv"), "w") as f:
                for text in BYTES:
                    print(json.dumps(text.hex()), json.dumps(model.encode(text)), sep="\t", file=f)
        print(name, model.get_piece_size(), "pieces")


if __name__ == "__main__":
    main(sys.argv[1])
