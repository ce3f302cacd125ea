"""Utter's Whisper beside its peers: random weights of a published shape, the same number of tokens, two threads.

    python tests/perf/peers_whisper.py build/utter SHAPE [TOKENS]          SHAPE: tiny.en, base.en, small.en

Each setting runs in a process of its own, one after another, and prints: the encoder on one window of 30 s, one decoder
step greedy and with a beam of 5 (search included), ten minutes of noise with beam 5 as 20 windows of TOKENS tokens (100),
and the peak memory of that. Medians of three; the ten minutes once. Needs openai-whisper, faster-whisper, transformers
and pywhispercpp; UTTER_CPU_LEVEL=avx2, ONEDNN_MAX_CPU_ISA=AVX2, CT2_FORCE_CPU_ISA=AVX2 and MKL_ENABLE_INSTRUCTIONS=AVX2
hold all but whisper.cpp down to AVX2."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import wave

SHAPES = {"tiny.en": (384, 6, 4), "base.en": (512, 8, 6), "small.en": (768, 12, 12)}
VOCABULARY, EOT, WINDOWS = 51864, 50256, 20


def median(call, repeats=3):
    call()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def peak_mb():
    """Of this program alone: the peak that getrusage gives is inherited from whoever started it."""
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024)


def report(name, encode, step, step5, minutes):
    print(json.dumps({"setting": name, "encode_ms": round(1e3 * encode, 1), "step_ms": round(1e3 * step, 2),
                      "step_beam5_ms": round(1e3 * step5, 2), "ten_minutes_s": round(minutes, 2),
                      "peak_mb": peak_mb()}), flush=True)


# ---- weights ----

def make(folder, shape):
    import torch
    from whisper.model import ModelDimensions, Whisper
    width, heads, layers = SHAPES[shape]
    torch.manual_seed(1)
    dims = ModelDimensions(80, 1500, width, heads, layers, VOCABULARY, 448, width, heads, layers)
    model = Whisper(dims)
    for p in model.parameters():
        if p.dim() > 1:
            p.data = torch.randn_like(p) / p[0].numel() ** 0.5
    torch.save({"dims": dims.__dict__, "model_state_dict": {k: v.half() for k, v in model.state_dict().items()}},
               folder / "model.pt")
    make_face(folder, shape)
    make_ggml(folder, model)


def make_face(folder, shape):
    from transformers import WhisperConfig, WhisperForConditionalGeneration
    width, heads, layers = SHAPES[shape]
    config = WhisperConfig(vocab_size=VOCABULARY, d_model=width, encoder_layers=layers, decoder_layers=layers,
                           encoder_attention_heads=heads, decoder_attention_heads=heads, encoder_ffn_dim=4 * width,
                           decoder_ffn_dim=4 * width)
    WhisperForConditionalGeneration(config).save_pretrained(folder / "face")
    from tokenizers import Tokenizer, models
    from whisper.tokenizer import LANGUAGES
    special = ["endoftext", "startoftranscript", *list(LANGUAGES)[:99], "translate", "transcribe", "startoflm",
               "startofprev", "nospeech", "notimestamps", *(f"{i * 0.02:.2f}" for i in range(1501))]
    names = [f"w{i}" for i in range(EOT)] + [f"<|{name}|>" for name in special]
    Tokenizer(models.WordLevel({name: i for i, name in enumerate(names[:VOCABULARY])}, unk_token="w0")).save(
        str(folder / "face" / "tokenizer.json"))


def make_ggml(folder, model):
    import numpy
    import struct
    d = model.dims
    out = [struct.pack("<I11i", 0x67676D6C, d.n_vocab, d.n_audio_ctx, d.n_audio_state, d.n_audio_head, d.n_audio_layer,
                       d.n_text_ctx, d.n_text_state, d.n_text_head, d.n_text_layer, d.n_mels, 1)]
    import whisper.audio
    filters = whisper.audio.mel_filters("cpu", 80).numpy().astype("<f4")
    out.append(struct.pack("<ii", *filters.shape) + filters.tobytes())
    words = [b"w%d" % i for i in range(EOT)]
    out.append(struct.pack("<i", len(words)) + b"".join(struct.pack("<I", len(w)) + w for w in words))
    for name, p in model.state_dict().items():
        a = p.numpy()
        if name in ("encoder.conv1.bias", "encoder.conv2.bias"):
            a = a.reshape(-1, 1)
        half = a.ndim > 1 and not name.endswith(("bias", "positional_embedding"))
        a = a.astype("<f2" if half else "<f4")
        out.append(struct.pack("<iii", a.ndim, len(name), 1 if half else 0) +
                   struct.pack(f"<{a.ndim}i", *reversed(a.shape)) + name.encode() + a.tobytes())
    (folder / "model.bin").write_bytes(b"".join(out))


def make_sound(folder):
    import numpy
    samples = numpy.random.default_rng(1).normal(0, 1000, 16000 * 30 * WINDOWS).astype("<i2")
    with wave.open(str(folder / "ten.wav"), "wb") as out:
        out.setparams((1, 2, 16000, 0, "NONE", ""))
        out.writeframes(samples.tobytes())


# ---- settings ----

def run_utter(folder, utter, shape, precision, tokens):
    def call(*more):
        return json.loads(subprocess.run([utter, "bench", "--precision", precision, "--threads", "2", "--format", "json",
                                          *more], check=True, capture_output=True, text=True).stdout)
    rows = ("--shape", "whisper-" + shape, "--batch", "1", "--repeats", "3", "--tokens", str(tokens))
    one, five = call(*rows), call(*rows, "--beam", "5")
    file = call("--model", str(folder / "model.bin"), "--file", str(folder / "ten.wav"), "--beam", "5", "--repeats", "1",
                "--once", "--sequential", "--forget", "--force-tokens", str(tokens))
    print(json.dumps({"setting": "utter " + precision, "encode_ms": round(1e3 * one["model_seconds"], 1),
                      "step_ms": round(one["step_ms"], 2), "step_beam5_ms": round(five["step_ms"], 2),
                      "ten_minutes_s": round(file["total_seconds"], 2), "peak_mb": round(file["peak_rss_mb"] / 1.048576),
                      "step_over_floor": round(one["step_over_floor"], 2),
                      "memory_gb_s": round(one["memory_gb_per_second"], 1)}), flush=True)


def run_faster(folder, kind, tokens):
    import ctranslate2
    import numpy
    directory = str(folder / ("ct2-" + kind))
    ctranslate2.converters.TransformersConverter(str(folder / "face")).convert(directory, quantization=kind, force=True)
    subprocess.run([sys.executable, __file__, "faster-run", str(folder), kind, str(tokens)], check=True)


def run_faster_alone(folder, kind, tokens):
    import ctranslate2
    import numpy
    model = ctranslate2.models.Whisper(str(folder / ("ct2-" + kind)), device="cpu", compute_type=kind, intra_threads=2)
    mel = numpy.random.default_rng(1).normal(0, 1, (1, 80, 3000)).astype("f4")
    features = ctranslate2.StorageView.from_array(mel)
    prompt = [[50257, 50362]]

    def decode(encoded, beam):
        model.generate(encoded, prompt, beam_size=beam, max_length=2 * tokens, suppress_tokens=[EOT], suppress_blank=False)
    encode = median(lambda: model.encode(features, to_cpu=True))
    encoded = model.encode(features, to_cpu=True)
    step, step5 = (median(lambda: decode(encoded, beam)) / tokens for beam in (1, 5))
    began = time.perf_counter()
    for _ in range(WINDOWS):
        decode(model.encode(features), 5)
    report("faster-whisper " + kind, encode, step, step5, time.perf_counter() - began)


def run_openai(folder, tokens):
    import torch
    import whisper
    torch.set_num_threads(2)
    model = whisper.load_model(str(folder / "model.pt")).float().eval()
    mel = torch.randn(80, 3000)

    def decode(encoded, beam):
        whisper.decode(model, encoded, whisper.DecodingOptions(
            language="en", fp16=False, beam_size=beam if beam > 1 else None, sample_len=tokens, without_timestamps=True,
            suppress_tokens=[EOT]))
    with torch.no_grad():
        encode = median(lambda: model.encoder(mel[None]))
        encoded = model.encoder(mel[None])[0]
        step, step5 = (median(lambda: decode(encoded, beam)) / tokens for beam in (1, 5))
        began = time.perf_counter()
        for _ in range(WINDOWS):
            decode(model.encoder(mel[None])[0], 5)
    report("openai-whisper float32", encode, step, step5, time.perf_counter() - began)


def run_cpp(folder, tokens):
    import _pywhispercpp as cpp
    import numpy
    context = cpp.whisper_init_from_file_with_params(str(folder / "model.bin"), cpp.whisper_context_default_params())
    sound = numpy.random.default_rng(1).normal(0, 0.03, 16000 * 30).astype("f4")
    cpp.whisper_pcm_to_mel(context, sound, len(sound), 2)
    encode = median(lambda: cpp.whisper_encode(context, 0, 2))
    def steps():
        for i in range(tokens):
            cpp.whisper_decode(context, 1000, 1, i, 2)
    report("whisper.cpp f16 (wheel)", encode, median(steps) / tokens, float("nan"), float("nan"))


def main():
    if sys.argv[1] in ("faster-run", "openai-run", "cpp-run"):
        folder, tokens = pathlib.Path(sys.argv[2]), int(sys.argv[-1])
        if sys.argv[1] == "faster-run":
            run_faster_alone(folder, sys.argv[3], tokens)
        else:
            (run_openai if sys.argv[1] == "openai-run" else run_cpp)(folder, tokens)
        return
    utter, shape = os.path.abspath(sys.argv[1]), sys.argv[2]
    tokens = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make(folder, shape)
        make_sound(folder)
        for precision in ("f32", "bf16", "int8"):
            try:
                run_utter(folder, utter, shape, precision, tokens)
            except subprocess.CalledProcessError as error:
                print("utter", precision, "failed:", error.stderr[:200], flush=True)
        for kind in ("float32", "bfloat16", "int8"):
            try:
                run_faster(folder, kind, tokens)
            except Exception as error:
                print("faster-whisper", kind, "failed:", str(error)[:200], flush=True)
        for what in ("openai-run", "cpp-run"):
            subprocess.run([sys.executable, __file__, what, str(folder), str(tokens)])


main()
