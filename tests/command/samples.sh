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
[ "$(./transcribe_file "$sound" | sed 's/^.*%  //' | tr '\n' ' ')" = "$said${said:+ }" ] || fail "transcribe_file: $(./transcribe_file "$sound")"
./transcribe_file "$work/nowhere" >/dev/null 2>"$work/err" && fail "transcribe_file did not fail"
expect err nowhere transcribe_file
silence 1 >"$work/quiet.wav"
tail -c +45 "$work/quiet.wav" | ./stream >"$work/out" || fail "stream failed"
[ ! -s "$work/out" ] || fail "stream heard something in silence"
ALSA_CONFIG_PATH=/dev/null ./microphone >/dev/null 2>"$work/err" && fail "microphone heard something where there is none"
expect err '^device error: there is no microphone' microphone
./two_channels "$sound" >"$work/out" || fail "two_channels failed"
expect out '^agent ' two_channels
finish
