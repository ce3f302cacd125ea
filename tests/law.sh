#!/bin/sh
# The law of the house (docs/architecture.md): who includes whom, and what no room may do. Prints each breach.
cd "$(dirname "$0")/.." || exit 1
breaches=$(
    for room in audio models decoder; do
        others=$(echo audio models decoder | sed "s/$room//;s/  */|/g;s/^|//;s/|$//")
        grep -rnE "#include \"($others|src/[^bi])" "$room" --include=*.c --include=*.h --include=*.cu
        grep -rnE '#include "src/include' "$room" --include=*.c --include=*.h --include=*.cu
    done
    # within the decoder's room: what a folder may not know
    apart() { # FOLDER OTHERS
        grep -nE "#include \"decoder/($2)/" "decoder/$1"/*.[ch]
    }
    apart . '[a-z]+'
    apart tokens 'guide|search|spoken|written'
    apart guide 'search|spoken|written'
    apart search 'spoken|written'
    apart spoken 'tokens|guide|search|written'
    apart written 'tokens|guide'
    # base is the lowest layer
    grep -rnE '#include "(audio|models|decoder|src/[^bi])' src/base
    # the command and the samples see utter.h and their own headers only
    grep -rnE '#include "(audio|models|decoder|src)/' src/cli samples --include=*.c --include=*.h
    # models are written above devices
    grep -nE 'cuda|immintrin|dnnl|malloc\(' models/*/forward.c
    # the library is a guest in its host's process; espeak.c puts back the locale that espeak-ng changes, which cannot be
    # had otherwise (it says why), and only where a voice's language needs espeak-ng
    grep -rnE '(^|[^a-z_])(exit|abort|_exit|printf|perror|puts|setlocale|signal|sigaction)\(|fprintf\(std' \
        audio models decoder src --include=*.c --include=*.h --exclude-dir=cli --exclude-dir=training |
        grep -vE ':[0-9]+: *(/?\*|//)|^decoder/spoken/espeak\.c:[0-9]+:.*setlocale\(LC_CTYPE, (NULL|before)\)'
)
[ -z "$breaches" ] && exit 0
echo "$breaches"
exit 1
