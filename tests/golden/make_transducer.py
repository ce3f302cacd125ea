"""Golden values for models/transducer and decoder/search/transducer.h: small seeded random ParakeetForTDT and ParakeetForRNNT
checkpoints, what transformers' forward gives for them, and what its generate() says.

    pip install torch transformers safetensors
    python tests/golden/make_transducer.py tests/golden

transducer/tdt/    durations 0 to 4, two LSTM layers, biases everywhere, subsampling 8
transducer/rnnt/   no durations, one LSTM layer, plain input, subsampling 4, SiLU in the joint network, two tokens a frame

shape.txt   rows, frames, the rows' lengths, time, how many tokens are forced
tokens.txt  the forced tokens of each row
states.f32  [rows, time, hidden]: the projected encoder
scores.f32  [rows, time, forced + 1, vocabulary + durations]: log-probabilities with the forced tokens, zero behind a row's end
greedy.txt  a line per row: token, frame and duration of each token of generate()

Every weight is random, and the blank's bias is chosen so that speech has both tokens and pauses. The features are
make_fastconformer.py's. Seeds with a near tie in a decision of generate() are refused.
"""
import os
import sys

import numpy as np
import torch
from make_fastconformer import features, randomise, write_config
from safetensors.torch import save_file
from transformers import (ParakeetEncoderConfig, ParakeetForRNNT, ParakeetForTDT, ParakeetRNNTConfig,
                          ParakeetTDTConfig)

MARGIN = 2e-3


def build(encoder, seed, blank_bias, **keys):
    kind = ParakeetTDTConfig if "durations" in keys else ParakeetRNNTConfig
    config = kind(encoder_config=ParakeetEncoderConfig(**encoder), pad_token_id=2,
                  blank_token_id=keys["vocab_size"] - 1, **keys)
    model = (ParakeetForTDT if "durations" in keys else ParakeetForRNNT)(config).eval()
    randomise(model, seed)
    model.joint.head.bias.data[config.blank_token_id] += blank_bias
    model.generation_config.decoder_start_token_id = config.blank_token_id
    model.generation_config.pad_token_id = config.pad_token_id
    model.generation_config.eos_token_id = model.generation_config.bos_token_id = None
    return model


def inputs(model, lengths):
    frames, mels = max(lengths), model.config.encoder_config.num_mel_bins
    mask = torch.arange(frames)[None] < torch.tensor(lengths)[:, None]
    x = torch.from_numpy(features(len(lengths), frames, mels)) * mask[:, :, None]
    return dict(input_features=x, attention_mask=mask)


@torch.no_grad()
def enliven(model, lengths):
    """Random weights hear and read the same in everything. So that greedy search has something to say, what the encoder
    gives varies around zero, and what was read weighs as much."""
    heard = model.get_audio_features(**inputs(model, lengths))
    states = heard.pooler_output[heard.attention_mask.bool()]
    factor = 1.5 / states.std(0).mean()
    model.encoder_projector.weight.mul_(factor)
    model.encoder_projector.bias.copy_((model.encoder_projector.bias - states.mean(0)) * factor)
    for part, factor in [(model.joint.head, 2), (model.decoder.decoder_projector, 4), (model.decoder.embedding, 4)]:
        part.weight.mul_(factor)
    # generate() takes the likeliest of tokens and durations together; a softmax of their own does not see what all share
    model.joint.head.bias[model.config.vocab_size:] -= 50
    model.joint.head.bias[model.config.vocab_size:model.config.vocab_size + 1] += 4


def log_probabilities(model, logits):
    v = model.config.vocab_size
    parts = [logits[..., :v]] + ([logits[..., v:]] if logits.shape[-1] > v else [])
    return torch.cat([torch.log_softmax(p.float(), -1) for p in parts], -1)


@torch.no_grad()
def forced(model, lengths, count, seed):
    g = torch.Generator().manual_seed(seed)
    blank = model.config.blank_token_id
    tokens = torch.randint(0, blank, (len(lengths), count), generator=g)
    heard = model.get_audio_features(**inputs(model, lengths))
    read = model.decoder(torch.cat([torch.full((len(lengths), 1), blank), tokens], 1))
    out = model.joint(read[:, None, :, :], heard.pooler_output[:, :, None, :])
    valid = heard.attention_mask[:, :, None, None]
    return tokens, heard.pooler_output.numpy(), (log_probabilities(model, out) * valid).numpy()


def check_margin(model, lengths):
    """Greedy with the reference's own parts, to see how near a decision is to a tie."""
    heard, worst = model.get_audio_features(**inputs(model, lengths)), 1e9
    v, blank = model.config.vocab_size, model.config.blank_token_id
    for row, count in enumerate(heard.attention_mask.sum(-1).tolist()):
        ids, t, at_frame = [blank], 0, 0
        while t < count:
            logits = model.joint(model.decoder(torch.tensor([ids]))[:, -1], heard.pooler_output[row, t][None])[0]
            for part in [logits[:v]] + ([logits[v:]] if len(logits) > v else []):
                top = torch.topk(part, 2).values
                worst = min(worst, (top[0] - top[1]).item())
            token = logits[:v].argmax().item()
            step = logits[v:].argmax().item() if len(logits) > v else int(token == blank)
            step = max(step, 1) if token == blank else step
            ids += [token] * (token != blank)
            at_frame = 0 if step else at_frame + 1
            if at_frame == model.config.max_symbols_per_step:
                assert len(logits) == v, "transformers has no limit with durations; ours has"
                step, at_frame = 1, 0
            t += step
    assert worst > MARGIN, worst


@torch.no_grad()
def greedy(model, lengths):
    check_margin(model, lengths)
    out = model.generate(**inputs(model, lengths))
    valid = model._get_subsampling_output_length(torch.tensor(lengths))
    rows = []
    for ids, steps, count in zip(out.sequences.tolist(), out.durations.tolist(), valid.tolist()):
        at, row = 0, []
        for token, step in list(zip(ids, steps))[1:]:
            if at >= count:
                break
            if token != model.config.blank_token_id:
                row.append((token, at, step))
            at += step
        rows.append(row)
    return rows


def write(folder, model, lengths, count, seed, search=True):
    os.makedirs(folder, exist_ok=True)
    if search:
        enliven(model, lengths)
    write_config(folder, model)
    save_file(model.state_dict(), os.path.join(folder, "model.safetensors"), {"format": "pt"})
    tokens, states, scores = forced(model, lengths, count, seed)
    states.astype("<f4").tofile(os.path.join(folder, "states.f32"))
    scores.astype("<f4").tofile(os.path.join(folder, "scores.f32"))
    with open(os.path.join(folder, "shape.txt"), "w") as f:
        print(len(lengths), max(lengths), *lengths, states.shape[1], count, file=f)
    with open(os.path.join(folder, "tokens.txt"), "w") as f:
        for row in tokens.tolist():
            print(*row, file=f)
    if not search:
        return
    rows = greedy(model, lengths)
    with open(os.path.join(folder, "greedy.txt"), "w") as f:
        for row in rows:
            print(*(f"{t} {at} {step}" for t, at, step in row), file=f)
    print(folder, sum(p.numel() for p in model.parameters()), [len(row) for row in rows],
          "on frames", [len({at for _, at, _ in row}) for row in rows], "of", states.shape[1])


def main(out):
    tdt = build(dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
                     subsampling_conv_channels=8, num_mel_bins=16), 5, 2.0, vocab_size=25, decoder_hidden_size=24,
                num_decoder_layers=2, durations=[0, 1, 2, 3, 4])
    write(os.path.join(out, "transducer/tdt"), tdt, [161, 248, 97], 4, 1)
    rnnt = build(dict(hidden_size=20, num_hidden_layers=2, num_attention_heads=2, intermediate_size=28,
                      subsampling_conv_channels=6, conv_kernel_size=5, num_mel_bins=16, subsampling_factor=4,
                      attention_bias=False, convolution_bias=False, scale_input=False), 3, 2.0, vocab_size=19,
                 decoder_hidden_size=16, num_decoder_layers=1, hidden_act="silu", max_symbols_per_step=2)
    write(os.path.join(out, "transducer/rnnt"), rnnt, [70, 7, 93, 1], 3, 2)


if __name__ == "__main__":
    main(sys.argv[1])
