"""Which 10 ms frames of a clean recording are speech, by level: the labels that voice activity is trained and measured by.

A frame's level is taken twice, over 25 ms: of the sound above 100 Hz, which vowels and nasals fill, and of its
difference from sample to sample, which fricatives fill. A frame is speech where either stands above its threshold: 10 dB
over the recording's quiet (the 5th percentile) and within 30 dB of its loud part (the 95th). Then pauses up to 200 ms
count as speech, since a word has such, and bursts under 60 ms do not. A recording whose loud part is not 20 dB over its
quiet tells nothing, and is left out (None)."""
import numpy as np
from scipy.ndimage import binary_closing, binary_opening
from scipy.signal import lfilter

HOP = 160
WINDOW = 400
LONGEST_GAP, SHORTEST_RUN = 20, 6       # frames
HIGH_PASS = 0.961                       # exp(-2π · 100 Hz / 16 kHz)


def levels(x):
    """dB of the 25 ms around the middle of each whole frame."""
    frames = len(x) // HOP
    total = np.concatenate([[0], np.cumsum(x.astype(np.float64) ** 2)])
    middle = np.arange(frames) * HOP + HOP // 2
    first, last = np.maximum(middle - WINDOW // 2, 0), np.minimum(middle + WINDOW // 2, len(x))
    return 10 * np.log10(np.maximum((total[last] - total[first]) / (last - first), 1e-9))


def above(level):
    """None where the recording tells nothing."""
    quiet, loud = np.percentile(level, 5), np.percentile(level, 95)
    if loud - quiet < 20:
        return None
    return level > max(quiet + 10, loud - 30)


def label(pcm):
    """[samples] float at 16 kHz to [samples // 160] bool, or None."""
    if len(pcm) < 20 * HOP:
        return None
    voiced = above(levels(lfilter([1, -1], [1, -HIGH_PASS], pcm)))
    if voiced is None:
        return None
    hissing = above(levels(np.diff(pcm, prepend=pcm[:1])))
    speech = voiced if hissing is None else voiced | hissing
    pad = LONGEST_GAP + 1
    speech = binary_opening(np.pad(speech, pad), np.ones(3))                   # clicks must not join what is apart
    speech = binary_closing(speech, np.ones(LONGEST_GAP + 1))
    return binary_opening(speech, np.ones(SHORTEST_RUN))[pad:-pad]
