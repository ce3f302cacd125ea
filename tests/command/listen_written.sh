# utter listen --written, --redact, --mask: what the voice that ships says into a microphone is written, and no digit of a
# card gets out, whether tentative or committed.
. "$(dirname "$0")/common.inc"
[ -f "$top/models/default/en/model.safetensors" ] || skip "no default model"
[ -f "$top/models/default/voice-en/model.safetensors" ] || skip "no default voice"
. "$tests/command/sound.inc"
cd "$work" || exit 1

# say NAME TEXT: NAME.raw, as speak takes it, with silence behind.
say() {
    run 0 speak --sample-rate 16000 --format s16le --output "$1.samples" "$2"
    { cat "$1.samples" && head -c 64000 /dev/zero; } >"$1.raw"
}

# hear NAME WORD...: speaks NAME.raw into a listener with these options; its output is NAME.out.
hear() {
    name=$1
    shift
    "$utter" listen --input phone "$@" >"$name.out" 2>"$name.err" &
    listener=$!
    sleep 1.5
    speak "$name.raw"
    sleep 1
    kill -TERM $listener
    wait $listener
    got=$?
    [ $got -eq 0 ] || fail "$name: status $got: $(cat "$name.err")"
    if grep -q 'Sanitizer\|runtime error:' "$name.err"; then fail "$name: $(cat "$name.err")"; fi
}

say card 'My card number is four one one one, one one one one, one one one one, one one one one. Thank you.'
hear card --format json --redact
expect card.out '"event":"tentative"' "tentative texts"
expect card.out '"event":"committed".*\[\(CARD\|NUMBER\)\]' "a card's number"
expect card.out '"event":"redacted","channel":0,.*"start":[0-9.]*,"end":[0-9.]*,"kind":"\(card\|number\)"}' "where it is"
grep -q 'one one one one\|1111' card.out && fail "digits got out: $(grep 'one one\|1111' card.out | head -c 600)"
hear card --redact=ssn
grep -q '\[CARD\]\|\[PHONE\]' card.out && fail "only social-security numbers were asked for: $(cat card.out)"

say date 'We met on March twenty first, nineteen ninety nine.'
hear date --written
expect date.out '1999' "a year, written"
cp date.raw words.raw
printf 'met\nmarch\n' >list.txt
hear words --mask-words list.txt
expect words.out 'm\*\*\(\*\*\)*' "words to mask"
run 2 listen --redact=card,fone
expect err "'fone' is none of card, phone and ssn" "an unknown kind"
finish
