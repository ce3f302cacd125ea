"""Small .nemo archives for models/load/nemo: the networks of tests/golden/transducer and of fastconformer as NeMo names and
packs them (save_restore_connector.py there), with a configuration of the keys that NeMo's published models have and
SentencePiece pieces of their size.

    pip install torch safetensors
    python tests/golden/make_nemo.py tests/golden

nemo/tdt.nemo, nemo/rnnt.nemo   as transducer/tdt and transducer/rnnt, whose golden values are theirs
nemo/ctc.nemo                   as fastconformer_sharded
"""
import glob
import io
import os
import re
import struct
import sys
import tarfile

import torch
from safetensors.torch import load_file

NAMES = [
    (r"^encoder\.subsampling\.layers\.", "encoder.pre_encode.conv."),
    (r"^encoder\.subsampling\.linear\.", "encoder.pre_encode.out."),
    (r"\.conv\.norm\.", ".conv.batch_norm."),
    (r"\.self_attn\.([qkv])_proj\.", r".self_attn.linear_\1."),
    (r"\.self_attn\.o_proj\.", ".self_attn.linear_out."),
    (r"\.self_attn\.relative_k_proj\.", ".self_attn.linear_pos."),
    (r"\.self_attn\.bias_", ".self_attn.pos_bias_"),
    (r"^ctc_head\.", "decoder.decoder_layers.0."),
    (r"^decoder\.embedding\.", "decoder.prediction.embed."),
    (r"^decoder\.lstm\.", "decoder.prediction.dec_rnn.lstm."),
    (r"^encoder_projector\.", "joint.enc."),
    (r"^decoder\.decoder_projector\.", "joint.pred."),
]

CONFIG = """sample_rate: 16000
model_defaults:
  pred_hidden: 640
{defaults}preprocessor:
  _target_: nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor
  sample_rate: 16000
  normalize: per_feature
  window_size: 0.025
  window_stride: 0.01
  window: hann
  features: 128
  n_fft: 512
encoder:
  _target_: nemo.collections.asr.modules.ConformerEncoder
  subsampling: dw_striding
  causal_downsampling: false
  ff_expansion_factor: 4
  self_attention_model: rel_pos
  att_context_size:
  - -1
  - -1
  xscaling: {xscaling}
  untie_biases: true
  conv_norm_type: batch_norm
  conv_context_size: null
{rest}"""


def protobuf(number, payload):
    return bytes([number << 3 | 2]) + varint(len(payload)) + payload


def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def sentencepiece(count):
    """A ModelProto (sentencepiece_model.proto) of so many pieces: <unk>, words, letters."""
    out = b""
    for i in range(count):
        piece = "<unk>" if i == 0 else "\u2581" * (i % 3 != 0) + chr(97 + i % 26)
        if i and i % 3:
            piece += chr(97 + i // 26)
        fields = protobuf(1, piece.encode()) + bytes([2 << 3 | 5]) + struct.pack("<f", -float(i))
        out += protobuf(1, fields + (bytes([3 << 3, 2]) if i == 0 else b""))
    return out + protobuf(2, bytes([3 << 3, 2]))  # trainer_spec.model_type: BPE


def add(tar, name, data):
    info = tarfile.TarInfo("./" + name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def pack(source, target, pieces, head, xscaling, defaults="", rest=""):
    weights = {}
    for file in sorted(glob.glob(os.path.join(source, "*.safetensors"))):
        weights.update(load_file(file))
    for pattern, name in NAMES + [(r"^joint\.head\.", head)]:
        weights = {re.sub(pattern, name, k): v for k, v in weights.items()}
    checkpoint = io.BytesIO()
    torch.save(weights, checkpoint)
    with tarfile.open(target, "w:", format=tarfile.GNU_FORMAT) as tar:
        info = tarfile.TarInfo(".")
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
        add(tar, "0c1d2e3f_tokenizer.vocab", b"<unk>\t0\n")
        add(tar, "4a5b6c7d_tokenizer.model", sentencepiece(pieces))
        add(tar, "model_config.yaml", CONFIG.format(xscaling=xscaling, defaults=defaults, rest=rest).encode())
        add(tar, "model_weights.ckpt", checkpoint.getvalue())
    print(target, os.path.getsize(target))


def main(out):
    os.makedirs(os.path.join(out, "nemo"), exist_ok=True)
    decoder = "decoder:\n  blank_as_pad: true\njoint:\n  jointnet:\n    joint_hidden: 640\n    activation: {0}\n" \
              "    dropout: 0.2\ndecoding:\n  strategy: greedy_batch\n  greedy:\n    max_symbols: {1}\n"
    pack(f"{out}/transducer/tdt", f"{out}/nemo/tdt.nemo", 24, "joint.joint_net.2.", "true",
         "  tdt_durations:\n  - 0\n  - 1\n  - 2\n  - 3\n  - 4\n", decoder.format("relu", 10))
    pack(f"{out}/transducer/rnnt", f"{out}/nemo/rnnt.nemo", 18, "joint.joint_net.1.", "false", "",
         decoder.format("silu", 2))
    pack(f"{out}/fastconformer_sharded", f"{out}/nemo/ctc.nemo", 10, "", "false")


if __name__ == "__main__":
    main(sys.argv[1])
