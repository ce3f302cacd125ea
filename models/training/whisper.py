"""The teacher's encoder: openai/whisper-base, frozen, on audio of any length."""
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from common import BFLOAT16

HEADS = 8
LAYERS = 6
FAST = torch.bfloat16 if BFLOAT16 else torch.float32
MARGIN = 16000              # it was trained on speech followed by silence: keep at least a second


class Whisper:
    def __init__(self, shared):
        folder = shared / "models"
        w = load_file(folder / "whisper-base-encoder" / "model.safetensors")
        self.w = {k.removeprefix("model.encoder."): v.float() for k, v in w.items()}
        self.mel = torch.from_numpy(np.load(folder / "whisper-vocab" / "mel_filters.npz")["mel_80"]).float()
        self.window = torch.hann_window(400)
        # Matrices are turned once; autocast would turn them at every call.
        for k, v in self.w.items():
            if k.endswith("weight") and v.dim() >= 2 and not k.startswith("embed"):
                self.w[k] = v.to(FAST)

    def log_mel(self, wave):
        """[batch, samples] to [batch, 80, frames], as Whisper does, the maximum taken per row."""
        spectrum = torch.stft(wave, 400, 160, window=self.window, return_complex=True)[..., :-1].abs() ** 2
        mel = (self.mel @ spectrum).clamp(min=1e-10).log10()
        mel = torch.maximum(mel, mel.amax(dim=(1, 2), keepdim=True) - 8.0)
        return (mel + 4.0) / 4.0

    def _linear(self, x, name):
        bias = self.w.get(name + ".bias")
        return F.linear(x.to(FAST), self.w[name + ".weight"], None if bias is None else bias.to(FAST))

    def _norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.w[name + ".weight"], self.w[name + ".bias"])

    def _conv(self, x, name, stride):
        w = self.w
        return F.gelu(F.conv1d(x.to(FAST), w[name + ".weight"], w[name + ".bias"].to(FAST), stride, 1))

    @torch.inference_mode()
    def encode(self, wave, layers=LAYERS):
        """[batch, samples] to [batch, frames at 50 Hz, 512]; the last norm included if all layers are."""
        x = self._conv(self._conv(self.log_mel(wave), "conv1", 1), "conv2", 2).transpose(1, 2).float()
        x = x + self.w["embed_positions.weight"][:x.shape[1]]
        batch, time, width = x.shape
        for i in range(layers):
            p = f"layers.{i}."
            h = self._norm(x, p + "self_attn_layer_norm")
            q, k, v = (self._linear(h, p + f"self_attn.{n}_proj").view(batch, time, HEADS, -1).transpose(1, 2)
                       for n in "qkv")
            h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, time, width)
            x = x + self._linear(h, p + "self_attn.out_proj").float()
            h = self._norm(x, p + "final_layer_norm")
            x = x + self._linear(F.gelu(self._linear(h, p + "fc1")), p + "fc2").float()
        return self._norm(x, "layer_norm") if layers == LAYERS else x
