"""Who has a low voice: the median pitch of every speaker of the sets with many, in pitch.json.

    python pitch.py --work DIR --shared DIR

Of the learners a fifth have one below splice.LOW, of adults elsewhere about half do (men's pitch is around 120 Hz, women's around 210: Baken
and Orlikoff, "Clinical Measurement of Speech and Voice", 2000, chapter 6). Training hears those the more often (batches.py), and
joined.py lets them lead. Needs pyworld, of speaking/requirements.txt."""
import json

import numpy as np
import pyworld

from common import RATE, Store, arguments, status
from splice import LOW, SPEAKER, speaker

HEARD = 5                   # recordings of a speaker that are measured


def pitch(recordings):
    """The median over the voiced frames of all of them, in Hz."""
    found = []
    for wave in recordings:
        wave = wave.astype(np.float64)
        rough, time = pyworld.dio(wave, RATE, f0_floor=60.0, f0_ceil=500.0, frame_period=10.0)
        fine = pyworld.stonemask(wave, rough, time, RATE)
        found.append(fine[fine > 0])
    found = np.concatenate(found)
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
        low = sum(0 < hertz < LOW for hertz in known[name].values())
        status(a.work, f"pitch {name}: {low} of {len(known[name])} speakers have a low voice")
    (a.work / "pitch.json").write_text(json.dumps(known))


if __name__ == "__main__":
    main()
