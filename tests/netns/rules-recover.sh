#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Between the death of a writer and the next start, somebody else changes the same chains: at their head, at their end, by taking out
# another rule. What the writer did goes whole, what the others did stays; with both backends, for changes of two tables that were cut
# off, and for one that waited for its confirmation:
#
#	[ nothing but rules; bad-tool stands in the tools' place ]

. "${srcdir:-.}/tests/netns/lib.sh"
. "$lib_dir/rules-lib.sh"

bad_tools

ipt() {
	"iptables-$backend" -w "$@"
}

restore_state() {
	clear_rules
	"iptables-$backend-restore" <<-'END'
		*mangle
		-A FORWARD -s 10.2.0.1/32 -j ACCEPT
		COMMIT
		*filter
		:SHARED - [0:0]
		:GOES - [0:0]
		-A INPUT -j SHARED
		-A GOES -s 10.0.1.1/32 -j ACCEPT
		-A SHARED -s 10.0.0.1/32 -j ACCEPT
		-A SHARED -s 10.0.0.2/32 -j ACCEPT
		-A SHARED -s 10.0.0.2/32 -j ACCEPT
		-A SHARED -s 10.0.0.3/32 -j ACCEPT
		-A SHARED -s 10.0.0.4/32 -j ACCEPT
		COMMIT
	END
}

# Rules are put in at both ends and between, one like another that is there; others go, one is moved; chains come and go.
filter="text 4 *filter;-N OURS;-A OURS -p tcp -j DROP;-I SHARED 1 -j OURS;-D SHARED -s 10.0.0.3/32 -j ACCEPT"
filter="$filter;-A SHARED -s 10.0.0.4/32 -j ACCEPT;-I SHARED 3 -p udp -j DROP;-F GOES;-X GOES;-P FORWARD DROP;COMMIT"
mangle='text 4 *mangle;-I FORWARD 1 -p udp -j DROP;-A FORWARD -p tcp -j DROP;COMMIT'

# A rule of ours at the end, and one of theirs: what stands there says who came, not the number.
append='text 4 *filter;-A SHARED -p udp -j DROP;COMMIT'
# Nothing is put in, nothing but places change.
remove='text 4 *filter;-D SHARED 1;-D SHARED 3;COMMIT'
move='text 4 *filter;-D SHARED -s 10.0.0.1/32 -j ACCEPT;-A SHARED -s 10.0.0.1/32 -j ACCEPT;COMMIT'
refill='text 4 *filter;-F SHARED;-A SHARED -s 10.0.0.4/32 -j ACCEPT;-A SHARED -p tcp -j DROP;-A SHARED -s 10.0.0.2/32 -j ACCEPT;COMMIT'

# theirs WHICH: works in the old state and in the new one
theirs() {
	case $1 in
	head) ipt -I SHARED -s 10.9.9.9/32 -j ACCEPT && ipt -t mangle -I FORWARD -s 10.9.9.9/32 -j ACCEPT ;;
	end) ipt -A SHARED -s 10.9.9.9/32 -j ACCEPT && ipt -t mangle -A FORWARD -s 10.9.9.9/32 -j ACCEPT ;;
	out) ipt -D SHARED -s 10.0.0.2/32 -j ACCEPT ;;
	one) ipt -A SHARED -s 10.9.9.9/32 -j ACCEPT ;;
	all) theirs head && theirs out && theirs end ;;
	esac
}

# old_or_new WHAT: with what is theirs, in $tmp/old and $tmp/new
old_or_new() {
	ruleset plain >"$tmp/now"
	if cmp -s "$tmp/now" "$tmp/old"; then
		state=old
	elif cmp -s "$tmp/now" "$tmp/new"; then
		state=new
	else
		cat "$tmp/recovered"
		diff -u "$tmp/old" "$tmp/now" || :
		fail "$1: neither the old nor the new state"
	fi
}

# expect EDIT: what the old state and the new one are with it
expect() {
	restore_state
	theirs "$1"
	ruleset plain >"$tmp/old"
	restore_state
	printf 'read 4\n%s\ncommit\n' "$parts" >"$tmp/commands"
	cli <"$tmp/commands"
	! grep -v '^0' "$tmp/outcomes" || fail "the change itself"
	theirs "$1"
	ruleset plain >"$tmp/new"
}

# At each place where a commit can be cut off: before, between and after its tables.
cut_off() {
	local edit run call when parts strikes=0

	: >"$tmp/states"
	for first in "$filter" "$append" "$remove"; do
		parts=$first$'\n'$mangle
		change=$'read 4\n'$parts
		for edit in head end one out all; do
			expect "$edit"
			for run in 1 2; do
				strike "$run" 1 before caller || fail "nothing was killed"
				strikes=$((strikes + 1))
				theirs "$edit"
				printf 'read 4\n' | "$live_cli" backend "$backend" >"$tmp/recovered"
				old_or_new "$first: run $run: $edit"
				printf '%s\n' "$state" >>"$tmp/states"
				no_journal "$first: run $run: $edit"
			done
		done
	done
	note "ok: $strikes changes of two tables were cut off, and theirs stayed: $(sort "$tmp/states" | uniq -c | tr -s '\n ' ' ')"
	grep -q old "$tmp/states" || fail "nothing was ever undone"
}

# It is there, and is taken back: by hand, or because nobody confirmed it.
not_confirmed() {
	local edit parts

	for parts in "$filter" "$append" "$remove" "$move" "$refill" "$filter"$'\n'"$mangle"; do
		for edit in head end one out all; do
			expect "$edit"
			restore_state
			printf 'read 4\n%s\nconfirming 300\ncommit\n' "$parts" >"$tmp/commands"
			cli <"$tmp/commands"
			! grep -v '^0' "$tmp/outcomes" || fail "the change itself"
			theirs "$edit"
			printf 'rollback\n' | "$live_cli" backend "$backend" >"$tmp/recovered"
			old_or_new "$parts: $edit"
			[ "$state $(sed -n 's/^= //p' "$tmp/recovered")" = "old 0" ] || {
				cat "$tmp/recovered"
				fail "$parts: $edit: not rolled back"
			}
			no_journal "$parts: $edit"
		done
	done
	note "ok: what was not confirmed is rolled back, and theirs stays"
}

# What the change made is used by others meanwhile: it stays for them. What it made is gone already, or somebody emptied the chain.
used_by_others() {
	local parts=$filter

	restore_state
	ipt -N OURS
	ipt -A OURS -s 10.9.9.9/32 -j RETURN
	ipt -A INPUT -j OURS
	ruleset plain >"$tmp/wanted"
	restore_state
	printf 'read 4\n%s\nconfirming 300\ncommit\n' "$parts" | "$live_cli" backend "$backend" >"$tmp/cli"
	ipt -A OURS -s 10.9.9.9/32 -j RETURN
	ipt -A INPUT -j OURS
	printf 'rollback\n' | "$live_cli" backend "$backend" >"$tmp/recovered"
	grep -q '^= 0' "$tmp/recovered" || {
		cat "$tmp/recovered"
		fail "not rolled back"
	}
	ruleset plain >"$tmp/now"
	sort "$tmp/wanted" >"$tmp/wanted-sorted"
	sort "$tmp/now" >"$tmp/now-sorted"
	same_rules "a chain that others use by now stays, without our rules" wanted-sorted now-sorted
	restore_state
	printf 'read 4\n%s\nconfirming 300\ncommit\n' "$parts" | "$live_cli" backend "$backend" >"$tmp/cli"
	ipt -F SHARED
	ipt -F OURS
	ipt -X OURS
	printf 'rollback\n' | "$live_cli" backend "$backend" >"$tmp/recovered"
	grep -q '^= 0' "$tmp/recovered" || {
		cat "$tmp/recovered"
		fail "not rolled back"
	}
	no_journal "after others took ours away"
	note "ok: others took ours away before"
}

for_backends cut_off not_confirmed used_by_others
