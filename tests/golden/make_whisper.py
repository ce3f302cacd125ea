"""A small Whisper of seeded random weights as transformers stores it, and what transformers makes of it.

    python tests/golden/make_whisper.py tests/golden/whisper/small

Writes config.json, model.safetensors and expected.bin: little-endian floats, features [2, frames, mels], encoder output
[2, positions, d], logits [2, tokens, vocabulary] of the tokens below, cross-attention of the upper layer
[2, heads, tokens, positions]. Needs torch and transformers."""
import json
import pathlib
import sys

import numpy
import torch
from transformers import WhisperConfig, WhisperForConditionalGeneration

TOKENS = [[90, 4, 17, 80, 33, 2, 61, 5], [90, 7, 7, 12, 50, 88, 1, 0]]


def main(out):
    torch.manual_seed(11)
    config = WhisperConfig(
        vocab_size=97, num_mel_bins=12, d_model=24, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
        decoder_attention_heads=3, encoder_ffn_dim=40, decoder_ffn_dim=36, max_source_positions=19,
        max_target_positions=16, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=90,
        suppress_tokens=[], begin_suppress_tokens=[], attn_implementation="eager")
    model = WhisperForConditionalGeneration(config).eval()
    for name, parameter in model.named_parameters():
        if "embed_positions" not in name or "decoder" in name:
            parameter.data = torch.randn_like(parameter) * (0.3 if parameter.dim() > 1 else 0.5)
        if "layer_norm" in name and name.endswith("weight"):
            parameter.data += 1
        parameter.data = parameter.data.half().float()  # stored as halves, to be small
    features = torch.randn(2, config.num_mel_bins, 2 * config.max_source_positions)
    with torch.no_grad():
        result = model(input_features=features, decoder_input_ids=torch.tensor(TOKENS), output_attentions=True)
    out.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(out)
    (out / "generation_config.json").unlink(missing_ok=True)
    parts = [features.transpose(1, 2), result.encoder_last_hidden_state, result.logits, result.cross_attentions[1]]
    numpy.concatenate([p.contiguous().numpy().ravel() for p in parts]).astype("<f4").tofile(out / "expected.bin")
    text = json.loads((out / "config.json").read_text())
    (out / "config.json").write_text(json.dumps(text, indent=1, sort_keys=True) + "\n")


main(pathlib.Path(sys.argv[1]))
