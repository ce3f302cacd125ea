# --lm with a Whisper: a model of words beside its own, greedily and with a beam; what is bad is one sentence.
. "$(dirname "$0")/common.inc"
. "$tests/command/whisper.inc"

# arpa WORDS NAME: a model in which every word but these is likely, in capitals.
arpa() {
    awk -v rare="$1" 'BEGIN {
        split(toupper(rare), list, " ")
        for (i in list) low[list[i]] = 1
        printf "\\data\\\nngram 1=50258\n\n\\1-grams:\n-99\t<s>\n-1\t</s>\n"
        for (id = 0; id < 50256; id++) { word = sprintf("W%05d", id); print (word in low ? -9 : -1) "\t" word }
        printf "\n\\end\\\n"
    }' >"$work/words.arpa"
    run 0 lm build --exact "$work/words.arpa" "$work/$2"
}

run 0 transcribe --model "$whisper" --once --beam 1 "$sound"
alone=$(cat "$work/out")
[ -n "$alone" ] || fail "a Whisper that says nothing shows nothing"
arpa "$alone" other.bin
run 0 transcribe --model "$whisper" --once --beam 1 --lm none "$sound"
[ "$(cat "$work/out")" = "$alone" ] || fail "--lm none changes a Whisper's text"
for beam in 1 3; do
    run 0 transcribe --model "$whisper" --once --beam $beam --lm "$work/other.bin" --lm-weight 5 --unknown-word -50 "$sound"
    lines out 1 "a line per file"
    for word in $alone; do
        grep -q -w "$word" "$work/out" && fail "beam $beam: $word, which the language model has for rare"
    done
done
run 0 transcribe --model "$whisper" --lm "$work/other.bin" --beam 2 --nbest 2 --format json "$sound" "$sound"
expect out '"log_probability":-' "alternatives"
printf 'w00007 w00008\n' >"$work/phrases.txt"
run 0 transcribe --model "$whisper" --once --lm "$work/other.bin" --boost "$work/phrases.txt" "$sound"
run 0 transcribe --model "$whisper" --once --live --lm "$work/other.bin" "$sound"
printf 'root ::= " w1" [0-9]{4}\n' >"$work/number.gbnf"
run 0 transcribe --model "$whisper" --lm "$work/other.bin" --grammar "$work/number.gbnf" --grammar-threshold 0.0001 "$sound"

refused() { # STATUS PATTERN WHAT OPTION...
    wanted=$1 pattern=$2 what=$3
    shift 3
    run "$wanted" transcribe --model "$whisper" --once "$@" "$sound" "$sound"
    lines err 1 "one sentence for $what"
    expect err "$pattern" "$what"
}
head -c 3000 "$work/other.bin" >"$work/cut.bin"
refused 1 'cut.bin: the language model has 3000 bytes, and its header says' "a file cut off" --lm "$work/cut.bin"
refused 1 'words.arpa: not a language model' "ARPA as it is" --lm "$work/words.arpa"
refused 1 'nowhere.bin' "a missing file" --lm "$work/nowhere.bin"
finish
