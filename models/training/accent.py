"""English as those speak it whose first language is Mandarin: the phones that are said in place of a dictionary's. The kinds of
change are mostly those of Deterding, "The pronunciation of English by speakers from China", English World-Wide 27(2), 2006; how often
each is made is a guess, since the sentences are to be heard in many accents of all strengths, not in one."""

PLOSIVES = {"P", "B", "T", "D", "K", "G"}
VOWELS = {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"}

# What is said instead, and how often, by a strong accent of strength 1. None: nothing.
ANYWHERE = {"TH": [("S", 0.45), ("T", 0.1), ("F", 0.05)], "DH": [("D", 0.3), ("Z", 0.25)], "V": [("W", 0.25), ("F", 0.1)],
            "IH": [("IY", 0.25)], "IY": [("IH", 0.1)], "AE": [("EH", 0.3), ("AH", 0.1)], "EH": [("AE", 0.15)],
            "UH": [("UW", 0.3)], "UW": [("UH", 0.1)], "AH": [("AA", 0.15)], "ER": [("AH", 0.15)], "AO": [("OW", 0.2)],
            "EY": [("EH", 0.15)], "OW": [("AO", 0.15)], "ZH": [("SH", 0.3), ("R", 0.2)], "R": [("L", 0.04)]}
AT_THE_END = {"Z": [("S", 0.4)], "D": [("T", 0.25), (None, 0.15)], "T": [(None, 0.15)], "K": [(None, 0.08)], "B": [("P", 0.2)],
              "G": [("K", 0.25)], "V": [("F", 0.35)], "L": [("OW", 0.25), (None, 0.15)], "N": [("NG", 0.12)],
              "NG": [("N", 0.15)], "M": [("N", 0.06)], "R": [(None, 0.3)]}
VOWEL_AFTER_PLOSIVE = 0.12          # at the end of a word: "what-uh"
VOWEL_IN_CLUSTER = 0.06             # "s-uh-peak"
FULL = ("AE1", "AO1", "EH1", "AH1") # what a schwa is said as by who goes by the spelling
IN_FULL = 0.12                      # how often it is


def instead(phone, choices, strength, rng):
    """One of the choices, or mostly the phone itself."""
    draw = rng.random() / strength
    for other, share in choices:
        if draw < share:
            return other
        draw -= share
    return phone


def accented(word, strength, rng):
    """The phones of a word, with stress on its vowels, as an accent of `strength` (0 none, 1 strong) says it."""
    said = []
    for k, token in enumerate(word):
        phone = token.rstrip("012")
        last = k + 1 == len(word)
        if token == "AH0" and len(word) > 1 and rng.random() < IN_FULL * strength:
            said.append(rng.choice(FULL))
            continue
        other = instead(phone, AT_THE_END.get(phone, []) if last and k else [], strength, rng)
        if other == phone:
            other = instead(phone, ANYWHERE.get(phone, []), strength, rng)
        if other is None:
            continue
        said.append(other + (token[len(phone):] or "0" if other in VOWELS else ""))
        cluster = not last and phone not in VOWELS and word[k + 1].rstrip("012") not in VOWELS
        if (last and k and other in PLOSIVES and rng.random() < VOWEL_AFTER_PLOSIVE * strength
                or cluster and rng.random() < VOWEL_IN_CLUSTER * strength):
            said.append("AH0")
    return said
