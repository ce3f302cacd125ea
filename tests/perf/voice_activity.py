"""Frame errors of voice activity: by level, by the network that ships, by Silero VAD; on the evaluation sets in noise.

    python tests/perf/voice_activity.py build/tests/bench_voice ../shared --work DIR [--threshold 0.5]

Needs what models/training needs. Streams of a minute are made of the utterances of each eval_* set, with pauses of 0.3 to
3 seconds between them; noise is added over all of a stream: a recording of the fifth of `noise` that nothing was trained on,
repeated where it is short, or, in the rows that say so, noise that is made (models/training/voice_mix.py) by what made the
noise that ours was trained with, so many dB under the mean power of the speech frames. `clean` has a hiss 60 dB under the speech. Reference labels are those of
models/training/voice_labels.py, from the levels of the clean recordings; recordings that are too noisy for that are left
out. Errors in % of frames of 10 ms: speech missed, of the speech; false speech, of the rest; all, of all frames.
"""
import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models/training"))
import prepare                                                                       # noqa: E402
from augment import clip, mu_law_8k                                                  # noqa: E402
from common import EVAL, HOP, RATE, Store, have, write_store                         # noqa: E402
from voice_labels import label                                                       # noqa: E402
from voice_mix import made, speech_and_pauses, speech_level, unit                    # noqa: E402

CONDITIONS = ["clean", 20, 10, 5, 0]
SECONDS, STREAMS = 60, 5                    # of each set


class InTurn:
    """The labelled utterances of a set, shuffled once, one after the other."""

    def __init__(self, store, rng):
        self.store, self.order, self.at = store, rng.permutation(len(store)), 0

    def next(self, _):
        while True:
            pcm = self.store.audio(self.order[self.at % len(self.order)])
            self.at += 1
            labels = label(pcm)
            if labels is not None and labels.any():
                return pcm, labels

    def __len__(self):
        return len(self.store)

    def audio(self, i):
        return self.store.audio(i)


def spoiled(x, labels, condition, noise, speech, synthetic, rng):
    level = speech_level(x, labels)
    if condition == "clean":
        return x + rng.standard_normal(len(x)).astype(np.float32) * np.float32(level / 1000)
    added = made(len(x), rng, speech) if synthetic else clip(noise, len(x), rng)
    return x + unit(added) * np.float32(level * 10 ** (-condition / 20))


def make(work, condition, telephone, synthetic):
    """[(path, labels)] of all sets."""
    out, noise = [], Store(work, "noise_eval")
    for number, name in enumerate(EVAL):
        rng = np.random.default_rng([17, number])
        speech = InTurn(Store(work, name), rng)
        for i in range(STREAMS):
            x, labels = speech_and_pauses(SECONDS * RATE, rng, speech.next, 0.3, 3.0)
            x = spoiled(x, labels, condition, noise, speech, synthetic, np.random.default_rng([18, number, i]))
            x = x * np.float32(0.5 / np.abs(x).max())
            path = work / "voice_eval" / f"{name}_{i}.f32"
            path.parent.mkdir(exist_ok=True)
            (mu_law_8k(x) if telephone else x).astype("<f4").tofile(path)
            out.append((path, labels))
    return out


def measure(program, detector, threshold, streams):
    """Missed, false and all frames in %, and what the program says at its end."""
    lines = subprocess.run([program, detector, str(threshold), *(str(path) for path, _ in streams)], check=True,
                           capture_output=True, text=True).stdout.split("\n")
    miss = false = speech = frames = 0
    for line, (_, labels) in zip(lines, streams):
        said = np.frombuffer(line.encode(), np.uint8) == ord("1")
        miss, false = miss + (labels & ~said).sum(), false + (said & ~labels).sum()
        speech, frames = speech + labels.sum(), frames + len(labels)
    return 100 * miss / speech, 100 * false / (frames - speech), 100 * (miss + false) / frames, lines[len(streams)]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("program")
    p.add_argument("shared", type=Path)
    p.add_argument("--work", type=Path, required=True)
    p.add_argument("--threshold", type=float, default=0.5)
    a = p.parse_args()
    for name in EVAL:
        if not have(a.work, name):
            write_store(a.work, name, prepare.items(a.shared, name))
    if not have(a.work, "noise_eval"):
        prepare.noise(a.work, a.shared)
    detectors = {"level": "energy", "ours": "default",
                 "Silero": str(a.shared / "models/silero-vad/silero_vad_16k.safetensors")}
    costs = {}
    print("| sound | " + " | ".join(f"{name}: missed, false, all" for name in detectors) + " |")
    print("| --- |" + " --- |" * len(detectors))
    rows = [(c, t, False) for t in (False, True) for c in CONDITIONS] + [(c, False, True) for c in CONDITIONS[1:]]
    for condition, telephone, synthetic in rows:
        streams, cells = make(a.work, condition, telephone, synthetic), []
        for name, detector in detectors.items():
            miss, false, total, costs[name] = measure(a.program, detector, a.threshold, streams)
            cells.append(f"{miss:.1f}, {false:.1f}, **{total:.1f}**")
        title = condition if condition == "clean" else f"{condition} dB"
        title += ", 8 kHz µ-law" if telephone else ", noise that is made" if synthetic else ""
        print(f"| {title} | " + " | ".join(cells) + " |", flush=True)
    for name, cost in costs.items():
        _, sound, _, seconds, _, memory = cost.split()
        print(f"{name}: {1000 * float(seconds) / float(sound):.2f} ms of one core for a second of sound, "
              f"{int(memory) / 1024:.0f} KB a stream")


if __name__ == "__main__":
    main()
