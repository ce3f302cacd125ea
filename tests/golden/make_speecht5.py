"""Golden values for models/speecht5: two small seeded random checkpoints of SpeechT5ForTextToSpeech and the spectrograms
that transformers gives for them.

    pip install torch transformers safetensors
    python tests/golden/make_speecht5.py tests/golden/speecht5

plain/ as published but for sizes: two frames a step, two prenet layers, dropout 0.5
other/ three frames a step, one prenet layer, another dropout, one postnet layer, distances that end early

Every weight is random, norms and running statistics too. The prenet's dropout, which transformers draws from torch's
generator, is here drawn as models/speecht5/dropout.c draws it. Each row is computed alone. cases.json has the tokens,
speakers, seeds, the ending asked for and the frames; mel.f32 the rows' spectrograms [frames, mels] one behind the other.
"""
import json
import os
import sys

import torch
from safetensors.torch import save_file
from transformers import SpeechT5Config, SpeechT5ForTextToSpeech

SMALL = dict(hidden_size=24, vocab_size=17, num_mel_bins=10, encoder_layers=2, encoder_attention_heads=2, decoder_layers=2,
             decoder_attention_heads=3, encoder_ffn_dim=20, decoder_ffn_dim=28, speech_decoder_prenet_units=12,
             speaker_embedding_dim=7, speech_decoder_postnet_layers=3, speech_decoder_postnet_units=9,
             encoder_max_relative_position=40, max_text_positions=30, max_speech_positions=60)
VARIANTS = {
    "plain": SMALL,
    "other": dict(SMALL, encoder_attention_heads=4, decoder_attention_heads=2, reduction_factor=3,
                  speech_decoder_prenet_layers=1, speech_decoder_prenet_dropout=0.3, speech_decoder_postnet_layers=1,
                  encoder_max_relative_position=3),
}
ROWS = [[4, 9, 16, 5, 5, 11, 7, 13, 6, 2], [8, 2], [12, 15, 3, 0, 10, 2]]
ENDING = {"threshold": 0.55, "minimum_ratio": 0.8, "maximum_ratio": 3.5}
TIE = 0.01  # the least distance of a sum of probabilities from the threshold
MASK = (1 << 64) - 1


def scramble(z):
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
    return z ^ z >> 31


def dropout(seed, step, layer, layers, p, count):
    first = (step * layers + layer) * count
    draw = lambda i: (scramble((seed + (first + i + 1) * 0x9E3779B97F4A7C15) & MASK) >> 40) / (1 << 24)
    return torch.tensor([1 / (1 - p) if draw(i) < torch.tensor(p).item() else 0 for i in range(count)])


class Noise:
    """In place of SpeechT5SpeechDecoderPrenet._consistent_dropout; only the last step of what it gets is used."""

    def __init__(self, seed, layers):
        self.seed, self.layers, self.calls = seed, layers, 0

    def __call__(self, x, p):
        step, layer = divmod(self.calls, self.layers)
        self.calls += 1
        assert step == x.shape[1] - 1
        x = x.clone()
        x[:, -1] *= dropout(self.seed, step, layer, self.layers, p, x.shape[2])
        return x


@torch.no_grad()
def randomise(model, seed):
    g = torch.Generator().manual_seed(seed)
    normal = lambda t, mean, deviation: t.copy_(torch.randn(t.shape, generator=g) * deviation + mean)
    for name, t in sorted(model.state_dict().items()):
        if name.endswith("num_batches_tracked"):
            continue
        if name.endswith("running_var"):
            t.copy_(torch.rand(t.shape, generator=g) * 1.5 + 0.5)
        elif name.endswith("alpha") or ("norm" in name and name.endswith(".weight")):
            normal(t, 1, 0.2)
        elif name.endswith("prob_out.bias"):
            t.fill_(-2.5)
        elif t.dim() < 2:
            normal(t, 0, 0.3)
        else:
            normal(t, 0, t[0].numel() ** -0.5)


@torch.no_grad()
def run(model, row):
    seed = 1000 + 77 * row
    prenet = model.speecht5.decoder.prenet
    prenet._consistent_dropout = Noise(seed, model.config.speech_decoder_prenet_layers)
    speaker = torch.randn(1, model.config.speaker_embedding_dim, generator=torch.Generator().manual_seed(row)) * 3
    sums = []
    watch = model.speech_decoder_postnet.prob_out.register_forward_hook(
        lambda m, i, o: sums.append(torch.sigmoid(o).sum().item()))
    mel = model.generate_speech(torch.tensor([ROWS[row]]), speaker, threshold=ENDING["threshold"],
                                minlenratio=ENDING["minimum_ratio"], maxlenratio=ENDING["maximum_ratio"])
    watch.remove()
    case = {"tokens": ROWS[row], "speaker": speaker[0].tolist(), "seed": seed, "frames": mel.shape[0]}
    most = int(len(ROWS[row]) * ENDING["maximum_ratio"] / model.config.reduction_factor)
    return case, mel, min(abs(s - ENDING["threshold"]) for s in sums), len(sums) < most


def main(out):
    for name, options in VARIANTS.items():
        for seed in range(1, 500):
            model = SpeechT5ForTextToSpeech(SpeechT5Config(**options)).eval()
            randomise(model, seed)
            cases, mels, distances, early = zip(*[run(model, row) for row in range(len(ROWS))])
            if min(distances) > TIE and early[0] and not all(early):
                break
        folder = os.path.join(out, name)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "config.json"), "w") as f:
            json.dump(model.config.to_dict(), f, indent=1, sort_keys=True)
            f.write("\n")
        save_file(model.state_dict(), os.path.join(folder, "model.safetensors"), {"format": "pt"})
        with open(os.path.join(folder, "cases.json"), "w") as f:
            json.dump({"ending": ENDING, "rows": cases}, f)
            f.write("\n")
        torch.cat(mels).numpy().astype("<f4").tofile(os.path.join(folder, "mel.f32"))
        print(name, "seed", seed, "frames", [c["frames"] for c in cases], "early", early, "tie", min(distances))


if __name__ == "__main__":
    main(sys.argv[1])
