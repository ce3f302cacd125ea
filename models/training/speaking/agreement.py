"""How far the aligner's word boundaries lie from the word times that our own recognizer gives (80 ms frames)."""
import difflib
import json
import subprocess

import numpy as np

from shared import HOP, RATE, Mels, arguments, scoring, status


def heard(options, name, files):
    """file to [(word, start, end)], seconds."""
    paths = [str(options.shared / "speech" / name / f) for f in files]
    out = subprocess.run([options.utter, "transcribe", "--words", "--format", "json", "--threads", str(options.threads), *paths],
                         check=True, capture_output=True, text=True).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    return {r["file"].rpartition("/")[2]: [(w["word"], w["start"], w["end"]) for s in r["segments"] for w in s["words"]] for r in rows}


def differences(ours, theirs):
    """(of starts, of ends), ours less theirs, for the words that both have in the same place."""
    a, b = [scoring(w[0]) for w in ours], [scoring(w[0]) for w in theirs]
    for block in difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks():
        for k in range(block.size):
            (_, s, e), (_, t, f) = ours[block.a + k], theirs[block.b + k]
            yield s * HOP / RATE - t, e * HOP / RATE - f


def main():
    options = arguments(__doc__, count=(100, "utterances"), utter=("../../../build/utter", "the command"))
    mels = Mels(options.work, "voice_cathy")
    rows = [r for r in json.loads((options.work / "aligned.json").read_text()) if r["set"] == "voice_cathy"]
    rows = rows[::len(rows) // options.count][:options.count]
    times = heard(options, "voice_cathy", [mels.store.files[r["number"]] for r in rows])
    d = np.array([x for r in rows for x in differences(r["words"], times[mels.store.files[r["number"]]])])
    for which, x in zip(("starts", "ends"), d.T):
        status(options.work, f"agreement: {len(x)} words, {which}: median {1000 * np.median(x):+.0f} ms, median distance from that "
               f"{1000 * np.median(np.abs(x - np.median(x))):.0f} ms, within 80 ms of it {100 * np.mean(np.abs(x - np.median(x)) <= 0.08):.0f} %")


if __name__ == "__main__":
    main()
