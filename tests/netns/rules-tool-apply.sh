#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What `nfverdict rules apply`, `import`, `transaction` and `check` leave alone: counters, policies, chains that nobody declared.
# With both backends, each in a network namespace without links of its own:
#
#	[ nothing but rules ]

set -eu -o pipefail

top_builddir=${top_builddir:-$PWD}
tool=$top_builddir/nfverdict
PATH=$PATH:/usr/sbin:/sbin # where iptables is, which is not in everybody's path

skip() {
	printf 'SKIP: %s\n' "$*"
	exit 77
}

if [ -z "${NFV_RULES_ISOLATED-}" ]; then
	[ -x "$tool" ] || skip "no nfverdict in $top_builddir"
	for program in unshare python3 iptables-nft iptables-legacy ip6tables-nft ip6tables-legacy; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
	user=()
	[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
	why=$(unshare ${user[@]+"${user[@]}"} --net true 2>&1) || skip "no namespaces for uid $(id -u): $why"
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/nfv-tool-apply.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	for backend in nft legacy; do
		status=0
		mkdir "$tmp/$backend"
		NFV_RULES_ISOLATED=$tmp/$backend XTABLES_LOCKFILE=$tmp/$backend/xtables.lock top_builddir=$top_builddir \
			unshare ${user[@]+"${user[@]}"} --net --pid --fork --kill-child --mount-proc \
			bash "$0" "$backend" </dev/null || status=$?
		[ "$status" -eq 0 ] || exit "$status"
	done
	exit 0
fi

backend=$1
tmp=$NFV_RULES_ISOLATED
unset NO_COLOR
trap 'printf "FAIL: line %d: %s\n" "$LINENO" "$BASH_COMMAND"' ERR
set -E
cd "$tmp"

fail() {
	trap - ERR
	printf 'FAIL: %s: %s\n' "$backend" "$*"
	printf -- '---- out\n'
	cat "$tmp/out" 2>/dev/null || :
	printf -- '---- err\n'
	cat "$tmp/err" 2>/dev/null || :
	exit 1
}

ok() {
	printf 'ok: %s: %s\n' "$backend" "$*"
}

# run STATUS COMMAND [ARG...]: nfverdict rules COMMAND; its output is in $tmp/out and $tmp/err.
run() {
	local wanted=$1 command=$2 status=0 where=()

	shift 2
	case $command in
	diff) [[ " $* " != *" live "* ]] || where=(--backend "$backend" --state "$tmp/state") ;;
	show | check | apply | confirm | rollback | delete | transaction | export | import | serve)
		where=(--backend "$backend" --state "$tmp/state")
		;;
	esac
	"$tool" rules "$command" ${where[@]+"${where[@]}"} "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
	[ "$status" -eq "$wanted" ] || fail "rules $command $*: status $status, wanted $wanted"
}

# has FILE REGEX
has() {
	grep -qE -- "$2" "$tmp/$1" || fail "no line of $1 matches $2"
}

hasnt() {
	! grep -qE -- "$2" "$tmp/$1" || fail "a line of $1 matches $2"
}

# is WHAT GOT WANTED
is() {
	[ "$2" = "$3" ] || fail "$1: got: $2; wanted: $3"
	ok "$1"
}

# json EXPRESSION: of the last output; it must be true.
json() {
	python3 -c 'import json, sys
v = json.load(open(sys.argv[1]))
sys.exit(not eval(sys.argv[2]))' "$tmp/out" "$1" || fail "not so in the JSON: $1"
}

# counted [SAVE-OPTION...]: rules with their counters, without the one that is put in below.
counted() {
	"iptables-$backend-save" -c -t filter 2>/dev/null | grep '^\[' | grep -v -- '--dport 9999' || :
}

policies() {
	"iptables-$backend-save" -t filter 2>/dev/null | sed -nE 's/^:(INPUT|FORWARD) ([A-Z]+) .*/\1 \2/p' | tr '\n' ' '
}

# A folder of tools that keep what iptables-restore reads.
mkdir tools
for name in iptables ip6tables; do
	for program in save restore; do
		real=$(command -v "$name-$backend-$program")
		if [ "$program" = restore ]; then
			printf '#!/bin/sh\ntee -a %s/scripts | %s "$@"\n' "$tmp" "$real"
		else
			printf '#!/bin/sh\nexec %s "$@"\n' "$real"
		fi >"tools/$name-$backend-$program"
	done
done
chmod +x tools/*

# ---- counters of rules that stay ----

counters() {
	printf '*filter\n:INPUT ACCEPT [7:700]\n:web - [0:0]\n'
	awk 'BEGIN { for (i = 1; i <= 5000; i++)
		printf "[%d:%d] -A web -s 10.%d.0.%d/32 -j ACCEPT\n", i, 2 * i, i / 250, i % 250 }'
	# Equal ones, each with counters of its own.
	printf '[11:22] -A INPUT -i lo -j ACCEPT\n[33:44] -A INPUT -p udp -j web\n[55:66] -A INPUT -i lo -j ACCEPT\nCOMMIT\n'
}

counters >counted.rules
"iptables-$backend-restore" -c <counted.rules
sed -E 's/^\[[0-9:]+\] //' counted.rules >plain.rules
before=$(counted)
[ "$(wc -l <<<"$before")" -eq 5003 ] || fail "not all rules are there"
run 0 apply --tools "$tmp/tools" plain.rules
has err 'nothing to change'
is "apply: counters of rules that stay" "$(counted)" "$before"

sed '2500i -A web -p tcp --dport 9999 -j DROP' plain.rules >plus.rules
: >scripts
run 0 apply --tools "$tmp/tools" plus.rules
is "apply: one rule more, counters of the others" "$(counted)" "$before"
is "apply: the script speaks of no rule that stays" "$(grep -cE '^(\[[0-9:]+\] )?-[ADFIRXZ]' scripts)" 1
has scripts '^(\[0:0\] )?-I web [0-9]+ .*--dport 9999 -j DROP$'

run 0 export -4
cp out old.json
sed -E 's/^\[([0-9]+):/[9\1:/' counted.rules >more.rules
"iptables-$backend-restore" -c <more.rules
before=$(counted)
: >scripts
run 0 import --tools "$tmp/tools" old.json
is "import: no counters of another day" "$(counted)" "$before"
is "import: the script speaks of no rule that stays" "$(grep -cE '^(\[[0-9:]+\] )?-[ADFIRXZ]' scripts)" 1
has scripts '--dport 9999 -j DROP$'
run 0 apply --tools "$tmp/tools" plain.rules
is "apply: one rule less" "$(counted)" "$before"
run 0 apply --exact --tools "$tmp/tools" plus.rules
is "apply --exact: counters" "$(counted)" "$before"

# ---- policies that the file does not declare ----

"iptables-$backend" -F
"iptables-$backend" -P INPUT DROP
printf '*filter\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n' >ssh.rules
run 1 diff --named live ssh.rules
grep -v '^:' out >named
run 0 apply --dry-run --json ssh.rules
json 'v["changes"][0]["script"] == open("named").read()'
run 0 apply ssh.rules
is "apply: the policy of a chain that is not declared" "$(policies)" "INPUT DROP FORWARD ACCEPT "
run 0 diff --named live ssh.rules
run 0 export ssh.rules
cp out ssh.json
json 'v["tables"][0]["chains"][0]["declared"] is False'
"iptables-$backend" -F INPUT
run 0 import ssh.json
is "import: likewise" "$(policies)" "INPUT DROP FORWARD ACCEPT "
run 0 apply --exact ssh.rules
is "apply --exact: likewise" "$(policies)" "INPUT DROP FORWARD ACCEPT "
printf '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\nCOMMIT\n' >policies.rules
run 0 apply policies.rules
is "apply: policies that are declared" "$(policies)" "INPUT ACCEPT FORWARD DROP "

# ---- chains that nobody declared ----

before=$(counted)$(policies)
printf '*filter\n-A INPTU -p tcp --dport 22 -j DROP\n-A wbe -j DROP\nCOMMIT\n' >typo.rules
run 3 apply typo.rules
has err "^typo\.rules:2: .*no chain 'INPTU'.*did you mean 'INPUT'\?$"
run 3 apply --owner shop typo.rules
run 1 check typo.rules
has err "^typo\.rules:2: .*'INPTU'"
has err "^typo\.rules:3: .*'wbe'"
is "check: each chain once" "$(grep -c '^typo' err)" 2
run 1 check --live typo.rules
has err "^typo\.rules:2: .*did you mean 'INPUT'\?$"
is "apply: a chain that is misspelt changes nothing" "$(counted)$(policies)" "$before"
"iptables-$backend" -N wbe
run 1 check --live typo.rules
is "check --live: chains of the kernel count" "$(grep -c '^typo' err)" 1
sed -i 2d typo.rules
run 0 check --live --test typo.rules
"iptables-$backend-restore" -n --test <typo.rules || fail "the tool itself does not take it"
run 0 apply typo.rules
is "apply: a chain that the kernel has" "$("iptables-$backend-save" -t filter 2>/dev/null | grep -c '^-A wbe -j DROP')" 1

# ---- counters are a change for -Z ----

printf '*filter\n[5:50] -A INPUT -p udp -j DROP\n[6:60] -A wbe -p udp -j DROP\nCOMMIT\n' |
	"iptables-$backend-restore" -c -n
printf -- '-Z INPUT\n' >zero
run 0 transaction -4 --dry-run zero
has out '\[5:50\] → \[0:0\]'
is "transaction -Z --dry-run" "$(counted | grep -c '^\[5:50\]')" 1
run 0 transaction -4 --json zero
json 'v["changed"] is True and "INPUT" in v["changes"][0]["script"]'
is "transaction -Z" "$(counted | grep -c '^\[5:50\]' || :)" 0
is "transaction -Z: other chains" "$(counted | grep -c '^\[6:60\]')" 1
run 0 transaction -4 zero
has err 'nothing to change'

# ---- what the tool refuses is shown as the file has it ----

"iptables-$backend" -A INPUT -i lo -j ACCEPT
printf '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT   -m nosuchmatch -j ACCEPT\nCOMMIT\n' >refused.rules
run 3 apply refused.rules
has err '^refused\.rules:4: '
has err '^    -A INPUT   -m nosuchmatch -j ACCEPT$'
run 1 check --test refused.rules
has err '^    -A INPUT   -m nosuchmatch -j ACCEPT$'
printf -- '-I INPUT 1  -m nosuchmatch -j ACCEPT\n' >refused
run 3 transaction -4 refused
has err '^    -I INPUT 1  -m nosuchmatch -j ACCEPT$'
ok "apply, check --test, transaction: the line as it was written"

# ---- one line that cannot be read hides nothing that is wrong with others ----

printf '*filter\n-A INPUT -p\n-A INPUT -j nowhere\n-A wbe2 -j DROP\n-A INPUT -m comment --comment "a\nCOMMIT\n*na t\n-A FOO -p\nCOMMIT\n' >many.rules
run 2 check many.rules
is "check: every mistake, with its line" "$(sed -nE 's/^many\.rules:([0-9]+):.*/\1/p' out err | sort -n | tr '\n' ' ')" "2 3 4 5 7 8 9 "
run 2 check --json many.rules
json 'v["exit"] == 2 and v["error"]["line"] == 2 and sorted(f["line"] for f in v["findings"]) == [2, 3, 4, 5, 7, 8, 9]'
