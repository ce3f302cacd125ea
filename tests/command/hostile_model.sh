# Model directories that are missing, damaged or made to hurt: one sentence that names the file, status 1, no text.
. "$(dirname "$0")/common.inc"
. "$tests/command/model.inc"

cd "$work" || exit 1
silence 1 >quiet.wav
weights=$(cd "$model" && ls *.safetensors | head -n 1)

# broken NAME: a fresh copy of the model in ./NAME.
broken() {
    rm -rf "$1" && cp -r "$model" "$1" && chmod -R u+w "$1"
}
# reject NAME PATTERN: transcribing with ./NAME fails with one line that matches.
reject() {
    run 1 transcribe --model "./$1" quiet.wav
    [ ! -s out ] || fail "$1: a text"
    lines err 1 "$1"
    expect err "$2" "$1"
}
le64() {
    le32 "$1" && le32 "$2"
}

reject nowhere nowhere
: >file && reject file file
mkdir empty && reject empty empty
for part in config.json tokenizer.json preprocessor_config.json "$weights"; do
    broken lacking && rm -f "lacking/$part"
    [ "$part" = preprocessor_config.json ] || reject lacking lacking
    broken cut && head -c 30 "$model/$part" >"cut/$part" && reject cut "cut/$part"
    broken none && : >"none/$part" && reject none "none/$part"
    broken binary && head -c 4096 /dev/urandom >"binary/$part" && reject binary "binary/$part"
    broken deep && { head -c 100000 /dev/zero | tr '\0' '['; } >"deep/$part" && reject deep "deep/$part"
done

# The header of the weights: its length beyond the file, beyond any memory, and JSON with more levels than any stack.
broken length && { le64 2000000000 0 && printf '{}'; } >"length/$weights" && reject length "length/$weights"
broken huge && { le64 4294967295 4294967295 && printf '{}'; } >"huge/$weights" && reject huge "huge/$weights"
broken stack && { le64 100000 0 && head -c 100000 /dev/zero | tr '\0' '['; } >"stack/$weights" && reject stack "stack/$weights"
header() { # header NAME JSON: weights with that header and 64 bytes of data
    broken "$1"
    { le64 ${#2} 0 && printf '%s' "$2" && head -c 64 /dev/zero; } >"$1/$weights"
    reject "$1" "${3:-$1/$weights}"
}
header beyond '{"a":{"dtype":"F32","shape":[64],"data_offsets":[0,256]}}'
header overlap '{"a":{"dtype":"F32","shape":[8],"data_offsets":[0,32]},"b":{"dtype":"F32","shape":[8],"data_offsets":[16,48]}}'
header product '{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}'
header backward '{"a":{"dtype":"F32","shape":[8],"data_offsets":[32,0]}}'
header negative '{"a":{"dtype":"F32","shape":[-8],"data_offsets":[0,32]}}'
header other '{"a":{"dtype":"F32","shape":[16],"data_offsets":[0,64]}}' "other: tensor '.*' is missing"

# One tensor of many: renamed, of another shape, of another type, with one value that is no number.
change() { # change NAME FROM TO: the weights' header with a text of the same length in place of another
    broken "$1"
    sed "s/$2/$3/" "$model/$weights" >"$1/$weights"
    if cmp -s "$model/$weights" "$1/$weights"; then fail "$1: nothing was changed"; fi
    reject "$1" "$1.*$4"
}
change renamed 'ctc_head.weight' 'ctc_hand.weight' ctc_head.weight
change reshaped '"encoder.layers.0.conv.depthwise_conv.weight":{\(.*\)"shape":\[48,1,9\]' \
    '"encoder.layers.0.conv.depthwise_conv.weight":{\1"shape":[9,1,48]' depthwise_conv.weight
change retyped '"ctc_head.bias":{"dtype":"F32"' '"ctc_head.bias":{"dtype":"F99"' F99
broken number
size=$(wc -c <"$model/$weights")
printf '\000\000\300\177' | dd of="number/$weights" bs=1 seek=$((size - 4)) conv=notrunc 2>/dev/null
reject number number

# The same files under utter model inspect.
for name in length huge stack beyond overlap product backward negative; do
    run 1 model inspect "$name/$weights"
    lines err 1 "inspect $name"
    expect err "$weights" "inspect $name"
done
finish
