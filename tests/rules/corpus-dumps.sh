#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Dumps of iptables-save are printed as they were read, byte for byte but for # lines (and empty ones, which people add): our
# own, and when there is a corpus of rulesets ($NFV_CORPUS, or shared/corpus beside the project) those of it. What iptables
# -S printed names no table: it is read as filter, and its rules are compared.

set -eu -o pipefail

top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
cli=${top_builddir:-$PWD}/tests/rules/rules-cli
corpus=${NFV_CORPUS:-$top_srcdir/../shared/corpus}

[ -x "$cli" ] || {
	printf 'SKIP: no rules-cli in the build folder\n'
	exit 77
}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/nfv-dumps.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
failures=0 others=0

# What must be the same. (LC_ALL=C: a comment may hold bytes of any encoding.)
essence() {
	LC_ALL=C sed -e '/^#/d' -e '/^$/d' "$1"
}

# dump FILE KIND: "save" or "list".
dump() {
	local options=() what

	case $1 in
	*ip6tables* | *6.golden) options+=(-6) ;;
	esac
	LC_ALL=C grep -q '^\[[0-9]' "$1" && options+=(-c)
	[ "$2" = save ] || options+=(-t filter)
	essence "$1" >"$tmp/wanted"
	if "$cli" "${options[@]}" print "$1" >"$tmp/printed" 2>"$tmp/error"; then
		essence "$tmp/printed" >"$tmp/got"
		if [ "$2" = list ]; then
			for what in wanted got; do
				LC_ALL=C sed -n '/^-A/p' "$tmp/$what" >"$tmp/$what.rules"
				mv "$tmp/$what.rules" "$tmp/$what"
			done
		fi
		cmp -s "$tmp/wanted" "$tmp/got" && return
		diff "$tmp/wanted" "$tmp/got" | sed -n 1,10p || :
	else
		cat "$tmp/error"
	fi
	printf 'FAIL: %s\n' "$1"
	failures=$((failures + 1))
}

# folder PATH: every dump in it. Sets dumps.
folder() {
	local file first

	dumps=0
	while IFS= read -r file; do
		first=$(essence "$file" | sed -n 1p)
		case $first in
		'*'*) dump "$file" save ;;
		-[PNA]\ *) dump "$file" list ;;
		*)
			others=$((others + 1))
			continue
			;;
		esac
		dumps=$((dumps + 1))
	done < <(find "$1" -type f ! -name '.*' | LC_ALL=C sort)
}

folder "$top_srcdir/tests/rules/dumps"
printf 'our own: %d dumps\n' "$dumps"
[ "$dumps" -ge 6 ] || failures=$((failures + 1))
for name in iptables-shell-dumps moby-golden; do
	if [ -d "$corpus/$name" ]; then
		folder "$corpus/$name"
		printf '%s: %d dumps\n' "$name" "$dumps"
		[ "$dumps" -gt 0 ] || failures=$((failures + 1))
	else
		printf '%s: not there\n' "$name"
	fi
done
printf '%d other files, %d failures\n' "$others" "$failures"
[ "$failures" -eq 0 ]
