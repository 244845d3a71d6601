#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completes command lines as bash would.
set -eu

PATH=${top_builddir:-.}:$PATH
command -v nfverdict >/dev/null || {
	echo "SKIP: no nfverdict in ${top_builddir:-.}"
	exit 77
}
# shellcheck source=contrib/completion/nfverdict
. "${top_srcdir:-.}/contrib/completion/nfverdict"

# completes LINE WANTED...: the last word of the line is the one to be completed.
completes() {
	local line=$1

	shift
	read -ra COMP_WORDS <<<"$line"
	[ "${line% }" = "$line" ] || COMP_WORDS+=("")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_nfverdict
	[ "${COMPREPLY[*]}" = "$*" ] || {
		printf "FAIL: '%s' gives '%s', wanted '%s'\n" "$line" "${COMPREPLY[*]}" "$*"
		exit 1
	}
	printf "ok: '%s'\n" "$line"
}

completes "nfverdict r" reload release rules
completes "nfverdict up" upgrade
completes "nfverdict st" status stats stop
completes "nfverdict help stat" status stats
completes "nfverdict status --j" --json
completes "nfverdict status --so" --socket
completes "nfverdict status --color n" never
completes "nfverdict release --a" --all
completes "nfverdict stop --fam" # it belongs to rules
completes "nfverdict rules s" show serve
completes "nfverdict rules help tr" transaction
completes "nfverdict rules show --fam" --family
completes "nfverdict rules show --family ipv" ipv4 ipv6
completes "nfverdict rules show --con" # it belongs to apply
completes "nfverdict rules apply --con" --confirm
completes "nfverdict rules apply -t na" nat
completes "nfverdict rules apply "
