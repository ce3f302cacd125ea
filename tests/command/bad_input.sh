# Files that are no recordings, or bad ones: one sentence that names the file, status 1, the other files still done.
. "$(dirname "$0")/common.inc"
. "$tests/command/model.inc"

cd "$work" || exit 1
silence 1 >quiet.wav
: >empty.wav
head -c 20 quiet.wav >header.wav
echo 'This is not sound, however it is called.' >text.wav
head -c 5000 /dev/urandom >noise.mp3
printf 'ID3\004\000\000\177\177\177\177' >tag.mp3
mkdir folder.wav
{ wav 16000 0 32000 && head -c 32000 /dev/zero; } >channels0.wav
{ wav 0 1 32000 && head -c 32000 /dev/zero; } >rate0.wav
{ wav 1000000000 1 32000 && head -c 32000 /dev/zero; } >rate1g.wav
head -c 20000 "$sound" >cut.flac

bad='empty.wav header.wav text.wav noise.mp3 tag.mp3 folder.wav channels0.wav rate0.wav rate1g.wav missing.wav'
for file in $bad; do
    run 1 transcribe --model "$model" "$file"
    [ ! -s out ] || fail "$file gave a text: $(head -c 200 out)"
    lines err 1 "$file"
    expect err "$file" "$file"
done
run 1 transcribe --model "$model" quiet.wav $bad quiet.wav
lines out 2 "the good files among the bad"
lines err 10 "the bad files among the good"
run 1 transcribe --model "$model" cut.flac
lines err 1 "a truncated file"
expect err cut.flac "a truncated file"
cp text.wav "$(printf 'two\nlines\033[31m')"
run 1 transcribe --model "$model" "$(printf 'two\nlines\033[31m')"
lines err 1 "a name with a line feed"
expect err 'two lines \[31m' "a name with control characters"
for file in empty.wav text.wav; do
    "$utter" transcribe --model "$model" - <$file >out 2>err
    [ $? -eq 1 ] || fail "$file on standard input: not status 1"
    expect err 'standard input' "$file on standard input"
done
run 1 transcribe --model "$model" - <&-
expect err 'standard input' "a closed standard input"

# Odd, but sound: an empty line each.
{ wav 16000 1 320 && head -c 320 /dev/zero; } >short.wav
{ wav 16000 12 384000 && head -c 384000 /dev/zero; } >channels12.wav
{
    FORMAT=3 BITS=32 wav 16000 1 65536
    printf '\000\000\300\177%.0s' $(seq 16384) # a quiet NaN over and over
} >nan.wav
for file in short.wav channels12.wav; do
    run 0 transcribe --model "$model" "$file"
    lines out 1 "$file"
    [ -z "$(cat out)" ] || fail "$file gave a text: $(head -c 200 out)"
done
run 1 transcribe --model "$model" nan.wav
[ "$(od -An -c out | tr -d ' ')" = '\n' ] || fail "nan.wav gave a text: $(head -c 200 out)"
lines err 1 nan.wav
expect err nan.wav nan.wav
run 0 transcribe --model "$model" --channels split channels12.wav
lines out 1 "twelve channels, each alone"
finish
