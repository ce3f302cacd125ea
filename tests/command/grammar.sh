# --grammar: a real recording is held to sentences, whole or live; what is none of them is no match; a broken grammar is
# one sentence. With the model that ships.
. "$(dirname "$0")/common.inc"
model=$top/models/default/en
[ -f "$model/model.safetensors" ] || skip "no model at $model"

# The recording says: Good morning, please leave your name and number after the tone.
cat >"$work/machine.gbnf" <<'END'
root  ::= "Good " hello " please leave your " thing (" and " thing)? " after the " sign |
          "The number you have called is " ("busy" | "not available")
hello ::= "morning" | "evening" | "day"
thing ::= "name" | "number" | "message" | "address"
sign  ::= "tone" | "beep"
END
sentence='^good morning please leave your \(name and \)\{0,1\}number after the tone$'
run 0 transcribe --model "$model" --grammar "$work/machine.gbnf" --grammar-threshold 0.1 "$sound"
expect out "$sentence" "a sentence"
run 0 transcribe --model "$model" --live --grammar "$work/machine.gbnf" --grammar-threshold 0.1 "$sound"
expect out "$sentence" "a sentence, live"
run 0 transcribe --model "$model" --grammar "$work/machine.gbnf" --grammar-threshold 0.1 --format json --nbest 3 "$sound"
expect out '"text":"good morning please .*"segments":\[{.*"confidence":\(1\|0\.9[0-9]*\),"words":\[{"word":"good"' "json"
grep -q '"dropped"' "$work/out" && fail "a sentence that was dropped, too"
sed 's/"Good " hello/"Good evening"/' "$work/machine.gbnf" >"$work/evening.gbnf"
run 0 transcribe --model "$model" --grammar "$work/evening.gbnf" --grammar-threshold 0.1 --format json --nbest 3 "$sound"
expect out '"text":"good evening please .*"segments":\[{.*"confidence":0\.[0-8][0-9]*,"words":\[{"word":"good"' "a word that was not said"

for grammar in digits date menu; do
    run 0 transcribe --model "$model" --grammar "$top/samples/$grammar.gbnf" --format json "$sound"
    expect out '"text":"","segments":\[\],"dropped":\[{"start":[0-9.]*,"end":[0-9.]*,"channel":0,"reason":"no_match","text":"[a-z ]*","confidence":0[.0-9]*}\]' "no match: $grammar"
done
run 0 transcribe --model "$model" --grammar "$top/samples/digits.gbnf" --grammar-threshold 0.0001 "$sound"
expect out '^\(zero\|oh\|one\|two\|three\|four\|five\|six\|seven\|eight\|nine\|double\|triple\| \)*$' "digits at any price"
[ -n "$(cat "$work/out")" ] || fail "nothing where the nearest sentence was asked for"
silence 2 >"$work/quiet.wav"
run 0 transcribe --model "$model" --grammar "$top/samples/digits.gbnf" --format json "$work/quiet.wav"
expect out '"text":"","segments":\[\]}$' "silence is no no-match"
printf 'file\ttext\n%s\tgood morning\n' "$sound" >"$work/one.tsv"
run 0 eval --model "$model" --grammar "$top/samples/digits.gbnf" "$work/one.tsv"
expect out '^one  *1  *2  *100.00  *0  *2  *0 ' "no match deletes"

run 2 transcribe --model "$model" --beam 1 --grammar "$work/machine.gbnf" "$sound"
expect err 'a grammar needs a beam of 2 or more' "greedy with a grammar"
run 1 transcribe --model "$model" --grammar "$work/nowhere.gbnf" "$sound"
expect err 'nowhere.gbnf: cannot be opened' "a missing grammar"
printf 'root ::= digit\ndigit ::= digit [0-9] | "one"\n' >"$work/left.gbnf"
run 1 transcribe --model "$model" --grammar "$work/left.gbnf" "$sound" "$sound"
lines err 1 "one sentence for a broken grammar"
expect err "left.gbnf, line 2, column 1: rule 'digit' is left-recursive: it calls itself first" "left recursion"
printf 'root ::= "one" | "2"\n' >"$work/spelled.gbnf"
run 1 transcribe --model "$model" --grammar "$work/spelled.gbnf" "$sound"
expect err "spelled.gbnf, line 1, column 18: no token of the model spells '2'" "a digit that the model cannot spell"
printf 'root ::= (x | y) "b" | "c"\nx ::= [a-z ] root "d"\ny ::= [a-z ] root "e"\n' >"$work/readings.gbnf"
run 1 transcribe --model "$model" --grammar "$work/readings.gbnf" "$sound"
expect err 'readings.gbnf: the grammar is too ambiguous or too large to follow' "too many readings"
head -c 1200000 /dev/zero | tr '\0' '\n' >"$work/huge.gbnf"
run 1 transcribe --model "$model" --grammar "$work/huge.gbnf" "$sound"
expect err 'huge.gbnf: larger than 1 MB' "a huge grammar"
finish
