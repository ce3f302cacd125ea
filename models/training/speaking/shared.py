"""What every step of the voice shares: folders, which sentences are held out, HiFi-GAN's log-mel, the vocabulary."""
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from transformers import FastSpeech2ConformerWithHifiGan
from transformers.audio_utils import mel_filter_bank

sys.path.append(str(Path(__file__).resolve().parent.parent))
from common import LABELLED, Store, arguments, have, normalise, scoring, status, write_store      # noqa: E402,F401
from common import is_held_out as recognizer_holds_out                                  # noqa: E402,F401
from splice import speaker                                                              # noqa: E402,F401

RATE = 22050
HOP = 256                   # samples per mel frame: 86.1 frames a second
WINDOW = 1024
MELS = 80
VOICES = ["voice_cathy", "voice_lj"]        # the index is the speaker's number; the first is the voice
OTHERS = ["unlabelled_librispeech"]         # for the vocoder alone

PUNCTUATION = [",", ".", "?", "!", "'", ".."]

# In the order of espnet/fastspeech2_conformer, by how often each occurs.
VOCABULARY = ("<blank> <unk> AH0 N T D S R L DH K Z IH1 IH0 M EH1 W P AE1 AH1 V ER0 F , AA1 B HH IY1 UW1 IY0 AO1 EY1 AY1 . "
              "OW1 SH NG G ER1 CH JH Y AW1 TH UH1 EH2 OW0 EY2 AO0 IH2 AE2 AY2 AA2 UW0 EH0 OY1 EY0 AO2 ZH OW2 AE0 UW2 AH2 "
              "AY0 IY2 AW2 AA0 ' ER2 UH2 ? OY2 ! AW0 UH0 OY0 .. <sos/eos>").split()
IDS = {token: i for i, token in enumerate(VOCABULARY)}

_filters = torch.tensor(mel_filter_bank(WINDOW // 2 + 1, MELS, 0.0, 8000.0, RATE, norm="slaney", mel_scale="slaney").T,
                        dtype=torch.float32)
_window = torch.hann_window(WINDOW)


def log_mel(wave):
    """HiFi-GAN's mel spectrogram: [batch, samples] to [batch, samples // 256, 80], natural logarithm."""
    pad = (WINDOW - HOP) // 2
    wave = torch.nn.functional.pad(wave[:, None], (pad, pad), mode="reflect")[:, 0]
    spectrum = torch.stft(wave, WINDOW, HOP, WINDOW, _window, center=False, return_complex=True)
    magnitude = (spectrum.real.square() + spectrum.imag.square() + 1e-9).sqrt()
    return torch.log((_filters @ magnitude).clamp(min=1e-5)).transpose(1, 2)


def sentence(file):
    """What all takes of one text have in common."""
    return file.rpartition("_")[0] if file.startswith("arctic") else file


def is_held_out(name, file):
    """Kept for measuring: one text in ten, among them the recognizer's own development texts (one in thirty or fifteen)."""
    one_in = {"voice_cathy": 10, "voice_lj": 15}.get(name)
    return one_in is not None and zlib.crc32(sentence(file).encode()) % one_in == 0


def released(folder):
    """A finished voice, in float32, to train on from."""
    return FastSpeech2ConformerWithHifiGan.from_pretrained(folder).float()


class Mels:
    """The log-mels of a set, back to back: [frames, 80] for one utterance, where its Store has the samples."""

    def __init__(self, work, name):
        self.store = Store(work, "speak_" + name)
        self.frames = self.store.lengths // HOP
        self.offsets = np.concatenate([[0], np.cumsum(self.frames)])
        self.values = np.memmap(Path(work) / "data" / f"speak_{name}.mel", dtype=np.float32, mode="r").reshape(-1, MELS)

    def __len__(self):
        return len(self.frames)

    def __getitem__(self, i):
        return self.values[self.offsets[i]:self.offsets[i + 1]]
