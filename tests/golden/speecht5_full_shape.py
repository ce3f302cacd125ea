"""A seeded random checkpoint at the published shape of SpeechT5 (microsoft/speecht5_tts) with the spectrogram that
transformers gives for one row, to be compared with ours, and timed, by tests/perf/bench_speecht5_parity.c. Run by hand; it
takes 3 GB of memory:

    python tests/golden/speecht5_full_shape.py DIR
    build/tests/bench_speecht5_parity DIR
"""
import json
import os
import sys
import time

import torch
from make_speecht5 import Noise, randomise
from safetensors.torch import save_file
from transformers import SpeechT5Config, SpeechT5ForTextToSpeech

TOKENS, SEED, RATIO = 60, 5, 4.0  # a sentence, and frames a token: 240 frames of 16 ms


@torch.no_grad()
def main(folder):
    model = SpeechT5ForTextToSpeech(SpeechT5Config(max_text_positions=600, max_speech_positions=1876)).eval()
    randomise(model, 3)
    model.speech_decoder_postnet.prob_out.bias.fill_(-30)  # it goes on to its last step
    tokens = [4 + 7 * i % 77 for i in range(TOKENS - 1)] + [2]
    speaker = torch.randn(1, model.config.speaker_embedding_dim, generator=torch.Generator().manual_seed(1))
    model.speecht5.decoder.prenet._consistent_dropout = Noise(SEED, model.config.speech_decoder_prenet_layers)
    begin = time.time()
    mel = model.generate_speech(torch.tensor([tokens]), speaker, minlenratio=0.0, maxlenratio=RATIO)
    print("transformers: %.0f ms with %d threads" % ((time.time() - begin) * 1e3, torch.get_num_threads()))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump(model.config.to_dict(), f, indent=1, sort_keys=True)
    save_file(model.state_dict(), os.path.join(folder, "model.safetensors"), {"format": "pt"})
    with open(os.path.join(folder, "rows.txt"), "w") as f:
        print(TOKENS, SEED, RATIO, mel.shape[0], *tokens, file=f)
    speaker.numpy().astype("<f4").tofile(os.path.join(folder, "speaker.f32"))
    mel.numpy().astype("<f4").tofile(os.path.join(folder, "mel.f32"))


if __name__ == "__main__":
    main(*sys.argv[1:])
