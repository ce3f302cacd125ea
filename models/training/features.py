"""The student's input: ParakeetFeatureExtractor's numbers, for a batch of equal lengths, without its masks."""
import torch
from transformers import ParakeetFeatureExtractor

from common import HOP

FLOOR = 2.0 ** -24
extractor = ParakeetFeatureExtractor(feature_size=80)
window = torch.hann_window(400, periodic=False)


def log_mel(wave):
    """[batch, samples] to [batch, samples // 160, 80], each mel normalised over its utterance."""
    wave = torch.cat([wave[:, :1], wave[:, 1:] - 0.97 * wave[:, :-1]], dim=1)
    spectrum = torch.stft(wave, 512, HOP, 400, window, return_complex=True, pad_mode="constant")
    power = spectrum.real.square() + spectrum.imag.square()
    mel = torch.log(extractor.mel_filters @ power + FLOOR).transpose(1, 2)[:, :wave.shape[1] // HOP]
    return (mel - mel.mean(1, keepdim=True)) / (mel.std(1, keepdim=True) + 1e-5)
