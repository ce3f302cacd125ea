# utter speak: text to sound files, their formats, marks, pronunciations, and what is wrong with either side.
. "$(dirname "$0")/common.inc"
[ -f "$top/models/default/voice-en/model.safetensors" ] || skip "no default voice"
UTTER_MODELS=$top/models/default
export UTTER_MODELS
cd "$work" || exit 1
text="Good morning. Please leave your name, and number, after the tone."

# Bytes that a file begins with.
begins() {
    [ "$(head -c "${#2}" "$1" | tr -d '\0')" = "$2" ] || fail "$1: does not begin with '$2'"
}

# seconds FILE: of 16-bit mono samples at 22 050 Hz behind a header of 44 bytes, in tenths.
tenths() {
    echo $((($(wc -c <"$1") - 44) * 10 / 44100))
}

# One text, in every way that it can be given, is one sound.
run 0 speak -o words.wav Good morning. Please leave your name, and number, after the tone.
begins words.wav RIFF
[ "$(tenths words.wav)" -ge 25 ] && [ "$(tenths words.wav)" -le 80 ] || fail "it lasts $(tenths words.wav) tenths of a second"
printf '%s\n' "$text" >text.txt
run 0 speak -f text.txt --output file.wav
cmp words.wav file.wav || fail "from a file it is another sound"
"$utter" speak -f - -o - <text.txt >pipe.wav || fail "from standard input, to standard output"
tail -c +45 words.wav >words.raw
tail -c +45 pipe.wav | cmp - words.raw || fail "through pipes it is another sound"
"$utter" speak --output lines.wav <text.txt || fail "line by line"
cmp words.wav lines.wav || fail "line by line it is another sound"
printf 'Good morning.\nGood morning.\n' | "$utter" speak -o twice.wav || fail "two lines"
printf 'Good morning.\n' | "$utter" speak -o once.wav || fail "a line"
[ "$(tenths twice.wav)" -gt $((2 * $(tenths once.wav) - 2)) ] || fail "two lines are not twice as long as one"

# Formats, by ending and by name; rates.
for kind in flac:fLaC ogg:OggS opus:OggS au:.snd; do
    run 0 speak -o "a.${kind%:*}" "$text"
    begins "a.${kind%:*}" "${kind#*:}"
done
run 0 speak -o a.mp3 "$text"
[ "$(wc -c <a.mp3)" -gt 5000 ] || fail "an MP3 of $(wc -c <a.mp3) bytes"
run 0 speak -o a.ulaw "$text" && run 0 speak -o b.ulaw --rate 2 "$text"
ratio=$(($(wc -c <a.ulaw) * 10 / $(wc -c <b.ulaw)))
[ $ratio -ge 17 ] && [ $ratio -le 22 ] || fail "at twice the rate it is $ratio tenths as short"
run 0 speak -o a.raw --format s16le --sample-rate 16000 "$text"
seconds=$(($(wc -c <a.raw) * 10 / 32000))
[ $seconds -ge $(($(tenths words.wav) - 1)) ] && [ $seconds -le $(($(tenths words.wav) + 1)) ] || fail "16 kHz: $seconds"

# Marks, timings, pronunciations.
run 0 speak -o m.wav --marks marks.json --timings "$text"
[ "$(grep -c '"mark":"word"' marks.json)" -eq 11 ] || fail "marks: $(cat marks.json)"
[ "$(grep -c '"mark":"sentence"' marks.json)" -eq 2 ] || fail "sentences: $(cat marks.json)"
grep -q '"mark":"phone","text":"G","start":0' marks.json || fail "phones: $(head -3 marks.json)"
expect err '^{"voice":"voice-en","audio_seconds":[0-9.]*,"load_seconds":.*"first_seconds":.*"peak_rss_mb":' timings
run 0 speak --pronounce "Dr. Grey owes \$3.50."
[ "$(cut -f1 out | tr '\n' ' ')" = "doctor grey owes three dollars and fifty cents " ] || fail "words: $(cat out)"
expect out '^grey	G R EY1$' pronounced
run 0 speak -o zero.wav --speaker 0 "$text"
cmp words.wav zero.wav || fail "the first speaker by his number is another"
run 1 speak -o none.wav --speaker nobody "$text"
run 0 speak -o named.wav --speaker "$(sed 's/.*from 0: \([^,]*\).*/\1/' err)" "$text"
cmp words.wav named.wav || fail "the first speaker by name is another"
echo "grey G R AY1" >own.txt
run 0 speak --pronounce --lexicon own.txt grey
expect out '^grey	G R AY1$' "a lexicon of one's own"
run 0 speak --pronounce --phonemes 'g ɹ eɪ'
run 0 speak -o p.wav --phonemes "G UH1 D | M AO1 R N IH0 NG ."
run 0 speak -o s.wav --ssml '<speak>Good<break time="3s"/>morning <prosody rate="slow" pitch="+3st">to you</prosody></speak>'
[ "$(tenths s.wav)" -gt 35 ] || fail "a break of three seconds is none: $(tenths s.wav)"
run 0 speak -o pitch.wav --pitch 4 --volume -3 "$text"
difference=$(($(tenths pitch.wav) - $(tenths words.wav)))
[ $difference -ge -3 ] && [ $difference -le 3 ] || fail "with another pitch it lasts $difference tenths longer"

# Nothing to say is no failure; what is wrong is one sentence, and leaves no file.
run 0 speak -o empty.wav ""
[ "$(wc -c <empty.wav)" -eq 44 ] || fail "nothing is $(wc -c <empty.wav) bytes"
wrong() {
    status=$1 pattern=$2
    shift 2
    rm -f x.wav
    run "$status" speak -o x.wav "$@"
    expect err "$pattern" "$*"
    [ "$status" -ne 1 ] || lines err 1 "$*"
    [ ! -e x.wav ] || fail "a file is left of: $*"
}
printf 'Good \377 morning' >latin.txt
wrong 1 'not UTF-8 at byte 5' -f latin.txt
wrong 1 'line 1, column .*<p>' --ssml '<speak>One <p>two.</speak>'
wrong 1 '<speak> is not closed' --ssml '<speak>One'
wrong 1 'no phone' --phonemes 'G QQ'
wrong 1 'no such file or directory\|there is no' --voice nobody hello
wrong 1 'is no voice' --voice en hello
wrong 1 'nowhere' -f nowhere
wrong 1 'there is no speaker 99: the voice voice-en has [0-9]*, from 0: [a-z]' --speaker 99 hello
wrong 1 'there is no speaker bob: ' --speaker bob hello
wrong 1 'no-lexicon' --lexicon no-lexicon hello
mkdir vocoder
echo '{"model_type":"hifigan"}' >vocoder/config.json
wrong 1 'vocoder' --vocoder vocoder hello
wrong 2 'text is given both' -f text.txt hello
wrong 2 'exclude each other' --ssml --phonemes hello
wrong 2 'from 0.25 to 4' --rate 9 hello
run 2 speak -x hello
run 2 speak --format flac hello
run 1 speak -o nowhere/x.wav hello
run 1 speak -o x.xyz hello
run 1 speak -o /dev/full "$text"
expect err 'No space left' "a full disk"
[ -c /dev/full ] || fail "/dev/full is gone"
run 1 speak -o x.opus --sample-rate 44100 hello
expect err '48000' "a rate that Opus has not"

# A megabyte without a blank, and text without end: bounded, and Ctrl-C ends it with its status.
head -c 1000000 /dev/zero | tr '\0' 'a' >long.txt
( yes "and so on it goes" | timeout -s INT 3 "$utter" speak -o endless.raw 2>err; echo $? >status ) 2>/dev/null
[ ! -s err ] || fail "interrupted: $(cat err)"
timeout -s INT 3 "$utter" speak -f long.txt -o long.raw 2>err
status=$?
[ $status -eq 0 ] || [ $status -eq 124 ] || [ $status -eq 130 ] || fail "a megabyte in one word: $status $(cat err)"
"$utter" speak -f text.txt -f text.txt -o - 2>err | head -c 100 >/dev/null
[ ! -s err ] || fail "a reader that goes away: $(cat err)"

# Without a loudspeaker.
ALSA_CONFIG_PATH=/dev/null "$utter" speak hello >/dev/null 2>err && fail "it was played where nothing plays"
grep -q 'loudspeaker' err || fail "no loudspeaker: $(cat err)"
finish
