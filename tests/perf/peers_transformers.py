"""VITS and SpeechT5 by ours and by transformers (PyTorch, f32), of the published shapes with random weights, in one run: the
runs take turns, so that what else the machine does meets both.

    pip install torch transformers
    python tests/perf/peers_transformers.py BUILD [MODEL …] [--threads N] [--repeats N]

MODEL: vits-ljs (from 121 tokens to 1.56 s of samples), speecht5_tts (from 50 tokens to the 250 frames of 4 s, without the
vocoder). Prints times real time, by the clock and by the processor's time of all threads together (for a busy machine),
and how many times faster ours is.
"""
import argparse
import os
import re
import statistics
import subprocess
import time

import torch

SAMPLES, TOKENS, RATIO = 134 * 256, 50, 5


def vits():
    """A text of as many frames as bench_vits has: the rate that gives them is found by halving."""
    from transformers import VitsConfig, VitsModel
    torch.manual_seed(0)
    model = VitsModel(VitsConfig()).eval()
    for module in model.modules():
        for name in list(getattr(module, "parametrizations", {})):
            torch.nn.utils.parametrize.remove_parametrizations(module, name)
    ids = torch.tensor([[i * 7 % 38 if i % 2 else 0 for i in range(121)]])
    model.noise_scale_duration = 0.0
    slow, fast = 0.01, 100.0
    for _ in range(40):
        model.speaking_rate = (slow * fast) ** 0.5
        samples = model(ids).waveform.shape[1]
        if samples == SAMPLES:
            break
        slow, fast = (model.speaking_rate, fast) if samples > SAMPLES else (slow, model.speaking_rate)
    print(f"vits-ljs: transformers gives {samples} samples, ours {SAMPLES}", flush=True)
    return lambda: model(ids).waveform, samples / 22050


def speecht5():
    from transformers import SpeechT5Config, SpeechT5ForTextToSpeech
    torch.manual_seed(0)
    model = SpeechT5ForTextToSpeech(SpeechT5Config()).eval()
    ids, speaker = torch.tensor([[4 + i * 7 % 77 for i in range(TOKENS)]]), torch.randn(1, 512)

    def run():
        mel = model.generate_speech(ids, speaker, threshold=9.0, minlenratio=RATIO, maxlenratio=RATIO)
        assert mel.shape[0] == TOKENS * RATIO, mel.shape
    return run, TOKENS * RATIO * 0.016


def ours_vits(build, threads):
    out = subprocess.run([os.path.join(build, "tests", "bench_vits"), "vits-ljs", str(threads), "f32"], check=True,
                         capture_output=True, text=True).stdout
    last = [line for line in out.splitlines() if " frames, " in line][-1]  # the first has its memory to find
    audio, *parts = map(float, re.search(r", ([\d.]+) s: durations ([\d.]+) ms, latents ([\d.]+) ms, decoder ([\d.]+)",
                                         last).groups())
    assert int(last.split()[0]) * 256 == SAMPLES, last
    return audio / (sum(parts) / 1e3), audio / (float(re.search(r"(\d+) ms of processor", last).group(1)) / 1e3)


def ours_speecht5(build, threads):
    out = subprocess.run([os.path.join(build, "tests", "bench_speecht5"), "speecht5_tts", str(threads), "f32", str(TOKENS),
                          str(RATIO), "1"], check=True, capture_output=True, text=True).stdout.split()
    audio = int(out[3]) * 0.016
    return audio / (float(out[4]) / 1e3), audio / (float(out[5]) / 1e3)


def timed(run, audio):
    wall, cpu = time.perf_counter(), time.process_time()
    with torch.inference_mode():
        run()
    return audio / (time.perf_counter() - wall), audio / (time.process_time() - cpu)


def compare(name, a):
    with torch.inference_mode():
        run, audio = {"vits-ljs": vits, "speecht5_tts": speecht5}[name]()
    ours = {"vits-ljs": ours_vits, "speecht5_tts": ours_speecht5}[name]
    found = {"ours": [], "transformers": []}
    timed(run, audio)
    for _ in range(a.repeats):
        found["transformers"].append(timed(run, audio))
        found["ours"].append(ours(a.build, a.threads))
    best = {who: [statistics.median(x[i] for x in times) for i in (0, 1)] for who, times in found.items()}
    for who, (wall, cpu) in best.items():
        print(f"{name:12} {who:12} {wall:6.2f} × real time, {cpu:6.2f} by processor time; ours is "
              f"{best['ours'][0] / wall:.2f} and {best['ours'][1] / cpu:.2f} times as fast", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("models", nargs="*")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    for name in a.models or ["vits-ljs", "speecht5_tts"]:
        compare(name, a)
