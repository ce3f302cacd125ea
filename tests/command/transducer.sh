# A transducer through the command: the small random networks of the golden values, with tokenizers of their size. What
# they say matters to none of these tests.
. "$(dirname "$0")/common.inc"

# make NAME PIECES: ./NAME of the golden network of that name.
make() {
    [ -f "$tests/golden/transducer/$1/model.safetensors" ] || skip "no network at $tests/golden/transducer/$1"
    mkdir "$work/$1"
    cp "$tests/golden/transducer/$1/config.json" "$tests/golden/transducer/$1/model.safetensors" "$work/$1"
    chmod u+w "$work/$1"/*
    printf '{"feature_extractor_type":"ParakeetFeatureExtractor","feature_size":16,"sampling_rate":16000,"hop_length":160,"n_fft":512,"win_length":400,"preemphasis":0.97}\n' >"$work/$1/preprocessor_config.json"
    {
        printf '{"pre_tokenizer":{"type":"Metaspace","replacement":"\342\226\201"},'
        printf '"decoder":{"type":"Metaspace","replacement":"\342\226\201"},'
        printf '"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0]'
        for piece in $2; do
            printf ',["%s",-2]' "$piece"
        done
        printf ']}}\n'
    } >"$work/$1/tokenizer.json"
}
mark=$(printf '\342\226\201')
make rnnt "${mark}one ${mark}two ${mark}a ${mark}re a b c d e f g h i l m n o"
make tdt "${mark}one ${mark}two ${mark}a ${mark}re ${mark}in ${mark}we ${mark}so ${mark}he a b c d e f g h i l m n o r s"

cd "$work" || exit 1
silence 2 >quiet.wav
echo 'root ::= "one" | "two"' >sentences.gbnf
echo 'root ::= [a-z ]+' >letters.gbnf
printf 'one two\nre a\n' >phrases.txt
for name in tdt rnnt; do
    say() {
        run 0 transcribe --model "./$name" --precision f32 "$@"
    }
    # Greedy: the same in a batch of windows, with one thread, and live a text, too.
    say "$sound"
    lines out 1 "$name: a recording"
    cp out text
    [ -n "$(cat text)" ] || fail "$name: it says nothing, which would leave much untested"
    say --threads 1 "$sound" quiet.wav "$sound"
    lines out 3 "$name: three files"
    [ "$(sed -n 1p out)" = "$(cat text)" ] && [ -z "$(sed -n 2p out)" ] && [ "$(sed -n 3p out)" = "$(cat text)" ] ||
        fail "$name: another text among other files"
    say --live "$sound"
    lines out 1 "$name: live"

    # Beam, alternatives, words and a language model.
    say --beam 8 --nbest 3 --words --format json "$sound" quiet.wav
    lines out 2 "$name: json"
    expect out '"nbest":\[{"start":[0-9.]*,"end":[0-9.]*,"channel":0,"alternatives":\[{"text":".*","log_probability":-' "$name: nbest"
    expect out '"words":\[{"word":"[a-z]*","start":[0-9.]*,"end":[0-9.]*,"confidence":0\.' "$name: words"
    sed -n 2p out | grep -q '"text":"","segments":\[\]' || fail "$name: json of silence"
    run 0 lm build "$tests/golden/ngram/small.arpa" small.bin
    say --lm small.bin "$sound"
    lines out 1 "$name: a language model"
    say --live --beam 4 --lm small.bin "$sound"
    say --boost phrases.txt --beam 4 "$sound"
    lines out 1 "$name: phrases"
    run 2 transcribe --model "./$name" --beam 1 --lm small.bin "$sound"
    expect err 'needs a --beam of 2' "$name: greedy with a language model"
    run 1 transcribe --model "./$name" --beam 65 "$sound"
    expect err 'beam is 65, and must be 0 to 64' "$name: a beam that is too wide"

    # A grammar: a sentence of it, or nothing, whatever the network says.
    say --grammar letters.gbnf --grammar-threshold 0.001 "$sound" quiet.wav
    lines out 2 "$name: a grammar"
    grep -q '^[a-z]' out || fail "$name: no sentence of a grammar of everything: $(cat out)"
    say --grammar sentences.gbnf --format json "$sound"
    expect out '"confidence":1,"words"' "$name: a sentence, against the greedy path of a network that is sure of nothing"
    say --grammar sentences.gbnf "$sound"
    grep -qx 'one\|two\|' out || fail "$name: what is no sentence came out: $(cat out)"

    # What is missing, wrongly shaped or contradictory is one sentence.
    broken() {
        rm -rf broken && cp -r "$name" broken
    }
    reject() {
        run 1 transcribe --model ./broken "$sound"
        lines err 1 "$name: broken"
        expect err "$1" "$name: broken"
    }
    for part in config.json tokenizer.json model.safetensors; do
        broken && rm "broken/$part" && reject broken
        broken && head -c 30 "$name/$part" >"broken/$part" && reject "broken/$part"
    done
    broken && sed 's/joint.head.weight/joint.hand.weight/' "$name/model.safetensors" >broken/model.safetensors
    reject "tensor 'joint.head.weight' is missing"
    broken && sed 's/"decoder_hidden_size": [0-9]*/"decoder_hidden_size": 25/' "$name/config.json" >broken/config.json
    reject "tensor '.*' has the shape"
    broken && sed 's/"blank_token_id": [0-9]*/"blank_token_id": 3/' "$name/config.json" >broken/config.json
    reject "tokenizer.json has no token"
    run 0 model inspect "./$name"
    expect out 'decoder.lstm.weight_hh_l0' "$name: inspect"
done

# Random weights of a known shape.
run 0 bench --shape transducer-toy --seconds 2 --batch 2 --repeats 1
expect out 'family  *fastconformer-tdt' "bench"
expect out 'decoder step  *[0-9.]* ms' "bench"
run 0 bench --shape transducer-toy --seconds 2 --batch 2 --repeats 1 --beam 4
run 0 bench --model ./rnnt --file "$sound" --repeats 1
finish
