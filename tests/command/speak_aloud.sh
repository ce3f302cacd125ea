# utter speak through a loudspeaker, which is PulseAudio's null sink: it lasts as long as what is said, and Ctrl-C ends it.
. "$(dirname "$0")/common.inc"
[ -f "$top/models/default/voice-en/model.safetensors" ] || skip "no default voice"
. "$tests/command/sound.inc"
UTTER_MODELS=$top/models/default
export UTTER_MODELS
cd "$work" || exit 1
cat >>"$ALSA_CONFIG_PATH" <<CONFIGURATION
pcm.speaker { type pulse server "unix:$work/pulse/native" device "phone" }
CONFIGURATION

milliseconds() {
    echo $(($(date +%s%N) / 1000000))
}

run 0 speak --list
expect out 'speaker  (ALSA, ' "the list"
"$utter" speak -o said.wav "Good morning to you all." || fail "into a file"
length=$((($(wc -c <said.wav) - 44) * 1000 / 44100))
began=$(milliseconds)
run 0 speak --player speaker "Good morning to you all."
took=$(($(milliseconds) - began))
[ $took -ge $length ] || fail "$length ms of speech were over after $took"
[ ! -s err ] || fail "said: $(cat err)"
echo "Good morning to you all." | "$utter" speak --player speaker 2>err || fail "a line from a pipe: $(cat err)"

# Some minutes of text, ended after two seconds.
yes "and so on it goes." | head -n 200 >long.txt
began=$(milliseconds)
timeout -s INT 2 "$utter" speak --player speaker -f long.txt 2>err
took=$(($(milliseconds) - began))
[ $took -lt 6000 ] || fail "an interrupt took $took ms"
[ ! -s err ] || fail "interrupted: $(cat err)"
run 1 speak --player nobody hello
expect err "no loudspeaker" "a loudspeaker that is not there"
finish
