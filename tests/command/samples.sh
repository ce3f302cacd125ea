# The samples build against the library without warnings, and run.
. "$(dirname "$0")/common.inc"
. "$tests/command/model.inc"
command -v make >/dev/null && command -v cc >/dev/null || skip "no make or no C compiler"
if grep -q '__asan_init\|__tsan_init' "$build"/libutter.so.*; then skip "a library with sanitizers needs its programs built so"; fi

mkdir "$work/samples" "$work/models"
cp "$top"/samples/*.c "$top/samples/Makefile" "$work/samples"
ln -s "$model" "$work/models/en"
ln -s "$top/src" "$work/src"
cd "$work/samples" || exit 1
make BUILD="$build" CFLAGS='-Wall -Wextra -Wpedantic -Werror' >"$work/log" 2>&1 || {
    cat "$work/log"
    fail "the samples do not build"
    finish
}
UTTER_MODELS=$work/models
export UTTER_MODELS
said=$("$utter" transcribe "$sound")
[ "$(./transcribe "$sound" | sed 's/^.*%  //' | tr '\n' ' ')" = "$said${said:+ }" ] || fail "transcribe: $(./transcribe "$sound")"
./transcribe "$work/nowhere" >/dev/null 2>"$work/err" && fail "transcribe did not fail"
expect err nowhere transcribe
silence 1 >"$work/quiet.wav"
tail -c +45 "$work/quiet.wav" | ./stream >"$work/out" || fail "stream failed"
[ ! -s "$work/out" ] || fail "stream heard something in silence"
ALSA_CONFIG_PATH=/dev/null ./microphone >/dev/null 2>"$work/err" && fail "microphone heard something where there is none"
expect err '^device error: there is no microphone' microphone
./two_channels "$sound" >"$work/out" || fail "two_channels failed"
expect out '^agent ' two_channels
./redact "$sound" "$work/copy.wav" >"$work/out" 2>"$work/err" || fail "redact failed: $(cat "$work/err")"
[ -s "$work/copy.wav" ] || fail "redact wrote no copy"
./redact "$sound" "$work/nowhere/copy.wav" >/dev/null 2>"$work/err" && fail "redact did not fail"
expect err 'nowhere/copy.wav' redact
# Eight calls of two silent channels (255 is µ-law's zero) on two threads, as fast as it goes; and, where sox is, of speech.
head -c 64000 /dev/zero | tr '\0' '\377' >"$work/call.raw"
./call_center "$work/call.raw" 8 0 >"$work/out" 2>"$work/err" || fail "call_center failed: $(cat "$work/err")"
[ ! -s "$work/out" ] || fail "call_center heard something in silence"
./call_center "$work/nowhere" 2>/dev/null && fail "call_center did not fail"
if command -v sox >/dev/null; then
    sox -M "$sound" "$sound" -t raw -r 8000 -c 2 -e mu-law "$work/call.raw" 2>/dev/null
    ./call_center "$work/call.raw" 8 0 >"$work/out" || fail "call_center failed"
    [ -z "$said" ] || expect out '^call 7  customer' call_center
fi
finish
