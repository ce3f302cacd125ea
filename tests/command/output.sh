# Outputs that fail: a reader that went away, a full device, a closed descriptor, a limit on files; and interruption.
. "$(dirname "$0")/common.inc"
. "$tests/command/model.inc"

cd "$work" || exit 1
silence 1 >quiet.wav

# A reader that goes away ends the command quietly, with a status that is not 0.
{
    "$utter" transcribe --model "$model" quiet.wav quiet.wav 2>err
    echo $? >status
} | true
[ "$(cat status)" -eq 1 ] || fail "a closed pipe: status $(cat status)"
[ ! -s err ] || fail "a closed pipe: $(cat err)"

"$utter" transcribe --model "$model" quiet.wav quiet.wav >/dev/full 2>err
[ $? -eq 1 ] || fail "a full device: not status 1"
lines err 1 "a full device"
expect err 'standard output: No space left' "a full device"

"$utter" transcribe --model "$model" quiet.wav >&- 2>err
[ $? -eq 1 ] || fail "a closed standard output: not status 1"
expect err 'standard output: ' "a closed standard output"

# A file that cannot be written leaves nothing behind.
(ulimit -f 0 && "$utter" transcribe --model "$model" --format json --output-dir texts quiet.wav 2>&1) | cat >err
expect err 'texts/quiet.json: cannot be written' "a limit on files"
[ -z "$(ls -A texts)" ] || fail "half a file: $(ls -A texts)"

# Interrupted while the second recording is still coming in: the first one's text stays, nothing else does.
interrupt() { # interrupt STATUS WORD...
    wanted=$1
    shift
    rm -f pipe && mkfifo pipe
    sleep 60 >pipe &
    sleeper=$!
    : >out
    : >err
    "$utter" transcribe --model "$model" --timings "$@" quiet.wav - <pipe >out 2>err &
    command=$!
    tries=0
    while [ "$(grep -c audio_seconds err)" -eq 0 ] && [ $tries -lt 200 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -TERM $command
    wait $command
    got=$?
    kill $sleeper
    [ $got -eq "$wanted" ] || fail "interrupted: status $got: $(cat err)"
    if grep -q 'Sanitizer\|standard input' err; then fail "interrupted: $(cat err)"; fi
}
interrupt 143
lines out 1 "interrupted"
rm -rf texts
interrupt 143 --output-dir texts
[ "$(ls -A texts)" = quiet.txt ] || fail "interrupted with --output-dir: $(ls -A texts)"

# The keyboard's interrupt, and its status.
mkfifo keys
sleep 5 >keys &
timeout --preserve-status -s INT 2 "$utter" transcribe --model "$model" - <keys >out 2>err
got=$?
[ $got -eq 130 ] || fail "SIGINT: status $got"
[ ! -s err ] || fail "SIGINT: $(cat err)"

# The same of what cannot seek and is named: a pipe that nobody writes to yet, and a device that never ends.
for endless in keys /dev/zero; do
    timeout --preserve-status -k 20 -s INT 2 "$utter" transcribe --model "$model" $endless >out 2>err
    got=$?
    [ $got -eq 130 ] || fail "SIGINT while $endless is read: status $got"
    [ ! -s err ] || fail "SIGINT while $endless is read: $(cat err)"
done
cat "$sound" >keys &
run 0 transcribe --model "$model" keys
[ -n "$(cat out)" ] || fail "a pipe that is named: no text"
finish
