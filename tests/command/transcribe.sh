# From recordings to every format, in the order given, from files and from standard input.
. "$(dirname "$0")/common.inc"
. "$tests/command/model.inc"

silence 2 >"$work/quiet.wav"
say() {
    wanted=$1
    shift
    run "$wanted" transcribe --model "$model" "$@"
}

# Plain text: one line per file, in order, an empty one for silence.
say 0 "$sound"
lines out 1 "a recording"
text=$(cat "$work/out")
[ -n "$text" ] || fail "the small model says nothing, which would leave much untested"
say 0 "$work/quiet.wav"
[ "$(od -An -c "$work/out" | tr -d ' ')" = '\n' ] || fail "silence is not an empty line"
say 1 "$sound" "$work/missing.wav" "$work/quiet.wav" "$sound"
lines out 3 "three good files of four"
lines err 1 "one bad file of four"
expect err "missing.wav" "the missing file"
[ "$(sed -n 1p "$work/out")" = "$text" ] && [ -z "$(sed -n 2p "$work/out")" ] &&
    [ "$(sed -n 3p "$work/out")" = "$text" ] || fail "the order of files"

# Options after files, --option=value, and -- before names that look like options.
cp "$work/quiet.wav" "$work/-quiet.wav"
(cd "$work" && "$utter" transcribe quiet.wav --model="$model" --lm none --beam=1 --device auto -- -quiet.wav >out 2>err) ||
    fail "-- before a file named -quiet.wav: $(cat "$work/err")"
lines out 2 "-- before a file"

# Standard input gives what the file gives.
"$utter" transcribe --model "$model" - <"$sound" >"$work/out" 2>"$work/err" || fail "standard input: $(cat "$work/err")"
[ "$(cat "$work/out")" = "$text" ] || fail "standard input gave another text"
cat "$sound" | "$utter" transcribe --model "$model" - >"$work/out" 2>"$work/err" || fail "a pipe: $(cat "$work/err")"
[ "$(cat "$work/out")" = "$text" ] || fail "a pipe gave another text"

# Files at once or one by one: the same bytes, the order kept.
set -- "$sound" "$work/quiet.wav" "$sound" "$sound" "$work/quiet.wav" "$sound" "$sound" "$work/quiet.wav" "$sound"
say 0 --format json --jobs 1 "$@"
mv "$work/out" "$work/one"
lines one 9 "json of nine files"
say 0 --format json --jobs 3 "$@"
cmp -s "$work/out" "$work/one" || fail "three files at once gave another output than one by one"
say 0 --format json "$@"
cmp -s "$work/out" "$work/one" || fail "the default number of files at once gave another output"

# JSON: the keys, in order; silence has no segments. The syntax is tested on its own.
say 0 --format json "$sound" "$work/quiet.wav"
expect out '^{"file":".*morning.flac","model":".*","language":".*","duration":3\.[0-9]*,"text":".*","segments":\[' json
sed -n 2p "$work/out" | grep -q '"duration":2,"text":"","segments":\[\]}$' || fail "json of silence"
if command -v python3 >/dev/null; then
    python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]' <"$work/out" || fail "json does not parse"
fi

# What else was heard: in JSON alone, and no more of it than the beam.
say 0 --format json --beam 4 --nbest 2 "$sound"
expect out '"nbest":\[{"start":[0-9.]*,"end":[0-9.]*,"channel":0,"alternatives":\[{"text":".*","log_probability":-' nbest
say 2 --nbest 2 "$sound"
expect err 'only --format json' "nbest of txt"
say 1 --format json --nbest 2 "$sound"
expect err 'nbest is 2' "nbest of a greedy search"

# Subtitles and tables.
say 0 --format vtt "$sound"
[ "$(head -c 8 "$work/out" | od -An -c | tr -d ' ')" = 'WEBVTT\n\n' ] || fail "the head of vtt"
expect out '^00:00:0[0-3]\.[0-9]* --> 00:00:0[0-4]\.[0-9]*$' vtt
say 0 --format srt "$sound"
expect out '^00:00:0[0-3],[0-9]* --> 00:00:0[0-4],[0-9]*$' srt
say 0 --format lrc "$sound"
expect out '^\[00:0[0-3]\.[0-9][0-9]\]' lrc
say 0 --format tsv "$sound" "$sound"
[ "$(grep -c '^file	channel	start	end	confidence	text$' "$work/out")" -eq 1 ] || fail "tsv has not one header"
[ "$(awk -F'\t' 'NF != 6' "$work/out" | wc -l)" -eq 0 ] || fail "a tsv row has not six fields"
say 0 --format csv --words "$sound"
head -n 1 "$work/out" | grep -q '^file,channel,start,end,confidence,word.$' || fail "the head of csv"

# Files of their own, whole and named after the recordings; nothing else stays in the directory.
say 1 --format json --output-dir "$work/texts" "$sound" "$work/missing.wav" "$work/quiet.wav"
[ "$(ls -A "$work/texts" | tr '\n' ' ')" = 'morning.json quiet.json ' ] || fail "output files: $(ls -A "$work/texts")"
[ ! -s "$work/out" ] || fail "--output-dir printed on standard output"
cat "$work/texts/morning.json" "$work/texts/quiet.json" >"$work/files"
say 0 --format json "$sound" "$work/quiet.wav"
cmp -s "$work/out" "$work/files" || fail "files differ from standard output"
mkdir "$work/lake" && cp "$work/quiet.wav" "$work/lake/take.txt"
say 1 --output-dir "$work/lake" "$work/lake/take.txt"
expect err 'overwrite the recording' "an output that is its own input"
cmp -s "$work/quiet.wav" "$work/lake/take.txt" || fail "a recording was overwritten"
: >"$work/plain"
say 1 --output-dir "$work/plain" "$work/quiet.wav"
expect err 'not a directory' "an output directory that is a file"

# Channels: the left one silent, the right one not.
wav 16000 2 192000 >"$work/two.wav"
awk 'BEGIN { for (i = 0; i < 48000; i++) printf "%c%c%c%c", 0, 0, int(i * 2654435 / 7 % 256), int(i / 3 % 32) }' |
    head -c 192000 >>"$work/two.wav"
say 0 --channels split --format json "$work/two.wav"
lines out 1 "a stereo file"
if grep -q '"channel":0' "$work/out"; then fail "text out of a silent channel"; fi
say 0 --channels mix --format json "$work/two.wav"

# A line of timings per file on standard error.
say 0 --timings "$sound" "$work/quiet.wav"
lines err 2 timings
expect err '^{"file":".*quiet.wav","audio_seconds":2,"load_seconds":[0-9.e-]*,"compute_seconds":[0-9.e-]*,"real_time_factor_x":[0-9.]*,"peak_rss_mb":[0-9.]*}$' timings

# Other widths and precisions run.
say 0 --beam 4 "$sound"
say 0 --precision f32 --threads 1 "$sound"
say 0 --precision int8 --threads 2 "$sound"
say 0 --language en-GB "$sound"
say 2 --language xx-klingon "$sound"
expect err 'xx-klingon' "a language that the model does not speak"
finish
