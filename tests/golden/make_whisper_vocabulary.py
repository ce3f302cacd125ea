"""Makes tests/golden/whisper/vocabulary.tsv: texts and their tokens by openai-whisper's tokenizers, and the tokens that
they suppress. Needs PyPI openai-whisper.

    python tests/golden/make_whisper_vocabulary.py
"""
import json
import pathlib

from whisper.tokenizer import get_tokenizer

TEXTS = [
    "", " ", "a", "Hello world", " Hello, world!", "It's we're I'll they'd'st 'tis", "  two  spaces   three ",
    "tabs\tand\nlines\n\n  x", "1234567 3.14 ½ ٣", "naïve café ÀÉ", "日本語のテキスト。", "Привет, мир!", "สวัสดีครับ",
    "안녕하세요 세계", "🙂🙃 👩‍👩‍👧", "a\u00a0b\u3000c", "--- ((( )))", " ♪♪♪ [MUSIC] (laughs)", "http://x.org/~a?b=c&d",
    "don't DON'T Don’t", "a" * 70, "\u0301e\u0301", "مرحبا بالعالم", "x" + " " * 40 + "y", "end \n", "'s 's'll",
    "_under_score__", "0.02 <|0.02|>", "हिन्दी में",
]


def main():
    out = pathlib.Path(__file__).parent / "whisper" / "vocabulary.tsv"
    rows = []
    for size, tokenizer in ((51864, get_tokenizer(False)), (51866, get_tokenizer(True, num_languages=100))):
        for text in TEXTS:
            ids = tokenizer.encoding.encode(text, disallowed_special=())
            rows.append((size, json.dumps(text), json.dumps(ids)))
        rows.append((size, "non-speech", json.dumps(list(tokenizer.non_speech_tokens))))
        special = [tokenizer.eot, tokenizer.sot, tokenizer.translate, tokenizer.transcribe, tokenizer.sot_lm,
                   tokenizer.sot_prev, tokenizer.no_speech, tokenizer.no_timestamps, tokenizer.timestamp_begin,
                   tokenizer.encoding.encode(" ")[0], tokenizer.encoding.encode_single_token("<|en|>"),
                   tokenizer.encoding.encode_single_token("<|su|>")]
        rows.append((size, "special", json.dumps(special)))
        for ids in ([0, 256, 50255], [220, 163, 94, 107], [162, 94], [162, 94, 94, 50256, 220], [tokenizer.sot, 11]):
            text = tokenizer.encoding.decode([i for i in ids if i < tokenizer.eot])
            rows.append((size, "decode " + json.dumps(text), json.dumps(ids)))
    out.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")


main()
