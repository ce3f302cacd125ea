# Whether there is a card is asked of the driver before the GPU's module is loaded, which takes much memory: drivers made
# for this find none, fail, are no drivers, or find one card. Each is a sentence, and auto goes on on the CPU.
. "$(dirname "$0")/common.inc"
. "$tests/command/model.inc"
unset UTTER_CUDA_MODULE
[ -f "$build/tests/driver_of_0/libcuda.so.1" ] || skip "no drivers at $build/tests"
run 0 transcribe --model "$model" --device cpu --precision f32 "$sound"
cp "$work/out" "$work/cpu"

# The library by itself, in a folder without the module.
mkdir "$work/alone"
cp "$build/libutter.so.0" "$work/alone"

# without CARDS PATTERN WHAT: the driver that finds so many cards brings nothing but the sentence.
without() {
    LD_LIBRARY_PATH=$build/tests/driver_of_$1:$work/alone
    export LD_LIBRARY_PATH
    run 1 transcribe --model "$model" --device cuda "$sound"
    expect err "$2" "$3"
    lines err 1 "$3"
    run 0 transcribe --model "$model" --precision f32 "$sound"
    cmp -s "$work/out" "$work/cpu" || fail "$3: another text than the CPU's"
    [ ! -s "$work/err" ] || fail "$3: auto says $(head -c 300 "$work/err")"
}
without 0 "NVIDIA's driver finds no card" "a driver without a card"
without -1 "driver fails with error 999" "a driver that fails"
without -2 "libcuda.so.1 is no driver" "another library of the driver's name"
without 1 "no GPU without libutter-cuda.so" "a card without the module"

# A module that would be noticed is not loaded where there is no card.
cp "$build/tests/driver_of_1/libcuda.so.1" "$work/alone/libutter-cuda.so"
without 1 "libutter-cuda.so is not of this version" "a card and a module that is none"
without 0 "NVIDIA's driver finds no card" "no card and a module that is none"
finish
