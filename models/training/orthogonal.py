"""What Muon's steps are made of (Jordan et al. 2024): a matrix whose singular values are all near one."""
import time

import torch

from common import BFLOAT16


def orthogonal(matrix, rounds=5, fast=None):
    """[..., rows, columns]: near to U V' of the singular value decomposition U S V', by an odd polynomial again and again.

    In bfloat16 where the device multiplies in it, unless told otherwise: the polynomial corrects what rounding does. `python orthogonal.py` times both.
    """
    x = matrix / (matrix.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    if fast or (fast is None and (x.is_cuda or BFLOAT16)):
        x = x.bfloat16()
    for _ in range(rounds):
        s = x @ x.mT
        x = 3.4445 * x + (2.0315 * s @ s - 4.7750 * s) @ x
    x = x.to(matrix.dtype)
    return x.mT if tall else x


def check():
    """Time and singular values of both ways, for the feed-forward matrices of a step."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x = torch.randn(12, 256, 512)
    for fast in (False, True):
        times = []
        for _ in range(7):
            began = time.time()
            y = orthogonal(x, 4, fast)
            times.append(time.time() - began)
        values = torch.linalg.svdvals(y)
        print(f"{'bfloat16' if fast else 'float32'}: {1000 * sorted(times)[3]:.1f} ms, singular values {values.min():.4f} to {values.max():.4f}")


if __name__ == "__main__":
    check()
