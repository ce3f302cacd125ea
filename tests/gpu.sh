#!/bin/sh
# Everything that only a machine with a GPU can show: builds, runs the tests of the ops on the card, compares whole
# transcriptions with the CPU's, times the models, and writes one table. Nothing is downloaded.
#   sh tests/gpu.sh [--debs DIR] [--build DIR] [--shared DIR] [--table FILE] [STEP …]
#   sh tests/gpu.sh fetch DIR     where there is a network: the Debian packages that a machine without one is given
# --debs    a folder of .deb files to build with, where the libraries are not installed: unpacked beside the build
# --build   default build-gpu
# --shared  speech and models (../shared), for the comparison on real recordings; without them, a sample is compared
# --table   where the table goes; default BUILD/gpu.md
# STEP      of: build tests texts faults sanitizer ops bench peers; default all
set -eu
cd "$(dirname "$0")/.."
. cmake/packages.sh
RUNTIME_PACKAGES="libsndfile1 libmpg123-0 libopusfile0 libopus0 libopus-dev libogg0 libogg-dev libvorbis0a libvorbisenc2
 libvorbis-dev libflac12 libflac-dev libmp3lame0 libmp3lame-dev libsoxr0 libspeexdsp1 libfftw3-single3 libcjson1 libpcre2-8-0
 libdnnl2 libcmocka0 zlib1g pkgconf pkgconf-bin libpkgconf3"
if [ "${1:-}" = fetch ]; then
    mkdir -p "$2" && cd "$2"
    apt-get download $(echo $BUILD_PACKAGES $TEST_PACKAGES | tr ' ' '\n' | grep -- '-dev$') $RUNTIME_PACKAGES
    exit
fi

debs= build=build-gpu shared=../shared table=
while [ $# -gt 0 ]; do
    case $1 in
    --debs) debs=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    --shared) shared=$2; shift 2 ;;
    --table) table=$2; shift 2 ;;
    -*) echo "usage: sh tests/gpu.sh [--debs DIR] [--build DIR] [--shared DIR] [--table FILE] [STEP …]" >&2; exit 2 ;;
    *) break ;;
    esac
done
steps=${*:-build tests texts faults sanitizer ops bench peers}
mkdir -p "$build"
build=$(cd "$build" && pwd)
table=${table:-$build/gpu.md}
utter=$build/utter
failures=0

command -v nvidia-smi >/dev/null && nvidia-smi >/dev/null 2>&1 || { echo "no GPU here: nvidia-smi is missing or finds none" >&2; exit 77; }

fail() {
    echo "FAILED: $1"
    failures=$((failures + 1))
}

# Debian's files for libraries and headers, in a folder of their own.
unpack() {
    root=$build/root
    mkdir -p "$root"
    for file in "$debs"/*.deb; do
        dpkg -x "$file" "$root"
    done
    # Links that lead to where Debian would have installed the file lead into the folder instead.
    find "$root" -type l | while read -r link; do
        to=$(readlink "$link")
        case $to in /*) ln -sf "$root$to" "$link" ;; esac
    done
    libraries=$root/usr/lib/x86_64-linux-gnu
    export LD_LIBRARY_PATH="$libraries:$root/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    export PATH="$PATH:$root/usr/bin" PKG_CONFIG_SYSROOT_DIR="$root" PKG_CONFIG_LIBDIR="$libraries/pkgconfig:$root/usr/share/pkgconfig"
    export CMAKE_PREFIX_PATH="$root/usr" CMAKE_LIBRARY_PATH="$libraries" LIBRARY_PATH="$libraries"
}

step_build() {
    generator=
    command -v ninja >/dev/null && generator="-G Ninja"
    pkg=$(command -v pkg-config || command -v pkgconf)
    cmake -S . -B "$build" $generator -DPKG_CONFIG_EXECUTABLE="$pkg" -DUTTER_BUILD_TESTS=ON -DUTTER_WERROR=OFF >"$build/log" 2>&1 &&
        cmake --build "$build" -j "$(nproc)" >>"$build/log" 2>&1 || { tail -40 "$build/log"; exit 1; }
}

# The same tests as the CPU's, against plain C, with the card as one device more; and one batch a thousand times.
step_tests() {
    for name in test_ops test_kept_ops test_eight_bits test_convolution test_steps test_likeliest test_fastconformer test_whisper test_transducer test_speecht5; do
        UTTER_TEST_GPU=1 "$build/tests/$name" >"$build/$name.log" 2>&1 || { fail "$name"; grep -v 'RUN\|OK' "$build/$name.log" | head -20; }
    done
    "$build/tests/repeat_batch" cuda 1000 samples/morning.flac || fail "the same batch, other text"
}

# The default model's text, CPU and GPU in f32: the same, word for word; the error rate in bf16, f16 and fp8.
step_texts() {
    sets=$(ls "$shared"/speech/eval_*.tsv 2>/dev/null) || true
    if [ -z "$sets" ]; then
        for device in cpu cuda; do
            "$utter" transcribe --device $device --precision f32 samples/morning.flac >"$build/$device.txt"
        done
        cmp "$build/cpu.txt" "$build/cuda.txt" || fail "the texts of the sample differ"
        return
    fi
    for set in $sets; do
        folder=${set%.tsv}
        for device in cpu cuda; do
            "$utter" transcribe --device $device --precision f32 --format json "$folder"/* >"$build/$device.json" || fail "transcribing $folder"
            sed 's/"[a-z_]*seconds":[^,}]*,*//g; s/"\(confidence\|log_probability\)":[^,}]*,*//g' "$build/$device.json" >"$build/$device.texts"
        done
        cmp -s "$build/cpu.texts" "$build/cuda.texts" && echo "$(basename "$folder"): $(wc -l <"$build/cpu.texts") lines, the same on both" ||
            fail "$(basename "$folder"): $(diff "$build/cpu.texts" "$build/cuda.texts" | grep -c '^<') lines differ"
    done
    "$utter" eval --device cpu $sets >"$build/eval-cpu.txt" && "$utter" eval --device cuda $sets >"$build/eval-cuda.txt" || fail "eval"
    for precision in f16 fp8; do
        "$utter" eval --device cuda --precision $precision $sets >"$build/eval-$precision.txt" || fail "eval in $precision"
    done
    tail -2 "$build/eval-cpu.txt" "$build/eval-cuda.txt" "$build/eval-f16.txt" "$build/eval-fp8.txt"
}

# A card that is not there, and one whose memory runs out: a sentence each, and the CPU goes on.
step_faults() {
    CUDA_VISIBLE_DEVICES= "$utter" transcribe --device cuda samples/morning.flac >/dev/null 2>"$build/err" && fail "a card that is hidden was used"
    [ "$(wc -l <"$build/err")" -eq 1 ] || fail "not one line about a hidden card: $(cat "$build/err")"
    CUDA_VISIBLE_DEVICES= "$utter" transcribe samples/morning.flac >"$build/out" || fail "auto without a card"
    "$utter" transcribe --device cuda:99 samples/morning.flac >/dev/null 2>"$build/err" && fail "card 99 was used"
    cat "$build/err"
    python3 -c 'import torch' 2>/dev/null || { echo "no PyTorch here to fill the card's memory: skipped"; return; }
    UTTER=$utter python3 tests/perf/full_card.py || fail "memory that runs out"
}

step_sanitizer() {
    command -v compute-sanitizer >/dev/null || { echo "no compute-sanitizer here: skipped"; return; }
    for name in test_ops test_kept_ops test_eight_bits test_convolution test_steps test_likeliest; do
        UTTER_TEST_GPU=1 timeout 300 compute-sanitizer --error-exitcode 9 "$build/tests/$name" >"$build/sanitizer-$name.log" 2>&1 ||
            { fail "compute-sanitizer $name"; grep '=====' "$build/sanitizer-$name.log" | head -20; }
        tail -1 "$build/sanitizer-$name.log"
    done
}

# Single kernels by what they move or multiply, and HiFi-GAN, whose convolutions over time are nearly all it does.
step_ops() {
    "$build/tests/bench_ops" 0 "" cuda || fail "bench_ops"
    for type in f32 bf16 f16; do
        "$build/tests/bench_vocoder" hifigan-v1 $type cuda 2000 5 || fail "bench_vocoder in $type"
    done
}

bench() { # LABEL WORDS…: a row of the table
    label=$1
    shift
    "$utter" bench --device cuda --format json "$@" >"$build/bench.json" || { fail "bench $label"; return; }
    python3 tests/perf/gpu_row.py "$label" "$build/bench.json" >>"$table"
}

step_bench() {
    {
        echo "$(date +%F), $(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | head -1), CUDA $(nvcc --version | sed -n 's/.*release \([0-9.]*\).*/\1/p'), $(nproc) processors:"
        echo
        echo "| model | batch | real time | features | model | of the matrix rate | search | step | times its floor | activations |"
        echo "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    } >"$table"
    bench "Parakeet 0.6B" --shape parakeet-ctc-0.6b --seconds 30 --batch 64
    for shape in whisper-large-v3-turbo whisper-large-v3 whisper-base.en; do
        bench "$shape" --shape $shape --batch 64 --beam 1 --tokens 100 --repeats 3
    done
    for precision in bf16 int8; do # few rows: weights are most of what a step reads
        bench "whisper-large-v3-turbo, a beam of 5" --shape whisper-large-v3-turbo --batch 1 --beam 5 --tokens 100 --repeats 3 --precision $precision
    done
    # What graphs of its steps are worth, and that they change nothing else.
    (export UTTER_CUDA_GRAPHS=0 && bench "whisper-large-v3-turbo, no graphs" --shape whisper-large-v3-turbo --batch 64 --beam 1 --tokens 100 --repeats 3)
    bench "the default model" --batch 64 --seconds 30
    for precision in f16 fp8; do
        bench "Parakeet 0.6B" --shape parakeet-ctc-0.6b --seconds 30 --batch 64 --precision $precision
    done
    for precision in f16 int8 fp8; do
        bench "whisper-large-v3-turbo" --shape whisper-large-v3-turbo --batch 64 --beam 1 --tokens 100 --repeats 3 --precision $precision
    done
    bench "whisper-large-v3" --shape whisper-large-v3 --batch 64 --beam 1 --tokens 100 --repeats 3 --precision fp8
    cat "$table"
}

step_peers() {
    python3 -c 'import torch, transformers' 2>/dev/null || { echo "no PyTorch with transformers here: skipped"; return; }
    python3 tests/perf/peers_gpu.py | tee -a "$table"
}

[ -z "$debs" ] || unpack
for step in $steps; do
    echo "== $step"
    began=$(date +%s)
    step_$step
    echo "   ($(($(date +%s) - began)) s)"
done
[ $failures -eq 0 ] || { echo "$failures failed"; exit 1; }
