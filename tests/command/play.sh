# Loudspeakers (utter_player_*): what is played on PulseAudio's null sink, heard at its monitor.
. "$(dirname "$0")/common.inc"
play=$build/tests/play_sound
[ -x "$play" ] || skip "no $play"
. "$tests/command/sound.inc"

cd "$work" || exit 1
cat >>"$ALSA_CONFIG_PATH" <<CONFIGURATION
pcm.speaker { type pulse server "unix:$work/pulse/native" device "phone" }
pcm.other { type pulse server "unix:$work/pulse/native" device "other" }
pcm.monitor { type pulse server "unix:$work/pulse/native" device "other.monitor" }
CONFIGURATION

# plays SCENARIO [LOUDSPEAKER MICROPHONE]: which leaves with 0, with nothing of ALSA or a sanitizer on standard error.
plays() {
    timeout 60 "$play" "$1" "${2:-speaker}" "${3:-phone}" >"$1.out" 2>"$1.err" || fail "$1: status $?: $(cat "$1.out" "$1.err")"
    if grep -q 'Sanitizer\|runtime error:\|ALSA lib\|Expression' "$1.err"; then fail "$1: $(cat "$1.err")"; fi
    cat "$1.out"
}

plays list
expect list.out '^[0-9]* speaker (ALSA, ' "the list"
for scenario in play stop gaps; do
    plays $scenario
done
# When a stream is added, PulseAudio computes anew what its sink has not played yet, but what a recorder of the monitor has
# got of that stays as it was, without the new stream's beginning; a recorder that asks for no more than 5 ms at a time has
# the monitor go in such steps, and then the beginning is heard. (A pipe's sink, which has nothing to compute anew, gets
# it whole in any case; pacat and aplay lose the same at a monitor.)
parec -s "unix:$work/pulse/native" -d phone.monitor --latency-msec=5 --raw >/dev/null &
recorder=$!
sleep 0.5
plays at-once
kill $recorder
wait $recorder 2>/dev/null
# On a sink of another rate than its own: one that resamples what it is given would, while its monitor is recorded, ask
# for more than there is room for.
pactl -s "unix:$work/pulse/native" load-module module-null-sink sink_name=other rate=44100 channels=2 >/dev/null &&
    plays rate other monitor

# The loudspeaker goes away: one sentence says so.
plays unplugged >/dev/null &
playing=$!
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    grep -q playing unplugged.out 2>/dev/null && break
    sleep 0.2
done
sleep 0.5
unplug
wait $playing
expect unplugged.out "loudspeaker 'speaker' is gone" "unplugged"
finish
