"""From a transcript to words, their pronunciations in CMUdict and the punctuation between them."""
import re

PAUSES = {",": ",", ";": ",", ":": ",", "--": ",", "(": ",", ")": ",", ".": ".", "?": "?", "!": "!"}
ABBREVIATIONS = {"MR", "MRS", "DR", "ST", "MESSRS", "ETC", "NO", "REV", "HON", "GEN", "COL", "CAPT"}


def load_lexicon(path):
    """word to its pronunciations, the most usual first, each a list of phones with stress."""
    words = {}
    for line in path.read_text(encoding="latin-1").splitlines():
        if line and not line.startswith(";;;"):
            word, *phones = line.split()
            words.setdefault(re.sub(r"\(\d+\)$", "", word), []).append(phones)
    return words


def pieces(text):
    """(word, or None where something cannot be read) and punctuation, in order."""
    text = text.upper().replace("’", "'").replace("“", '"').replace("”", '"').replace("—", " -- ").replace("--", " -- ")
    for token in re.findall(r"--|[A-Z0-9'&$£%À-ß]+|[,;:.?!()]", text):
        if token in PAUSES:
            yield "pause", PAUSES[token]
        else:
            yield "word", token.strip("'") if token.strip("'") not in ("", "TIS", "TWAS") else token


def read(text, lexicon):
    """[(word, pronunciations, the punctuation after it or None)], or None where a word is unknown."""
    words = []
    for kind, token in pieces(text):
        if kind == "pause":
            if words and not (token == "." and words[-1][0] in ABBREVIATIONS):
                words[-1][2] = words[-1][2] if words[-1][2] in (".", "?", "!") else token
        elif token in lexicon:
            words.append([token, lexicon[token], None])
        else:
            return None
    if words and words[-1][2] is None:
        words[-1][2] = "." if words[-1][0] in ABBREVIATIONS else ","
    return words or None
