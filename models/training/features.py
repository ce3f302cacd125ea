"""The student's input: ParakeetFeatureExtractor's numbers, for a batch of equal lengths, without its masks."""
import torch
from transformers import ParakeetFeatureExtractor

from common import HOP

FLOOR = 2.0 ** -24

# The deviation of a mel below which there is nothing in it: above 4 kHz a telephone's sound has the errors of rounding and of a
# filter alone, which division by their deviation would make as loud as speech. The extractor has no such bound; Utter reads it from
# preprocessor_config.json.
LEAST = 0.05

extractor = ParakeetFeatureExtractor(feature_size=80)
filters, window = extractor.mel_filters.float(), torch.hann_window(400, periodic=False)


def normalised(mel, least=LEAST):
    """[batch, frames, 80]: each mel's mean 0 and deviation 1 over its utterance, or all 0 where it varies less than `least`."""
    deviation = mel.std(1, keepdim=True)
    return (mel - mel.mean(1, keepdim=True)) / (deviation + 1e-5) * (deviation >= least)


def log_mel(wave, least=LEAST):
    """[batch, samples] to [batch, samples // 160, 80], normalised."""
    wave = torch.cat([wave[:, :1], wave[:, 1:] - 0.97 * wave[:, :-1]], dim=1)
    spectrum = torch.stft(wave, 512, HOP, 400, window.to(wave.device), return_complex=True, pad_mode="constant")
    power = spectrum.real.square() + spectrum.imag.square()
    return normalised(torch.log(filters.to(wave.device) @ power + FLOOR).transpose(1, 2)[:, :wave.shape[1] // HOP], least)
