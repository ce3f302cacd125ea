"""pronounce/small.bin and small.tsv: a lexicon of a few words with a network of random weights, packed as the recipe
packs (models/training/lexicon.py), and what the network says of some words in PyTorch, with the beam of
decoder/spoken/letter_to_sound.c and the weights as they were rounded.

    python make_lexicon.py
"""
import sys
import tempfile
from pathlib import Path

import torch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "models" / "training"))

from letter_to_sound import LETTERS, Network  # noqa: E402
from lexicon import pack, pack_network  # noqa: E402

BEAM = 4
WORDS = {"a": ["AH0"], "ab": ["AE1 B"], "abba": ["AE1 B AH0"], "bab": ["B AE1 B"], "baba": ["B AA1 B AH0", "B AA0 B AA1"],
         "bad": ["B AE1 D"], "bade": ["B EY1 D"], "cab": ["K AE1 B"], "cad": ["K AE1 D"], "dab": ["D AE1 B"],
         "dad": ["D AE1 D"], "dad's": ["D AE1 D Z"], "fab": ["F AE1 B"], "fad": ["F AE1 D"], "fade": ["F EY1 D"],
         "gab": ["G AE1 B"], "gad": ["G AE1 D"], "jab": ["JH AE1 B"], "jade": ["JH EY1 D"], "w": ["D AH1 B AH0 L Y UW0"]}
HETERONYMS = {"fab": [(33, "F AE1 B"), (2, "F AA1 B")]}
SAID = ["abba", "jade", "dad's", "w", "bcdfghj", "zyxwvutsrqponmlkjihgfedcba'", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]


def one_chunk_a_letter(word, phones):
    """An alignment that is as good as any: a phone a letter, all that are left for the last."""
    return [tuple(phones[i:i + 1]) for i in range(len(word) - 1)] + [tuple(phones[len(word) - 1:])]


def entries():
    out = {}
    for word in sorted(WORDS, key=lambda w: [LETTERS.index(c) for c in w]):
        variants = HETERONYMS.get(word) or [(0, p) for p in WORDS[word]]
        out[word] = (word in HETERONYMS, [(m, one_chunk_a_letter(word, p.split())) for m, p in variants])
    return out


def network():
    torch.manual_seed(5)
    chunks = [("P",), ("AA1",), ("AE0", "K"), ("B",), ("IH2",), ("ZH",)]
    net = Network(len(chunks), 3, 4, 5).eval()
    with torch.no_grad():
        for p in net.parameters():
            p.mul_(5)
        for p in (net.letters.weight, net.before.weight):
            p.clamp_(-4, 4)
        for p in net.parameters():
            if p.dim() == 2:                                    # as lexicon.matrix rounds it
                scale = p.abs().amax(1, keepdim=True) / 127
                p.copy_((p / scale).round() * scale)
    return net, chunks


@torch.no_grad()
def beam(net, word):
    heard = net.read(torch.tensor([[LETTERS.index(c) for c in word]]))
    none = net.before.num_embeddings - 1
    kept = [(0.0, None, [])]
    for i in range(len(word)):
        grown = []
        for score, state, said in kept:
            scores, after = net.write(heard[:, i:i + 1], torch.tensor([[said[-1] if said else none]]), state)
            grown += [(score + s, after, said + [c]) for c, s in enumerate(scores.log_softmax(2)[0, 0].tolist())]
        kept = sorted(grown, key=lambda g: -g[0])[:BEAM]
    return kept[0][2]


def main():
    net, chunks = network()
    with tempfile.NamedTemporaryFile() as weights:
        torch.save({"chunks": chunks, "network": net.state_dict()}, weights.name)
        data = pack(entries(), {"bad", "cab"}, pack_network(weights.name))
    (HERE / "pronounce" / "small.bin").write_bytes(data)
    with open(HERE / "pronounce" / "small.tsv", "w") as out:
        for word in SAID:
            out.write(word + "\t" + " ".join(p for c in beam(net, word) for p in chunks[c]) + "\n")


if __name__ == "__main__":
    main()
