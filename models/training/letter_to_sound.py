"""Train the letter-to-sound network: what to say of a word that no lexicon has.

Every letter gets a chunk of phones (cmudict.py aligns them). A bidirectional GRU reads the letters, another GRU writes
the chunks, one a letter, each knowing the one before; decoder/spoken/letter_to_sound.h is the page to run it. It sees nine
words in ten; the error is counted on the tenth, in words that are right in no variant.

    python letter_to_sound.py --work DIR --shared DIR --minutes 25
"""
import random
import time
from collections import Counter

import torch
import torch.nn.functional as F
from torch import nn

from cmudict import alignments, bare, is_held_out, read
from common import arguments, status

LETTERS = "'abcdefghijklmnopqrstuvwxyz"
EMBEDDED, READING, WRITING = 24, 96, 128
SEEN = 8                    # times at least, for a chunk to be among those that the network says
BATCH = 128
PEAK = 2e-3
DROPOUT = 0.05
FORGET = 0.05               # of the chunks before, so that one mistake does not make the next
EVERY = 300                 # seconds between looks at the held-out words, and copies of the weights


class Network(nn.Module):
    def __init__(self, chunks, embedded=EMBEDDED, reading=READING, writing=WRITING):
        super().__init__()
        self.letters = nn.Embedding(len(LETTERS), embedded)
        self.before = nn.Embedding(chunks + 1, embedded)        # the last: none, at the beginning
        self.reader = nn.GRU(embedded, reading, num_layers=2, bidirectional=True, batch_first=True, dropout=DROPOUT)
        self.writer = nn.GRU(2 * reading + embedded, writing, batch_first=True)
        self.says = nn.Linear(writing, chunks)
        self.dropout = nn.Dropout(DROPOUT)

    def read(self, letters):                                    # [batch, letters] -> [batch, letters, 2 READING]
        return self.dropout(self.reader(self.letters(letters).clamp(-4, 4))[0])

    def write(self, heard, before, state=None):                 # before: [batch, letters]
        out, state = self.writer(torch.cat([heard, self.before(before).clamp(-4, 4)], 2), state)
        return self.says(self.dropout(out)), state


def examples(aligned, ids, held_out):
    """[(word, letters, chunk ids of the first variant)]"""
    for word, variants in aligned.items():
        if is_held_out(word) == held_out and all(c in ids for c in variants[0]):
            yield word, [LETTERS.index(c) for c in word], [ids[c] for c in variants[0]]


def batches(items, shuffle):
    """Tensors of words of one length, so that nothing is padded."""
    by_length = {}
    for item in items:
        by_length.setdefault(len(item[1]), []).append(item)
    out = []
    for same in by_length.values():
        if shuffle:
            random.shuffle(same)
        out += [same[i:i + BATCH] for i in range(0, len(same), BATCH)]
    if shuffle:
        random.shuffle(out)
    for batch in out:
        yield [b[0] for b in batch], torch.tensor([b[1] for b in batch]), torch.tensor([b[2] for b in batch])


def loss_of(net, letters, target):
    none = net.before.num_embeddings - 1
    before = F.pad(target[:, :-1], (1, 0), value=none)
    before = before.masked_fill(torch.rand(before.shape) < FORGET, none)
    scores, _ = net.write(net.read(letters), before)
    return F.cross_entropy(scores.flatten(0, 1), target.flatten())


@torch.no_grad()
def greedy(net, letters):
    heard, state, said = net.read(letters), None, []
    last = torch.full((len(letters), 1), net.before.num_embeddings - 1)
    for i in range(letters.shape[1]):
        scores, state = net.write(heard[:, i:i + 1], last, state)
        last = scores.argmax(2)
        said.append(last)
    return torch.cat(said, 1)


def errors(net, items, chunks, words):
    """Shares of words said wrongly: with stress, without."""
    net.eval()
    wrong = wrong_bare = total = 0
    for names, letters, _ in batches(items, False):
        for name, row in zip(names, greedy(net, letters).tolist()):
            said = [p for c in row for p in chunks[c]]
            total += 1
            wrong += said not in words[name]
            wrong_bare += bare(said) not in [bare(v) for v in words[name]]
    net.train()
    return wrong / total, wrong_bare / total


def save(net, chunks, work):
    torch.save({"chunks": chunks, "network": net.state_dict()}, work / "letters.pt")


def train(net, items, held_out, chunks, words, a):
    optimizer = torch.optim.AdamW(net.parameters(), lr=PEAK, betas=(0.9, 0.98), weight_decay=0.01)
    begin, looked, seconds, epoch = time.time(), time.time(), 60 * a.minutes, 0
    while time.time() - begin < seconds:
        epoch += 1
        for _, letters, target in batches(items, True):
            done = min(1.0, (time.time() - begin) / seconds)
            optimizer.param_groups[0]["lr"] = PEAK * min(1.0, done / 0.03, 1.02 - done)
            loss = loss_of(net, letters, target)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            if time.time() - looked > EVERY:
                looked = time.time()
                save(net, chunks, a.work)
                status(a.work, "letters: epoch %d, %.0f %%, loss %.3f, words wrong %.3f, but for stress %.3f" % (
                    epoch, 100 * done, loss.item(), *errors(net, held_out[::8], chunks, words)))
            if time.time() - begin > seconds:
                break


def main():
    a = arguments("Train the letter-to-sound network.", minutes=(25, "of training"),
                  start=("", "a letters.pt to go on from"))
    torch.manual_seed(1)
    random.seed(1)
    torch.set_num_threads(a.threads)
    words = read(a.shared / "lexicon" / "cmudict.txt")
    aligned = alignments(a.work, words)
    counts = Counter(c for variants in aligned.values() for chunks in variants for c in chunks)
    chunks = sorted(c for c, n in counts.items() if n >= SEEN)
    ids = {c: i for i, c in enumerate(chunks)}
    net = Network(len(chunks))
    if a.start:
        net.load_state_dict(torch.load(a.start, weights_only=False)["network"])
    items, held_out = (list(examples(aligned, ids, h)) for h in (False, True))
    status(a.work, f"letters: {len(items)} words, {len(chunks)} chunks, "
                   f"{sum(p.numel() for p in net.parameters())} parameters")
    train(net, items, held_out, chunks, words, a)
    save(net, chunks, a.work)
    status(a.work, "letters: words wrong %.4f, but for stress %.4f" % errors(net, held_out, chunks, words))


if __name__ == "__main__":
    main()
