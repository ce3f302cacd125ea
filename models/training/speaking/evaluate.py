"""Measures a voice: how far its mels and F0 are from held-out recordings, and whether recognizers understand it.

200 sentences that the voice was not trained on: the 50 of eval_cathy, the 40 of eval_lj, and held-out ones of voice_cathy and
voice_lj. The released recognizer was trained on the recordings of the latter two, before it had a development set. Each is synthesized, said by flite (voice slt), and there is the
recording. What was said goes to WORK/evaluation/WHAT/*.wav with a manifest beside it, WORK/evaluation/WHAT.tsv."""
import csv
import json
import re
import subprocess
import sys
import zlib

import jiwer
import numpy as np
import pyworld
import soundfile
import soxr
import torch
from numba import njit

from shared import HOP, RATE, VOICES, Mels, arguments, is_held_out, log_mel, recognizer_holds_out, scoring, sentence, status
from speak import Reader, Voice
from teacher import load_teacher

COUNT = 200
FIXED = ("real", "flite")      # what no training changes, done once
SETS = {"eval_cathy": ["eval_cathy"], "eval_lj": ["eval_lj"], "unseen": ["eval_cathy", "eval_lj"],
        "seen": ["voice_cathy", "voice_lj"], "all": ["eval_cathy", "eval_lj", "voice_cathy", "voice_lj"]}
MODEL = "/usr/share/pocketsphinx/model/en-us"
DECIBELS = 10 / np.log(10) * 2 ** 0.5          # from differences of natural cepstra to mel-cepstral distortion (Kubichek 1993)


def turn(name, file):
    """First the recognizer's development set, then as it falls."""
    return not recognizer_holds_out(name, file), zlib.crc32(sentence(file).encode())


def sentences(work):
    """[(set, number in the set, text)]: one recording of each."""
    chosen, seen = [], set()
    rows = [(name, Mels(work, name)) for name in ("eval_cathy", "eval_lj", "voice_cathy", "voice_lj")]
    for name, mels in rows:
        order = range(len(mels))
        if name.startswith("voice"):
            order = sorted((i for i in order if is_held_out(name, mels.store.files[i])),
                           key=lambda i: turn(name, mels.store.files[i]))
        for i in order:
            if mels.store.texts[i] not in seen and len(chosen) < COUNT:
                seen.add(mels.store.texts[i])
                chosen.append((name, int(i), mels.store.texts[i]))
    return chosen


# ---- what is said ----

def recording(work, name, i):
    return Mels(work, name).store.audio(i)


class Speakers:
    """Each kind of speech by its name: from a sentence's set, its number there and its text to (samples, rate)."""

    def __init__(self, options):
        self.work, self.reader, self.ours = options.work, Reader(options.shared), Voice(options.model)
        self.theirs = Voice(options.model, load_teacher(options.shared / "models" / "hifigan-v2-lj"))

    def real(self, name, i, text):
        return recording(self.work, name, i), RATE

    def flite(self, name, i, text):
        path = self.work / "evaluation" / "flite.wav"
        subprocess.run(["flite", "-voice", "slt", "-t", re.sub(r"[\"']{2,}", "", text), "-o", str(path)], check=True)
        return soundfile.read(path, dtype="float32")

    def copied(self, name, i, text):
        return self.ours.wave(torch.from_numpy(Mels(self.work, name)[i].copy())[None]), RATE

    def voice(self, name, i, text):
        return self.ours.wave(self.ours.mel(self.reader.tokens(text))), RATE

    def teacher(self, name, i, text):
        return self.theirs.wave(self.theirs.mel(self.reader.tokens(text))), RATE


def write(folder, k, wave16):
    soundfile.write(folder / f"{k:03d}.wav", np.clip(wave16, -1, 1), 16000, subtype="PCM_16")


def say(options, chosen):
    """WORK/evaluation/{real,flite,voice,…}: 16 kHz, 16 bits."""
    base, speakers = options.work / "evaluation", Speakers(options)
    for kind in options.kinds.split(","):
        folder = base / kind
        folder.mkdir(parents=True, exist_ok=True)
        if kind not in FIXED:
            (base / f"{kind}.sphinx").unlink(missing_ok=True)
        for k, (name, i, text) in enumerate(chosen):
            if kind in FIXED and (folder / f"{k:03d}.wav").exists():
                continue
            wave, rate = getattr(speakers, kind)(name, i, text)
            write(folder, k, soxr.resample(wave, rate, 16000))
        with open(base / f"{kind}.tsv", "w") as f:
            f.write("file\tseconds\tspeaker\ttext\n")
            f.writelines(f"{k:03d}.wav\t0\t{name}\t{text}\n" for k, (name, _, text) in enumerate(chosen))


# ---- recognizers ----

def utter(options, kind, *settings):
    """What our recognizer hears, by sentence."""
    base = options.work / "evaluation"
    out = base / ".".join([kind, "heard", *settings[1:2], "tsv"])
    subprocess.run([options.utter, "eval", "--threads", str(options.threads), "--hypotheses", out, *settings, base / f"{kind}.tsv"],
                   check=True, stdout=subprocess.DEVNULL)
    with open(out) as f:
        heard = {r["file"]: r["hypothesis"] for r in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)}
    return [heard[f"{k:03d}.wav"] for k in range(len(heard))]


def pocketsphinx(options, kind):
    base = options.work / "evaluation"
    names, hyp = sorted(p.stem for p in (base / kind).glob("*.wav")), base / f"{kind}.sphinx"
    done = read_sphinx(hyp) if hyp.exists() else {}
    todo = [n for n in names if n not in done]
    jobs = [start_sphinx(base, kind, k, todo[k::options.threads]) for k in range(options.threads)]
    for job, out in jobs:
        job.wait()
        done.update(read_sphinx(out))
    hyp.write_text("".join(f"{text} ({n} 0)\n" for n, text in done.items()))
    return [done[n] for n in names]


def start_sphinx(base, kind, k, names):
    """One process for so many of the sentences: (the process, the file it writes)."""
    control, out = base / f"{kind}.{k}.names", base / f"{kind}.{k}.hyp"
    control.write_text("".join(n + "\n" for n in names))
    out.write_text("")
    return subprocess.Popen(["pocketsphinx_batch", "-adcin", "yes", "-adchdr", "44", "-cepdir", base / kind, "-cepext", ".wav",
                             "-ctl", control, "-hyp", out, "-hmm", f"{MODEL}/en-us", "-lm", f"{MODEL}/en-us.lm.bin",
                             "-dict", f"{MODEL}/cmudict-en-us.dict", "-logfn", "/dev/null"]), out


def read_sphinx(path):
    """Sentence to what was heard: a line is `text (name score)`."""
    heard = {}
    for line in path.read_text().splitlines():
        text, _, rest = line.rpartition("(")
        heard[rest.split()[0]] = text.strip()
    return heard


def rate(chosen, heard, which):
    rows = [k for k, (name, _, _) in enumerate(chosen) if name in SETS[which]]
    return round(100 * jiwer.wer([scoring(chosen[k][2]) for k in rows], [scoring(heard[k]) for k in rows]), 1)


def intelligibility(options, chosen):
    results = {}
    for kind in options.kinds.split(","):
        heard = {"utter": utter(options, kind), "utter greedy": utter(options, kind, "--beam", "1", "--lm", "none")}
        if not options.quick:
            heard["pocketsphinx"] = pocketsphinx(options, kind)
        for recognizer, texts in heard.items():
            results[f"{kind}, {recognizer}"] = {w: rate(chosen, texts, w) for w in SETS}
            status(options.work, f"evaluate: {kind}, {recognizer}: {results[f'{kind}, {recognizer}']}")
    return results


# ---- distances ----

@njit(cache=True)
def time_warp(distance):
    """The cheapest path through [n, m], steps of one in either or both: pairs of frames, from the last to the first."""
    n, m = distance.shape
    total = np.full((n + 1, m + 1), np.inf)
    total[0, 0] = 0
    for i in range(n):
        for j in range(m):
            total[i + 1, j + 1] = distance[i, j] + min(total[i, j], min(total[i, j + 1], total[i + 1, j]))
    path, i, j = [(n - 1, m - 1)], n, m
    while i > 1 or j > 1:
        a, b, c = total[i - 1, j - 1], total[i - 1, j], total[i, j - 1]
        if a <= b and a <= c:
            i, j = i - 1, j - 1
        elif b <= c:
            i -= 1
        else:
            j -= 1
        path.append((i - 1, j - 1))
    return path


def cepstra(mel):
    """13 mel cepstra without the level, of natural log-mels: [frames, 13]."""
    angle = np.pi / 80 * (np.arange(80) + 0.5)
    return mel @ np.cos(angle[:, None] * np.arange(1, 14)) * (2 / 80)


def pitch(wave, frames):
    wave = wave.astype(np.float64)
    rough, time = pyworld.dio(wave, RATE, f0_floor=90.0, f0_ceil=500.0, frame_period=1000 * HOP / RATE)
    return np.resize(pyworld.stonemask(wave, rough, time, RATE), frames)


def distances(options, chosen):
    """Mel-cepstral distortion in dB after time warping, and F0 where both are voiced, for the voice's own sentences."""
    voice, reader, rows = Voice(options.model), Reader(options.shared), []
    for name, i, text in chosen:
        if name == "eval_lj":
            continue
        wave = recording(options.work, name, i)
        made = voice.wave(voice.mel(reader.tokens(text)))
        real, ours = (log_mel(torch.from_numpy(w)[None])[0].numpy() for w in (wave, made))
        a, b = cepstra(real), cepstra(ours)
        distance = np.sqrt(np.maximum((a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * a @ b.T, 0))
        path = np.array(time_warp(distance))
        f, g = pitch(wave, len(real))[path[:, 0]], pitch(made, len(ours))[path[:, 1]]
        both = (f > 0) & (g > 0)
        rows.append((DECIBELS * distance[path[:, 0], path[:, 1]].mean(), f[both], g[both], len(made) / len(wave)))
    f, g = np.concatenate([r[1] for r in rows]), np.concatenate([r[2] for r in rows])
    return {"mcd_db": round(float(np.mean([r[0] for r in rows])), 2), "f0_rmse_hz": round(float(np.sqrt(np.mean((f - g) ** 2))), 1),
            "f0_correlation": round(float(np.corrcoef(f, g)[0, 1]), 3),
            "log_f0_rmse_semitones": round(float(np.sqrt(np.mean((12 * np.log2(f / g)) ** 2))), 2),
            "length_ratio": round(float(np.mean([r[3] for r in rows])), 3), "sentences": len(rows)}


def count(chosen):
    """How many of each set, and of how many the recognizer has not heard the recording."""
    names = [name for name, _, _ in chosen]
    return {"sets": {n: names.count(n) for n in dict.fromkeys(names)}, "unseen": sum(n.startswith("eval") for n in names)}


def hours(work):
    """Of aligned recordings that are trained on."""
    rows, files = json.loads((work / "aligned.json").read_text()), {name: Mels(work, name).store.files for name in VOICES}
    return sum(sum(r["frames"]) for r in rows if not is_held_out(r["set"], files[r["set"]][r["number"]])) * HOP / RATE / 3600


def main():
    options = arguments(__doc__, model=("", "folder of the voice"), kinds=("real,flite,voice,teacher", "what to measure; also copied: the vocoder on a recording's mels"),
                        utter=("../../../build/utter", "the command"), quick=(0, "1: without pocketsphinx"))
    torch.set_num_threads(options.threads)
    options.model = options.model or str(options.work / "voice")
    chosen = sentences(options.work)
    say(options, chosen)
    path = options.work / "voice_results.json"
    results = json.loads(path.read_text()) if path.exists() else {"intelligibility": {}}       # kinds measured before are kept
    results["sentences"], results["hours"] = count(chosen), hours(options.work)
    results["intelligibility"].update(intelligibility(options, chosen))
    if "voice" in options.kinds.split(","):
        results["distances"] = distances(options, chosen)
        status(options.work, f"evaluate: {results['distances']}")
    path.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
