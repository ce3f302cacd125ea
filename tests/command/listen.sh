# utter listen: text while it is spoken, from a microphone that is PulseAudio's.
. "$(dirname "$0")/common.inc"
[ -f "$top/models/default/en/model.safetensors" ] || skip "no default model"
. "$tests/command/sound.inc"

cd "$work" || exit 1
record

# listen NAME WORD...: begins to listen, with out and err of that name, and waits until it does.
listen() {
    name=$1
    shift
    "$utter" listen --input phone "$@" >"$name.out" 2>"$name.err" &
    listener=$!
    sleep 1.5
}

# ends STATUS [SIGNAL]: what listens ends by itself or by a signal, with that status and nothing of a sanitizer's.
ends() {
    [ $# -lt 2 ] || kill -$2 $listener
    wait $listener
    got=$?
    [ $got -eq "$1" ] || fail "$name: status $got, not $1: $(cat $name.err)"
    if grep -q 'Sanitizer\|runtime error:\|ALSA lib\|Expression' $name.err; then fail "$name: $(cat $name.err)"; fi
}

run 0 listen --list
expect out '^  1  phone  (ALSA, ' "the list"
run 0 listen --list --format json
expect out '^{"number":1,"name":"phone","host":"ALSA","channels":' "the list as json"
run 1 listen --input nowhere
expect err "no microphone 'nowhere'" "an unknown microphone"
run 1 listen --input 99
expect err 'no microphone number 99' "an unknown number"
run 2 listen recording.wav
run 2 listen --channels both
ALSA_CONFIG_PATH=/dev/null "$utter" listen >out 2>err
[ $? -eq 1 ] || fail "no microphone at all: not status 1"
expect err 'there is no microphone' "no microphone at all"

# A line as soon as the utterance has ended, while the listening goes on; the rest when it is interrupted.
listen lines --timings
speak morning.raw
sleep 1
lines lines.out 1 "an utterance"
said "an utterance: $(cat lines.out)" <lines.out
tail -c +32001 morning.raw | head -c 80000 >part.raw # ends in the middle of speech
speak part.raw
ends 0 TERM
lines lines.out 2 "two utterances, the second interrupted"
expect lines.err '^{"microphone":"phone","audio_seconds":[0-9.]*,"lost_seconds":0,' timings

# The keyboard's interrupt, which a shell has its background commands ignore. --foreground: else timeout signals the
# command twice, itself and by its group, and the second interrupt quits at once.
(sleep 1.5 && speak part.raw) &
timeout --foreground --preserve-status -s INT 5 "$utter" listen --input phone >out 2>err
got=$?
wait $!
[ $got -eq 0 ] || fail "SIGINT: status $got: $(cat err)"
lines out 1 SIGINT

# Events. Two channels, each with its own words.
listen events --format json --channels split
speak morning.raw
ends 0 TERM
for channel in 0 1; do
    for event in speech tentative committed end; do
        expect events.out "^{\"event\":\"$event\",\"channel\":$channel,\"time\":[0-9.]*,\"start\":[0-9.]*" "json"
    done
    sed -n "s/^.*\"committed\",\"channel\":$channel,.*\"text\":\"\([^\"]*\)\".*/\1/p" events.out >channel
    said "channel $channel: $(cat channel)" <channel
done
expect events.out '"event":"end".*"reason":"[a-z]*"}$' "the reason of an end"
expect events.out '"event":"committed".*"words":\[{"word":"[a-z]*","start":[0-9.]*,"end":' "words"
if command -v python3 >/dev/null; then
    python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]' <events.out || fail "json does not parse"
fi

# A reader that goes away ends it quietly, though nobody speaks; a full device is said.
{
    "$utter" listen --input phone 2>gone.err
    echo $? >gone.status
} | true
[ "$(cat gone.status)" -eq 1 ] || fail "a closed pipe: status $(cat gone.status)"
[ ! -s gone.err ] || fail "a closed pipe: $(cat gone.err)"
"$utter" listen --input phone >/dev/full 2>full.err &
listener=$!
name=full
sleep 1.5
speak morning.raw
ends 1
expect full.err 'standard output: No space left' "a full device"

# On a terminal: the words in grey, rewritten in a row that is never wider, and the whole line at the end. The row is short,
# so that whatever words the model makes of it are too long for it.
if command -v script >/dev/null && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
    for colour in '' 1; do
        NO_COLOR=$colour TERM=xterm timeout 60 script -qec "stty cols 30; exec timeout --foreground --preserve-status -s INT 8 '$utter' listen --input phone" \
            screen </dev/null >/dev/null 2>&1 &
        listener=$!
        sleep 2.5
        speak morning.raw
        wait $listener || fail "on a terminal: status $?"
        sed '/^Script /d' screen | tr '\r' '\n' | sed "s/$(printf '\033')\[[0-9]*[mK]//g" >drawn
        sed '/^utter: /d; s/\xe2\x80\xa6/./' drawn >rows
        grep -q '^\..*[a-z]' rows || fail "no tail of the text was drawn: $(cat rows)"
        [ "$(awk 'length($0) > 29' rows | wc -l)" -eq 1 ] || fail "rows, other than the whole line, that are too wide: $(cat rows)"
        [ "$(grep -c "$(printf '\033')\[90m" screen)" -gt 0 ] || [ -n "$colour" ] || fail "nothing was grey"
        [ -z "$colour" ] || [ "$(grep -c "$(printf '\033')\[90m" screen)" -eq 0 ] || fail "colour in spite of NO_COLOR"
    done
fi

# The sample does the same with utter.h alone.
if command -v cc >/dev/null && ! grep -q '__asan_init\|__tsan_init' "$build"/libutter.so.*; then
    cc -std=c11 -Wall -Wextra -Werror -I "$top/src/include" -o microphone "$top/samples/microphone.c" \
        -L "$build" -lutter -Wl,-rpath,"$build" || fail "samples/microphone.c does not build"
    (sleep 1.5 && speak morning.raw) &
    timeout --foreground --preserve-status -s INT 7 ./microphone phone >out 2>err || fail "samples/microphone: $(cat err)"
    wait $!
    said "samples/microphone: $(cat out)" <out
fi

# The microphone goes away: what was said stays, one sentence says why.
listen unplugged
speak part.raw
unplug
ends 1
lines unplugged.err 1 "unplugged"
expect unplugged.err "microphone 'phone' is gone" "unplugged"
lines unplugged.out 1 "the words before it was unplugged"
finish
