"""Trains tiny tokenizers on a text of our own and writes them with what tokenizers itself makes of odd strings.

    python tests/golden/make_tokenizers.py        (tokenizers 0.23.3, sentencepiece 0.2.3)

For every NAME: tests/golden/tokenizers/NAME.json, and NAME.tsv with one line per case: the text, its ids, and what
decode(ids, skip_special_tokens=True) gives; strings as JSON. Then, after "decode" instead of a text, id sequences that no
text gives. Ids are those of encode(add_special_tokens=False)."""

import io
import json
import os
import random
import tempfile

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tokenizers")
MARK = "\u2581"

TEXT = """The harbour was quiet before the boats came in. Nobody spoke, and the gulls walked up and down the wall.
At seven o'clock the first lamp went out; by half past, 12 of the 30 lamps were dark.
"It's late," she said, "and I've seen this before." He didn't answer, he'd never been one to talk.
We walked along the shore, talking of the weather, the price of fish, and what we'd do if the wind turned.
The wind turned. It turned at night, quickly, and the water rose over the stones and into the street.
In the morning there were 7 boats where there had been 19, and the café on the corner had lost its door.
They say the sea gives and the sea takes; they're wrong, it only moves things about.
Someone wrote the number 1987 on the wall, and someone else wrote: so what?
Listening is harder than speaking. The children were listening, speaking, walking, and falling asleep.
""".splitlines()

CASES = [
    "", " ", "  ", "a", "the", "the harbour", " the harbour", "the  harbour", "  two  spaces  ", "trailing ",
    "The wind turned.", "It's late, and I've seen this before.", "they'd we'll I'm don't", "walking,talking;falling",
    "12 of the 30 lamps", "1987", "3.14159", "o'clock!?...", "tab\there", "line\nbreak\n\nand more", "\u00a0nbsp\u00a0",
    "caf\u00e9", "na\u00efve \u00fcber", "\u65e5\u672c\u8a9e", "\u041f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440",
    "\U0001f642", "smile \U0001f642\U0001f680 end", "\u2581already marked", "x\u2581y", "zzzzqqqq", "QXZ", "<unk>", "<s>", "a<s>b",
    "a <s> b", "<pad>", "<0x41>", "the<|extra|>sea", "the <|extra|> sea", "word wordy word", "aaaaaaaaaaaaaaaaaaaaaaaaa",
    "listeninglisteninglistening", "ab" * 40, "\u0130\u00df\u2160", "a\u200db", "\t", "\n", " \n ", "end\u2028", "MiXeD CaSe",
    "#version", "a_b-c/d\\e", "\"quoted\"", "{}[]()<>", "50% & $3", "\u201csmart\u201d \u2018quotes\u2019 \u2013 dash",
]


def trained(tokenizer, trainer):
    tokenizer.train_from_iterator(TEXT * 3, trainer)
    return tokenizer


def bpe_byte_level(add_prefix_space):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    t.decoder = decoders.ByteLevel()
    trained(t, trainers.BpeTrainer(vocab_size=420, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                   special_tokens=["<s>", "<pad>"], show_progress=False))
    t.add_special_tokens([AddedToken("<|extra|>", special=True)])
    return t


def bpe_whisper():
    """As openai/whisper writes it: byte level with NFC-free text and special tokens that are not normalized."""
    t = bpe_byte_level(False)
    t.normalizer = normalizers.Sequence([])
    t.add_tokens([AddedToken("word", single_word=True, normalized=False)])
    return t


def bpe_llama():
    """Bytes where a character has no piece; no pre-tokenizer; the mark is put in by the normalizer."""
    t = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend(MARK), normalizers.Replace(" ", MARK)])
    bytes_ = [f"<0x{b:02X}>" for b in range(256)]
    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.Metaspace()
    trained(words, trainers.BpeTrainer(vocab_size=300, show_progress=False))
    inner = json.loads(words.to_str())["model"]
    vocab = {piece: i for i, piece in enumerate(["<unk>", "<s>", "</s>"] + bytes_ + sorted(inner["vocab"], key=inner["vocab"].get))}
    merges = [tuple(m) if not isinstance(m, str) else tuple(m.split(" ")) for m in inner["merges"]]
    t.model = models.BPE(vocab=vocab, merges=merges, byte_fallback=True, unk_token="<unk>", fuse_unk=True)
    t.decoder = decoders.Sequence([decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse(),
                                   decoders.Strip(" ", 1, 0)])
    t.add_special_tokens(["<unk>", "<s>", "</s>"])
    return t


def bpe_parakeet():
    """As the conversion of a NeMo checkpoint writes SentencePiece BPE: unknown fused, Metaspace both ways, <pad> last,
    which is the blank."""
    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    t.normalizer = normalizers.Sequence([normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), MARK)])
    t.pre_tokenizer = pre_tokenizers.Metaspace(replacement=MARK, prepend_scheme="always")
    t.decoder = decoders.Metaspace(replacement=MARK, prepend_scheme="always")
    trained(t, trainers.BpeTrainer(vocab_size=256, special_tokens=["<unk>"], show_progress=False))
    t.add_special_tokens([AddedToken("<pad>", special=True, normalized=False)])
    return t


def protobuf_field(message, wanted):
    """The first length-delimited field of that number."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        kind = key & 7
        length = varint() if kind in (0, 2) else {1: 8, 5: 4}[kind]
        if kind == 2 and key >> 3 == wanted:
            return message[at:at + length]
        at += 0 if kind == 0 else length
    raise SystemExit(f"the message has no field {wanted}")


def charsmap():
    """A small compiled normalizer: SentencePiece's own compiler on a few rules."""
    with tempfile.TemporaryDirectory() as folder:
        rules = os.path.join(folder, "rules.tsv")
        with open(rules, "w") as f:
            for source, target in [("\u00e9", "e"), ("e\u0301", "e"), ("\u00df", "ss"), ("\u00a0", " "), ("\u201c", "\""), ("\u201d", "\""),
                                   ("\u2160", "I"), ("\t", " "), ("\n", " "), ("\u200d", ""), ("Q", "q"), ("\U0001f642", ":)")]:
                f.write(" ".join(f"{ord(c):X}" for c in source) + "\t" + " ".join(f"{ord(c):X}" for c in target) + "\n")
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(TEXT * 3), model_writer=model, vocab_size=120,
                                                 normalization_rule_tsv=rules, minloglevel=2)
    return protobuf_field(protobuf_field(model.getvalue(), 3), 2)  # normalizer_spec.precompiled_charsmap


def unigram(byte_fallback, precompiled):
    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence(([normalizers.Precompiled(charsmap())] if precompiled else []) +
                                        [normalizers.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Metaspace(replacement=MARK, prepend_scheme="first" if byte_fallback else "always")
    t.decoder = decoders.Metaspace(replacement=MARK, prepend_scheme="always")
    trained(t, trainers.UnigramTrainer(vocab_size=200, special_tokens=["<unk>", "<s>", "<pad>"], unk_token="<unk>",
                                       show_progress=False))
    if byte_fallback:
        vocab = [tuple(v) for v in json.loads(t.to_str())["model"]["vocab"]]
        vocab += [(f"<0x{b:02X}>", 0.0) for b in range(256)]
        t.model = models.Unigram(vocab, unk_id=0, byte_fallback=True)
        t.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="always")])
    return t


def splits():
    """Every pre-tokenizer that only cuts, in a row, over characters."""
    t = Tokenizer(models.BPE(unk_token="<unk>"))
    t.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Strip()])
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation(), pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.Split(Regex("ing"), "merged_with_previous"), pre_tokenizers.Split("wa", "merged_with_next"),
        pre_tokenizers.Split("ll", "contiguous")])
    trained(t, trainers.BpeTrainer(vocab_size=220, special_tokens=["<unk>", "<pad>"], continuing_subword_prefix="##",
                                   end_of_word_suffix="</w>", show_progress=False))
    t.decoder = decoders.BPEDecoder(suffix="</w>")
    return t


def words():
    t = Tokenizer(models.BPE(unk_token="<unk>", ignore_merges=True))
    t.normalizer = normalizers.Lowercase()
    t.pre_tokenizer = pre_tokenizers.Whitespace()
    trained(t, trainers.BpeTrainer(vocab_size=200, special_tokens=["<unk>"], show_progress=False))
    t.add_special_tokens([AddedToken("<pad>", lstrip=True, rstrip=True)])
    return t


def llama3_like():
    t = bpe_byte_level(False)
    pattern = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
               r"\s+(?!\S)|\s+")
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    return t


def write(name, tokenizer, old_merges=False):
    tree = json.loads(tokenizer.to_str())
    if old_merges:
        tree["model"]["merges"] = [m if isinstance(m, str) else " ".join(m) for m in tree["model"]["merges"]]
    text = json.dumps(tree, ensure_ascii=False, separators=(",", ":"))
    tokenizer = Tokenizer.from_str(text)
    with open(os.path.join(HERE, name + ".json"), "w") as f:
        f.write(text)
    draw = random.Random(name)
    size = max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1
    with open(os.path.join(HERE, name + ".tsv"), "w") as f:
        for case in CASES + TEXT[:4]:
            ids = tokenizer.encode(case, add_special_tokens=False).ids
            f.write("\t".join(map(json.dumps, [case, ids, tokenizer.decode(ids, skip_special_tokens=True)])) + "\n")
        for _ in range(25):
            ids = [draw.randrange(size + 3) for _ in range(draw.randrange(12))]
            decoded = tokenizer.decode(ids, skip_special_tokens=True)
            if "\0" not in decoded:  # the test compares C strings
                f.write("decode\t" + json.dumps(ids) + "\t" + json.dumps(decoded) + "\n")


def main():
    os.makedirs(HERE, exist_ok=True)
    write("bpe_parakeet", bpe_parakeet())
    write("bpe_byte_level", bpe_byte_level(True))
    write("bpe_whisper", bpe_whisper(), old_merges=True)
    write("bpe_llama", bpe_llama())
    write("unigram", unigram(False, False))
    write("unigram_bytes", unigram(True, False))
    write("unigram_charsmap", unigram(False, True))
    write("splits", splits())
    write("words", words())
    write("llama3_like", llama3_like())


if __name__ == "__main__":
    main()
