#!/bin/sh
# From a fresh clone to the first text: installs what is missing (Debian), builds, transcribes a recording.
# Nothing is downloaded but Debian packages.
set -eu
cd "$(dirname "$0")/.."
. cmake/packages.sh
need_packages $BUILD_PACKAGES
build_in build -DUTTER_BUILD_TESTS=OFF
echo "\$ build/utter transcribe samples/morning.flac"
start=$(date +%s%N)
build/utter transcribe samples/morning.flac
end=$(date +%s%N)
echo "($(((end - start) / 1000000)) ms for 3.6 seconds of sound, loading the model included)"
