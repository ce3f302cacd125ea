# --grammar-threshold with a Whisper: what the grammar lets it say anyway is sure, and what it would not say is no match
# until the threshold lets it through.
. "$(dirname "$0")/common.inc"
. "$tests/command/whisper.inc"

cd "$work" || exit 1
printf 'root ::= (" w" [0-9]{5})*\n' >all.gbnf
printf 'root ::= " w0" [0-9]{4} " w1" [0-9]{4}\n' >two.gbnf

run 0 transcribe --model whisper --format json --grammar all.gbnf "$sound"
expect out '"segments":\[{[^[]*"confidence":1,"words"' "all that it can say"
run 0 transcribe --model whisper --format json --grammar two.gbnf "$sound"
expect out '"text":"","segments":\[\]' "what it would not have said"
expect out '"reason":"no_match","text":"w0[0-9]* w1[0-9]*","confidence":0\.[0-4]' "the nearest sentence"
run 0 transcribe --model whisper --grammar-threshold 0.0001 --grammar two.gbnf "$sound"
expect out '^w0[0-9]* w1[0-9]*' "a threshold that lets all through"
run 2 transcribe --model whisper --grammar-threshold 2 --grammar two.gbnf "$sound"
expect err 'grammar-threshold' "a threshold out of range"
finish
