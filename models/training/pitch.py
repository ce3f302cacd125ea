"""Who has a low voice: the median pitch of every speaker of the sets with many, in pitch.json.

    python pitch.py --work DIR --shared DIR

Of the learners a fifth have one below splice.LOW_PITCH, of adults elsewhere about half do (men's pitch is around 120 Hz, women's around 210: Baken
and Orlikoff, "Clinical Measurement of Speech and Voice", 2000). Training hears those the more often (batches.py), and
joined.py lets them lead. Needs pyworld, of speaking/requirements.txt."""
import json

import numpy as np
import pyworld

from common import RATE, Store, arguments, status
from splice import LOW_PITCH, SPEAKER, speaker

HEARD = 5                   # recordings of a speaker that are measured


def contour(wave, rate, lowest, period):
    """F0 in Hz, at least `lowest`, every `period` ms, 0 where there is no voice (WORLD's DIO and StoneMask, Morise 2016)."""
    wave = wave.astype(np.float64)
    rough, time = pyworld.dio(wave, rate, f0_floor=lowest, f0_ceil=500.0, frame_period=period)
    return pyworld.stonemask(wave, rough, time, rate)


def pitch(recordings):
    """The median over the voiced frames of all of them, in Hz."""
    found = np.concatenate([contour(wave, RATE, 60.0, 10.0) for wave in recordings])
    found = found[found > 0]
    return float(np.median(found)) if len(found) else 0.0


def main():
    a = arguments(__doc__)
    known = {}
    for name in SPEAKER:
        store = Store(a.work, name)
        recordings = {}
        for number, file in enumerate(store.files):
            recordings.setdefault(speaker(name, file), []).append(number)
        known[name] = {who: pitch(store.audio(n) for n in numbers[:HEARD]) for who, numbers in recordings.items()}
        low = sum(0 < hertz < LOW_PITCH for hertz in known[name].values())
        status(a.work, f"pitch {name}: {low} of {len(known[name])} speakers have a low voice")
    (a.work / "pitch.json").write_text(json.dumps(known))


if __name__ == "__main__":
    main()
