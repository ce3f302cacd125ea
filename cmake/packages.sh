# Debian packages, by what needs them. Sourced by samples/quickstart.sh and tests/run.sh:
#   need_packages PACKAGE…   installs those that are missing, without questions; root or sudo.
BUILD_PACKAGES="gcc g++ cmake ninja-build pkg-config libsndfile1-dev libmpg123-dev libopusfile-dev libsoxr-dev libspeexdsp-dev libfftw3-dev libcjson-dev libpcre2-dev libexpat1-dev libdnnl-dev zlib1g-dev portaudio19-dev"
TEST_PACKAGES="libcmocka-dev sndfile-programs pulseaudio pulseaudio-utils libasound2-plugins"

need_packages() {
    missing=
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || { echo "missing, and no apt-get here to install them:$missing" >&2; return 1; }
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "missing, and neither root nor sudo to install them:$missing" >&2; return 1; }
        as_root=sudo
    fi
    echo "installing$missing" >&2
    # A fresh machine has no package lists; an older one has stale ones. Only then is the update worth its time.
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -q --no-install-recommends $missing >/dev/null 2>&1 || {
        $as_root apt-get update -q >/dev/null &&
        DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -q --no-install-recommends $missing >/dev/null
    }
}

# Configures (when needed) and builds DIR with the further CMake arguments.
build_in() {
    dir=$1; shift
    cmake -S . -B "$dir" -G Ninja "$@" >"$dir.log" 2>&1 && cmake --build "$dir" >>"$dir.log" 2>&1 && { rm -f "$dir.log"; return 0; }
    cat "$dir.log" >&2
    return 1
}
