"""The same few small tensors as PyTorch, GGUF and whisper.cpp's ggml store them, for test_checkpoint_formats.c.

    python tests/golden/make_checkpoints.py tests/golden/checkpoints

Needs torch, numpy and gguf. Values: element i of a tensor is (i % 13 - 6) / 4, quantized where the type is."""
import pathlib
import struct
import sys

import gguf
import numpy
import torch

NUMBERS = {"n_vocab": 5, "n_audio_ctx": 7, "n_audio_state": 64, "n_audio_head": 1, "n_audio_layer": 1, "n_text_ctx": 9,
           "n_text_state": 64, "n_text_head": 1, "n_text_layer": 1, "n_mels": 3}
TOKENS = [b"a", b" the", b"\xc3", b""]
TYPES = {"q4_0": (2, gguf.GGMLQuantizationType.Q4_0), "q4_1": (3, gguf.GGMLQuantizationType.Q4_1),
         "q5_0": (6, gguf.GGMLQuantizationType.Q5_0), "q5_1": (7, gguf.GGMLQuantizationType.Q5_1),
         "q8_0": (8, gguf.GGMLQuantizationType.Q8_0)}


def values(*shape):
    count = int(numpy.prod(shape))
    return ((numpy.arange(count) % 13 - 6) / 4).astype(numpy.float32).reshape(shape)


def write_pytorch(path):
    whole = torch.tensor(values(4, 6))
    state = {"encoder.conv1.weight": torch.tensor(values(2, 3, 3)).half(), "encoder.conv1.bias": torch.tensor(values(2)),
             "decoder.whole": whole, "decoder.rows": whole[1:3], "count": torch.tensor(7), "half": whole.bfloat16()}
    torch.save({"dims": NUMBERS, "model_state_dict": state}, path)


def quantized():
    for name, (number, kind) in TYPES.items():
        yield name, number, kind, gguf.quants.quantize(values(2, 64), kind)


def write_gguf(path):
    writer = gguf.GGUFWriter(path, "whisper")
    for name, value in NUMBERS.items():
        writer.add_uint32("whisper." + name, value)
    writer.add_token_list(TOKENS)
    writer.add_array("some.nested", [1.5, 2.5])
    writer.add_tensor("encoder.conv1.weight", values(2, 3, 3).astype(numpy.float16))
    for name, _, kind, data in quantized():
        writer.add_tensor(name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def ggml_tensor(name, number, shape, data):
    name = name.encode()
    return struct.pack("<iii", len(shape), len(name), number) + struct.pack(f"<{len(shape)}i", *reversed(shape)) + name + data


def write_ggml(path):
    order = ["n_vocab", "n_audio_ctx", "n_audio_state", "n_audio_head", "n_audio_layer", "n_text_ctx", "n_text_state",
             "n_text_head", "n_text_layer", "n_mels"]
    out = struct.pack("<I", 0x67676D6C) + struct.pack("<10i", *(NUMBERS[k] for k in order)) + struct.pack("<i", 1)
    out += struct.pack("<ii", 3, 4) + bytes(48)
    out += struct.pack("<i", len(TOKENS)) + b"".join(struct.pack("<I", len(t)) + t for t in TOKENS)
    out += ggml_tensor("encoder.conv1.weight", 1, (2, 3, 3), values(2, 3, 3).astype(numpy.float16).tobytes())
    out += ggml_tensor("encoder.conv1.bias", 0, (2, 1), values(2).tobytes())
    for name, number, _, data in quantized():
        out += ggml_tensor(name, number, (2, 64), data.tobytes())
    path.write_bytes(out)


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    write_pytorch(out / "small.pt")
    write_gguf(out / "small.gguf")
    write_ggml(out / "small.bin")


main(pathlib.Path(sys.argv[1]))
