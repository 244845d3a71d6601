#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hundreds of changes of rulesets of the kernel, also such that are refused: after each, the objects are what the kernel has,
# and rules of others are as they were.
#
#	[ nothing but rules ]

. "${srcdir:-.}/tests/netns/lib.sh"
. "$lib_dir/rules-lib.sh"

compose=$top_builddir/tests/rules/compose-live
steps=60

# Of the table that is played with: their chains and what leads there. The others whole.
theirs() {
	ruleset | awk '/^\*/ { table = $0 } table != "*filter" || /THEIRS|zz\.odd/'
}

play() {
	local seed taken refused

	foreign_rules
	"iptables-$backend" -N ours-0
	theirs >"$tmp/before"
	for seed in 1 2; do
		"$compose" "$backend" "$1" "$seed" "$steps" >"$tmp/played" || fail "$backend, $1, seed $seed"
		read -r taken _ refused _ <"$tmp/played"
		note "$1, seed $seed: $taken taken, $refused refused"
		[ "$taken" -ge $((steps / 3)) ] || fail "only $taken were taken"
		[ "$refused" -ge 5 ] || fail "only $refused were refused"
	done
	theirs >"$tmp/after"
	same_rules "rules of others, $1" before after
	no_journal "$1"
}

each_by_itself() {
	play auto
}

several_together() {
	play commit
}

for_backends each_by_itself several_together
