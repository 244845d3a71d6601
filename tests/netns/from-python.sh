#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The rows of rules/from-python.md that need the kernel, with both backends, each in a network namespace without links:
#
#	[ nothing but rules ]

set -eu -o pipefail

top_builddir=${top_builddir:-$PWD}
program=$top_builddir/tests/rules/from-python-live
PATH=$PATH:/usr/sbin:/sbin # where iptables is, which is not in everybody's path

skip() {
	printf 'SKIP: %s\n' "$*"
	exit 77
}

if [ -z "${NFV_RULES_ISOLATED-}" ]; then
	{ [ -x "$program" ] && [ -x "$top_builddir/nfverdict" ]; } || skip "no nfverdict and from-python-live in $top_builddir"
	for tool in unshare iptables-nft iptables-legacy ip6tables-nft ip6tables-legacy; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	user=()
	[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
	why=$(unshare ${user[@]+"${user[@]}"} --net true 2>&1) || skip "no namespaces for uid $(id -u): $why"
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/nfv-python.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	for backend in nft legacy; do
		mkdir "$tmp/$backend"
		NFV_RULES_ISOLATED=$tmp/$backend XTABLES_LOCKFILE=$tmp/$backend/xtables.lock top_builddir=$top_builddir \
			unshare ${user[@]+"${user[@]}"} --net --pid --fork --kill-child --mount-proc bash "$0" "$backend" </dev/null
	done
	exit 0
fi

backend=$1
tmp=$NFV_RULES_ISOLATED
cd "$tmp"

fail() {
	printf 'FAIL: %s: row %s: %s\n' "$backend" "$row" "$*"
	cat "$tmp/err" 2>/dev/null || :
	exit 1
}

# row ID: what follows is run for this row of the table.
row() {
	row=$1
	printf 'row %s\n' "$row"
}

# rules COMMAND [ARG...]: nfverdict rules with the backend and state of this test.
rules() {
	local command=$1 begin=

	shift
	[ "$command" != serve ] || begin='exec' # in the background: its process is the one to signal
	$begin "$top_builddir/nfverdict" rules "$command" --backend "$backend" --state "$tmp/state" "$@" 2>"$tmp/err"
}

# is GOT WANTED
is() {
	[ "$1" = "$2" ] || fail "got: $1; wanted: $2"
}

# lines LINE...: a file of restore lines for table filter
lines() {
	printf '%s\n' '*filter' "$@" COMMIT
}

# kernel CHAIN: its rules in the kernel, each with a ";" behind
kernel() {
	"iptables-$backend-save" -t filter | sed -n "s/^-A $1 //p" | tr '\n' ';'
}

has_chain() {
	"iptables-$backend-save" -t filter | grep -q "^:$1 "
}

# The server of row t15, which is the last of the program. It serves none of the others.
row t14
rules serve --socket "$tmp/socket" &
server=$!
for ((i = 0; i < 200; i++)); do
	[ ! -S "$tmp/socket" ] || break
	sleep 0.05
done
[ -S "$tmp/socket" ] || fail "no socket"
"$program" "$backend" "$tmp/state" "$tmp/socket" "$top_builddir/nfverdict"
row t15
is "$(rules show --server "$tmp/socket" --family ipv4 --table filter | grep -A 1 '^INPUT')" 'INPUT  policy ACCEPT
  #1 DROP'
row t14
kill -TERM "$server"
wait "$server" || fail "status $?"
is "$(kernel INPUT)" '-j DROP;'

row p25
lines ':INPUT ACCEPT [0:0]' ':user - [0:0]' '-A INPUT -j user' '-A INPUT -p udp -j DROP' >file
rules apply file >/dev/null || fail "status $?"
is "$(kernel INPUT)" '-j user;-p udp -j DROP;'
row i9
is "$(rules show --family ipv4 --table filter | sed -nE 's/^([A-Za-z]+)  .*/\1/p' | LC_ALL=C sort | tr '\n' ' ')" \
	'FORWARD INPUT OUTPUT theirs user '
row p26
rules show --color always --family ipv4 --table filter >out
grep -qF "$(printf '\033[36muser\033[0m')" out || fail "no colour"
is "$(rules show --color never --family ipv4 --table filter)" "$(sed 's/\x1b\[[0-9;]*m//g' out)"
grep -q '#2.*udp' out || fail "no numbers"
row t16
rules show --verbose --family ipv4 >/dev/null || fail "status $?"
row c9
rules delete INPUT -p 17 -j DROP >/dev/null || fail "status $?"
is "$(kernel INPUT)" '-j user;'
row e10
rules delete INPUT '#1' >/dev/null || fail "status $?"
is "$(kernel INPUT)" ''
row i13
rules apply file >/dev/null || fail "status $?"
rules delete --chain user >/dev/null || fail "status $?"
is "$(kernel INPUT)" '-p udp -j DROP;'
! has_chain user || fail "user is there"
row i6
lines '-A INPUT -p tcp -j ACCEPT' '-I INPUT -i lo -j ACCEPT' >edits
rules transaction edits >/dev/null || fail "status $?"
is "$(kernel INPUT)" '-i lo -j ACCEPT;-p udp -j DROP;-p tcp -j ACCEPT;'
lines '-A INPUT -p 99 -j ACCEPT' '-D INPUT -p 98 -j ACCEPT' >edits
! rules transaction edits >/dev/null || fail "a rule that is not there was deleted"
is "$(kernel INPUT)" '-i lo -j ACCEPT;-p udp -j DROP;-p tcp -j ACCEPT;'
row e21
lines '-N one' '-N two' >edits
rules transaction edits >/dev/null || fail "status $?"
has_chain one || fail "no chain one"
has_chain two || fail "no chain two"
lines '-X one' '-X two' >edits
rules transaction edits >/dev/null || fail "status $?"
! has_chain one || fail "chain one is left"
! has_chain two || fail "chain two is left"
row e22
lines '-A INPUT -p 50 -j DROP' '-A INPUT -p 51 -j DROP' '-D INPUT -i lo -j ACCEPT' '-D INPUT -p tcp -j ACCEPT' >edits
rules transaction edits >/dev/null || fail "status $?"
is "$(kernel INPUT)" '-p udp -j DROP;-p esp -j DROP;-p ah -j DROP;'
row e3
"iptables-$backend" -A INPUT -p 52 -j DROP -c 7 8
lines '-Z INPUT' >edits
"iptables-$backend-save" -c -t filter | grep -q '^\[7:8\]' || fail "no counters to zero"
rules transaction edits >/dev/null || fail "status $?"
! "iptables-$backend-save" -c -t filter | grep -q '^\[7:8\]' || fail "counters are left"
row e24
rules export --family ipv4 --table filter >json || fail "status $?"
grep -q '"udp"' json || fail "no udp in: $(cat json)"
row e19
rules export >json-all || fail "status $?"
grep -q '"family": "ipv6"' json-all || fail "not all"
rules export --family ipv4 --table filter >json-table || fail "status $?"
is "$(grep -c '"name": "filter", "chains"' json-table)" 1
row e23
before=$(kernel INPUT)
"iptables-$backend" -F INPUT
rules import json >/dev/null || fail "status $?"
is "$(kernel INPUT)" "$before"
row r17
lines '-A INPUT -p tcp --dport 22 -j ACCEPT' >good
lines '-A INPUT -p tcp --dport 22 -j nowhere' >bad
rules check good >/dev/null || fail "status $?"
! rules check bad >out || fail "nowhere is a chain"
grep -q "bad:2: .*'nowhere'" out "$tmp/err" || fail "another mistake: $(cat out)"
row e17
lines '-A INPUT -p tcp --dport' >bad
! rules check bad >out || fail "an option without its value is right"
grep -q '^bad:2' out || grep -q 'bad:2' "$tmp/err" || fail "another mistake: $(cat out)"
row p24
is "$("$top_builddir/nfverdict" rules format --annotated good | grep -E '^# (-|good)')" '# ---- table filter ----
# good:2'
echo "ok: $backend"
