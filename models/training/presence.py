"""Whether text was spoken or is made of noise: the weights of decoder/search/presence.h, written to MODEL/presence.json.

    python presence.py --work DIR --shared DIR [--build DIR]

A logistic map (Platt 1999) of what the scores say of a window. Noise: half of the clips of `noise`, parted by the recording
that a clip was cut from so that the other half was never heard here (`--test` reads that one), whole, cut, slowed and faint;
and sounds that are made: tones, telephones, music, clicks, hum, wind, reversed voices. Speech: the labelled sets and
unlabelled_librispeech, slowed or quickened, in noise at 0 to 20 dB, through a telephone, and at -50 dBFS. The released weights
have heard the recordings, so speech counts by its words and the copies are hard. Seeded."""
import json
import subprocess
import zlib
from pathlib import Path

import numpy as np
import soundfile

import augment
import voice_mix
from common import RATE, UNLABELLED, arguments, scoring, normalise, status
from prepare import read

SPEECH = {"train_speechocean": 300, "train_an4": 150, "voice_cathy": 80, "voice_lj": 40, "train_words": 400,
          UNLABELLED[0]: 50}


class Clips:
    """The clips of one half as augment.clip wants them."""

    def __init__(self, shared, half):
        folder = shared / "speech" / "noise"
        self.files = [f for f in sorted(folder.glob("*.opus")) if zlib.crc32(f.name.split("-")[1].encode()) % 2 == half]
        self.sounds = [x for x in map(read, self.files) if len(x) > RATE // 10]

    def __len__(self):
        return len(self.sounds)

    def audio(self, i):
        return self.sounds[i]


# ---- sounds that are made ----

def tones(n, rng, pairs, on, off):
    """Pairs of frequencies, each on and then off for so long (s)."""
    x, at = np.zeros(n, dtype=np.float32), int(rng.uniform(0, 0.5) * RATE)
    while at < n:
        length = min(int(on * RATE), n - at)
        t = np.arange(length) / RATE
        for f in pairs[int(rng.integers(len(pairs)))]:
            x[at:at + length] += np.sin(2 * np.pi * f * t)
        at += int((on + off) * RATE)
    return voice_mix.unit(x) + np.float32(0.01) * voice_mix.unit(augment.coloured(n, rng))


def telephone(n, rng):
    """Keys, ringing, busy, dialling, a fax, a beep."""
    keys = [(low, high) for low in (697, 770, 852, 941) for high in (1209, 1336, 1477, 1633)]
    kind = int(rng.integers(6))
    if kind == 0:
        return tones(n, rng, keys, rng.uniform(0.06, 0.3), rng.uniform(0.05, 0.5))
    return tones(n, rng, *(([(440, 480)], 2, 4), ([(480, 620)], 0.5, 0.5), ([(350, 440)], 20, 0),
                           ([(1100,), (2100,)], 0.5, 3), ([(rng.uniform(300, 2500),)], rng.uniform(0.1, 1), 1))[kind - 1])


def reversed_voices(n, rng, speech):
    """A few voices backwards: what has speech's sounds and is none."""
    x = np.zeros(n, dtype=np.float32)
    for _ in range(int(rng.integers(3, 8))):
        x += voice_mix.unit(augment.clip(speech, n, rng)[::-1])
    return x


def made(n, rng, speech):
    r = rng.random()
    if r < 0.25:
        return telephone(n, rng)
    if r < 0.4:
        return voice_mix.music(n, rng)
    if r < 0.45:
        return reversed_voices(n, rng, speech)
    return voice_mix.made(n, rng, speech)


# ---- recordings ----

class Utterances:
    def __init__(self, shared, rng):
        self.rows = []
        for name, count in SPEECH.items():
            head, *rows = [r.split("\t") for r in (shared / "speech" / f"{name}.tsv").read_text().strip().split("\n")]
            for i in rng.permutation(len(rows))[:count]:
                self.rows.append((name, shared / "speech" / name / rows[i][0], rows[i][3]))

    def __len__(self):
        return len(self.rows)

    def audio(self, i):
        return read(self.rows[i][1])


def at_level(x, db):
    """At so many dB below full scale, by its loudest tenth of a second."""
    frames = x[:len(x) // 1600 * 1600].reshape(-1, 1600)
    loud = np.sqrt((frames.astype(np.float64) ** 2).mean(1)).max() if len(frames) else 0
    return x * np.float32(10 ** (db / 20) / (loud + 1e-9))


def spoken(x, rng, clips, speech):
    """An utterance as it may arrive, and what was done to it."""
    x, kind = np.concatenate([np.zeros(rng.integers(8000), np.float32), x, np.zeros(8000, np.float32)]), rng.random()
    if rng.random() < 0.5:
        x = augment.speed(x, float(rng.uniform(0.85, 1.18)))
    if kind < 0.1:
        return x, "clean"
    if kind < 0.2:
        return at_level(x, -50) + rng.standard_normal(len(x)).astype(np.float32) * np.float32(3e-5), "quiet"
    if rng.random() < 0.2:
        x = augment.reverberate(x, rng)
    db = rng.uniform(0, 20)
    noise = voice_mix.recorded(len(x), clips, rng) if rng.random() < 0.6 else made(len(x), rng, speech)
    x = augment.add_noise(x, noise, db)
    x = at_level(x, rng.uniform(-35, -10))
    if kind < 0.45:
        return augment.mu_law_8k(x), "telephone %s" % ("0-10" if db < 10 else "10-20")
    return x, "noise %s" % ("0-10" if db < 10 else "10-20")


def unspoken(rng, clips, speech, i):
    """Noise: the clips themselves first, then variants and made sounds."""
    if i < len(clips):
        return clips.audio(i), "clip"
    n = int(rng.uniform(1, 8) * RATE)
    if rng.random() < 0.5:
        x, kind = voice_mix.recorded(n, clips, rng), "changed clip"
    else:
        x, kind = made(n, rng, speech), "made"
    if rng.random() < 0.3:
        gate = np.repeat(rng.random(n // 4000 + 1) < 0.5, 4000)[:n]
        x = x * gate + np.float32(0.003) * rng.standard_normal(n).astype(np.float32)
    x = at_level(x, rng.uniform(-45, -6))
    return (augment.mu_law_8k(x), kind + ", telephone") if rng.random() < 0.25 else (x, kind)


def write(folder, name, items):
    """The recordings and a manifest, which has (file, kind, text)."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    lines = ["file\ttext\tkind"]
    for i, (x, kind, text) in enumerate(items):
        soundfile.write(folder / name / f"{i:05}.flac", np.clip(x, -1, 1), RATE)
        lines.append(f"{name}/{i:05}.flac\t{text}\t{kind}")
    (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n")


def make(a, half, variants):
    rng = np.random.default_rng(1 + half)
    folder, clips, speech = a.work / "presence" / ("test" if half else "fit"), Clips(a.shared, half), Utterances(a.shared, rng)
    write(folder, "noise", ((*unspoken(rng, clips, speech, i), "") for i in range(len(clips) + variants)))
    write(folder, "speech", ((*spoken(speech.audio(i), rng, clips, speech), scoring(normalise(speech.rows[i][2])))
                             for i in range(len(speech))))


# ---- fitting ----

NAMES = ["bias", "acoustic", "letters", "seconds", "mass", "entropy"]
LOSS = 0.02         # of the right words of the hard speech may go


def log_odds(p):
    p = np.clip(p, 0.001, 0.999)
    return np.log(p / (1 - p))


def evidence(build, model, beam, cutting, files):
    """[windows, NAMES] and the words of each window that are likely right."""
    x, right = [], []
    out = subprocess.run([build / "tests" / "presence_evidence", model, str(beam), cutting, *files], capture_output=True,
                         text=True, check=True).stdout
    for line in out.splitlines():
        _, _, acoustic, letters, seconds, mass, entropy, confidence, words = line.split("\t")
        if not float(seconds):                          # speech runs on beyond the window: it is believed
            continue
        x.append([1, log_odds(float(acoustic)), *np.log(np.maximum([float(letters), float(seconds), float(mass)], 0.01)),
                  float(entropy)])
        right.append(float(confidence) * len(words.split()))
    return np.array(x), np.array(right)


def fit(x, y, weight, ridge=0.5):
    """Newton's method; the bias is free."""
    w, penalty = np.zeros(x.shape[1]), ridge * np.diag([0.0] + [1.0] * (x.shape[1] - 1))
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ w))
        w += np.linalg.solve((x * (weight * p * (1 - p))[:, None]).T @ x + penalty, x.T @ (weight * (y - p)) - penalty @ w)
    return w


def threshold(p, right, loss):
    """Below which lie so many of the right words."""
    order = np.argsort(p)
    return p[order][np.searchsorted(np.cumsum(right[order]), loss * right.sum())]


def choose(noise, speech, right):
    """Weights and threshold."""
    w = fit(np.concatenate([noise, speech]), np.repeat([0, 1], [len(noise), len(speech)]),
            np.concatenate([np.ones(len(noise)), np.minimum(right, 3)]))
    at = threshold(1 / (1 + np.exp(-speech @ w)), right, LOSS)
    return {**{key: round(float(value), 4) for key, value in zip(NAMES, w)}, "threshold": round(float(at), 3)}


def judge(weights, noise, speech, right):
    w, at = [weights[key] for key in NAMES], weights["threshold"]
    kept, lost = (1 / (1 + np.exp(-noise @ w)) >= at).sum(), 1 / (1 + np.exp(-speech @ w)) < at
    return (f"{kept} of {len(noise)} windows of noise with words are kept, {lost.sum()} of {len(speech)} of speech lost, "
            f"with {right[lost].sum() / right.sum():.4f} of the right words")


def main():
    a = arguments(__doc__, build=("../../build", "where utter was built"), model=("../default/en", "the model's folder"),
                  test=(0, "1: says what the other half gives with the weights as they are, and fits nothing"))
    folder = a.work / "presence" / ("test" if a.test else "fit")
    if not (folder / "speech.tsv").exists():
        make(a, a.test, 640)
    model, build = Path(a.model).resolve(), Path(a.build).resolve()
    weights = json.loads((model / "presence.json").read_text()) if a.test else {}
    for name, beam in (("guided", 0), ("alone", 1)):
        noise, speech, right = [], [], []
        for cutting in ("file", "live"):                # whole recordings and streams are cut by different detectors
            noise.append(evidence(build, model, beam, cutting, sorted((folder / "noise").glob("*.flac")))[0])
            x, likely = evidence(build, model, beam, cutting, sorted((folder / "speech").glob("*.flac")))
            speech.append(x)
            right.append(likely)
        if not a.test:
            weights[name] = choose(np.concatenate(noise), np.concatenate(speech), np.concatenate(right))
        for cutting, *heard in zip(("file", "live"), noise, speech, right):
            status(a.work, f"presence {name}, {cutting}: {judge(weights[name], *heard)}")
        status(a.work, f"presence {name}: {weights[name]}")
    if not a.test:
        (model / "presence.json").write_text(json.dumps(weights, indent=2) + "\n")


if __name__ == "__main__":
    main()
