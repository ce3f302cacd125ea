# What a live session would commit, from the command; and how late it would be.
. "$(dirname "$0")/common.inc"
[ -f "$top/models/default/en/model.safetensors" ] || skip "no model that ships"

run 0 transcribe "$sound"
text=$(cat "$work/out")
run 0 transcribe --live "$sound"
[ "$(cat "$work/out")" = "$text" ] || fail "--live gave '$(cat "$work/out")', not '$text', of one short sentence"
run 0 transcribe --live --format json "$sound"
expect out '"words":\[{"word":' "--live in json"
run 2 transcribe --live=yes "$sound"
silence 3 >"$work/quiet.wav"
run 0 transcribe --live "$work/quiet.wav" "$work/quiet.wav"
lines out 2 "--live of silence"
[ -z "$(tr -d '\n' <"$work/out")" ] || fail "--live heard something in silence"

printf 'file\ttext\n%s\t%s\n' "$sound" "$text" >"$work/set.tsv"
run 0 eval --live "$work/set.tsv"
expect out '^set  *1  *[0-9]*  *0\.00 ' "eval --live"

run 2 bench --live
expect err 'needs a recording' "bench --live of nothing"
run 1 bench --live --file "$work/nowhere.wav"
run 0 bench --live --file "$sound" --streams 3 --seconds 3 --format json
expect out '"streams":3,.*"word_seconds":{"count":[0-9]*,' "bench --live"
expect out '"stream_mb":[0-9.]*' "bench --live"
run 0 bench --live --file "$sound" --streams 2 --seconds 2 --voice-activity energy
expect out '^end-point to committed' "bench --live in text"
finish
