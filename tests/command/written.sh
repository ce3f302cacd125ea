# --written, --mask and --redact: what is said by the voice that ships and heard by the model that ships, in every format.
. "$(dirname "$0")/common.inc"
[ -f "$top/models/default/en/model.safetensors" ] || skip "no default model"
[ -f "$top/models/default/voice-en/model.safetensors" ] || skip "no default voice"
cd "$work" || exit 1

digits='one|two|three|four|five|six|seven|eight|nine|zero|oh|[0-9]'

# say FILE TEXT: FILE is the voice saying it.
say() {
    run 0 speak --output "$1" "$2"
}

# hidden FILE WHAT: what was said of the card is a tag, and no digit is left of it.
hidden() {
    expect "$1" '\[CARD\]' "$2"
    grep -q -w -E "four one|one one|1111" "$1" && fail "$2: digits are left: $(head -c 300 "$1")"
}

say card.wav 'My card number is four one one one, one one one one, one one one one, one one one one. Thank you.'
run 0 transcribe card.wav
grep -q -w -E "$digits" out || fail "no digits were heard: $(cat out)"
cp out plain.txt

for format in txt json tsv csv; do
    run 0 transcribe --redact --format $format card.wav
    hidden out "$format"
done
run 0 transcribe --redact --words card.wav
hidden out "words"
run 0 transcribe --redact --words --format csv card.wav
hidden out "words in a table"
for format in srt vtt lrc; do
    run 0 transcribe --redact --format $format --output-dir made card.wav
    hidden "made/card.$format" "$format"
done
run 0 transcribe --redact --format json --nbest 4 --beam 8 card.wav
hidden out "alternatives"
expect out '"tokens":\[\]' "alternatives"
expect out '"redacted":\[{"kind":"card","start":[0-9.]*,"end":[0-9.]*,"channel":0}\]' "where the sound is"
run 0 transcribe --redact --live --format json card.wav
hidden out "live"

# Some kinds only, and the recording without them.
run 0 transcribe --redact=phone,ssn card.wav
grep -q '\[CARD\]' out && fail "cards were not asked for: $(cat out)"
run 0 transcribe --redact=card --redact-audio silent.wav card.wav
hidden out "with the recording"
run 0 transcribe silent.wav
grep -q -w -E "one one|1111" out && fail "the recording still says it: $(cat out)"
[ "$(wc -c <silent.wav)" -eq "$(wc -c <card.wav)" ] || fail "the recording's length changed"
cp card.wav other.wav
run 0 transcribe --redact-audio covered/ --redact-with beep card.wav other.wav
lines out 2 "a line per file"
hidden out "without --redact"
cmp -s covered/card.wav covered/other.wav || fail "one recording is covered in two ways"
cmp -s covered/card.wav silent.wav && fail "a beep is silence"
printf 'no sound' >broken.wav
run 1 transcribe --redact-audio covered broken.wav card.wav
[ -e covered/broken.wav ] && fail "a recording that was not transcribed was copied"
run 2 transcribe --redact=card,fone card.wav
expect err "'fone' is none of card, phone and ssn" "an unknown kind"
run 2 transcribe --redact-with beep card.wav
run 2 transcribe --redact-audio covered - <card.wav
expect err 'read once' "standard input"
mkfifo pipe.wav
run 2 transcribe --redact-audio covered pipe.wav
expect err 'pipe.wav can be read once' "a pipe"
mkdir folder
cp card.wav folder
run 2 transcribe --redact-audio covered card.wav folder/card.wav
expect err 'both be written to covered/card.wav' "two of one name"
run 1 transcribe --redact-audio card.wav card.wav
expect err 'overwrite the recording' "onto itself"
run 1 transcribe --redact-audio card.xyz card.wav
lines err 1 "one sentence for an ending that is none"
[ -s card.wav ] || fail "the recording is gone"

# Written, too; and a number that is said in pieces, with more than a window's pause between.
run 0 transcribe --redact --written card.wav
hidden out "written"
run 0 speak --ssml --output pauses.wav '<speak>The number is four one one one<break time="1500ms"/>one one one one<break time="1500ms"/>one one one one<break time="1500ms"/>one one one one</speak>'
run 0 transcribe --redact pauses.wav
hidden out "pauses"
run 0 transcribe --redact --live --format json pauses.wav
grep -q -w -E "four one one one|one one one one" out && fail "live, with pauses: $(cat out)"
# No card, whose number would be written in groups of four as its pieces are.
run 0 speak --ssml --output whole.wav '<speak>The number is four one one one<break time="1500ms"/>one one one one<break time="1500ms"/>one one one one<break time="1500ms"/>one one one two</speak>'
run 0 transcribe --written whole.wav
grep -q -E '[0-9]{12}' out || fail "a number with pauses is not written whole: $(cat out)"

say date.wav 'We met on March twenty first, nineteen ninety nine.'
run 0 transcribe --written date.wav
expect out 'March 21, 1999' "a date"
run 0 transcribe date.wav
grep -q '[0-9]' out && fail "not asked for, and written: $(cat out)"

# A list of one's own.
printf '# ours\nnumber\nthank*\n' >words.txt
run 0 transcribe --mask-words words.txt card.wav
expect out 'n\*\*\*\*\*' "a list of words"
expect out 't\*\*\*\*' "a list of words, with any ending"
run 0 transcribe --mask card.wav
cmp -s out plain.txt || fail "--mask changed: $(cat out)"

# One sentence for each mistake.
printf 'two words\n' >broken.txt
run 1 transcribe --mask-words broken.txt card.wav
expect err 'broken.txt: line 1 has several words' "a broken list"
run 1 transcribe --mask-words nowhere.txt card.wav
expect err 'nowhere.txt' "no list"

# eval does not know them.
run 2 eval --written x.tsv
finish
