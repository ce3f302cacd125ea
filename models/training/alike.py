"""Sentences of the kind that a set's speakers read: its transcripts taken apart and put together anew.

Two transcripts that share a word give a third that begins as the one and ends as the other; then words give way to others
that were met between the same two neighbours, in the transcripts or in shared/text (a substitution of like for like, as in Fadaee et al.,
"Data augmentation for low-resource neural machine translation", ACL 2017, by counts instead of by a language model). What results is
seldom sense and mostly grammar: who learns to hear it cannot know the sentences by heart, and knows what sentences of the set are like.
No sentence of an evaluation or a development set comes out."""
import random
import re
from functools import partial

from common import is_held_out, normalise, scoring
from language_model import TEXTS, forbidden, transcripts
from prompts import corpus, prompts
from speaking.phones import load_lexicon

OWN = 0.6                   # share of the words drawn that were met there in the transcripts, not in shared/text
FLATTER = 0.6               # power of its count by which a word is drawn
CROSSED = 0.5               # share of the sentences that end as another one
REPLACED = (1, 1, 2, 2, 3)  # words of a sentence that give way
TRIES = 6                   # places that are tried for one of them
LONGEST = 14                # words of a sentence


def places(words):
    """((word before, word after), word) of every word; "" at the ends."""
    return [((before, after), word) for before, word, after in zip([""] + words, words, words[1:] + [""])]


def count(counts, key, word):
    between = counts.setdefault(key, {})
    between[word] = between.get(word, 0) + 1


def mixed(own, others):
    """Words of both, and weights by which they are drawn."""
    weights = {}
    for counts, share in ((own, OWN), (others, 1 - OWN)):
        total = sum(n ** FLATTER for n in counts.values())
        for word, n in counts.items():
            weights[word] = weights.get(word, 0) + share * n ** FLATTER / total
    return list(weights), list(weights.values())


class Alike:
    """The sentences of the sets and what may take a word's place in them: words of the lexicon alone, since they are to be spoken."""

    def __init__(self, shared, sets, lexicon):
        self.forbidden = forbidden(shared)
        self.sentences = sorted({normalise(text) for name in sets for file, text in transcripts(shared, name)
                                 if text and not is_held_out(name, file)})
        self.sentences = [s.split() for s in self.sentences if s and scoring(s) not in self.forbidden]
        self.met, self.within = self.neighbourhoods(shared, lexicon), {}
        for number, words in enumerate(self.sentences):
            for k, word in enumerate(words):
                self.within.setdefault(word, []).append((number, k))

    def neighbourhoods(self, shared, lexicon):
        """(word before, word after) of the transcripts: words met between them and how likely each is to be drawn."""
        own, others = {}, {}
        for words in self.sentences:
            for key, word in places(words):
                count(own, key, word)
        for name in TEXTS:
            for line in corpus(shared, name):
                for part in re.split(r"(?<=[.!?;:,])\s+", line):
                    for key, word in places(normalise(part).split()):
                        if key in own and word.upper() in lexicon:
                            count(others, key, word)
        return {key: mixed(between, others.get(key, {})) for key, between in own.items()}

    def crossed(self, words, rng):
        """The beginning of the sentence and the end of another that has a word in common with it."""
        k = rng.randrange(len(words))
        number, at = rng.choice(self.within[words[k]])
        return words[:k] + self.sentences[number][at:]

    def replaced(self, words, rng):
        """The sentence with one word in place of another."""
        for _ in range(TRIES):
            k = rng.randrange(len(words))
            found = self.met.get((words[k - 1] if k else "", words[k + 1] if k + 1 < len(words) else ""))
            other = rng.choices(*found)[0] if found else words[k]
            if other != words[k]:
                return words[:k] + [other] + words[k + 1:]
        return words

    def stream(self, seed):
        """An endless stream of (spoken text, normalised text), which here are the same."""
        rng = random.Random(seed)
        while True:
            words = rng.choice(self.sentences)
            if rng.random() < CROSSED:
                words = self.crossed(words, rng)
            for _ in range(rng.choice(REPLACED)):
                words = self.replaced(words, rng)
            text = " ".join(words)
            if len(words) <= LONGEST and scoring(text) not in self.forbidden:
                yield text, text


def reading(shared, sets):
    """What is read aloud, as a stream by its seed: sentences like those of the sets, by commas, or where none is named prompts."""
    if not sets:
        return partial(prompts, shared)
    return Alike(shared, sets.split(","), load_lexicon(shared / "lexicon" / "cmudict.txt")).stream
