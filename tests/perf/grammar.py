"""How well a grammar tells its own sentences from other speech: utterances of a set in its language and of sets that are
not, transcribed with every sentence let through, and what a threshold makes of their confidences.

    python tests/perf/grammar.py --shared ../shared --utter build/utter [--train]

--train: the training parts instead of the evaluation sets, which is where the default threshold was chosen.
"""
import argparse, csv, json, os, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))


def rows(shared, name, most):
    path = os.path.join(shared, "speech", name + ".tsv")
    with open(path, encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    step = max(1, len(table) // most)
    return [(os.path.join(shared, "speech", name, row["file"]), row["text"]) for row in table[::step][:most]]


def transcribe(arguments, files, grammar):
    command = [arguments.utter, "transcribe", "--format", "json", "--grammar", grammar, "--grammar-threshold", "0.0001"]
    command += arguments.option
    out = subprocess.run(command + files, stdout=subprocess.PIPE, check=True).stdout.decode()
    return [json.loads(line) for line in out.splitlines()]


def confidences(answers):
    """The least of a recording's stretches; None where nothing was heard at all."""
    for answer in answers:
        found = [s["confidence"] for s in answer["segments"]]
        found += [d["confidence"] for d in answer.get("dropped", []) if d["reason"] == "no_match"]
        yield min(found) if found else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", default="../shared")
    parser.add_argument("--utter", default="build/utter")
    parser.add_argument("--grammar", default=os.path.join(HERE, "an4.gbnf"))
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--most", type=int, default=200, help="recordings of a set, evenly taken from it")
    parser.add_argument("--show", type=float, help="print the recordings on the wrong side of this threshold")
    parser.add_argument("option", nargs="*", help="more options of utter transcribe, behind --")
    arguments = parser.parse_args()
    inside = ["train_an4"] if arguments.train else ["eval_an4"]
    outside = ["train_speechocean", "voice_lj", "voice_cathy", "noise"] if arguments.train else [
        "eval_speechocean_adult", "eval_lj", "eval_cathy", "noise"]
    thresholds = [0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    print("set".ljust(24) + "recordings  silent  accepted, in %, from the confidence on")
    print(" " * 44 + "".join(f"{t:6.2f}" for t in thresholds))
    for name in inside + outside:
        table = rows(arguments.shared, name, arguments.most)
        answers = transcribe(arguments, [file for file, text in table], arguments.grammar)
        found = list(confidences(answers))
        heard = [c for c in found if c is not None]
        share = "".join(f"{100 * sum(c >= t for c in heard) / len(found):6.1f}" for t in thresholds)
        print(f"{name:24}{len(found):10}{len(found) - len(heard):8}  {share}", flush=True)
        for (file, text), answer, c in zip(table, answers, found):
            if arguments.show and c is not None and (c >= arguments.show) != (name in inside):
                print(f"    {c:.3f} {os.path.basename(file)}: {text!r} as {answer['text']!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
