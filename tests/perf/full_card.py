"""Fills the GPU's memory, then runs utter ($UTTER) beside it: one sentence and status 1 with --device cuda, and the CPU's
text with --device auto. Needs PyTorch. Status 1 where it is otherwise."""
import os
import subprocess
import sys

import torch

held, size = [], 1 << 30
while size >= 1 << 20:
    try:
        held.append(torch.empty(size, dtype=torch.uint8, device="cuda"))
    except torch.OutOfMemoryError:
        size //= 2
ok = True
for device, status in (("cuda", 1), ("auto", 0)):
    run = subprocess.run([os.environ["UTTER"], "transcribe", "--device", device, "samples/morning.flac"],
                         capture_output=True, text=True, timeout=60)
    print(f"--device {device} beside a full card: status {run.returncode}; {run.stderr.strip() or run.stdout.strip()}")
    ok = ok and run.returncode == status and len(run.stderr.splitlines()) <= 1
sys.exit(not ok)
