# The command on a GPU, as far as can be seen without one: the module that runs the GPU's kernels on the host gives the
# CPU's text; cards and modules that are not there are one sentence each, and auto goes on on the CPU.
. "$(dirname "$0")/common.inc"
. "$tests/command/model.inc"
module=$build/tests/libutter-cuda-emulated.so
[ -f "$module" ] || skip "no emulated module at $module"

run 0 transcribe --model "$model" --device cpu --precision f32 "$sound"
cp "$work/out" "$work/cpu"
UTTER_CUDA_MODULE=$module
export UTTER_CUDA_MODULE
for device in cuda cuda:0 auto; do
    run 0 transcribe --model "$model" --device $device --precision f32 "$sound"
    cmp -s "$work/out" "$work/cpu" || fail "--device $device: another text than the CPU's"
done
run 1 transcribe --model "$model" --device cuda:7 "$sound"
expect err 'there is no GPU number 7' "a card that is not there"
lines err 1 "a card that is not there"
run 1 transcribe --model "$model" --device cuda --precision int8 "$sound"
expect err 'int8' "int8 on a GPU"
run 1 transcribe --model "$model" --device cpu --precision f16 "$sound"
expect err 'f16 is computed with on a GPU' "f16 on a CPU"
lines err 1 "f16 on a CPU"
run 1 transcribe --model "$model" --device cpu --precision fp8 "$sound"
expect err 'fp8 is computed with on GPUs' "fp8 on a CPU"
lines err 1 "fp8 on a CPU"
for precision in f16 fp8; do
    run 0 transcribe --model "$model" --device cuda --precision $precision "$sound"
    expect out . "$precision on a GPU"
done
for precision in f16 int8 fp8; do # the yardstick of the products, too
    run 0 bench --shape whisper-toy --device cuda --precision $precision --seconds 1 --batch 1 --repeats 1 --tokens 2 --format json
    expect out "\"precision\": *\"$precision\"" "bench in $precision"
done
run 0 bench --shape whisper-toy --device cuda --seconds 1 --batch 1 --repeats 1 --tokens 2 --format json
expect out '"device": *"cuda:0, emulated"' "the device's name"

UTTER_CUDA_MODULE=$work/nothing.so
run 1 transcribe --model "$model" --device cuda "$sound"
expect err 'no GPU without .*nothing.so' "a module that is not there"
run 0 transcribe --model "$model" --precision f32 "$sound"
cmp -s "$work/out" "$work/cpu" || fail "auto without a module: another text"
UTTER_CUDA_MODULE=$build/libutter.so
run 1 transcribe --model "$model" --device cuda "$sound"
expect err 'not of this version' "a module that is none"
finish
