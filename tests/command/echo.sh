# samples/echo with ears and mouth at once: a recording is played into its microphone, and what it says back is recorded
# at its loudspeaker and transcribed.
. "$(dirname "$0")/common.inc"
command -v cc >/dev/null || skip "no C compiler"
[ -f "$top/models/default/en/model.safetensors" ] || skip "no default model"
[ -f "$top/models/default/voice-en/model.safetensors" ] || skip "no default voice"
if grep -q '__asan_init\|__tsan_init' "$build"/libutter.so.*; then skip "a library with sanitizers needs its programs built so"; fi
. "$tests/command/sound.inc"
UTTER_MODELS=$top/models/default
export UTTER_MODELS
cd "$work" || exit 1
record

server=unix:$work/pulse/native
pactl -s "$server" load-module module-null-sink sink_name=mouth rate=48000 channels=1 >/dev/null || fail "no second sink"
cat >>"$ALSA_CONFIG_PATH" <<CONFIGURATION
pcm.mouth { type pulse server "$server" device "mouth" }
pcm.!default { type asym capture.pcm "phone" playback.pcm "mouth" }
CONFIGURATION
cc -std=c11 -Wall -Wextra -Wpedantic -Werror -I "$top/src/include" -o echo "$top/samples/echo.c" -L "$build" -lutter \
    -Wl,-rpath,"$build" || fail "samples/echo.c does not build"

# after SECONDS CHECK: waits until the check holds, at most so long, and while there is an echo.
after() {
    tries=$(($1 * 5))
    until $2; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] && kill -0 $echo 2>/dev/null || return 1
        sleep 0.2
    done
}

listens() {
    pactl -s "$server" list short source-outputs | grep -q 48000Hz || return 1 # of the recorder
    [ "$(pactl -s "$server" list short source-outputs | wc -l)" -eq 2 ]
}

# Whether sound was recorded, and then three seconds of silence, which are zeros at the monitor of a null sink.
has_spoken() {
    [ "$(tr -d '\0' <said.raw | wc -c)" -gt 48000 ] && [ "$(tail -c 288000 said.raw | tr -d '\0' | wc -c)" -eq 0 ]
}

# Milliseconds from the first sample that is not 0 to the last, of 16-bit samples at a rate.
span() {
    od -An -v -td2 -w2 | awk -v rate="$1" '$1 { last = NR; first = first ? first : NR } END { print int((last - first) * 1000 / rate) }'
}

parec -s "$server" -d mouth.monitor --rate=48000 --channels=1 --format=s16le --raw >said.raw &
recorder=$!
./echo >heard 2>err &
echo=$!
after 60 listens || fail "echo does not listen: $(cat err)"
speak morning.raw
after 60 has_spoken || fail "echo has not answered '$(cat heard)': $(cat err)"
kill $recorder
wait $recorder 2>/dev/null

# It heard what was said, and said what it had heard: for as long as it takes, and so that it can be understood.
said "heard: $(cat heard)" <heard
{ wav 48000 1 "$(wc -c <said.raw)" && cat said.raw; } >said.wav
"$utter" transcribe said.wav >text || fail "transcribe: status $?"
said "said back: $(cat text)" <text
"$utter" speak --sample-rate 48000 -o wanted.raw "$(tr '\n' ' ' <heard)" || fail "speak: status $?"
wanted=$(span 48000 <wanted.raw)
lasted=$(span 48000 <said.raw)
echo "said back '$(cat text)' in $lasted ms of $wanted"
[ "$lasted" -ge $((wanted * 9 / 10)) ] && [ "$lasted" -le $((wanted * 13 / 10)) ] || fail "it spoke for $lasted ms of $wanted"

# Without its devices it ends, and says why.
unplug
after 20 false
wait $echo
status=$?
[ $status -eq 1 ] || fail "unplugged: status $status"
expect err 'is gone' "unplugged"
finish
