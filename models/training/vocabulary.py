"""Step 2: the tokenizer. A Unigram model of 256 pieces with word marks; the CTC blank follows as id 256."""
import io
import random

import sentencepiece
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from common import LABELLED, Store, arguments, normalise, status
from prompts import SHARES, corpus

PIECES = 256
MARK = "▁"
BLANK = "<pad>"             # what ParakeetTokenizer leaves out of a text


def sentences(work, shared):
    """Each source weighs about the same, so that spelled letters and commands get pieces too."""
    rng = random.Random(1)
    for name in (n for n in SHARES if n != "made"):
        lines = corpus(shared, name)
        yield from (normalise(t) for t in rng.sample(lines, min(len(lines), 12000)))
    for name in LABELLED:
        if name != "train_words":
            yield from Store(work, name).texts


def train(work, shared):
    lines = [s for s in sentences(work, shared) if s]
    letters = [MARK + c for c in "abcdefghijklmnopqrstuvwxyz"]
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=out, model_type="unigram", vocab_size=PIECES - 10,
        character_coverage=1.0, bos_id=-1, eos_id=-1, unk_id=0, max_sentencepiece_length=6,
        normalization_rule_name="identity", minloglevel=2)
    sp = sentencepiece.SentencePieceProcessor(model_proto=out.getvalue())
    vocab = [(sp.id_to_piece(i), sp.get_score(i)) for i in range(len(sp))]
    worst = min(score for _, score in vocab)
    # Spelling needs every letter as a word of its own; the seldom used longest pieces make room.
    # A score just above that of its two halves, so that a spelled letter is always one piece.
    score = dict(vocab)
    vocab += [(p, score[MARK] + score[p[1]] + 0.1) for p in letters if p not in score]
    while len(vocab) > PIECES:
        del vocab[max((i for i, (p, _) in enumerate(vocab) if len(p) > 2), key=lambda i: -vocab[i][1])]
    while len(vocab) < PIECES:          # ids stay dense whatever was missing
        vocab.append((f"<unused{len(vocab)}>", worst - 10))
    return vocab


def tokenizer(vocab):
    t = Tokenizer(models.Unigram(vocab, unk_id=0))
    t.pre_tokenizer = pre_tokenizers.Metaspace(replacement=MARK, prepend_scheme="always")
    t.decoder = decoders.Metaspace(replacement=MARK, prepend_scheme="always")
    t.add_special_tokens([BLANK])
    assert t.token_to_id(BLANK) == PIECES
    return t


def load(work):
    return Tokenizer.from_file(str(work / "tokenizer.json"))


def main():
    a = arguments("Train the tokenizer.")
    vocab = train(a.work, a.shared)
    t = tokenizer(vocab)
    t.save(str(a.work / "tokenizer.json"))
    for text in ("h i n i c h", "enter nine one six nine", "the extraordinary number of processes", "philip's"):
        print(t.encode(text).tokens, repr(t.decode(t.encode(text).ids)))
    texts = Store(a.work, "voice_lj").texts
    rate = sum(len(t.encode(s).ids) for s in texts) / (Store(a.work, "voice_lj").hours * 3600)
    status(a.work, f"tokenizer: {len(vocab)} pieces, {rate:.1f} a second on voice_lj")


if __name__ == "__main__":
    main()
