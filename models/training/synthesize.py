"""Step 3: read prompts aloud with Debian's synthesizers (flite, espeak-ng, festival) and Utter's own voice, in resumable shards.

A shard is a set like any other (data/syn_NNN.*); later steps use the shards that are whole.
"""
import random
import subprocess
import tempfile
from itertools import islice
from pathlib import Path

import numpy as np
import soundfile
import soxr

from alike import reading
from common import RATE, arguments, have, status, write_store

UTTER = str(Path(__file__).parents[2] / "build" / "utter")
PER_SHARD = 800                                     # about an hour
ESPEAK_ACCENTS = ["en-us"] * 6 + ["en-gb"] * 3 + ["en-gb-x-rp", "en-gb-scotland", "en-029"]
ESPEAK_TIMBRES = ["", "+m1", "+m2", "+m3", "+m4", "+m5", "+m7", "+m8", "+f1", "+f2", "+f3", "+f4", "+f5",
                  "+Andrea", "+linda", "+steph", "+david", "+paul", "+max", "+belinda"]
# The corpus voices are built from people's recordings and carry the most; the formant voices add speakers.
# Utter's own voice says new words as the two readers of voice_cathy and voice_lj would.
OTHERS = [("flite", "slt", 0.26), ("flite", "rms", 0.19), ("flite", "awb", 0.15), ("flite", "kal16", 0.05),
          ("espeak", "", 0.23), ("festival", "voice_cmu_us_slt_arctic_hts", 0.05),
          ("festival", "voice_kal_diphone", 0.03), ("festival", "voice_ked_diphone", 0.04)]
OWN = [("utter", "0", 0.54), ("utter", "1", 0.46)]


def flite(voice, text, rng, out):
    pitch = {"slt": 170, "rms": 95, "awb": 120, "kal16": 105}[voice] * rng.uniform(0.85, 1.2)
    subprocess.run(["flite", "-voice", voice, "--setf", f"duration_stretch={rng.uniform(0.8, 1.2):.2f}",
                    "--setf", f"int_f0_target_mean={pitch:.0f}", "-t", text, "-o", out],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def espeak(_, text, rng, out):
    subprocess.run(["espeak-ng", "-v", rng.choice(ESPEAK_ACCENTS) + rng.choice(ESPEAK_TIMBRES),
                    "-s", str(rng.randint(125, 195)), "-p", str(rng.randint(25, 75)), "-w", out, text],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def festival(voice, text, rng, out):
    subprocess.run(["text2wave", "-eval", f"({voice})", "-eval",
                    f"(Parameter.set 'Duration_Stretch {rng.uniform(0.85, 1.2):.2f})", "-o", out],
                   input=text.encode(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def utter(speaker, text, rng, out):
    subprocess.run([UTTER, "speak", "--speaker", speaker, "--rate", f"{rng.uniform(0.8, 1.15):.2f}",
                    "--pitch", f"{rng.uniform(-2, 2):.1f}", "--device", "cpu", "--threads", "1", "-o", out, "--", text],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


ENGINES = {"flite": flite, "espeak": espeak, "festival": festival, "utter": utter}


def trim(pcm, rng):
    """The silence that a synthesizer leaves at the ends, cut to a random 0.05-0.35 s."""
    loud = np.flatnonzero(np.abs(pcm) > 0.01 * max(np.abs(pcm).max(), 1e-4))
    if len(loud) == 0:
        return pcm[:0]
    head, tail = (int(rng.uniform(0.05, 0.35) * RATE) for _ in "ab")
    pcm = pcm[max(0, loud[0] - head):loud[-1] + tail]
    return pcm * (rng.uniform(0.15, 0.8) / np.abs(pcm).max())


def speak(prompt, own, rng, out):
    spoken, label = prompt
    voices = OWN if rng.random() < own else OTHERS
    engine, voice, _ = rng.choices(voices, [v[2] for v in voices])[0]
    try:
        ENGINES[engine](voice, spoken, rng, out)
        pcm, rate = soundfile.read(out, dtype="float32")
    except (subprocess.CalledProcessError, RuntimeError):
        return None
    pcm = trim(pcm if rate == RATE else soxr.resample(pcm, rate, RATE), rng)
    seconds = len(pcm) / RATE
    if not 0.4 < seconds < 14 or len(label) > 22 * seconds:       # cut short, or run away
        return None
    return f"{engine}:{voice}", pcm, label


def main():
    a = arguments("Synthesize speech.", shards=(12, "shards to make, about an hour each"), seed=(1, "seed"),
                  own=(0.26, "share of Utter's own voice"), prefix=("0", "what comes before the shards' numbers"),
                  like=("", "sets whose sentences those read are to be like, by commas"))
    text = reading(a.shared, a.like)
    for n in range(a.shards):
        name = f"syn_{a.prefix}{n:02d}"
        if have(a.work, name):
            continue
        rng = random.Random(a.seed * 1000 + n)
        with tempfile.TemporaryDirectory(dir=a.work) as folder:
            out = str(Path(folder) / "out.wav")
            stream = islice(text(a.seed * 1000 + n), PER_SHARD)
            store = write_store(a.work, name, filter(None, (speak(p, a.own, rng, out) for p in stream)))
        status(a.work, f"synthesize {name}: {len(store)} utterances, {store.hours:.2f} h")


if __name__ == "__main__":
    main()
