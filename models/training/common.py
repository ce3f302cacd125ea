"""What every step shares: folders, text normalisation, the audio store, log-mel features."""
import argparse
import json
import os
import re
import time
import zlib
from pathlib import Path

import numpy as np

RATE = 16000
HOP = 160                   # samples per mel frame
STRIDE = 8                  # mel frames per encoder frame: 12.5 frames a second

# What matrices are multiplied in: float32 where the processor would only emulate bfloat16.
BFLOAT16 = any(flag in Path("/proc/cpuinfo").read_text().split() for flag in ("avx512_bf16", "amx_bf16"))

LABELLED = ["train_an4", "train_speechocean", "voice_cathy", "voice_lj", "train_words"]
UNLABELLED = ["unlabelled_librispeech"]
EVAL = ["eval_an4", "eval_lj", "eval_cathy", "eval_speechocean_adult"]


def arguments(description, **options):
    """--work and --shared for every step, and the step's own options as name=(default, help)."""
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--work", type=Path, required=True, help="folder for data, caches and checkpoints")
    p.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with speech/, text/ and models/")
    p.add_argument("--threads", type=int, default=2)
    for name, (default, text) in options.items():
        p.add_argument("--" + name.replace("_", "-"), type=type(default), default=default, help=text)
    return p.parse_args()


def status(work, line):
    """One dated line in the running log, and on the terminal."""
    line = time.strftime("%H:%M:%S ") + line
    print(line, flush=True)
    with open(Path(work) / "STATUS.md", "a") as f:
        f.write("- " + line + "\n")


# ---- text ----

ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen").split()
TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
ORDINAL = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
           "nine": "ninth", "twelve": "twelfth"}


def number_words(n):
    """A cardinal below a thousand million."""
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10] + ("" if n % 10 == 0 else " " + ONES[n % 10])
    for unit, name in ((10**6, "million"), (1000, "thousand"), (100, "hundred")):
        if n >= unit:
            rest = "" if n % unit == 0 else " " + number_words(n % unit)
            return number_words(n // unit) + " " + name + rest
    return ""


def ordinal_words(n):
    head, _, last = number_words(n).rpartition(" ")
    last = ORDINAL.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return (head + " " + last).strip()


def _digits(match):
    text, suffix = match.group(1).replace(",", ""), match.group(2)
    n = int(text)
    if suffix:
        return " " + ordinal_words(n) + " " if n < 10**9 else " "
    if len(text) == 4 and 1100 <= n <= 1999 and "," not in match.group(1):       # a year
        low = "hundred" if n % 100 == 0 else ("oh " if n % 100 < 10 else "") + number_words(n % 100)
        return f" {number_words(n // 100)} {low} "
    if n >= 10**9 or (len(text) > 1 and text[0] == "0"):
        return " " + " ".join(ONES[int(c)] for c in text) + " "
    return " " + number_words(n) + " "


def normalise(text):
    """What the model writes: a-z, apostrophes inside words, single spaces."""
    text = text.lower().replace("’", "'").replace("&", " and ").replace("%", " percent ")
    text = re.sub(r"(\d[\d,]*)(st|nd|rd|th)?\b", _digits, text) if re.search(r"\d", text) else text
    text = re.sub(r"[^a-z' ]+", " ", text)
    text = re.sub(r"(?<![a-z])'+|'+(?![a-z])", " ", text)
    return " ".join(text.split())


def scoring(text):
    """The form in which words are counted as errors: lower case, no punctuation."""
    text = re.sub(r"[-‐‑‒–—/]", " ", text.lower())
    return " ".join(re.sub(r"[^a-z0-9 ]", "", text).split())


# ---- audio store: one raw int16 file and one index per set ----

class Store:
    """A set of utterances: data/NAME.i16 holds the samples back to back, data/NAME.json the index."""

    def __init__(self, work, name):
        self.name = name
        base = Path(work) / "data" / name
        index = json.loads(base.with_suffix(".json").read_text())
        self.files, self.texts = index["files"], index["texts"]
        self.lengths = np.array(index["lengths"], dtype=np.int64)
        self.offsets = np.concatenate([[0], np.cumsum(self.lengths)])
        self.samples = np.memmap(base.with_suffix(".i16"), dtype=np.int16, mode="r")

    def __len__(self):
        return len(self.lengths)

    def audio(self, i, begin=0, end=None):
        """Utterance i, or samples [begin, end) of it."""
        start, end = self.offsets[i], self.lengths[i] if end is None else end
        return self.samples[start + begin:start + end].astype(np.float32) / 32768.0

    @property
    def hours(self):
        return float(self.lengths.sum()) / RATE / 3600


def write_store(work, name, items):
    """items: (file, float or int16 samples at 16 kHz, text). The index is written last, so it marks a whole set."""
    base = Path(work) / "data" / name
    base.parent.mkdir(parents=True, exist_ok=True)
    files, lengths, texts = [], [], []
    with open(base.with_suffix(".i16"), "wb") as f:
        for file, pcm, text in items:
            if pcm.dtype != np.int16:
                pcm = (np.clip(pcm, -1, 1) * 32767).astype(np.int16)
            f.write(pcm.tobytes())
            files.append(file)
            lengths.append(len(pcm))
            texts.append(text)
    tmp = base.with_suffix(".tmp")
    tmp.write_text(json.dumps({"files": files, "lengths": lengths, "texts": texts}))
    os.replace(tmp, base.with_suffix(".json"))
    return Store(work, name)


def have(work, name):
    return (Path(work) / "data" / f"{name}.json").exists()


def maker(shard):
    """The letter before the shard's number, as --prefix of joined.py and synthesize.py gave it; "0" where there is none."""
    return shard[4] if shard[4].isalpha() else "0"


def shards(work, prefix="syn_"):
    return sorted(p.stem for p in (Path(work) / "data").glob(prefix + "*.json"))


# ---- the development set: what settings are chosen by, out of the training sets and never trained on ----

DEVELOPMENT = {"train_an4": (lambda file: file.split("-")[1], 15),              # by speaker
               "train_speechocean": (lambda file: file[:5], 20),                # by speaker
               "voice_lj": (lambda file: file, 15),                             # one speaker: by text
               "voice_cathy": (lambda file: file.rpartition("_")[0], 30)}       # all takes of a text


def is_held_out(name, file):
    """Whether a set's file is kept for development: one speaker, or one text, in so many."""
    if name not in DEVELOPMENT:
        return False
    key, one_in = DEVELOPMENT[name]
    return zlib.crc32(key(file).encode()) % one_in == 0


def held_out(store, i):
    return is_held_out(store.name, store.files[i])


# ---- lengths, all derived from the number of samples ----

def mel_frames(samples):
    return samples // HOP


def encoder_frames(samples):
    n = mel_frames(samples)
    for _ in range(3):
        n = (n - 1) // 2 + 1
    return n


def teacher_frames(samples):
    """Teacher features are kept at 25 a second, two for every encoder frame."""
    return 2 * encoder_frames(samples)
