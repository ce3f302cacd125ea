"""The averaged acoustic model and vocoder as one FastSpeech2ConformerWithHifiGan checkpoint in float16."""
import json
from pathlib import Path

import torch
from transformers import (FastSpeech2ConformerConfig, FastSpeech2ConformerHifiGanConfig, FastSpeech2ConformerWithHifiGan,
                          FastSpeech2ConformerWithHifiGanConfig)

import acoustic
import vocoder
from shared import HOP, IDS, RATE, VOICES, arguments, status

TOKENIZER = {"tokenizer_class": "FastSpeech2ConformerTokenizer", "bos_token": "<sos/eos>", "eos_token": "<sos/eos>",
             "pad_token": "<blank>", "unk_token": "<unk>", "should_strip_spaces": True}


def build():
    return FastSpeech2ConformerWithHifiGan(FastSpeech2ConformerWithHifiGanConfig(
        model_config=FastSpeech2ConformerConfig(**acoustic.CONFIG).to_dict(),
        vocoder_config=FastSpeech2ConformerHifiGanConfig(**vocoder.CONFIG).to_dict())).eval()


def weights(work, name):
    saved = torch.load(work / f"{name}.pt", weights_only=True)
    return saved["average"], f"{saved['steps']} steps in {saved['seconds'] / 60:.0f} min"


def own_keys(work):
    """What transformers' configuration has no name for: rates, and by how much F0 varies, for a caller who shifts it."""
    speakers = [acoustic.Speaker(work, name) for name in VOICES]
    return {"language": "en", "sampling_rate": RATE, "hop_length": HOP, "speakers": [v.removeprefix("voice_") for v in VOICES],
            "log_f0_mean": round(speakers[0].log_f0_mean, 5), "log_f0_deviation": round(speakers[0].log_f0_deviation, 5),
            "speaker_log_f0": [[round(s.log_f0_mean, 5), round(s.log_f0_deviation, 5)] for s in speakers]}


def main():
    options = arguments(__doc__, out=("", "folder to write; WORK/voice if not given"), acoustic=("acoustic", "checkpoint"),
                        vocoder=("vocoder", "checkpoint"))
    out = Path(options.out) if options.out else options.work / "voice"
    out.mkdir(parents=True, exist_ok=True)
    model = build()
    (a, how_a), (v, how_v) = weights(options.work, options.acoustic), weights(options.work, options.vocoder)
    model.model.load_state_dict(a)
    model.vocoder.load_state_dict(v)
    model.half().save_pretrained(out)
    config = json.loads((out / "config.json").read_text())
    config["utter"] = own_keys(options.work)
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (out / "vocab.json").write_text(json.dumps(IDS) + "\n")
    (out / "tokenizer_config.json").write_text(json.dumps(TOKENIZER, indent=2) + "\n")
    (out / "generation_config.json").unlink(missing_ok=True)
    (out / "model.safetensors").chmod(0o644)
    size = sum(f.stat().st_size for f in out.iterdir())
    status(options.work, f"export: acoustic {how_a}, vocoder {how_v}: {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
