"""The student: transformers' own ParakeetForCTC holds the parameters, and a faster forward trains them.

The forward here does what the module's own does for a batch of equal lengths, with three changes of form:
pointwise convolutions are matrix products, the depthwise one is nine shifted sums, and the relative
positions are projected once a batch instead of once an utterance. `python net.py` checks that they agree, and that a deepened net says the same.
"""
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from transformers import ParakeetCTCConfig, ParakeetEncoderConfig, ParakeetForCTC

KERNEL = 9
LAST = ("feed_forward1.linear2", "feed_forward2.linear2", "self_attn.o_proj", "conv.pointwise_conv2")   # products of a layer's parts


def build(vocab=257, width=256, layers=12, inner=512, heads=4, channels=32):
    encoder = ParakeetEncoderConfig(
        hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=inner,
        subsampling_conv_channels=channels, conv_kernel_size=KERNEL, num_mel_bins=80, scale_input=False,
        dropout=0.0, activation_dropout=0.0, attention_dropout=0.0, layerdrop=0.0, dropout_positions=0.0)
    model = ParakeetForCTC(ParakeetCTCConfig(encoder_config=encoder, vocab_size=vocab, pad_token_id=vocab - 1,
                                             ctc_loss_reduction="mean"))
    initialise(model)
    return model


@torch.no_grad()
def initialise(model):
    """The module's own start (deviation 0.02 everywhere) loses the signal in the stem of a model this narrow."""
    for m in model.modules():
        if isinstance(m, (torch.nn.Linear, torch.nn.Conv1d)):
            m.reset_parameters()
        elif isinstance(m, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(m.weight, nonlinearity="linear" if m.groups > 1 else "relu")
            m.bias.zero_()


def begin(model, folder):
    """Give the model the weights in `folder`, which may have fewer layers."""
    weights = {name: value.float() for name, value in load_file(Path(folder) / "model.safetensors").items()}
    model.load_state_dict(deepened(weights, depth(model.state_dict())))


def depth(weights):
    """How many layers there are in a state of the net."""
    return 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layers."))


def spread(had, want):
    """Of every layer of a deepened net, from the first: which layer it was, and whether it is a new one behind that."""
    if not had <= want <= 2 * had:
        raise SystemExit(f"{had} layers cannot become {want}: each can have one new one behind it")
    copied = {math.ceil((n + 1) * had / (want - had)) - 1 for n in range(want - had)}
    return [(layer, new) for layer in range(had) for new in (False, True) if not new or layer in copied]


def deepened(weights, layers):
    """The weights of a net of `layers` layers that says the same. A new one is a copy of that before it (Gong et al., "Efficient
    training of BERT by progressively stacking", ICML 2019) whose parts add zero at first (as in Chen et al., "Net2Net", ICLR 2016). It takes
    over that one's last norm, which becomes plain there, since to normalise twice is to do it once."""
    out = {name: value.clone() for name, value in weights.items() if not name.startswith("encoder.layers.")}
    for at, (layer, new) in enumerate(spread(depth(weights), layers)):
        prefix = f"encoder.layers.{at}."
        out |= {prefix + name.split(".", 3)[3]: value.clone() for name, value in weights.items() if name.startswith(f"encoder.layers.{layer}.")}
        if not new:
            continue
        for part in LAST:
            out[f"{prefix}{part}.weight"].zero_()
            out[f"{prefix}{part}.bias"].zero_()
        out[f"encoder.layers.{at - 1}.norm_out.weight"].fill_(1.0)
        out[f"encoder.layers.{at - 1}.norm_out.bias"].zero_()
    return out


class Depthwise(torch.autograd.Function):
    """Depthwise convolution over time of [batch, time, width] with [KERNEL, width]: no transposes, no im2col."""

    @staticmethod
    def forward(ctx, x, w):
        t, xp = x.shape[1], F.pad(x, (0, 0, KERNEL // 2, KERNEL // 2))
        y = xp[:, :t] * w[0]
        for k in range(1, KERNEL):
            y.addcmul_(xp[:, k:k + t], w[k])
        ctx.save_for_backward(xp, w)
        return y

    @staticmethod
    def backward(ctx, g):
        xp, w = ctx.saved_tensors
        t, gp = g.shape[1], F.pad(g, (0, 0, KERNEL // 2, KERNEL // 2))
        gx = gp[:, KERNEL - 1:KERNEL - 1 + t] * w[0]
        for k in range(1, KERNEL):
            gx.addcmul_(gp[:, KERNEL - 1 - k:KERNEL - 1 - k + t], w[k])
        gw = torch.stack([(xp[:, k:k + t] * g).sum((0, 1)) for k in range(KERNEL)])
        return gx, gw


def dropout(x, p, training):
    """Whole channels of an utterance: a number drawn for every frame as well would take a tenth of the step."""
    if not p or not training:
        return x
    return x * (torch.rand(x.shape[0], 1, x.shape[2], device=x.device) >= p).to(x.dtype).div_(1 - p)


def stem(m, x):
    """[batch, frames, 80] to [batch, frames / 8, width]."""
    first, _, *rest = m.layers
    x = x.unsqueeze(1).contiguous(memory_format=torch.channels_last)
    x = F.relu(F.conv2d(x, first.weight, first.bias, 2, 1))
    for depthwise, pointwise in zip(rest[0::3], rest[1::3]):
        with torch.autocast("cpu", enabled=False):      # oneDNN's bf16 depthwise is several times slower here
            x = F.conv2d(x.float(), depthwise.weight, depthwise.bias, 2, 1, groups=depthwise.groups)
        x = F.linear(x.permute(0, 2, 3, 1), pointwise.weight[:, :, 0, 0], pointwise.bias).relu()
        x = x.permute(0, 3, 1, 2)
    batch, channels, time, mels = x.shape
    return m.linear(x.transpose(1, 2).reshape(batch, time, channels * mels))


def rounded(x):
    """As autocast would round it for a matrix product."""
    return x.to(torch.get_autocast_dtype("cpu")) if torch.is_autocast_enabled("cpu") else x


def relative_shift(s):
    b, h, q, p = s.shape
    return F.pad(s, (1, 0)).view(b, h, p + 1, q)[:, :, 1:].view(b, h, q, p)[..., :q]


def attention(a, x, positions):
    batch, time, width = x.shape
    shape = (batch, time, -1, a.head_dim)
    x = rounded(x)                      # once, not once a projection
    q, k, v = a.q_proj(x).view(shape), a.k_proj(x).view(shape), a.v_proj(x).view(shape)
    r = a.relative_k_proj(positions).view(-1, a.config.num_attention_heads, a.head_dim)
    content = ((q + a.bias_u.to(q.dtype)) * a.scaling).transpose(1, 2) @ k.permute(0, 2, 3, 1)
    place = ((q + a.bias_v.to(q.dtype)) * a.scaling).transpose(1, 2) @ r.permute(1, 2, 0)
    weights = (content + relative_shift(place)).softmax(-1).to(v.dtype)
    return a.o_proj((weights @ v.transpose(1, 2)).transpose(1, 2).reshape(batch, time, width))


def convolution(c, x):
    x = F.glu(F.linear(x, c.pointwise_conv1.weight[:, :, 0], c.pointwise_conv1.bias), dim=-1)
    x = Depthwise.apply(x.float(), c.depthwise_conv.weight[:, 0].t().contiguous()) + c.depthwise_conv.bias
    x = F.silu(c.norm(x.reshape(-1, x.shape[-1])).view(x.shape))
    return F.linear(x, c.pointwise_conv2.weight[:, :, 0], c.pointwise_conv2.bias)


def feed_forward(f, x, p, training):
    return f.linear2(dropout(F.silu(f.linear1(x)), p, training))


def block(b, x, positions, p, training):
    """One layer: half a feed-forward, attention, convolution, half a feed-forward."""
    drop = lambda y: dropout(y, p, training).float()
    x = x + 0.5 * drop(feed_forward(b.feed_forward1, b.norm_feed_forward1(x), p, training))
    x = x + drop(attention(b.self_attn, b.norm_self_att(x), positions))
    x = x + drop(convolution(b.conv, b.norm_conv(x)))
    x = x + 0.5 * drop(feed_forward(b.feed_forward2, b.norm_feed_forward2(x), p, training))
    return b.norm_out(x)


def encode(model, x, p=0.0):
    """Log-mel [batch, frames, 80] to every layer's output, [batch, frames / 8, width] each."""
    e, outputs = model.encoder, []
    x = stem(e.subsampling, x).float() * e.input_scale
    positions = e.encode_positions(x[:1])[0]
    x = dropout(x, p, model.training)
    for b in e.layers:
        x = block(b, x, positions, p, model.training)
        outputs.append(x)
    return outputs


def logits(model, x):
    return F.linear(x, model.ctc_head.weight[:, :, 0], model.ctc_head.bias)


def check():
    torch.manual_seed(0)
    model = build().eval()
    x = torch.randn(2, 333, 80)
    with torch.no_grad():
        ours, theirs = logits(model, encode(model, x)[-1]), model(x).logits
        shallow = build(layers=7).eval()
        for norm in (b.norm_out for b in shallow.encoder.layers):
            norm.weight.uniform_(0.5, 2.0)
            norm.bias.uniform_(-0.5, 0.5)
        model.load_state_dict(deepened(shallow.state_dict(), depth(model.state_dict())))
        before, after = (logits(m, encode(m, x)[-1]) for m in (shallow, model))
    print("deepened: largest difference", (before - after).abs().max().item())
    print("parameters", sum(p.numel() for p in model.parameters()), "largest difference", (ours - theirs).abs().max().item())


if __name__ == "__main__":
    check()
