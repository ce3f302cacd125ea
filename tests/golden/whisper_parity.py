"""Utter's Whisper against openai-whisper and transformers, on seeded random weights; run by hand.

    python tests/golden/whisper_parity.py tokens build/tests/bench_whisper ../shared/models/whisper-vocab
    python tests/golden/whisper_parity.py logits build/tests/bench_whisper ../shared/models/whisper-vocab

tokens: a small model for each of 20 seeds, decoded at temperature 0 in several ways by both; every token must be the
same. logits: tiny, base and large-v3-turbo in shape, the largest difference of any logit from transformers' and the
smallest cosine, in each precision. Needs torch, transformers and openai-whisper."""
import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch
import whisper
from whisper.decoding import DecodingOptions
from whisper.model import ModelDimensions, Whisper

WAYS = [{}, {"beam": 5}, {"beam": 5, "patience": 2}, {"beam": 3, "length_penalty": 0.6}, {"timestamps": 0},
        {"beam": 5, "timestamps": 0, "translate": 1}, {"prompt": [11, 500, 2000, 50, 50, 17]},
        {"beam": 5, "prompt": [700 + i % 90 for i in range(300)]}]
SHAPES = {"tiny": (384, 6, 4, 4, 80, 51865), "base": (512, 8, 6, 6, 80, 51865),
          "large-v3-turbo": (1280, 20, 32, 4, 128, 51866)}


def dims(width, heads, encoder, decoder, mels, vocabulary, positions=1500):
    return ModelDimensions(n_mels=mels, n_audio_ctx=positions, n_audio_state=width, n_audio_head=heads,
                           n_audio_layer=encoder, n_vocab=vocabulary, n_text_ctx=448, n_text_state=width,
                           n_text_head=heads, n_text_layer=decoder)


def random_model(seed, shape, spread):
    torch.manual_seed(seed)
    model = Whisper(shape).eval()
    for name, p in model.named_parameters():
        if p.dim() > 1:
            p.data = torch.randn_like(p) / p[0].numel() ** 0.5 * (spread if "token_embedding" in name else 1)
        elif name.endswith("bias"):
            p.data = torch.randn_like(p) * 0.1
    return model


def save(model, path):
    torch.save({"dims": model.dims.__dict__, "model_state_dict": model.state_dict()}, path)


def run(program, model, vocabulary, features, precision, *more):
    command = [program, model, vocabulary, features, precision, *more]
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout


def reference(model, mel, way):
    options = DecodingOptions(
        task="translate" if way.get("translate") else "transcribe", language="en", temperature=0.0, fp16=False,
        beam_size=way.get("beam"), patience=way.get("patience"), length_penalty=way.get("length_penalty"),
        without_timestamps=way.get("timestamps", 1) == 0, prompt=way.get("prompt"), sample_len=60)
    return whisper.decode(model, mel, options)


def words(way):
    return [f"{k}=" + (",".join(map(str, v)) if isinstance(v, list) else str(v)) for k, v in way.items()] + ["maximum=60"]


def compare_tokens(program, vocabularies, folder):
    same = total = 0
    for seed in range(20):
        english = seed % 4 == 3
        model = random_model(seed, dims(64, 2, 2, 2, 80, 51864 if english else 51865), 3)
        mel = torch.randn(80, 3000)
        save(model, folder / "m.pt")
        mel.T.contiguous().numpy().astype("<f4").tofile(folder / "f.bin")
        tiktoken = vocabularies / ("gpt2.tiktoken" if english else "multilingual.tiktoken")
        for way in WAYS:
            if english and way.get("translate"):
                continue
            wanted = reference(model, mel, way)
            got = run(program, folder / "m.pt", tiktoken, folder / "f.bin", "f32", *words(way)).split()
            total += 1
            if [int(t) for t in got[3:]] == list(wanted.tokens):
                same += 1
            else:
                print("seed", seed, way, "\n  got   ", got[:30], "\n  wanted", wanted.avg_logprob, wanted.tokens[:27])
            assert abs(float(got[1]) - wanted.no_speech_prob) <= 1e-4 * max(wanted.no_speech_prob, 1e-30), (got[1], wanted.no_speech_prob)
    print(f"{same} of {total} decodings have the same tokens")
    return same == total


def hugging_face(model):
    from transformers import WhisperConfig, WhisperForConditionalGeneration
    d = model.dims
    config = WhisperConfig(vocab_size=d.n_vocab, num_mel_bins=d.n_mels, d_model=d.n_text_state,
                           encoder_layers=d.n_audio_layer, decoder_layers=d.n_text_layer,
                           encoder_attention_heads=d.n_audio_head, decoder_attention_heads=d.n_text_head,
                           encoder_ffn_dim=4 * d.n_audio_state, decoder_ffn_dim=4 * d.n_text_state)
    names = [("blocks", "layers"), ("mlp.0", "fc1"), ("mlp.2", "fc2"), ("mlp_ln", "final_layer_norm"),
             (".attn.query", ".self_attn.q_proj"), (".attn.key", ".self_attn.k_proj"),
             (".attn.value", ".self_attn.v_proj"), (".attn.out", ".self_attn.out_proj"),
             (".attn_ln", ".self_attn_layer_norm"), (".cross_attn.query", ".encoder_attn.q_proj"),
             (".cross_attn.key", ".encoder_attn.k_proj"), (".cross_attn.value", ".encoder_attn.v_proj"),
             (".cross_attn.out", ".encoder_attn.out_proj"), (".cross_attn_ln", ".encoder_attn_layer_norm"),
             ("encoder.ln_post", "encoder.layer_norm"), ("decoder.ln.", "decoder.layer_norm."),
             ("decoder.token_embedding", "decoder.embed_tokens"), ("encoder.positional_embedding", "encoder.embed_positions.weight"),
             ("decoder.positional_embedding", "decoder.embed_positions.weight")]
    state = {}
    for name, value in model.state_dict().items():
        for old, new in names:
            name = name.replace(old, new)
        state["model." + name] = value
    state["proj_out.weight"] = state["model.decoder.embed_tokens.weight"]
    other = WhisperForConditionalGeneration(config).eval()
    other.load_state_dict(state)
    return other


def compare_logits(program, vocabularies, folder):
    for name, shape in SHAPES.items():
        model = random_model(3, dims(*shape), 1)
        mel = torch.randn(shape[4], 3000)
        tokens = torch.randint(0, 50000, (16,))
        save(model, folder / "m.pt")
        mel.T.contiguous().numpy().astype("<f4").tofile(folder / "f.bin")
        tokens.numpy().astype("<i4").tofile(folder / "t.bin")
        other = hugging_face(model)
        del model
        with torch.no_grad():
            wanted = other(input_features=mel[None], decoder_input_ids=tokens[None]).logits[0].double().numpy()
        del other
        for precision in ("f32", "bf16", "int8"):
            run(program, folder / "m.pt", vocabularies / "multilingual.tiktoken", folder / "f.bin", precision,
                f"tokens={folder / 't.bin'}")
            got = numpy.fromfile(folder / "t.bin.logits", "<f4").reshape(wanted.shape).astype(float)
            cosine = (got * wanted).sum(1) / numpy.linalg.norm(got, axis=1) / numpy.linalg.norm(wanted, axis=1)
            print(f"{name} {precision}: largest difference {abs(got - wanted).max():.2e} of logits up to "
                  f"{abs(wanted).max():.2f}, smallest cosine {cosine.min():.7f}", flush=True)
    return True


def main():
    what, program, vocabularies = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        compare = compare_tokens if what == "tokens" else compare_logits
        sys.exit(0 if compare(program, vocabularies, pathlib.Path(folder)) else 1)


main()
