"""Which sentences a voice is measured by, and how they are written for those who speak them.

Of the 200 that are reported, nobody learnt: the voice and the recognizer have heard none of the recordings, and their texts are
neither in the language model nor among what others read for the recognizer. Native speakers come first, each of their evaluation
sets whole but for texts that a training set has too; speechocean's adults, whose first language is Mandarin, fill up what is missing, in
the order of a checksum of the file's name. What is to be chosen is chosen by other sentences: the voice's own held-out ones."""
import csv
import re
import zlib
from pathlib import Path
from typing import NamedTuple

import soundfile
import soxr

from shared import LABELLED, VOICES, is_held_out, normalise, scoring, sentence

COUNT = 200
NATIVE, FOREIGN = ["eval_cathy", "eval_lj", "eval_an4"], ["eval_speechocean_adult"]
SETS = {"test": {**{name: [name] for name in NATIVE}, "native": NATIVE, FOREIGN[0]: FOREIGN, "all": NATIVE + FOREIGN},
        "development": {**{name: [name] for name in VOICES}, "all": VOICES}}
DISTANCES = ["eval_cathy", "voice_cathy"]       # recordings of the voice proper


class Sentence(NamedTuple):
    set: str
    path: Path      # of the recording
    text: str       # as published

    def recording(self, rate):
        wave, recorded = soundfile.read(self.path, dtype="float32")
        return soxr.resample(wave, recorded, rate, "HQ")

    def spoken(self):
        """As one would write it: a text in capitals in small letters, what is spelled with commas after its letters, as the
        speakers of eval_an4 take 0.4 s for each."""
        if not self.text.isupper():
            return self.text
        if self.set != "eval_an4":
            return re.sub(r"\bi\b", "I", self.text.lower())
        return re.sub(r"\b[a-z]\b ?", lambda m: m.group().upper().replace(" ", ", "), self.text.lower())


def same(text):
    """What two readings of one text have in common."""
    return scoring(normalise(text))


def published(shared, name):
    with open(shared / "speech" / f"{name}.tsv", newline="") as f:
        return [Sentence(name, shared / "speech" / name / row["file"], row["text"] or "")
                for row in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)]


def once(sentences, seen):
    """The first of each text that is not in `seen`, which grows by it."""
    for s in sentences:
        if same(s.text) not in seen:
            seen.add(same(s.text))
            yield s


def test(shared):
    seen = {same(s.text) for name in LABELLED for s in published(shared, name)}
    native = [s for name in NATIVE for s in once(published(shared, name), seen)]
    others = sorted((s for name in FOREIGN for s in published(shared, name)), key=lambda s: zlib.crc32(s.path.name.encode()))
    return (native + list(once(others, seen)))[:COUNT]


def held_out(shared, name):
    """One recording of each text that the voice was not trained on."""
    rows = (s for s in published(shared, name) if is_held_out(name, s.path.name))
    seen = set()
    return [s for s in rows if sentence(s.path.name) not in seen and not seen.add(sentence(s.path.name))]


def development(shared):
    return [s for name in VOICES for s in held_out(shared, name)]


CHOICES = {"test": test, "development": development}


def near(shared):
    """Recordings of the voice proper that it was not trained on."""
    return [s for name in DISTANCES for s in (held_out if name in VOICES else published)(shared, name)]
