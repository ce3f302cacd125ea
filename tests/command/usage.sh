# What the command says yes and no to before any model is opened: usage errors end with status 2 and one sentence.
. "$(dirname "$0")/common.inc"

refuse() {
    pattern=$1
    shift
    run 2 "$@"
    expect err "$pattern" "utter $*"
    [ ! -s "$work/out" ] || fail "utter $* printed on standard output"
}

: >"$work/a.wav"
: >"$work/b.wav"
run 0 --version
expect out '^utter [0-9]*\.[0-9]*\.[0-9]*$' version
for words in --help 'transcribe --help' 'transcribe -h' 'eval --help' 'bench --help' 'listen --help' 'model --help'; do
    run 0 $words
    expect out '^usage: utter' "$words"
    [ ! -s "$work/err" ] || fail "$words printed on standard error"
done
refuse 'command is missing'
refuse 'no such command: frobnicate' frobnicate
for later in serve batch; do
    refuse "$later is not in this version" $later
done
refuse 'pull is not in this version' model pull en
refuse 'verify is not in this version' model verify en
refuse 'no such action' model frobnicate
refuse 'one path' model inspect
refuse 'no recordings' transcribe
refuse 'unknown option --frob' transcribe --frob "$work/a.wav"
refuse 'unknown option -q' transcribe -q "$work/a.wav"
refuse '--format needs a value' transcribe "$work/a.wav" --format
refuse '--format is one of' transcribe --format doc "$work/a.wav"
refuse '--format is one of' transcribe --format 'txt|json' "$work/a.wav"
refuse '--words takes no value' transcribe --words=yes "$work/a.wav"
refuse '--beam is a whole number' transcribe --beam 0 "$work/a.wav"
refuse '--beam is a whole number' transcribe --beam 3x "$work/a.wav"
refuse '--threads is a whole number' transcribe --threads=99999999999999999999 "$work/a.wav"
refuse '--precision is one of' transcribe --precision f64 "$work/a.wav"
refuse '--translate: only Whisper models' transcribe --translate "$work/a.wav"
refuse 'build takes' lm build words.arpa
refuse 'no such action: make' lm make words.arpa words.bin
refuse '--device is auto, cpu' transcribe --device tpu "$work/a.wav"
refuse '--device is auto, cpu' transcribe --device=cuda: "$work/a.wav"
refuse '--device is auto, cpu' transcribe --device=cuda:1x "$work/a.wav"
refuse '--device is auto, cpu' transcribe --device=cuda:10000 "$work/a.wav"
refuse 'srt has no word times' transcribe --words --format srt "$work/a.wav"
refuse 'read once' transcribe - -
for format in srt vtt lrc; do
    refuse "--format $format of more than one file needs --output-dir" transcribe --format $format "$work/a.wav" "$work/b.wav"
done
refuse 'both be written to' transcribe --output-dir "$work/o" "$work/a.wav" "$work/x/a.mp3"
[ ! -e "$work/o" ] || fail "a refused command made its output directory"
refuse 'no manifests' eval
refuse 'exclude each other' bench --model en --shape default-en
refuse 'no option' bench "$work/a.wav"

"$utter" --version >/dev/full 2>"$work/err"
[ $? -eq 1 ] || fail "a full device went unnoticed by --version"
expect err 'standard output: ' "a full device"
finish
