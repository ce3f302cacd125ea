# Word error rate from manifests: counted rows, failed rows, both ways of finding files.
. "$(dirname "$0")/common.inc"
. "$tests/command/model.inc"

cd "$work" || exit 1
silence 1 >quiet.wav
mkdir beside && cp quiet.wav beside/inside.wav
printf 'file\ttext\nquiet.wav\tOne two, three!\nquiet.wav\t\n' >plain.tsv
printf 'seconds\ttext\tspeaker\tfile\r\n1\tfour five\tx\tinside.wav\r\n\n1\tsix\tx\tgone.wav\r\n' >beside.tsv

run 0 eval --model "$model" plain.tsv
lines out 3 "a set and the total"
expect out '^plain  *2  *3  *100.00  *0  *3  *0 ' "silence deletes every word"
expect out '^total  *2  *3  *100.00 ' total

run 1 eval --model "$model" --format json --hypotheses heard.tsv plain.tsv "$work/beside.tsv"
lines out 1 "json"
lines err 1 "a missing recording"
expect err 'beside/gone.wav' "a missing recording"
expect out '"sets":\[{"set":"plain","utterances":2,"failed":0,"words":3,"word_error_rate":100,"substitutions":0,"deletions":3,"insertions":0,' json
expect out '{"set":"beside","utterances":1,"failed":1,"words":2,"word_error_rate":100,' json
expect out '"total":{"utterances":3,"failed":1,"words":5,' json
lines heard.tsv 4 hypotheses
[ "$(sed -n 2p heard.tsv)" = "plain	quiet.wav	3	0	3	0	One two, three!	" ] || fail "hypotheses: $(sed -n 2p heard.tsv)"

# What the model hears as its own reference is no error.
cp "$sound" m.flac
said=$("$utter" transcribe --model "$model" m.flac)
printf 'file\ttext\nm.flac\t%s\n' "$said" >self.tsv
run 0 eval --model "$model" self.tsv
expect out '^self  *1  *[0-9]*  *0.00 ' "a perfect transcript"

run 1 eval --model "$model" nowhere.tsv
expect err 'nowhere.tsv' "a missing manifest"
printf 'name\twords\na\tb\n' >columns.tsv
run 1 eval --model "$model" columns.tsv
expect err 'columns.tsv.*file and text' "a manifest of other columns"
printf 'file\ttext\nquiet.wav\n' >short.tsv
run 1 eval --model "$model" short.tsv
expect err 'short.tsv: line 2' "a short row"
head -c 1000 /dev/zero >zero.tsv
run 1 eval --model "$model" zero.tsv
expect err 'zero.tsv' "a binary manifest"
run 1 eval --model "$model" --hypotheses nowhere/h.tsv plain.tsv
expect err 'nowhere/h.tsv' "hypotheses that cannot be written"
finish
