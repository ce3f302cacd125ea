"""Step 4: the teacher's features for every recording, 25 a second, kept as float16.

Feature m is the mean of Whisper frames 2m-2 and 2m-1, so that features 2i and 2i+1 lie around
the centre of the student's frame i (80 ms apart).
"""
import time

import numpy as np
import torch

from common import EVAL, LABELLED, RATE, Store, UNLABELLED, arguments, have, shards, status, teacher_frames
from whisper import MARGIN, Whisper

WIDTH = 512
BATCH_SECONDS = 120


def batches(store):
    """Utterances of like length together, as many as fill BATCH_SECONDS."""
    order, batch = np.argsort(store.lengths, kind="stable"), []
    for i in order:
        if batch and (len(batch) + 1) * (store.lengths[i] + MARGIN) > BATCH_SECONDS * RATE:
            yield batch
            batch = []
        batch.append(int(i))
    if batch:
        yield batch


def padded(store, batch):
    longest = max(int(store.lengths[i]) for i in batch) + MARGIN
    wave = np.zeros((len(batch), min(-(-longest // 640) * 640, 30 * RATE)), dtype=np.float32)
    for row, i in enumerate(batch):
        pcm = store.audio(i)[:wave.shape[1]]
        wave[row, :len(pcm)] = pcm
    return torch.from_numpy(wave)


def pair_means(x, frames):
    """[time at 50 Hz, width] to [frames, width]."""
    x = torch.cat([x[:1], x[:1], x])
    x = x[:x.shape[0] // 2 * 2].view(-1, 2, x.shape[1]).mean(1)
    return x[:frames] if x.shape[0] >= frames else torch.cat([x, x[-1:].expand(frames - x.shape[0], -1)])


def run(whisper, work, name, audio=None):
    path = work / "teacher" / f"{name}.f16"
    if path.exists():
        return
    store, began = Store(work, name), time.time()
    if audio is not None:
        store.audio = audio(store)
    counts = np.array([teacher_frames(n) for n in store.lengths])
    offsets = np.concatenate([[0], np.cumsum(counts)])
    path.parent.mkdir(exist_ok=True)
    out = np.memmap(path.with_suffix(".part"), dtype=np.float16, mode="w+", shape=(int(offsets[-1]), WIDTH))
    for batch in batches(store):
        encoded = whisper.encode(padded(store, batch))
        for row, i in enumerate(batch):
            out[offsets[i]:offsets[i + 1]] = pair_means(encoded[row], int(counts[i])).half().numpy()
    out.flush()
    path.with_suffix(".part").rename(path)
    speed = store.hours * 3600 / (time.time() - began)
    status(work, f"teacher {name}: {store.hours:.2f} h at {speed:.0f} times real time")


def main():
    a = arguments("Run the teacher's encoder.", sets=("", "only these, separated by commas"),
                  synthesized=(0, "how many synthesized shards to include"))
    torch.set_num_threads(a.threads)
    whisper = Whisper(a.shared)
    order = ["voice_lj", "voice_cathy", "train_an4", "train_speechocean"] + UNLABELLED + EVAL + ["train_words"]
    assert set(order) == set(LABELLED + UNLABELLED + EVAL)
    names = a.sets.split(",") if a.sets else order + shards(a.work)[:a.synthesized]
    for name in names:
        if have(a.work, name):
            run(whisper, a.work, name)


if __name__ == "__main__":
    main()
