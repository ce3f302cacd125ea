"""transformers' Conformer layers with their convolutions of width one as matrix products: the same numbers, sooner on a CPU."""
import torch
from torch.nn.functional import glu, linear, relu
from transformers.models.fastspeech2_conformer import modeling_fastspeech2_conformer as hf


def pointwise(conv, x):
    """A convolution of width one over [batch, time, channels]."""
    return linear(x, conv.weight[:, :, 0], conv.bias)


def feed_forward(self, x):
    return pointwise(self.conv2, self.dropout(relu(pointwise(self.conv1, x))))


def convolution_module(self, x, attention_mask=None):
    x = glu(pointwise(self.pointwise_conv1, x), dim=-1)
    if attention_mask is not None:
        x = x * attention_mask.transpose(1, 2).to(x.dtype)
    x = self.activation(self.norm(self.depthwise_conv(x.transpose(1, 2))))
    return pointwise(self.pointwise_conv2, x.transpose(1, 2))


def install(config):
    if config["positionwise_conv_kernel_size"] == 1:
        hf.FastSpeech2ConformerMultiLayeredConv1d.forward = feed_forward
    hf.FastSpeech2ConformerConvolutionModule.forward = convolution_module


def check(config):
    """Both forms on the same weights and input."""
    model = hf.FastSpeech2ConformerModel(hf.FastSpeech2ConformerConfig(**config)).eval()
    ids = torch.randint(2, 70, (1, 30))
    with torch.no_grad():
        slow = model(ids, return_dict=True).spectrogram
        install(config)
        quick = model(ids, return_dict=True).spectrogram
    assert slow.shape == quick.shape and (slow - quick).abs().max() < 1e-3, (slow.shape, quick.shape)


if __name__ == "__main__":
    from acoustic import CONFIG
    check(CONFIG)
