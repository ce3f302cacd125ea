"""Makes tests/golden/tones: a model of a language of ten tones, so that tests of the whole path from sound to text know
what the text must be without any recording.

    python make_tones.py        (torch, transformers; about two minutes on one core)

A word is a tone of 0.2 to 0.45 s, where voices have theirs, over a hum that lasts as long as a sentence;
stream/tones.h speaks the language in C. The model is an ordinary ParakeetForCTC of 50 000 parameters, trained here on
random sentences cut at random places.
"""
import json
import math
from pathlib import Path

import torch
from transformers import ParakeetCTCConfig, ParakeetEncoderConfig, ParakeetFeatureExtractor, ParakeetForCTC

RATE, MELS = 16000, 40
WORDS = "nul eins zwo tri four fem siks seven otto nyn".split()
BLANK = len(WORDS)
OUT = Path(__file__).parent / "tones"


def frequency(word):
    return 350 + 170 * word


def speak(words, g, begin_pause, end_pause):
    """Samples, and for each word its first and last sample. The same numbers as stream/tones.h gives, but for chance."""
    spans, at = [], begin_pause
    for word in words:
        length = int(RATE * (0.2 + 0.25 * torch.rand(1, generator=g).item()))
        spans.append((word, at, at + length))
        at += length + int(RATE * (0.1 + 0.1 * torch.rand(1, generator=g).item()))
    total = at + end_pause
    x = torch.zeros(total)
    if words:
        hum = torch.arange(total) / RATE * 2 * math.pi * 150
        x += 0.04 * torch.sin(hum)
        x[:max(0, begin_pause - 800)] = 0
        x[at:] = 0
    for word, first, last in spans:
        t = torch.arange(last - first) / RATE
        edge = torch.minimum(t, (last - first) / RATE - t).clamp(max=0.03) / 0.03
        x[first:last] += 0.25 * edge * torch.sin(2 * math.pi * frequency(word) * t)
    return x, spans


def example(g):
    longest = 5 if torch.rand(1, generator=g) < 0.6 else 14
    count = int(torch.randint(0, longest, (1,), generator=g))
    words = torch.randint(0, len(WORDS), (count,), generator=g).tolist()
    pauses = (torch.rand(2, generator=g) ** 3 * 2 * RATE).int().tolist()
    x, spans = speak(words, g, *pauses)
    begin, end = 0, len(x)
    if torch.rand(1, generator=g) < 0.5 and len(x) > 2 * RATE:  # edges that cut words, as windows have
        begin = int(torch.randint(0, RATE, (1,), generator=g))
        end = len(x) - int(torch.randint(0, RATE // 2, (1,), generator=g))
    spans = [(w, a - begin, b - begin) for w, a, b in spans if min(b, end) - max(a, begin) > 0.5 * (b - a)]
    x = x[begin:end]
    if len(x) < RATE // 2:
        x = torch.nn.functional.pad(x, (0, RATE // 2 - len(x)))
    level = 10 ** (-1.5 * torch.rand(1, generator=g).item())
    noise = 10 ** (-4 + 1.5 * torch.rand(1, generator=g).item())
    return (x + noise * torch.randn(len(x), generator=g)) * level, spans


def build():
    encoder = ParakeetEncoderConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=96, conv_kernel_size=9,
        subsampling_conv_channels=16, num_mel_bins=MELS, dropout=0, layerdrop=0, activation_dropout=0,
        attention_dropout=0, scale_input=False)
    return ParakeetForCTC(ParakeetCTCConfig(vocab_size=len(WORDS) + 1, pad_token_id=BLANK,
                                            encoder_config=encoder.to_dict()))


def labels(spans, frames, length):
    """The word that each frame of scores lies in: what to learn first, since CTC alone is slow to find its spikes."""
    out = torch.full((frames,), BLANK)
    for word, first, last in spans:
        out[max(0, round(first / 1280)):max(0, round(last / 1280))] = word
    out[length:] = -100
    return out


def features(extractor, sounds):
    got = extractor([x.numpy() for x in sounds], sampling_rate=RATE, return_tensors="pt", padding=True)
    return got["input_features"].float(), got["attention_mask"]


def train(model, extractor, g, steps=700, batch=16):
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps, pct_start=0.15)
    for step in range(steps):
        sounds, spans = zip(*(example(g) for _ in range(batch)))
        texts = [[word for word, _, _ in row] for row in spans]
        x, mask = features(extractor, sounds)
        logits = model(input_features=x, attention_mask=mask).logits.log_softmax(-1)
        lengths = model.encoder._get_subsampling_output_length(mask.sum(-1))
        loss = torch.nn.functional.ctc_loss(
            logits.transpose(0, 1), torch.tensor(sum(texts, [])), lengths, torch.tensor([len(t) for t in texts]),
            blank=BLANK, zero_infinity=True)
        if step < steps // 2:
            target = torch.stack([labels(row, logits.shape[1], int(n)) for row, n in zip(spans, lengths)])
            loss = 0.1 * loss + torch.nn.functional.nll_loss(logits.transpose(1, 2), target)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 99:
            print(step + 1, f"{loss.item():.4f}", flush=True)


def tokenizer():
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
            "pre_tokenizer": metaspace, "post_processor": None, "decoder": metaspace,
            "model": {"type": "Unigram", "unk_id": None, "byte_fallback": False,
                      "vocab": [["▁" + w, -1.0] for w in WORDS]}}


def main():
    torch.manual_seed(7)
    torch.set_num_threads(1)
    g = torch.Generator().manual_seed(7)
    model, extractor = build(), ParakeetFeatureExtractor(feature_size=MELS, sampling_rate=RATE)
    model.train()
    train(model, extractor, g)
    model.eval()
    model.config.language = "en"
    model.save_pretrained(OUT)
    (OUT / "generation_config.json").unlink(missing_ok=True)
    extractor.save_pretrained(OUT)
    (OUT / "tokenizer.json").write_text(json.dumps(tokenizer(), ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
