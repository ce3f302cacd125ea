"""Pack models/default/lexicon/en.bin: CMUdict, the heteronyms, and the letter-to-sound network (letter_to_sound.py).

    python lexicon.py --work DIR --shared DIR --out ../default/lexicon/en.bin

decoder/spoken/lexicon_format.h and decoder/spoken/letter_to_sound_format.h say what lies where.
"""
import heapq
import lzma
import re
import struct
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import torch

from cmudict import align, alignments, read, table_of
from common import arguments, status
from letter_to_sound import LETTERS

VERSION = 1
BLOCK = 16                  # words
LONGEST = 40                # letters
MOST = 64                   # phones
CODE_BITS = 16
COMMON = 10                 # times in the texts, for other words to be made of a word
PARTS = {"noun": 1, "verb": 2, "adjective": 4, "past": 8, "other": 16}
DEFAULT = 32

VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split()
CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split()
PHONES = {n: i for i, n in enumerate([v + s for v in VOWELS for s in "012"] + CONSONANTS)}

VOICELESS, SIBILANT = {"P", "T", "K", "F", "TH"}, {"S", "Z", "SH", "ZH", "CH", "JH"}


# ---- words ----

def with_s(word, phones):
    """The form in -s, of a plural or a third person."""
    if phones[-1] in SIBILANT:
        return word + ("s" if word.endswith("e") else "es"), phones + ["IH0", "Z"]
    spelled = word[:-1] + "ies" if re.search("[^aeiou]y$", word) else word + "s"
    return spelled, phones + (["S"] if phones[-1] in VOICELESS else ["Z"])


def heteronyms(path, words):
    """{word: [(parts, phones)]}, with the forms in -s among words that follow from a noun and a verb."""
    given, made = defaultdict(list), defaultdict(list)
    for line in open(path):
        if not line.startswith("#"):
            word, parts, phones = line.split(maxsplit=2)
            mask = sum(PARTS[p] for p in parts.split(",")) + (0 if word in given else DEFAULT)
            given[word].append((mask, phones.split()))
    for word, variants in given.items():
        kept = [(m, p) for m, p in variants if m & (PARTS["noun"] | PARTS["verb"])]
        if len(kept) == 2 and not any(m & PARTS["noun"] and m & PARTS["verb"] for m, _ in kept):
            for mask, phones in kept:
                spelled, phones = with_s(word, phones)
                part = mask & (PARTS["noun"] | PARTS["verb"])
                made[spelled].append((part + (0 if made[spelled] else DEFAULT), phones))
    return {**{w: v for w, v in made.items() if w in words}, **given}


def common_words(shared):
    """Words that the texts have often enough."""
    counts = Counter()
    for path in (shared / "text").glob("*.xz"):
        with lzma.open(path, "rt") as lines:
            for line in lines:
                counts.update(re.findall("[a-z]+", line.lower()))
    return {w for w, n in counts.items() if n >= COMMON}


def entries(aligned, special):
    """{word: (heteronym, [(parts, chunks)])}, at most four variants each."""
    out, table = {}, table_of(aligned)
    for word in sorted(aligned.keys() | special.keys(), key=lambda w: [LETTERS.index(c) for c in w]):
        variants = [(m, align(word, p, table)) for m, p in special.get(word, [])] or [(0, c) for c in aligned[word]]
        variants = [v for v in variants if sum(map(len, v[1])) <= MOST][:4]
        if len(word) <= LONGEST and variants:
            out[word] = (word in special, variants)
    return out


# ---- codes ----

def code_lengths(counts):
    """Huffman code lengths; small counts are raised until no code is too long."""
    least = 1
    while True:
        heap = [(max(n, least), i, {c: 0}) for i, (c, n) in enumerate(sorted(counts.items()))]
        if len(heap) < 2:
            return {c: 1 for c in counts}
        heapq.heapify(heap)
        while len(heap) > 1:
            (n, i, a), (m, _, b) = heapq.heappop(heap), heapq.heappop(heap)
            heapq.heappush(heap, (n + m, i, {c: d + 1 for c, d in {**a, **b}.items()}))
        if max(heap[0][2].values()) <= CODE_BITS:
            return heap[0][2]
        least *= 2


def canonical(lengths):
    """[(chunk, code, length)] in the order of their codes."""
    code, before, out = 0, 0, []
    for length, chunk in sorted((n, c) for c, n in lengths.items()):
        code = (code << length - before) if before else 0
        out.append((chunk, code, length))
        code, before = code + 1, length
    return out


class Bits:
    def __init__(self):
        self.parts, self.count = [], 0

    def put(self, value, width):
        assert 0 <= value < 1 << width
        self.parts.append(format(value, f"0{width}b"))
        self.count += width

    def bytes(self):
        text = "".join(self.parts)
        text += "0" * (-len(text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big")


# ---- packing ----

def padded(data):
    return data + bytes(-len(data) % 8)


def chunk_table(chunks):
    return b"".join(bytes([len(c)] + [PHONES[p] for p in c]).ljust(8, b"\0") for c in chunks)


def put_entry(bits, word, before, heteronym, common, variants, codes):
    shared = 0
    while shared < min(len(word), len(before), 15) and word[shared] == before[shared]:
        shared += 1
    bits.put(shared, 4)
    for c in word[shared:]:
        bits.put(LETTERS.index(c) + 1, 5)
    bits.put(0, 5)
    bits.put(common, 1)
    bits.put(heteronym, 1)
    bits.put(len(variants) - 1, 2)
    for parts, chunks in variants:
        if heteronym:
            bits.put(parts, 6)
        for letter, chunk in zip(word, chunks):
            bits.put(*codes[letter][chunk])


def pack(all_entries, common, network):
    counts = {c: Counter() for c in LETTERS}
    for word, (_, variants) in all_entries.items():
        for _, chunks in variants:
            for letter, chunk in zip(word, chunks):
                counts[letter][chunk] += 1
    chunks = sorted({c for letter in counts.values() for c in letter})
    ids = {c: i for i, c in enumerate(chunks)}
    books = {letter: canonical(code_lengths(counts[letter])) for letter in LETTERS}
    codes = {letter: {chunk: (code, n) for chunk, code, n in books[letter]} for letter in LETTERS}
    lengths = [sum(n == want for _, _, n in books[c]) for c in LETTERS for want in range(1, CODE_BITS + 1)]
    order = [ids[chunk] for c in LETTERS for chunk, _, _ in books[c]]
    bits, blocks, before = Bits(), [], ""
    for i, (word, (heteronym, variants)) in enumerate(all_entries.items()):
        if i % BLOCK == 0:
            blocks.append(bits.count)
            before = ""
        put_entry(bits, word, before, heteronym, word in common, variants, codes)
        before = word
    stream = bits.bytes()
    header = struct.pack("<8s6I", b"UTTERLX", VERSION, len(all_entries), len(chunks), len(order), len(stream), len(network))
    parts = [header, chunk_table(chunks), np.array(lengths, "<u2").tobytes(), np.array(order, "<u2").tobytes(),
             np.array(blocks, "<u4").tobytes(), stream, network]
    return b"".join(padded(p) for p in parts)


# ---- the network ----

def matrix(m):
    """A scale for each row, then the rows in 8 bits."""
    m = m.float().numpy()
    scales = np.maximum(np.abs(m).max(1), 1e-9) / 127
    return padded(scales.astype("<f4").tobytes()) + padded(np.rint(m / scales[:, None]).astype("i1").tobytes())


def gru(w, name):
    suffix = name.partition(":")[2]
    stem = name.partition(":")[0]
    return (matrix(w[f"{stem}.weight_ih_{suffix}"]) + matrix(w[f"{stem}.weight_hh_{suffix}"]) +
            padded(w[f"{stem}.bias_ih_{suffix}"].numpy().astype("<f4").tobytes()) +
            padded(w[f"{stem}.bias_hh_{suffix}"].numpy().astype("<f4").tobytes()))


def pack_network(path):
    saved = torch.load(path, weights_only=False)
    w, chunks = saved["network"], saved["chunks"]
    embedded, reading, writing = w["letters.weight"].shape[1], w["reader.weight_hh_l0"].shape[1], w["says.weight"].shape[1]
    parts = [struct.pack("<8s6I", b"UTTERLS", VERSION, len(chunks), embedded, reading, writing, 0), chunk_table(chunks),
             matrix(w["letters.weight"].clamp(-4, 4)), matrix(w["before.weight"].clamp(-4, 4))]
    parts += [gru(w, "reader:" + layer) for layer in ("l0", "l0_reverse", "l1", "l1_reverse")]
    parts += [gru(w, "writer:l0"), matrix(w["says.weight"]), w["says.bias"].numpy().astype("<f4").tobytes()]
    return b"".join(padded(p) for p in parts)


def main():
    a = arguments("Pack the lexicon.", out=("../default/lexicon/en.bin", "where to"))
    words = read(a.shared / "lexicon" / "cmudict.txt")
    all_entries = entries(alignments(a.work, words), heteronyms(Path(__file__).parent / "heteronyms.txt", words))
    network = pack_network(a.work / "letters.pt")
    data = pack(all_entries, common_words(a.shared), network)
    Path(a.out).parent.mkdir(parents=True, exist_ok=True)
    Path(a.out).write_bytes(data)
    status(a.work, f"lexicon: {len(all_entries)} words, {len(data)} bytes, of them {len(network)} the network's")


if __name__ == "__main__":
    main()
