"""Measures a voice: how far its mels and F0 are from held-out recordings, and whether recognizers understand it.

200 sentences, none of them trained on: the 50 of eval_cathy, the 40 of eval_lj, and held-out ones of voice_cathy (first those
that the recognizer has not been trained on either). Each is synthesized, said by flite (voice slt), and there is the
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

from shared import HOP, RATE, Mels, arguments, is_held_out, log_mel, recognizer_holds_out, scoring, sentence, status
from speak import Reader, Voice
from teacher import load_teacher

COUNT = 200
MODEL = "/usr/share/pocketsphinx/model/en-us"
DECIBELS = 10 / np.log(10) * 2 ** 0.5          # from differences of natural cepstra to mel-cepstral distortion (Kubichek 1993)


def sentences(work):
    """[(set, number in the set, text)]: one recording of each."""
    chosen, seen = [], set()
    rows = [(name, Mels(work, name)) for name in ("eval_cathy", "eval_lj", "voice_cathy")]
    for name, mels in rows:
        order = range(len(mels))
        if name == "voice_cathy":
            order = sorted((i for i in order if is_held_out(name, mels.store.files[i])),
                           key=lambda i: (not recognizer_holds_out(name, mels.store.files[i]), zlib.crc32(sentence(mels.store.files[i]).encode())))
        for i in order:
            if mels.store.texts[i] not in seen and len(chosen) < COUNT:
                seen.add(mels.store.texts[i])
                chosen.append((name, int(i), mels.store.texts[i]))
    return chosen


# ---- what is said ----

def recording(work, name, i):
    return Mels(work, name).store.audio(i)


def flite(text, path):
    subprocess.run(["flite", "-voice", "slt", "-t", re.sub(r"[\"']{2,}", "", text), "-o", str(path)], check=True)
    wave, rate = soundfile.read(path, dtype="float32")
    return soxr.resample(wave, rate, 16000)


def write(folder, k, wave16):
    soundfile.write(folder / f"{k:03d}.wav", np.clip(wave16, -1, 1), 16000, subtype="PCM_16")


def say(options, chosen):
    """WORK/evaluation/{real,flite,voice,…}: 16 kHz, 16 bits."""
    base, reader = options.work / "evaluation", Reader(options.shared)
    teacher = load_teacher(options.shared / "models" / "hifigan-v2-lj")
    voice = Voice(options.model)
    kinds = {"real": lambda n, i, t: soxr.resample(recording(options.work, n, i), RATE, 16000),
             "flite": lambda n, i, t: flite(t, base / "flite.wav"),
             "copied": lambda n, i, t: soxr.resample(voice.wave(torch.from_numpy(log_mel(torch.from_numpy(recording(options.work, n, i))[None]).numpy())), RATE, 16000),
             "voice": lambda n, i, t: soxr.resample(voice.wave(voice.mel(reader.tokens(t))), RATE, 16000),
             "teacher": lambda n, i, t: soxr.resample(Voice.wave(Holder(teacher), voice.mel(reader.tokens(t))), RATE, 16000)}
    for kind in options.kinds.split(","):
        folder = base / kind
        if kind in ("real", "flite") and (base / f"{kind}.tsv").exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        for k, (name, i, text) in enumerate(chosen):
            write(folder, k, kinds[kind](name, i, text))
        with open(base / f"{kind}.tsv", "w") as f:
            f.write("file\tseconds\tspeaker\ttext\n")
            f.writelines(f"{k:03d}.wav\t0\t{name}\t{text}\n" for k, (name, _, text) in enumerate(chosen))


class Holder:
    """A generator where Voice.wave looks for it."""

    def __init__(self, vocoder):
        self.vocoder = vocoder


# ---- recognizers ----

def utter(options, kind, *settings):
    """What our recognizer hears, by sentence."""
    base = options.work / "evaluation"
    out = base / f"{kind}.heard.tsv"
    subprocess.run([options.utter, "eval", "--threads", str(options.threads), "--hypotheses", out, *settings, base / f"{kind}.tsv"],
                   check=True, stdout=subprocess.DEVNULL)
    with open(out) as f:
        rows = list(csv.reader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    column = next(c for c in range(len(rows[0])) if rows[0][c].lower() in ("hypothesis", "heard"))
    heard = {r[0].rpartition("/")[2]: r[column] for r in rows[1:]}
    return [heard[f"{k:03d}.wav"] for k in range(len(heard))]


def pocketsphinx(options, kind):
    base = options.work / "evaluation"
    names = sorted(p.stem for p in (base / kind).glob("*.wav"))
    (base / "names").write_text("".join(n + "\n" for n in names))
    subprocess.run(["pocketsphinx_batch", "-adcin", "yes", "-adchdr", "44", "-cepdir", base / kind, "-cepext", ".wav",
                    "-ctl", base / "names", "-hyp", base / f"{kind}.sphinx", "-hmm", f"{MODEL}/en-us",
                    "-lm", f"{MODEL}/en-us.lm.bin", "-dict", f"{MODEL}/cmudict-en-us.dict", "-logfn", "/dev/null"], check=True)
    heard = {}
    for line in (base / f"{kind}.sphinx").read_text().splitlines():
        text, _, rest = line.rpartition(" (")
        heard[rest.split()[0]] = text
    return [heard.get(n, "") for n in names]


def rate(chosen, heard, which):
    rows = [k for k, (name, _, _) in enumerate(chosen) if name == which or which == "all"]
    return round(100 * jiwer.wer([scoring(chosen[k][2]) for k in rows], [scoring(heard[k]) for k in rows]), 1)


def intelligibility(options, chosen):
    results = {}
    for kind in options.kinds.split(","):
        heard = {"utter": utter(options, kind), "utter greedy": utter(options, kind, "--beam", "1", "--lm", "none")}
        if not options.quick:
            heard["pocketsphinx"] = pocketsphinx(options, kind)
        for recognizer, texts in heard.items():
            results[f"{kind}, {recognizer}"] = {w: rate(chosen, texts, w) for w in ("eval_cathy", "eval_lj", "voice_cathy", "all")}
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
    return mel @ np.cos(angle[:, None] * np.arange(1, 14)) * (2 / 80) / 2 ** 0.5


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


def count(options, chosen):
    """How many of each set, and how many of voice_cathy's the recognizer was trained on."""
    names = [name for name, _, _ in chosen]
    files = [Mels(options.work, name).store.files[i] for name, i, _ in chosen if name == "voice_cathy"]
    return {"sets": {n: names.count(n) for n in dict.fromkeys(names)},
            "known": sum(not recognizer_holds_out("voice_cathy", f) for f in files)}


def main():
    options = arguments(__doc__, model=("", "folder of the voice"), kinds=("real,flite,copied,voice,teacher", "what to measure"),
                        utter=("../../../build/utter", "the command"), quick=(0, "1: without pocketsphinx and distances"))
    torch.set_num_threads(options.threads)
    options.model = options.model or str(options.work / "voice")
    chosen = sentences(options.work)
    say(options, chosen)
    results = {"sentences": count(options, chosen), "intelligibility": intelligibility(options, chosen)}
    if not options.quick:
        results["distances"] = distances(options, chosen)
        status(options.work, f"evaluate: {results['distances']}")
    (options.work / "voice_results.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
