# The progress bar: on a terminal only, never wider than it, gone at the end.
. "$(dirname "$0")/common.inc"
. "$tests/command/model.inc"
command -v script >/dev/null && script -qec true /dev/null </dev/null >/dev/null 2>&1 || skip "no script(1), or no pseudo-terminals here"

cd "$work" || exit 1
for i in 1 2 3 4 5 6; do
    cp "$sound" "recording-with-a-rather-long-name-$i.flac"
done
TERM=xterm
export TERM
for columns in 40 20 120; do
    script -qec "stty cols $columns; '$utter' transcribe --jobs 1 --threads 1 --beam 16 --model '$model' recording*.flac >text" \
        screen </dev/null >/dev/null 2>&1 || fail "$columns columns: the command failed"
    lines text 6 "$columns columns"
    if grep -q '%' text; then fail "$columns columns: the bar is in the output"; fi
    # What each redrawing put on the line, without the escape that clears the rest of it.
    sed '/^Script /d' screen | tr '\r' '\n' | sed "s/$(printf '\033')\[K//g" >drawn
    grep -q '[0-9]%' drawn || fail "$columns columns: no bar"
    awk -v most=$columns 'length($0) > most - 1 { exit 1 }' drawn || fail "$columns columns: a wider bar"
    tail -c 200 screen | sed '/^Script done/d' | tr -d '\n' | grep -q "$(printf '\r\033')\[K\$" ||
        fail "$columns columns: the bar stayed: $(tail -c 100 screen | od -c | head)"
done
TERM=dumb
script -qec "'$utter' transcribe --model '$model' recording*.flac >text" screen </dev/null >/dev/null 2>&1
if grep -q '[0-9]%' screen; then fail "a bar on a terminal that cannot erase"; fi
run 0 transcribe --model "$model" recording*.flac
[ ! -s err ] || fail "a bar where there is no terminal: $(head -c 200 err)"
finish
