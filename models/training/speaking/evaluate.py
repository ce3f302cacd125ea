"""Measures a voice: whether recognizers understand it, and how far it is from recordings of the same sentences.

What each kind of speech says of the sentences (sentences.py) goes to WORK/evaluation/KIND/*.wav at 16 kHz, with a manifest beside
it, KIND.tsv. The tables go to WORK/voice_results.json, which card.py reads, and to the terminal."""
import json
import subprocess
import sys

import numpy as np
import soundfile
import soxr
import torch

import distances
import recognizers
from card import table
from prepare import one_loudness
from sentences import CHOICES, SETS, near
from shared import RATE, arguments, log_mel, released, status
from teacher import load_teacher

FIXED = ("real", "flite")      # what no training changes, done once


# ---- what is said ----

class Speakers:
    """Each kind of speech by its name: from a sentence to (samples, rate)."""

    def __init__(self, options):
        self.options, self.path = options, options.work / "evaluation" / "said.wav"
        self.published = options.shared / "models" / "hifigan-v2-lj"
        self.teacher, self.vocoder = load_teacher(self.published), released(options.model).vocoder.eval()

    def run(self, *command):
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return soundfile.read(self.path, dtype="float32")

    def real(self, sentence):
        return sentence.recording(16000), 16000

    def flite(self, sentence):
        return self.run("flite", "-voice", "slt", "-t", sentence.spoken(), "-o", self.path)

    def voice(self, sentence, *settings):
        """As it is released: the command reads, pronounces and speaks."""
        o = self.options
        return self.run(o.utter, "speak", "--voice", o.model, "--threads", str(o.threads), *settings, "-o", self.path, sentence.spoken())

    def voice_teacher(self, sentence):
        """The voice's mels through the published vocoder."""
        return self.voice(sentence, "--vocoder", self.published)

    def real_teacher(self, sentence):
        """The recording's mels through the published vocoder."""
        return self.copied(self.teacher, sentence)

    def real_ours(self, sentence):
        """The recording's mels through the voice's vocoder."""
        return self.copied(self.vocoder, sentence)

    @torch.inference_mode()
    def copied(self, vocoder, sentence):
        wave = one_loudness(sentence.recording(RATE))
        return vocoder(log_mel(torch.from_numpy(wave)[None])[0]).numpy(), RATE


def say(options, kind, speaker, chosen):
    """WORK/evaluation/KIND: 16 bits. What is there of a fixed kind is right if its manifest is the same."""
    base = options.work / "evaluation"
    folder, manifest = base / kind, base / f"{kind}.tsv"
    text = "file\tspeaker\ttext\tspoken\n" + "".join(f"{k:03d}.wav\t{s.set}\t{s.text}\t{s.spoken()}\n" for k, s in enumerate(chosen))
    if kind.partition(".")[0] in FIXED and manifest.exists() and manifest.read_text() == text:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for path in [*folder.glob("*.wav"), base / f"{kind}.sphinx"]:
        path.unlink(missing_ok=True)
    for k, sentence in enumerate(chosen):
        wave, rate = speaker(sentence)
        soundfile.write(folder / f"{k:03d}.wav", np.clip(soxr.resample(wave, rate, 16000), -1, 1), 16000, subtype="PCM_16")
    manifest.write_text(text)


# ---- what is measured of it ----

def intelligibility(options, chosen):
    """"KIND, RECOGNIZER" to words wrong and said, [sentences, 2]."""
    speakers, counts = Speakers(options), {}
    for kind in options.kinds.split(","):
        name = f"{kind}.{options.sentences}"
        say(options, name, getattr(speakers, kind), chosen)
        for recognizer in options.recognizers.split(","):
            counts[f"{kind}, {recognizer}"] = recognizers.errors([s.text for s in chosen], recognizers.RECOGNIZERS[recognizer](options, name))
            status(options.work, f"evaluate: {name}, {recognizer}: {recognizers.rate(counts[f'{kind}, {recognizer}']):.1f}")
    return counts


def by_set(chosen, sets, measure):
    return {which: measure([k for k, s in enumerate(chosen) if s.set in names]) for which, names in sets.items()}


def rates(counts, chosen, sets):
    return {row: by_set(chosen, sets, lambda rows: round(float(recognizers.rate(c[rows])), 1)) for row, c in counts.items()}


def above_real(counts, chosen, sets):
    """For each recognizer and kind, [points above the recordings, from, to] by set."""
    out = {}
    for row, c in counts.items():
        kind, _, recognizer = row.partition(", ")
        real = counts.get(f"real, {recognizer}")
        if kind != "real" and real is not None:
            out[row] = by_set(chosen, sets, lambda rows: recognizers.more(c[rows], real[rows]))
    return out


def nearness(options):
    speakers = Speakers(options)
    return distances.summary((one_loudness(s.recording(RATE)), speakers.voice(s)[0]) for s in near(options.shared))


def main():
    options = arguments(__doc__, model=("../../default/voice-en", "folder of the voice"), sentences=("test", "or development"),
                        kinds=("real,voice,flite", "what to measure; also real_teacher, real_ours, voice_teacher: mels through a vocoder"),
                        recognizers=(",".join(recognizers.RECOGNIZERS), "who listens"), near=(1, "0: without distances"),
                        utter=("../../../build/utter", "the command"))
    torch.set_num_threads(options.threads)
    options.shared = options.shared.resolve()
    chosen, sets = CHOICES[options.sentences](options.shared), SETS[options.sentences]
    counts = intelligibility(options, chosen)
    results = {"sets": {w: sum(s.set in names for s in chosen) for w, names in sets.items()},
               "intelligibility": rates(counts, chosen, sets), "above_real": above_real(counts, chosen, sets)}
    print(table(results["intelligibility"], results["sets"]), table(results["above_real"], results["sets"]), sep="\n\n")
    if options.near:
        results["distances"] = nearness(options)
        status(options.work, f"evaluate: {results['distances']}")
    if options.sentences == "test" and options.near:
        (options.work / "voice_results.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
