"""What Muon's steps are made of (Jordan et al. 2024): a matrix whose singular values are all near one."""
import torch

from common import BFLOAT16


def orthogonal(matrix, rounds=5):
    """[..., rows, columns]: near to U V' of the singular value decomposition U S V', by an odd polynomial again and again.

    In bfloat16 where the processor multiplies in it: the polynomial corrects what rounding does, and the step is nine times as fast.
    """
    x = matrix / (matrix.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x.bfloat16() if BFLOAT16 else x
    for _ in range(rounds):
        s = x @ x.mT
        x = 3.4445 * x + (2.0315 * s @ s - 4.7750 * s) @ x
    x = x.to(matrix.dtype)
    return x.mT if tall else x
