"""Golden values for models/fastspeech: three small seeded random checkpoints of FastSpeech2ConformerModel and the
durations and spectrograms that transformers gives for them.

    pip install torch transformers safetensors
    python tests/golden/make_fastspeech.py tests/golden/fastspeech

voice/   as transformers defaults: norms behind the parts, macaron; speakers and languages; under "model.", beside a
         vocoder, as FastSpeech2ConformerWithHifiGan writes them
before/  norms in front of the parts, no macaron, concat_after in the encoder, kernel 1 in the feed-forward parts, wide
         pitch and energy embeddings, no bias in the convolutions, a speaking speed; flat
brought/ norms in front of the encoder's parts and behind the decoder's, concat_after in the decoder, one postnet layer,
         a speaker embedding that the caller brings; flat

Every weight is random, norms and running statistics too, so that no term is hidden behind a 0 or a 1. Each row is
computed alone: transformers masks neither its convolutions nor, at inference, its decoder, so that in a batch a row's
padding would reach it. cases.json has the tokens, speakers, languages, embeddings and, from transformers, durations;
mel.f32 the rows' spectrograms [frames, mels] one behind the other.
"""
import json
import os
import sys

import torch
from safetensors.torch import save_file
from transformers import (FastSpeech2ConformerConfig, FastSpeech2ConformerHifiGanConfig, FastSpeech2ConformerModel,
                          FastSpeech2ConformerWithHifiGan, FastSpeech2ConformerWithHifiGanConfig)

SMALL = dict(hidden_size=24, vocab_size=13, num_mel_bins=12, encoder_num_attention_heads=2, encoder_layers=2,
             decoder_num_attention_heads=2, decoder_layers=2, encoder_linear_units=20, decoder_linear_units=28,
             encoder_kernel_size=5, decoder_kernel_size=9, duration_predictor_channels=10, pitch_predictor_layers=3,
             pitch_predictor_channels=9, energy_predictor_channels=8, speech_decoder_postnet_layers=3,
             speech_decoder_postnet_units=14)
VARIANTS = {
    "voice": dict(SMALL, num_speakers=3, num_languages=2),
    "before": dict(SMALL, hidden_size=30, encoder_num_attention_heads=3, decoder_num_attention_heads=5,
                   encoder_normalize_before=True, decoder_normalize_before=True, encoder_concat_after=True,
                   use_macaron_style_in_conformer=False, positionwise_conv_kernel_size=1, pitch_embed_kernel_size=5,
                   energy_embed_kernel_size=3, convolution_bias=False, speaking_speed=1.3),
    "brought": dict(SMALL, encoder_normalize_before=True, decoder_concat_after=True, speaker_embed_dim=5,
                    speech_decoder_postnet_layers=1),
}
ROWS = [[3, 1, 12, 5, 5, 9, 2, 11, 4, 7, 1], [8], [6, 10, 3, 2, 0, 12, 7]]
TIE = 0.02  # the least distance of a duration from where it is rounded the other way


@torch.no_grad()
def randomise(model, seed):
    g = torch.Generator().manual_seed(seed)
    normal = lambda t, mean, deviation: t.copy_(torch.randn(t.shape, generator=g) * deviation + mean)
    for name, t in sorted(model.state_dict().items()):
        if name.endswith("num_batches_tracked"):
            continue
        if name.endswith("running_var"):
            t.copy_(torch.rand(t.shape, generator=g) * 1.5 + 0.5)
        elif "norm" in name and name.endswith(".weight"):
            normal(t, 1, 0.2)
        elif name.endswith("duration_predictor.linear.bias"):
            t.fill_(1.3)
        elif name.endswith("duration_predictor.linear.weight"):
            normal(t, 0, 0.5 * t[0].numel() ** -0.5)
        elif t.dim() < 2 or name.endswith(("pos_bias_u", "pos_bias_v")):
            normal(t, 0, 0.3)
        else:
            normal(t, 0, t[0].numel() ** -0.5)


def inputs(config, row):
    g = torch.Generator().manual_seed(row)
    given = {"input_ids": torch.tensor([ROWS[row]])}
    if config.num_speakers:
        given["speaker_ids"] = torch.tensor([row % config.num_speakers])
    if config.num_languages:
        given["lang_ids"] = torch.tensor([(row + 1) % config.num_languages])
    if config.speaker_embed_dim:
        given["speaker_embedding"] = torch.randn(1, config.speaker_embed_dim, generator=g) * 2
    return given


@torch.no_grad()
def run(model, row, **given):
    """One row's case and spectrogram; how near a duration comes to a tie."""
    given = given or inputs(model.config, row)
    logarithms = []
    watch = model.duration_predictor.linear.register_forward_hook(lambda m, i, o: logarithms.append(o))
    out = model(**given)
    watch.remove()
    linear = logarithms[0].exp().flatten() - 1
    distance = ((linear - 0.5) - torch.round(linear - 0.5)).abs().min().item()
    durations = out.duration_outputs[0].tolist()
    case = {"tokens": given["input_ids"][0].tolist(), "durations": durations, "frames": out.spectrogram.shape[1]}
    case.update({k: given[k][0].tolist() for k in ("speaker_ids", "lang_ids", "speaker_embedding") if k in given})
    return case, out.spectrogram[0], distance


def build(name, seed):
    config = FastSpeech2ConformerConfig(**VARIANTS[name])
    if name != "voice":
        model = FastSpeech2ConformerModel(config).eval()
        randomise(model, seed)
        return model, model
    vocoder = FastSpeech2ConformerHifiGanConfig(model_in_dim=12, upsample_initial_channel=4, upsample_rates=[2],
                                                upsample_kernel_sizes=[4], resblock_kernel_sizes=[3],
                                                resblock_dilation_sizes=[[1]])
    whole = FastSpeech2ConformerWithHifiGan(
        FastSpeech2ConformerWithHifiGanConfig(model_config=config.to_dict(), vocoder_config=vocoder.to_dict())).eval()
    randomise(whole, seed)
    return whole, whole.model


def write(folder, whole, cases, mels):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump(whole.config.to_dict(), f, indent=1, sort_keys=True)
        f.write("\n")
    save_file(whole.state_dict(), os.path.join(folder, "model.safetensors"), {"format": "pt"})
    with open(os.path.join(folder, "cases.json"), "w") as f:
        json.dump(cases, f)
        f.write("\n")
    torch.cat(mels).numpy().astype("<f4").tofile(os.path.join(folder, "mel.f32"))


def main(out):
    for name in VARIANTS:
        for seed in range(1, 1000):
            whole, model = build(name, seed)
            cases, mels, distances = zip(*[run(model, row) for row in range(len(ROWS))])
            frames = sum(c["frames"] for c in cases)
            if min(distances) > TIE and 30 < frames < 90 and any(0 in c["durations"] for c in cases):
                break
        write(os.path.join(out, name), whole, cases, mels)
        print(name, "seed", seed, "frames", [c["frames"] for c in cases], "tie", min(distances))


if __name__ == "__main__":
    main(sys.argv[1])
