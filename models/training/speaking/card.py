"""The model card, README.md in the voice's folder, from what evaluate.py measured and the checkpoint itself."""
import json
from pathlib import Path

import torch
from safetensors import safe_open

from shared import HOP, RATE, VOICES, Mels, arguments, is_held_out

TEXT = """---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: text-to-speech
tags: [fastspeech2_conformer, hifigan]
---
# Utter's default English voice

A FastSpeech2 Conformer with a HiFi-GAN vocoder, {millions:.2f} M parameters in float16 ({mb:.1f} MB), as transformers'
`FastSpeech2ConformerWithHifiGan` writes it. It speaks CMUdict's phones with their stress, `,` `.` `?` `!` as pauses and
`<sos/eos>` at the end, at 22 050 Hz. Speaker 0, also without a speaker id, is "cathy" and is the voice; speaker 1 is "lj".

```python
import json, torch
from transformers import FastSpeech2ConformerWithHifiGan
voice = FastSpeech2ConformerWithHifiGan.from_pretrained("models/default/voice-en").float().eval()
ids = json.load(open("models/default/voice-en/vocab.json"))
tokens = "HH AH0 L OW1 , W ER1 L D . <sos/eos>".split()
samples = voice(torch.tensor([[ids[t] for t in tokens]]), return_dict=True).waveform[0]
```

`config.json` has one key of our own, `utter`: the sampling rate and hop, which transformers leaves to the caller, the names of the
speakers, and the mean and deviation of the logarithm of their F0. The pitch predictor speaks in units of that
deviation: a caller who adds `n ln 2 / 12 / deviation` to it raises the voice by n semitones.
Mels are HiFi-GAN's: 80 of 0 to 8000 Hz, windows of 1024 samples, hop 256, natural logarithm. Another HiFi-GAN for such
mels can stand in for the vocoder.

## Size and work
| part | parameters | million multiply-adds per second of speech |
| --- | --- | --- |
| acoustic model | {acoustic_millions:.2f} M | {acoustic_work:.0f} |
| vocoder | {vocoder_millions:.2f} M | {vocoder_work:.0f} |

## Is it understood
Word error rates in %, over {count} sentences that nobody had learnt: the voice and Utter's recognizer (`models/default/en`) were trained
on none of the recordings, and no text of them was read by the recognizer's language model or by other speakers in its training.
They are eval_cathy, eval_lj and eval_an4, by native speakers, without the texts of eval_an4 that train_an4 has too, and as many of
eval_speechocean_adult, by speakers of Mandarin, as make up {count}, by a checksum of their names. eval_an4 is names spelled letter by letter,
numbers and dates. The recognizer knows cathy, lj and flite's slt, though not these sentences, from its training, and the kind of eval_an4 from
other speakers; pocketsphinx, 5prealpha with its own en-us model, knows none of them.
"real" is the recording of the sentence, "voice" this voice as `utter speak` says it, flite its voice slt. Greedy is `--beam 1 --lm none`.

{table}

How many points more than on the recordings, with the 95 % interval (bootstrap over sentences):

{above}

{bar}

What is spelled is given to the voice and to flite with commas after the letters ("J, A, N, E, T"), as the speakers of eval_an4 take 0.4 s for each;
as "J.A.N.E.T." voices run letters together.

## How near it is
On the {sentences} held-out sentences of cathy, after time warping: mel-cepstral distortion {mcd_db} dB (13 coefficients), F0 root mean square
error {f0_rmse_hz} Hz or {log_f0_rmse_semitones} semitones, correlation {f0_correlation}; its sentences are {length_ratio} times as long as hers.

Measured with `python models/training/speaking/evaluate.py --work DIR --model models/default/voice-en`.

## How it was trained
By `models/training/speaking/`, from nothing, on two processor cores shared with other jobs, in float32:

- **Durations** from a hidden Markov model of the phones, trained from a flat start on the same recordings (`align.py`), in frames of
  11.6 ms, as the frames of Utter's own recognizer, 80 ms, are too coarse for phones. {agreement}
- **Acoustic model**: {acoustic_how}, on {hours:.2f} h of recordings. Tokens carry the mean F0 and energy of their frames.
- **Vocoder**: {vocoder_how}. It follows the real HiFi-GAN V2: at first stage by stage, then its waveform (samples,
  spectra with and without phase). No discriminator, none of the teacher's weights.

| data | licence |
| --- | --- |
| rhasspy "cathy" (CMU Arctic sentences), without the held-out sentences | CC0 |
| LJ Speech, 300 utterances, without 21 held out | public domain |
| LibriSpeech, some minutes, for the vocoder | CC BY 4.0 |
| HiFi-GAN V2 for LJ Speech, as teacher | MIT |
| CMUdict | unrestricted |

The recordings of the evaluation sets were used for measuring alone.

## What it cannot do
- It was trained for minutes, on 1.5 hours of speech: its vocoder follows the real HiFi-GAN's waveform roughly
  (the held-out lines of `vocoder.py`), and its intonation, by the correlation above, is little like hers.
- It reads what it is given: questions and exclamations are rare in the recordings and hardly differ from statements.
- One language, one manner: read sentences. Words outside CMUdict are as good as the phones that the caller makes of them.
"""


def parameters(folder):
    """Millions: (acoustic model, vocoder)."""
    sums = {"model": 0, "vocoder": 0}
    with safe_open(folder / "model.safetensors", "pt") as f:
        for key in f.keys():
            sums[key.split(".")[0]] += f.get_tensor(key).numel()
    return sums["model"] / 1e6, sums["vocoder"] / 1e6


def acoustic_work(c, tokens=14.0, frames=RATE / HOP, length=300):
    """Million multiply-adds for a second of speech: matrices and convolutions, attention over so many frames."""
    h = c["hidden_size"]

    def layers(n, units, kernel, positions):
        forward = 2 * 2 * h * units * c["positionwise_conv_kernel_size"] * (1 if c["use_macaron_style_in_conformer"] else 0.5)
        return n * (forward + 6 * h * h + 4 * h * positions + 3 * h * h + h * kernel)
    encoder = layers(c["encoder_layers"], c["encoder_linear_units"], c["encoder_kernel_size"], 50)
    decoder = layers(c["decoder_layers"], c["decoder_linear_units"], c["decoder_kernel_size"], length)
    predictors = sum(c[f"{p}_predictor_kernel_size"] * c[f"{p}_predictor_channels"] * (h + (c[f"{p}_predictor_layers"] - 1) * c[f"{p}_predictor_channels"])
                     for p in ("duration", "pitch", "energy"))
    u, m, n = c["speech_decoder_postnet_units"], c["num_mel_bins"], c["speech_decoder_postnet_layers"]
    postnet = h * m + c["speech_decoder_postnet_kernel"] * (m * m if n == 1 else 2 * m * u + (n - 2) * u * u)
    return (tokens * (encoder + predictors) + frames * (decoder + postnet)) / 1e6


def vocoder_work(c):
    channels, rate = c["upsample_initial_channel"], RATE / HOP
    work = rate * c["model_in_dim"] * channels * 7
    for factor, kernel in zip(c["upsample_rates"], c["upsample_kernel_sizes"]):
        work += rate * channels * (channels // 2) * kernel
        channels, rate = channels // 2, rate * factor
        for k, dilations in zip(c["resblock_kernel_sizes"], c["resblock_dilation_sizes"]):
            work += rate * channels * channels * k * 2 * len(dilations)
    return (work + rate * channels * 7) / 1e6


def how(work, name):
    saved = torch.load(work / f"{name}.pt", weights_only=True)
    return f"{saved['steps']} steps in {saved['seconds'] / 60:.0f} minutes"


def cell(value):
    """A rate, or [points, from, to]."""
    return "{:+.1f} ({:+.1f} to {:+.1f})".format(*value) if isinstance(value, list) else str(value)


def table(rows, sizes):
    """In Markdown; sizes: sentences of each set."""
    lines = ["| speech | recognizer | " + " | ".join(f"{name} ({n})" for name, n in sizes.items()) + " |", "|" + " --- |" * (2 + len(sizes))]
    return "\n".join(lines + ["| " + row.replace(", ", " | ") + " | " + " | ".join(cell(r[w]) for w in sizes) + " |" for row, r in rows.items()])


def bar(above):
    parts = [f"{'kept' if above[which][0] <= 5 else 'missed'} on {name} ({above[which][0]:+.1f})"
             for which, name in (("native", "the native speakers' sentences"), ("all", "all"))]
    return "The bar, Utter's error on the voice at most 5 points above that on the real recordings, is " + " and ".join(parts) + "."


def hours(work):
    """Of aligned recordings that are trained on."""
    rows, files = json.loads((work / "aligned.json").read_text()), {name: Mels(work, name).store.files for name in VOICES}
    return sum(sum(r["frames"]) for r in rows if not is_held_out(r["set"], files[r["set"]][r["number"]])) * HOP / RATE / 3600


def agreement(work):
    lines = [line.split("agreement: ")[1] for line in (work / "STATUS.md").read_text().splitlines() if "agreement: " in line]
    return "Beside the word times of that recognizer: " + "; ".join(lines[-2:]) + "." if lines else ""


def main():
    options = arguments(__doc__, model=("", "folder of the voice"))
    folder = Path(options.model) if options.model else options.work / "voice"
    config, results = (json.loads(p.read_text()) for p in (folder / "config.json", options.work / "voice_results.json"))
    a, v = parameters(folder)
    text = TEXT.format(millions=a + v, mb=(folder / "model.safetensors").stat().st_size / 1e6, acoustic_millions=a, vocoder_millions=v,
                       acoustic_work=acoustic_work(config["model_config"]), vocoder_work=vocoder_work(config["vocoder_config"]),
                       count=results["sets"]["all"], table=table(results["intelligibility"], results["sets"]),
                       above=table(results["above_real"], results["sets"]), bar=bar(results["above_real"]["voice, utter"]),
                       agreement=agreement(options.work), acoustic_how=how(options.work, "acoustic"), vocoder_how=how(options.work, "vocoder"),
                       hours=hours(options.work), **results["distances"])
    (folder / "README.md").write_text(text)


if __name__ == "__main__":
    main()
