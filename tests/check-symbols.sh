#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# No two folders may define the same external symbol. They are static libraries of one program: the linker would take the first
# silently, and the other folder would call a function of another meaning.
#
# usage: check-symbols.sh     looks at the libraries in $top_builddir
set -eu

cd "${top_builddir:-.}"
command -v "${NM:-nm}" >/dev/null || {
    echo "skipped: nm is not there"
    exit 77
}

# Lines of "symbol library" in; those that stand in several libraries out, status 1 when there are any.
twice() {
    awk '{
        if (($1 in library) && library[$1] != $2) {
            printf "%s is defined in %s and in %s\n", $1, library[$1], $2
            found = 1
        }
        library[$1] = $2
    } END { exit found }'
}

# The check must be able to fail.
if printf 'same liba.a\nsame libb.a\n' | twice >/dev/null || ! printf 'same liba.a\nother libb.a\n' | twice; then
    echo "check-symbols: does not see a symbol that is defined twice" >&2
    exit 1
fi

libraries=0
symbols=$(mktemp)
trap 'rm -f "$symbols"' EXIT
for library in lib*.a; do
    [ -f "$library" ] || continue
    libraries=$((libraries + 1))
    "${NM:-nm}" --defined-only --extern-only "$library" 2>/dev/null | awk -v library="$library" 'NF == 3 { print $3, library }' >>"$symbols"
done
if [ "$libraries" -lt 2 ] || ! [ -s "$symbols" ]; then
    echo "check-symbols: no libraries with symbols in $PWD: build first" >&2
    exit 1
fi
twice <"$symbols" >&2
