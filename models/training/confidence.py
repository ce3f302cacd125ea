"""How likely a word is right, from what the sound, its neighbours, its length and the language model say: the weights of
decoder/search/confidence.h, written to MODEL/confidence.json.

    python confidence.py --work DIR --shared DIR [--build DIR]

A logistic map (Platt 1999), fitted on the harder copies of the development set (development.py), since the weights have
heard the recordings themselves: once as shipped, once greedily, where the language model had no say. Needs
DIR/lm.arpa.gz (language_model.py) and kenlm."""
import gzip
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import jiwer
import kenlm
import numpy as np

from common import arguments, normalise, scoring, status

NAMES = ["bias", "acoustic", "mean", "letters", "language_model", "known"]
LN_10 = 2.302585092994045684


def transcripts(utter, model, manifest, options=()):
    """(what was said, words with confidence) of every recording."""
    head, *rows = [line.split("\t") for line in Path(manifest).read_text().strip().split("\n")]
    folder = Path(manifest).with_suffix("")
    files = [folder / row[head.index("file")] for row in rows]
    out = subprocess.run([utter, "transcribe", "--model", model, "--precision", "f32", "--format", "json", *options, *files],
                         capture_output=True, text=True, check=True)
    for row, line in zip(rows, out.stdout.split("\n")):
        words = [word for segment in json.loads(line)["segments"] for word in segment["words"]]
        yield scoring(normalise(row[head.index("text")])), words


def right(said, words):
    """Which of the words were said, by the alignment with the fewest errors; None where a word is not one as scored."""
    heard = [scoring(word["word"]) for word in words]
    if not said or not heard or any(len(word.split()) != 1 for word in heard):
        return None
    out = np.zeros(len(heard), dtype=bool)
    for chunk in jiwer.process_words(said, " ".join(heard)).alignments[0]:
        if chunk.type == "equal":
            out[chunk.hyp_start_idx:chunk.hyp_end_idx] = True
    return out


def log_odds(p):
    p = np.clip(p, 0.001, 0.999)
    return np.log(p / (1 - p))


def features(words, lm):
    """[words, NAMES]; the words' confidence must be the acoustic one."""
    acoustic = np.array([word["confidence"] for word in words])
    rows, state = [], kenlm.State()
    lm.BeginSentenceWrite(state)
    for word, a in zip(words, acoustic):
        after = kenlm.State()
        expected = LN_10 * lm.BaseScore(state, word["word"], after)
        rows.append([1, log_odds(a), log_odds(acoustic.mean()), len(word["word"]), expected, word["word"] in lm])
        state = after
    return np.array(rows, dtype=float)


def fit(x, y, ridge=0.1):
    """Newton's method; the bias is free."""
    w, penalty = np.zeros(x.shape[1]), ridge * np.diag([0.0] + [1.0] * (x.shape[1] - 1))
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ w))
        w += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + penalty, x.T @ (y - p) - penalty @ w)
    return w


def main():
    a = arguments(__doc__, build=("../../build", "where utter was built"), model=("../default/en", "the model's folder"))
    utter, model, out = Path(a.build) / "utter", Path(a.model).resolve(), {}
    with gzip.open(a.work / "lm.arpa.gz") as packed, open(a.work / "lm.arpa", "wb") as plain:
        shutil.copyfileobj(packed, plain)
    lm = kenlm.Model(str(a.work / "lm.arpa"))
    with tempfile.TemporaryDirectory() as bare:        # without a confidence.json the confidence is the acoustic one
        for file in model.iterdir():
            if file.name != "confidence.json":
                (Path(bare) / file.name).symlink_to(file)
        for name, options in (("guided", []), ("alone", ["--beam", "1"])):
            x, y = [], []
            for manifest in sorted((a.work / "development").glob("hard_*.tsv")):
                for said, words in transcripts(utter, bare, manifest, options):
                    hits = right(said, words)
                    if hits is not None:
                        x.append(features(words, lm))
                        y.append(hits)
            weights = fit(np.concatenate(x), np.concatenate(y))
            out[name] = {key: round(float(value), 4) for key, value in zip(NAMES, weights)}
            status(a.work, f"confidence {name}: {sum(map(len, y))} words, {np.concatenate(y).mean():.3f} right, {out[name]}")
    (model / "confidence.json").write_text(json.dumps(out, indent=2) + "\n")


if __name__ == "__main__":
    main()
