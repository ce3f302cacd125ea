# utter model and utter bench: they end, and print what they promise.
. "$(dirname "$0")/common.inc"
. "$tests/command/model.inc"

run 0 model inspect "$model"
expect out '^type  *shape  *parameters' "the head of the table"
expect out ' tensors, .* parameters, .* bytes, 0 not finite$' totals
rows=$(($(wc -l <"$work/out") - 2))
run 0 model inspect --format json "$model"
lines out 1 json
[ "$(tr '{' '\n' <"$work/out" | grep -c '^"name":')" -eq $rows ] || fail "json and table differ in number of tensors"
expect out "\"tensor_count\":$rows," json
weights=$(ls "$model"/*.safetensors | head -n 1)
run 0 model inspect "$weights"
for checkpoint in "$tests"/golden/checkpoints/*; do # of other formats
    run 0 model inspect "$checkpoint"
    expect out '^[0-9]* tensors, .* bytes, 0 not finite$' "$checkpoint"
done
head -c 2000 "$tests/golden/checkpoints/openai.pt" >"$work/cut.pt"
run 1 model inspect "$work/cut.pt"
expect err 'cut.pt: the zip directory is missing' "a file cut off"
run 1 model inspect "$work/nowhere"
expect err nowhere "a missing model"
run 0 model list
expect out '^en ' list

run 0 bench --model "$model" --seconds 1 --batch 2 --repeats 1 --threads 1
for line in model precision threads features search 'real-time factor' 'work of the model' 'matrix-product rate' \
    'fraction of it' 'peak memory'; do
    expect out "^$line " bench
done
run 0 bench --model "$model" --seconds 1 --batch 1 --repeats 1 --format json
lines out 1 "bench as json"
expect out '"gflop":[0-9.]*,"gflop_per_second":[0-9.]*,"matmul_gflop_per_second":[0-9.]*,"fraction_of_matmul":' bench
run 0 bench --model "$model" --file "$sound" --repeats 2
for line in decode features model search total 'load to text' 'peak memory'; do
    expect out "^$line " "bench --file"
done
run 0 bench --shape default-en --seconds 1 --batch 1 --repeats 1
run 0 bench --shape whisper-toy --seconds 1 --batch 1 --repeats 1 --tokens 3
for line in "decoder step" "memory rate" "floor of a step"; do
    expect out "^$line " "bench of a Whisper"
done
run 2 bench --model "$model" --file "$sound" --translate
expect err "only Whisper models" "translation by another family"
run 1 bench --shape no-such-shape
expect err 'no-such-shape' "a shape that is not known"
run 1 bench --model "$model" --file "$work/nowhere.wav"
expect err 'nowhere.wav' "a recording that is not there"
finish
