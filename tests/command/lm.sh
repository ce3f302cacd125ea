# utter lm and --lm: a model is built from ARPA, plain or packed, and used; what is broken is one sentence.
. "$(dirname "$0")/common.inc"
. "$tests/command/model.inc"

arpa=$tests/golden/ngram/small.arpa
run 0 lm build "$arpa" "$work/small.bin"
expect out 'small.bin: [0-9]* bytes; 15 1-grams, .* 4-grams$' "what was built"
gzip -c "$arpa" >"$work/small.arpa.gz"
run 0 lm build "$work/small.arpa.gz" "$work/packed.bin"
cmp -s "$work/small.bin" "$work/packed.bin" || fail "a packed ARPA file gives another model"
run 0 lm build --exact "$arpa" "$work/exact.bin"

run 0 transcribe --model "$model" --lm "$work/small.bin" "$sound"
lines out 1 "a line per file"
run 0 transcribe --model "$model" --beam 4 --lm "$work/exact.bin" --lm-weight 0.3 --word-bonus 2 "$sound" "$sound"
lines out 2 "a line per file"
run 0 transcribe --model "$model" --live --lm "$work/small.bin" "$sound"
run 2 transcribe --model "$model" --beam 1 --lm "$work/small.bin" "$sound"
expect err 'needs a --beam of 2' "greedy with a language model"

printf '\\data\\\nngram 1=2\n\\1-grams:\n-1 a\n\\end\\\n' >"$work/short.arpa"
run 1 lm build "$work/short.arpa" "$work/short.bin"
expect err 'short.arpa, line 5: 1 1-grams, and .data. says 2' "a wrong count"
[ -e "$work/short.bin" ] && fail "a broken ARPA file left a model"
run 1 lm build "$work/nowhere.arpa" "$work/short.bin"
expect err 'nowhere.arpa: cannot be opened' "a missing file"
run 1 transcribe --model "$model" --lm "$arpa" "$sound" "$sound"
lines err 1 "one sentence for a language model that is none"
expect err 'small.arpa: not a language model' "ARPA as it is"
head -c 3000 "$work/small.bin" >"$work/cut.bin"
run 1 transcribe --model "$model" --lm "$work/cut.bin" "$sound"
expect err 'cut.bin: the language model has 3000 bytes, and its header says' "a file cut off"
finish
