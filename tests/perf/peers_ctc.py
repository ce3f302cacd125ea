"""The CTC search beside its peers: the same scores, the same 3-gram model, beams of 16, one thread.

    python tests/perf/peers_ctc.py --work DIR --shared ../shared [--tune 1]

DIR is the folder of models/training's recipe: development.py and language_model.py have run in it (development/*.tsv,
lm.arpa.gz). What scores are missing there (scores/*.f32) build/tests/ctc_scores makes. Each engine has weights of its own,
which --tune 1 prints the errors of on the harder half of the development set; the best are in ENGINES below. The table
has word error rates and the processor time of the fastest of three runs over each set, all engines in turn
within each run. Needs kenlm,
pyctcdecode, pygtrie, flashlight-text and jiwer."""
import argparse
import gzip
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import jiwer
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models" / "training"))
from common import EVAL, normalise, scoring      # noqa: E402

BEAM, BLANK = 16, 256
# (engine, its setting): language model weight, word bonus and what else it has been tuned by. flashlight's weight is of
# logarithms to the base of ten. Ten tokens a frame cost it no more than 0.2 points and take a third of the time of thirty.
SHIPPED = dict(weight=0.3, bonus=0.3, unknown=-12.0, letter=0.3, penalty=0.7)
ENGINES = [("utter", SHIPPED), ("utter, 8", dict(SHIPPED, beam=8)),
           ("flashlight", dict(weight=0.675, bonus=0.5, tokens=10, threshold=25.0, add=True)),
           ("pyctcdecode", dict(weight=0.295, bonus=1.0, unknown=-10.0))]


class Set:
    def __init__(self, a, manifest):
        self.name = manifest.stem
        folder = manifest.parent / manifest.stem
        head, *rows = [line.split("\t") for line in manifest.read_text().strip().split("\n")]
        self.texts = [scoring(normalise(row[head.index("text")])) for row in rows]
        self.path = a.work / "scores" / f"{self.name}.f32"
        if not self.path.exists():
            self.path.parent.mkdir(exist_ok=True)
            files = [folder / row[head.index("file")] for row in rows]
            subprocess.run([a.build / "tests" / "ctc_scores", a.model, self.path, *files], check=True)
        self.scores = list(self.read())

    def read(self):
        data = self.path.read_bytes()
        at = 0
        while at < len(data):
            frames, vocabulary = np.frombuffer(data, np.int32, 2, at)
            yield np.frombuffer(data, np.float32, frames * vocabulary, at + 8).reshape(frames, vocabulary)
            at += 8 + 4 * int(frames) * int(vocabulary)

    def errors(self, guesses):
        out = jiwer.process_words(self.texts, [scoring(guess) for guess in guesses])
        return out.substitutions + out.deletions + out.insertions, out.hits + out.substitutions + out.deletions


# ---- engines: each gives seconds and texts of a set ----

class Utter:
    def __init__(self, a, s, lm=True):
        self.command = [a.build / "tests" / "bench_search", a.model]
        self.rest = [str(s.get("beam", BEAM)), a.work / "lm.bin" if lm else "none", str(s["weight"]), str(s["bonus"]), str(s["unknown"]), str(s["letter"]),
                     str(s["penalty"]), "1"]

    def run(self, part):
        out = subprocess.run([*self.command, part.path, *self.rest], capture_output=True, text=True, check=True)
        return float(out.stderr.split()[-1]), out.stdout.split("\n")[:-1]


def timed(part, decode):
    began = time.process_time()
    texts = [decode(scores) for scores in part.scores]
    return time.process_time() - began, texts


def pieces(a):
    return [piece for piece, _ in json.loads((Path(a.model) / "tokenizer.json").read_text())["model"]["vocab"]]


def known_words(a):
    with open(a.work / "lm.arpa") as f:
        for line in f:
            if line.startswith("\\2-grams"):
                return
            parts = line.rstrip("\n").split("\t")
            if len(parts) > 1 and parts[1][0] != "<":
                yield parts[1]


class Pyctcdecode:
    def __init__(self, a, s):
        from pyctcdecode import build_ctcdecoder
        self.decoder = build_ctcdecoder(pieces(a) + [""], str(a.work / "lm.arpa"), list(known_words(a)), s["weight"],
                                        s["bonus"], s["unknown"])

    def run(self, part):
        return timed(part, lambda scores: self.decoder.decode(scores, beam_width=BEAM))


class Flashlight:
    """With a lexicon: every word of the language model, spelled as the tokenizer spells it."""

    def __init__(self, a, s):
        from flashlight.lib.text import decoder as fl
        from flashlight.lib.text.decoder.kenlm import KenLM
        from flashlight.lib.text.dictionary import Dictionary
        from tokenizers import Tokenizer
        tokenizer = Tokenizer.from_file(str(Path(a.model) / "tokenizer.json"))
        self.words = [*known_words(a), "<unk>"]
        dictionary = Dictionary()
        for word in self.words:
            dictionary.add_entry(word)
        lm = KenLM(str(a.work / "lm.arpa"), dictionary)
        trie, start = fl.Trie(BLANK + 1, 0), lm.start(False)
        for i, word in enumerate(self.words[:-1]):
            trie.insert(tokenizer.encode(word, add_special_tokens=False).ids, i, lm.score(start, i)[1])
        trie.smear(fl.SmearingMode.MAX)
        options = fl.LexiconDecoderOptions(BEAM, s["tokens"], s["threshold"], s["weight"], s["bonus"], -np.inf, 0.0,
                                           s["add"], fl.CriterionType.CTC)
        # The piece for unknown text stands for silence, of which the model has none.
        self.decoder = fl.LexiconDecoder(options, trie, lm, 0, BLANK, len(self.words) - 1, [], False)

    def decode(self, scores):
        found = self.decoder.decode(scores.ctypes.data, *scores.shape)
        return " ".join(self.words[i] for i in found[0].words if i >= 0)

    def run(self, part):
        return timed(part, self.decode)


MAKERS = {"utter": Utter, "utter, 8": Utter, "pyctcdecode": Pyctcdecode, "flashlight": Flashlight}


# ---- what is printed ----

def tune(a):
    """Errors of each engine on every third of the harder copies of the development set, by weight and bonus."""
    parts = [Set(a, path) for path in sorted((a.work / "development").glob("hard_*.tsv"))]
    for part in parts:
        part.scores, part.texts = part.scores[::3], part.texts[::3]
    for name, setting in ENGINES[2:]:
        for scale, bonus in itertools.product((0.5, 0.75, 1, 1.5, 2), (0.5, 1, 1.75, 2.5)):
            changed = dict(setting, weight=setting["weight"] * scale, bonus=bonus)
            engine = MAKERS[name](a, changed)
            wrong = [part.errors(engine.run(part)[1]) for part in parts]
            print(name, changed, f"{100 * sum(w for w, _ in wrong) / sum(n for _, n in wrong):.2f} %", flush=True)


def compare(a):
    parts = [Set(a, a.shared / "speech" / f"{name}.tsv") for name in EVAL]
    engines = [(name, MAKERS[name](a, setting)) for name, setting in ENGINES]
    total = {name: [0.0, 0, 0] for name, _ in engines}
    for part in parts:
        best = {name: (float("inf"), None) for name, _ in engines}
        for _ in range(a.repeats):
            for name, engine in engines:
                best[name] = min(best[name], engine.run(part), key=lambda run: run[0])
        for name, (seconds, texts) in best.items():
            wrong, words = part.errors(texts)
            total[name] = [x + y for x, y in zip(total[name], (seconds, wrong, words))]
            print(f"{part.name:24} {name:12} {1e3 * seconds:9.1f} ms {100 * wrong / words:6.2f} %", flush=True)
    fastest = total["utter"][0]
    for name, (seconds, wrong, words) in total.items():
        print(f"{'total':24} {name:12} {1e3 * seconds:9.1f} ms {100 * wrong / words:6.2f} %  {seconds / fastest:.1f} times utter's time")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--work", type=Path, required=True)
    p.add_argument("--shared", type=Path, default=Path("../shared"))
    p.add_argument("--build", type=Path, default=ROOT / "build")
    p.add_argument("--model", default=str(ROOT / "models" / "default" / "en"))
    p.add_argument("--repeats", type=int, default=3)
    p.add_argument("--tune", type=int, default=0)
    a = p.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    if not (a.work / "lm.arpa").exists():
        with gzip.open(a.work / "lm.arpa.gz") as packed, open(a.work / "lm.arpa", "wb") as out:
            shutil.copyfileobj(packed, out)
    if not (a.work / "lm.bin").exists():
        subprocess.run([a.build / "utter", "lm", "build", a.work / "lm.arpa.gz", a.work / "lm.bin"], check=True)
    tune(a) if a.tune else compare(a)


if __name__ == "__main__":
    main()
