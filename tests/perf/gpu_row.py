"""A row of gpu.sh's table: python gpu_row.py LABEL BENCH.json"""
import json
import sys

label, path = sys.argv[1:]
b = json.load(open(path))
total = b["total_seconds"]


def stage(name):
    return f"{1e3 * b[name + '_seconds']:.0f} ms ({100 * b[name + '_seconds'] / total:.0f} %)"


step = f"{b['step_ms']:.2f} ms | {b['step_over_floor']:.1f}" if "step_ms" in b else "– | –"
print(f"| {label}, {b['precision']} | {b['batch']:.0f} × {b['row_seconds']:.0f} s | {b['real_time_factor_x']:.0f}× | {stage('features')} | "
      f"{stage('model')} | {b['fraction_of_matmul']:.2f} of {1e-3 * b['matmul_gflop_per_second']:.0f} TFLOP/s | {stage('search')} | {step} | "
      f"{b['activation_mb']:.0f} MB |")
