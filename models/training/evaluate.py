"""Step 9: word error rates of an exported model through transformers alone, one utterance at a time, greedy.

Each set is read clean and as an 8 kHz G.711 µ-law copy. Held-out noise and silence count how often text
comes out of no speech. The numbers go to MODEL/../results.json or --out, which card.py reads.
With --sets only those are read, clean, and nothing but the log has the numbers: of a synthesizer's shards one that was heard
and one that was not show how much of the training is learnt by heart.
"""
import io
import json
import time
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from transformers import AutoTokenizer, ParakeetFeatureExtractor, ParakeetForCTC

from common import EVAL, RATE, Store, arguments, status
from score import errors


def telephone(pcm):
    """16 kHz to a real G.711 µ-law file at 8 kHz and back."""
    narrow = soxr.resample(pcm, RATE, 8000)
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(narrow, -1, 1), 8000, format="WAV", subtype="ULAW")
    buffer.seek(0)
    return soxr.resample(soundfile.read(buffer, dtype="float32")[0], 8000, RATE).astype(np.float32)


class Recognizer:
    def __init__(self, folder, bf16):
        self.model = ParakeetForCTC.from_pretrained(folder, dtype=torch.float32).eval()
        self.extractor = ParakeetFeatureExtractor.from_pretrained(folder)
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.bf16 = bool(bf16)

    @torch.inference_mode()
    def __call__(self, pcm):
        inputs = self.extractor(pcm, sampling_rate=RATE, return_tensors="pt")
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            ids = self.model.generate(input_features=inputs["input_features"], attention_mask=inputs["attention_mask"])
        return self.tokenizer.decode(ids[0], skip_special_tokens=True)


def measure(recognizer, store, count, change=lambda x: x, show=0):
    guesses = [recognizer(change(store.audio(i))) for i in range(count)]
    for text, guess in zip(store.texts[:show], guesses):
        print(" ", text, "|", guess)
    n, s, d, i = errors(store.texts[:count], guesses)
    return {"words": n, "sub": s, "del": d, "ins": i, "wer": round(100 * (s + d + i) / n, 2)}


def main():
    a = arguments("Measure the exported model.", model=("", "folder; WORK/export if not given"), out=("", "results file"),
                  bf16=(0, "1: multiply in bfloat16"), limit=(0, "only so many of each set"), sets=("", "others than the evaluation sets, by commas"),
                  show=(0, "print this many pairs of each set"))
    torch.set_num_threads(a.threads)
    folder = Path(a.model) if a.model else a.work / "export"
    recognizer, results, began = Recognizer(folder, a.bf16), {}, time.time()
    for name in a.sets.split(",") if a.sets else EVAL:
        store = Store(a.work, name)
        count = min(a.limit or len(store), len(store))
        results[f"{name} clean"] = measure(recognizer, store, count, show=min(a.show, count))
        if not a.sets:
            results[f"{name} ulaw"] = measure(recognizer, store, count, telephone)
    line = ", ".join(f"{k} {v['wer']:.1f}" for k, v in results.items())
    if a.sets:
        status(a.work, f"evaluate {folder.name}: {line}")
        return
    noise = Store(a.work, "noise_eval")
    texts = [recognizer(noise.audio(i)) for i in range(min(a.limit or len(noise), len(noise)))]
    results["noise"] = {"clips": len(texts), "with_text": sum(bool(t) for t in texts)}
    quiet = [np.zeros(n * RATE, dtype=np.float32) for n in (1, 3, 10)]
    quiet += [x + np.float32(1e-4) * np.random.default_rng(0).standard_normal(len(x)).astype(np.float32) for x in quiet]
    results["silence"] = {"clips": len(quiet), "with_text": sum(bool(recognizer(x)) for x in quiet)}
    Path(a.out or folder.parent / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    status(a.work, f"evaluate {folder.name}: {line}; noise {results['noise']}, silence {results['silence']}, "
                   f"{time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
