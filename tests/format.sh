#!/bin/sh
# Formats every C source in place; with --check, only says which would change.
cd "$(dirname "$0")/.." || exit 1
mode=-i
[ "${1:-}" = --check ] && mode="--dry-run --Werror"
git ls-files '*.c' '*.h' '*.cc' '*.cu' | xargs clang-format $mode
