"""Rows for the table of gpu.sh: the same shapes in transformers, random weights in bf16, on the same card.

A Whisper's 64 windows of 30 s are encoded and decoded greedily to 100 tokens; Parakeet's rows of 30 s go through the
encoder and the head. Features are made before the clock starts, which is a gift to the peer."""
import statistics
import time

import torch
from transformers import ParakeetCTCConfig, ParakeetEncoderConfig, ParakeetForCTC, WhisperConfig, WhisperForConditionalGeneration

TOKENS, REPEATS, SECONDS = 100, 3, 30
WHISPER = {
    "whisper-large-v3-turbo": dict(d_model=1280, encoder_layers=32, decoder_layers=4, encoder_attention_heads=20, decoder_attention_heads=20,
                                   encoder_ffn_dim=5120, decoder_ffn_dim=5120, vocab_size=51866, num_mel_bins=128),
    "whisper-large-v3": dict(d_model=1280, encoder_layers=32, decoder_layers=32, encoder_attention_heads=20, decoder_attention_heads=20,
                             encoder_ffn_dim=5120, decoder_ffn_dim=5120, vocab_size=51866, num_mel_bins=128),
}


def median_seconds(run):
    run()
    times = []
    for _ in range(REPEATS):
        torch.cuda.synchronize()
        began = time.perf_counter()
        run()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def whisper(name, shape, batch):
    config = WhisperConfig(**shape, max_target_positions=448, decoder_start_token_id=50258, eos_token_id=50257, pad_token_id=50257)
    with torch.device("cuda"):
        model = WhisperForConditionalGeneration(config).to(torch.bfloat16).eval()
    features = torch.randn(batch, shape["num_mel_bins"], 3000, device="cuda", dtype=torch.bfloat16)
    start = torch.full((batch, 1), 50258, device="cuda")

    def encode():
        model.model.encoder(features)

    def generate():
        super(WhisperForConditionalGeneration, model).generate(
            input_features=features, decoder_input_ids=start, min_new_tokens=TOKENS, max_new_tokens=TOKENS, do_sample=False)

    with torch.inference_mode():
        return median_seconds(encode), median_seconds(generate)


def parakeet(batch):
    encoder = ParakeetEncoderConfig(hidden_size=1024, num_hidden_layers=24, num_attention_heads=8, intermediate_size=4096,
                                    subsampling_conv_channels=256, conv_kernel_size=9, num_mel_bins=80, scale_input=True)
    with torch.device("cuda"):
        model = ParakeetForCTC(ParakeetCTCConfig(encoder_config=encoder, vocab_size=1025, pad_token_id=1024)).to(torch.bfloat16).eval()
    features = torch.randn(batch, SECONDS * 100, 80, device="cuda", dtype=torch.bfloat16)
    with torch.inference_mode():
        return median_seconds(lambda: model(features))


print("\n| transformers, bf16 | batch | real time | encoder or model |\n| --- | --- | --- | --- |")
for batch in (32, 64):
    for name, shape in WHISPER.items():
        try:
            encoded, whole = whisper(name, shape, batch)
            print(f"| {name} | {batch} × 30 s | {batch * 30 / whole:.0f}× | {1e3 * encoded:.0f} ms |", flush=True)
        except Exception as error:
            print(f"| {name} | {batch} | {type(error).__name__}: {str(error)[:80]} | |", flush=True)
        torch.cuda.empty_cache()
    try:
        seconds = parakeet(batch)
        print(f"| Parakeet 0.6B | {batch} × {SECONDS} s | {batch * SECONDS / seconds:.0f}× | {1e3 * seconds:.0f} ms |", flush=True)
    except Exception as error:
        print(f"| Parakeet 0.6B | {batch} | {type(error).__name__}: {str(error)[:80]} | |", flush=True)
