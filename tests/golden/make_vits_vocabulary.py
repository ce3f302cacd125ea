"""Golden values for decoder/tokens/vits_vocabulary.h: made-up vocabularies and the tokens that transformers' VitsTokenizer gives.

    pip install torch transformers
    python tests/golden/make_vits_vocabulary.py tests/golden/vits/vocabulary

NAME.json holds "vocab", the text of vocab.json; "config", what tokenizer_config.json says; and "cases": texts with their
ids. phonemize is false throughout, since espeak is not asked here; "ipa" has the texts as espeak would give them, with
neither lowercasing nor a filter, which is what is left of the tokenizer behind it.
"""
import json
import os
import sys
import tempfile

from transformers import VitsTokenizer

TEXTS = ["make", "ke", "kk", "K", "", "q", "xyz", "  make a Cake! ", "Make, a-CAKE...", "<unk>", "a<unk>b", "<pad>", "a  b",
         "\ta\n", "TH the", "Ångström ÄÖ", "İ", "ΣΑΣ", "Țară, țară; ŢARĂ", "ЖЁ жё", "a🙂b", "a\u00a0b ", "'tis", "\u1e9e"]


def tokens(vocab, config, texts):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "vocab.json")
        with open(path, "w") as f:
            json.dump(vocab, f)
        tokenizer = VitsTokenizer(path, **config)
        # The id of an unknown character may be beyond the vocabulary: the model would fail. Ours leaves it out.
        def known(text):
            keep = config.get("normalize", True) or "<unk>" in vocab
            return text if keep else "".join(c for c in text if c in vocab)

        out = [{"text": text, "ids": tokenizer(known(text)).input_ids} for text in texts]
        assert all(i < len(vocab) for case in out for i in case["ids"])
        return out


def write(folder, name, symbols, config, texts=TEXTS):
    vocab = {symbol: i for i, symbol in enumerate(symbols)}
    config = dict(config, phonemize=False)
    with open(os.path.join(folder, name + ".json"), "w") as f:
        json.dump({"vocab": json.dumps(vocab, ensure_ascii=False), "config": config,
                   "cases": tokens(vocab, config, texts)}, f, ensure_ascii=False, indent=0)
        f.write("\n")


def main(folder):
    os.makedirs(folder, exist_ok=True)
    letters = list("k'z_abcdefghijlmnopqrstuvwxy -")
    write(folder, "letters", letters, dict(language="eng", pad_token="k"))
    write(folder, "no_blank", letters, dict(language="eng", add_blank=False, pad_token="k"))
    write(folder, "romanian", letters + list("ţăåäößžσα"), dict(language="ron", pad_token="k"))
    write(folder, "cyrillic", ["<pad>", "<unk>"] + list("жё abТ"), dict(language="rus"))
    write(folder, "capitals", list("_TH") + ["th"] + list("abekmt "), dict(pad_token="_"))
    write(folder, "ipa", list("_;:,.!? —") + ["<unk>"] + list("abdeghiklmnoprstuvwzæðŋɐɑɒɔəɚɛɜɡɪɹɾʃʊʌʒʔˈˌːθᵻ"),
          dict(normalize=False, pad_token="_"),
          ["hˈɛloʊ wˈɜːld!", "mˈeɪk ɐ kˈeɪk.", "ʘb", "", "b_b", "_", "ðə kwˈɪk, bɹˈaʊn fˈɑːks"])
    write(folder, "raw", list("_abekmt "), dict(normalize=False, pad_token="_"), [t for t in TEXTS if "<" not in t])


if __name__ == "__main__":
    main(sys.argv[1])
