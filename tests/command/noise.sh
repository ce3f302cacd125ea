# Text that is taken to be made of noise is left out, said in JSON, and kept where that is asked for.
. "$(dirname "$0")/common.inc"
. "$tests/command/model.inc"
[ -f "$top/models/default/en/presence.json" ] || skip "no model that tells noise from speech"

map() { # BIAS LETTERS
    printf '{"bias":%s,"acoustic":0,"letters":%s,"seconds":0,"mass":0,"entropy":0,"threshold":0.5}' "$1" "${2:-0}"
}

cd "$work" || exit 1
for live in "" --live; do
    run 0 transcribe $live "$sound"
    [ -n "$(cat out)" ] || fail "$live: speech was taken for noise"
    cp out text
    run 0 transcribe $live --no-speech -1 "$sound"
    cmp -s out text || fail "$live: another text with nothing left out"
    run 0 transcribe $live --no-speech 0.000001 --format json "$sound"
    expect out '"text":"","segments":\[\]' "$live: a text that is all but sure"
    expect out '"dropped":\[{.*"reason":"silence","text":"[a-z]' "$live: why there is none"
done

# A phrase that is spotted may fit worse than the words in whose place it stands, and is no reason to lose the text: by a map
# of nothing but letters, as many as there are without it.
cp -r "$top/models/default/en" strict
chmod -R u+w strict
said=$(tr -d ' \n' <text | wc -c)
bias=$(awk -v least="$said" 'BEGIN { print -1000 * log(least - 0.5) }')
{ printf '{"guided":' && map "$bias" 1000 && printf ',"alone":' && map "$bias" 1000 && printf '}'; } >strict/presence.json
spotted=0
for phrase in morton nimbus afton; do
    echo "$phrase" >phrase.txt
    run 0 transcribe --no-speech -1 --boost phrase.txt --boost-weight 20 "$sound"
    cp out boosted
    grep -q "$phrase" boosted && [ "$(tr -d ' \n' <boosted | wc -c)" -lt "$said" ] || continue
    run 0 transcribe --model strict --boost phrase.txt --boost-weight 20 "$sound"
    cmp -s out boosted || fail "$phrase: the text is lost with the phrase: $(cat out)"
    spotted=$((spotted + 1))
done
[ $spotted -gt 0 ] || fail "no phrase of them is heard"

# A model without the file drops what it doubts without a word; with one, as that says.
run 0 transcribe --model "$model" --no-speech -1 "$sound"
[ -n "$(cat out)" ] || fail "the small model says nothing"
for options in "--beam 1" "--beam 4" "--beam 1 --live"; do
    { printf '{"guided":' && map 0 && printf ',"alone":' && map -5 && printf '}'; } >"$model/presence.json"
    run 0 transcribe $options --model "$model" "$sound"
    [ -z "$(cat out)" ] || fail "$options: text that the model takes for noise: $(cat out)"
    { printf '{"guided":' && map 0 && printf ',"alone":' && map 5 && printf '}'; } >"$model/presence.json"
    run 0 transcribe $options --model "$model" "$sound"
    [ -n "$(cat out)" ] || fail "$options: no text that the model takes for speech"
done
for bad in '' '{' '[]' '{"guided":{}}' '{"guided":7,"alone":7}'; do
    printf '%s' "$bad" >"$model/presence.json"
    run 1 transcribe --model "$model" "$sound"
    lines err 1 "'$bad'"
    expect err presence.json "'$bad'"
done
run 2 transcribe --no-speech 2 "$sound"
finish
