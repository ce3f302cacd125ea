# A Whisper on a GPU, whose kernels run on the host here: the CPU's text with times, greedily, in a beam, and in one too
# wide for the likeliest tokens to be found on the card, there without graphs of the steps.
. "$(dirname "$0")/common.inc"
. "$tests/command/whisper.inc"
module=$build/tests/libutter-cuda-emulated.so
[ -f "$module" ] || skip "no emulated module at $module"

text_of() { # DEVICE OPTION...: what is said, without numbers that are rounded otherwise
    device=$1
    shift
    run 0 transcribe --model "$whisper" --once --precision f32 --device "$device" "$@" "$sound"
    sed 's/"[a-z_]*seconds":[^,}]*,*//g; s/"\(confidence\|log_probability\|device\)":[^,}]*,*//g' "$work/out"
}

same() { # OPTION...
    text_of cpu "$@" >"$work/cpu"
    [ -s "$work/cpu" ] || fail "$*: a Whisper that says nothing shows nothing"
    UTTER_CUDA_MODULE=$module
    export UTTER_CUDA_MODULE
    text_of cuda "$@" >"$work/gpu"
    unset UTTER_CUDA_MODULE
    cmp -s "$work/gpu" "$work/cpu" || fail "$*: another text than the CPU's"
}

same --beam 1 --format srt
same --beam 3
UTTER_CUDA_GRAPHS=0
export UTTER_CUDA_GRAPHS
same --beam 8 --nbest 2 --format json
finish
