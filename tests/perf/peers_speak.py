"""HiFi-GAN by ours, PyTorch and ONNX Runtime, with the same shape, frames and threads, in one run: the runs take turns, so
that what else the machine does meets all of them.

    pip install torch onnx onnxruntime
    python tests/perf/peers_speak.py BUILD [SHAPE …] [--threads N] [--frames N] [--repeats N]

SHAPE: v1 (default), v2, v3, small. Prints times real time, by the clock and by the processor's time of all threads
together (for a busy machine), and how many times faster ours is than each peer. PyTorch in f32 and bf16.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(root, "tests", "golden"))

PAIRS = dict(resblock="1", resblock_kernel_sizes=[3, 7, 11], resblock_dilation_sizes=[[1, 3, 5]] * 3,
             upsample_rates=[8, 8, 2, 2], upsample_kernel_sizes=[16, 16, 4, 4])
THREE = dict(upsample_rates=[8, 8, 4], upsample_kernel_sizes=[16, 16, 8], resblock_kernel_sizes=[3, 5, 7])
SHAPES = {
    "v1": dict(PAIRS, upsample_initial_channel=512),
    "v2": dict(PAIRS, upsample_initial_channel=128),
    "v3": dict(THREE, resblock="2", upsample_initial_channel=256, resblock_dilation_sizes=[[1, 2], [2, 6], [3, 12]]),
    "small": dict(THREE, resblock="1", upsample_initial_channel=128, resblock_dilation_sizes=[[1], [3], [5]]),
}


def generator(shape):
    import torch
    from make_hifigan import Generator
    torch.manual_seed(0)
    model = Generator(dict(SHAPES[shape], num_mels=80)).eval()
    for module in model.modules():
        if hasattr(module, "weight_g"):
            torch.nn.utils.remove_weight_norm(module)
    return model


def of_pytorch(model, mel, dtype):
    import torch
    model, mel = model.to(dtype), mel.to(dtype)

    def run():
        with torch.inference_mode():
            model(mel)
    return run


def of_onnxruntime(model, mel, threads):
    import onnxruntime
    import torch
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        torch.onnx.export(model.float(), (mel,), path, input_names=["mel"], output_names=["samples"], dynamo=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {"mel": mel.numpy()}
    return lambda: session.run(None, feed)


def timed(run):
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


def ours(build, shape, a, kind):
    out = subprocess.run([os.path.join(build, "tests", "bench_vocoder"), "hifigan-" + shape, kind, str(a.threads),
                          str(a.frames), "1"], check=True, capture_output=True, text=True).stdout.split()
    return float(out[3]), float(out[4])


def compare(shape, a):
    import torch
    torch.set_num_threads(a.threads)
    mel, audio = torch.randn(1, 80, a.frames), a.frames * 256 / 22050
    runs = {"onnxruntime f32": of_onnxruntime(generator(shape), mel, a.threads),
            "pytorch f32": of_pytorch(generator(shape), mel, torch.float32),
            "pytorch bf16": of_pytorch(generator(shape), mel, torch.bfloat16)}
    if not a.bf16:
        del runs["pytorch bf16"]
    found = {name: [] for name in [*runs, "ours f32", *(["ours bf16"] if a.bf16 else [])]}
    for run in runs.values():
        run()
    for _ in range(a.repeats):
        for name, run in runs.items():
            wall, cpu = timed(run)
            found[name].append((audio / wall, audio / cpu))
        for name in found:
            if name.startswith("ours"):
                found[name].append(ours(a.build, shape, a, name.split()[1]))
    best = {name: tuple(statistics.median(x[i] for x in times) for i in (0, 1)) for name, times in found.items()}
    for name, (wall, cpu) in best.items():
        print(f"{shape:6} {name:16} {wall:8.2f} × real time, {cpu:8.2f} by processor time; "
              f"ours f32 is {best['ours f32'][0] / wall:.2f} and {best['ours f32'][1] / cpu:.2f} times as fast", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("shapes", nargs="*")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    a = parser.parse_args()
    for shape in a.shapes or ["v1"]:
        compare(shape, a)
