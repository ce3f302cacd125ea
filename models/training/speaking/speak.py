"""Text to samples with a checkpoint, in transformers: what the recipe measures and listens with."""
import re
import subprocess

import torch
from transformers import FastSpeech2ConformerWithHifiGan

from phones import load_lexicon, read
from shared import IDS, normalise

FLITE = {"ax": "AH0", "axr": "ER0"}


def spelled(word):
    """A word that the lexicon lacks, as flite says it: every first vowel stressed."""
    said = subprocess.run(["flite", "-t", word.lower(), "-ps", "-o", "none"], capture_output=True, text=True, check=True).stdout
    phones, stressed = [], False
    for p in said.split():
        if p == "pau":
            continue
        name = FLITE.get(p, p.upper())
        if name + "1" in IDS:
            name, stressed = name + ("0" if stressed else "1"), True
        phones.append(name)
    return [p for p in phones if p in IDS]


class Reader:
    def __init__(self, shared):
        self.lexicon = load_lexicon(shared / "lexicon" / "cmudict.txt")

    def tokens(self, text):
        """Phones and punctuation; figures are read out, words that are not known are spelled by flite."""
        if re.search(r"\d", text):
            text = re.sub(r"[\d,]*\d(st|nd|rd|th)?", lambda m: " " + normalise(m.group()) + " ", text)
        for word in re.findall(r"[A-Z']+", text.upper()):
            if word.strip("'") and word.strip("'") not in self.lexicon and word not in self.lexicon:
                self.lexicon[word.strip("'")] = [spelled(word)]
        words, out = read(text, self.lexicon), []
        for _, pronunciations, mark in words:
            out += pronunciations[0] + ([mark] if mark else [])
        if out[-1] == ",":
            out[-1] = "."
        return out + ["<sos/eos>"]


class Voice:
    """A checkpoint's folder; `vocoder` replaces its own by another generator of the same mels."""

    def __init__(self, folder, vocoder=None):
        self.model = FastSpeech2ConformerWithHifiGan.from_pretrained(folder).float().eval()
        self.vocoder = vocoder or self.model.vocoder

    @torch.inference_mode()
    def mel(self, tokens, speaker=0):
        ids = torch.tensor([[IDS[t] for t in tokens]])
        return self.model.model(ids, speaker_ids=torch.tensor([[speaker]]), return_dict=True).spectrogram

    @torch.inference_mode()
    def wave(self, mel):
        return self.vocoder(mel)[0].numpy()
