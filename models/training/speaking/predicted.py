"""The teacher's outputs for mels that the acoustic model makes, smoother than those of recordings: WORK/predicted.

The model is given the true durations, F0 and energy of training recordings, so that no frame of it is out of place."""
import numpy as np
import torch

from acoustic import batches, load, new_model, without_dropout
from shared import arguments, status
from teacher import Cache, load_teacher, stages


def main():
    options = arguments(__doc__, minutes=(12.0, "of speech"), acoustic=("acoustic", "checkpoint"), seed=(1, "which utterances"),
                        name=("predicted", "folder of the outputs"))
    torch.set_num_threads(options.threads)
    train, _, _ = load(options.work)
    model = new_model()
    model.load_state_dict(torch.load(options.work / f"{options.acoustic}.pt", weights_only=True)["average"])
    without_dropout(model)
    teacher, cache = load_teacher(options.shared / "models" / "hifigan-v2-lj"), Cache(options.work / options.name)
    order, frames = np.random.default_rng(options.seed).permutation(len(train)), 0
    with torch.no_grad():
        for k in order:
            batch = next(batches([train[k]], 1, np.random.default_rng(0)))
            mel = model(**batch, return_dict=True).spectrogram[0]
            cache.append(mel, stages(teacher, mel[None]))
            frames += len(mel)
            if frames * 256 / 22050 > 60 * options.minutes:
                break
    status(options.work, f"predicted: {len(cache.lengths())} utterances")


if __name__ == "__main__":
    main()
