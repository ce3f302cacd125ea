"""Small checkpoints as PyTorch and the gguf package write them, for tests/unit/test_checkpoint_golden.c.

    pip install torch gguf && python tests/golden/make_checkpoints.py

Written with torch 2.15.0 and gguf 0.19.0.
"""
import collections
import pathlib

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from gguf import quants

OUT = pathlib.Path(__file__).parent / "checkpoints"


def state_dict():
    """Element i of each tensor is i / 4 - 1."""
    def ramp(*shape, dtype=torch.float32):
        return (torch.arange(torch.Size(shape).numel()) / 4 - 1).reshape(shape).to(dtype)

    tensors = collections.OrderedDict()
    tensors["encoder.conv1.weight"] = ramp(2, 3, 3)
    tensors["encoder.conv1.bias"] = ramp(2, dtype=torch.float16)
    tensors["encoder.ln_post.weight"] = torch.nn.Parameter(ramp(4, dtype=torch.bfloat16))
    shared = ramp(10)
    tensors["decoder.token_embedding.weight"] = shared[2:8].view(3, 2)  # from 2 / 4 - 1 on
    tensors["decoder.proj.weight"] = shared
    tensors["steps"] = torch.tensor(7)
    tensors._metadata = collections.OrderedDict([("", {"version": 1})])
    return tensors


def write_pytorch():
    dims = {"n_mels": 80, "n_vocab": 51865, "n_audio_ctx": 1500, "n_text_layer": 6}
    torch.save({"dims": dims, "model_state_dict": state_dict()}, OUT / "openai.pt")
    torch.save(dict(state_dict()), OUT / "protocol4.bin", pickle_protocol=4)
    torch.save({"generator": state_dict()}, OUT / "before_1.6.pt", _use_new_zipfile_serialization=False)


def write_gguf():
    writer = gguf.GGUFWriter(OUT / "types.gguf", "whisper")
    writer.add_uint32("whisper.encoder.embedding_length", 384)
    writer.add_int32("n_mels", 80)
    writer.add_string("tokenizer.ggml.model", "gpt2")
    writer.add_array("tokenizer.ggml.tokens", ["a", "\u0120b"])
    values = np.random.RandomState(0).randn(2, 64).astype(np.float32)
    for name in ("F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"):
        packed = quants.quantize(values, Type[name])
        writer.add_tensor(name, packed, raw_dtype=Type[name])
        writer.add_tensor(name + ".expected", quants.dequantize(packed, Type[name]).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


OUT.mkdir(exist_ok=True)
write_pytorch()
write_gguf()
