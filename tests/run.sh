#!/bin/sh
# Everything a change must pass, from a fresh clone: installs what is missing (Debian), builds, runs the tests.
#   sh tests/run.sh            gcc, all tests
#   sh tests/run.sh clang      the same with clang
#   sh tests/run.sh address    AddressSanitizer and UndefinedBehaviorSanitizer (clang)
#   sh tests/run.sh thread     ThreadSanitizer on the tests that use threads (clang)
set -eu
cd "$(dirname "$0")/.."
. cmake/packages.sh
kind=${1:-gcc}
need_packages $BUILD_PACKAGES $TEST_PACKAGES
only=.
case $kind in
gcc) set -- build ;;
clang) set -- build-clang -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ ;;
address) set -- build-address -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DUTTER_SANITIZE=address,undefined ;;
thread) set -- build-thread -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DUTTER_SANITIZE=thread
    only='test_(threads|session|live|voice|ring|whisper_session|transcribe|api|jobs|speech|voices|player|boosting|batch|pages)' ;;
*) echo "usage: sh tests/run.sh [gcc|clang|address|thread]" >&2; exit 2 ;;
esac
[ "$kind" = gcc ] || need_packages clang libclang-rt-14-dev
build_in "$@" -DUTTER_BUILD_TESTS=ON
export UBSAN_OPTIONS=print_stacktrace=1
# libgomp is not built for ThreadSanitizer; what it does inside is its own.
export TSAN_OPTIONS="suppressions=$PWD/tests/thread.supp"
ctest --test-dir "$1" --output-on-failure -j 2 -R "$only"
