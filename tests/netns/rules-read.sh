#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the reader makes of a text is what iptables-restore --noflush makes of it, with both backends, in one network
# namespace without links:
#
#	start --- iptables-restore -n TEXT --- iptables-save        the tool
#	start --- rules-cli over SAVE TEXT --- iptables-restore     the reader; its ruleset goes through the tool's spelling
#
# No packet flows, so every counter is what a text said.

set -eu -o pipefail

top_builddir=${top_builddir:-$PWD}
cli=$top_builddir/tests/rules/rules-cli
PATH=$PATH:/usr/sbin:/sbin # where iptables is, which is not in everybody's path

skip() {
	printf 'SKIP: %s\n' "$*"
	exit 77
}

if [ -z "${NFV_RULES_ISOLATED-}" ]; then
	[ -x "$cli" ] || skip "no rules-cli in $top_builddir/tests/rules"
	for tool in unshare iptables-nft iptables-legacy; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	user=()
	[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
	why=$(unshare ${user[@]+"${user[@]}"} --net true 2>&1) || skip "no namespaces for uid $(id -u): $why"
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/nfv-rules.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	status=0
	NFV_RULES_ISOLATED=$tmp XTABLES_LOCKFILE=$tmp/lock top_builddir=$top_builddir \
		unshare ${user[@]+"${user[@]}"} --net --pid --fork --kill-child --mount-proc bash "$0" </dev/null ||
		status=$?
	exit "$status"
fi

tmp=$NFV_RULES_ISOLATED
trap 'printf "FAIL: line %d: %s\n" "$LINENO" "$BASH_COMMAND"' ERR
set -E
count=0

fail() {
	trap - ERR
	printf 'FAIL: %s: %s\n' "$backend" "$*"
	exit 1
}

# What every case starts from.
start='*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:A - [0:0]
:B - [0:0]
:EMPTY - [0:0]
[1:2] -A INPUT -s 10.0.0.0/8 -j A
[3:4] -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
[5:6] -A INPUT -j B
[7:8] -A A -m comment --comment "in A" -j RETURN
[9:10] -A B -p udp -g A
COMMIT'

# Dates, and the counters of policies: the legacy tool sets those to zero with each commit.
ruleset() {
	"iptables-$backend-save" -c -t filter | sed -e '/^#/d' -e '/^:/s/\[.*\]/[0:0]/'
}

begin() {
	printf '%s\n' "$start" | "iptables-$backend-restore" -c
	ruleset >"$tmp/start"
}

# The same, or the difference.
same() {
	cmp -s "$tmp/tool" "$tmp/ours" || {
		diff "$tmp/tool" "$tmp/ours" || :
		fail "$1: the tool's state and ours differ"
	}
}

# both LINES: the tool and the reader make the same of them within table filter, or both refuse them.
both() {
	local tool=0 ours=0

	begin
	printf '*filter\n%b\nCOMMIT\n' "$1" >"$tmp/text"
	"iptables-$backend-restore" -n -c <"$tmp/text" >"$tmp/out" 2>&1 || tool=$?
	ruleset >"$tmp/tool"
	"$cli" -c over "$tmp/start" "$tmp/text" >"$tmp/made" 2>"$tmp/error" || ours=$?
	[ $((tool != 0)) -eq $((ours != 0)) ] || {
		cat "$tmp/out" "$tmp/error"
		fail "$1: the tool gave $tool, the reader $ours"
	}
	[ "$2" = "$tool" ] || [ "$2" != 0 ] || {
		cat "$tmp/out"
		fail "$1: is to work, and gave $tool"
	}
	[ "$2" = 0 ] || [ "$tool" -ne 0 ] || fail "$1: is to be refused"
	if [ "$tool" -eq 0 ]; then
		"iptables-$backend-restore" -c <"$tmp/made" || {
			cat "$tmp/made"
			fail "$1: the tool refuses what the reader made"
		}
		ruleset >"$tmp/ours"
		same "$1"
	fi
	count=$((count + 1))
}

works() {
	both "$1" 0
}

refused() {
	both "$1" 1
}

insertions() {
	works '-A INPUT -j DROP'
	works '[1:1] -A A -p icmp\n-A B -c 3 4 -p icmp -j ACCEPT\n-A B -c 5,6'
	works '-I INPUT -j DROP'
	works '-I INPUT 2 -p icmp -j DROP\n-I INPUT 5 -p esp'
	works '--append INPUT -p tcp --dport 80 --jump ACCEPT\n--insert INPUT 2 -p udp'
	works '-p tcp -A INPUT -j DROP\n--append=INPUT -p 1\n-AINPUT -p 2'
	works ' -A INPUT -p 4\n\t-A INPUT -p 5\n\n# nothing\n-A INPUT   -p   6  '
	works '-4 -A INPUT -p 4\n-6 -A INPUT -p 6\n-A INPUT -6 -p 6\n-A INPUT -4 -p 5'
	works '-A INPUT -m comment --comment "a \\"b\\" \\\\ c"\n-A "INPUT" -j "DROP"'
	refused '-I INPUT 5 -j DROP'
	refused '-I INPUT 0 -j DROP'
	refused '-A INPUT -j'
	refused '-A INPUT -t nat -j DROP'
	refused '-A INPUT -j DROP -D INPUT'
	refused '-A INPUT -j DROP -j ACCEPT'
	refused '-A'
	refused 'foo'
	refused '[1:2]'
	refused '-w\n-A INPUT'
}

lists() {
	works '-A INPUT -s 10.0.0.1,10.0.0.2 -d 1.1.1.1,2.2.2.2 -j ACCEPT'
	works '-I INPUT -s 10.0.0.1,10.0.0.2 -d 1.1.1.1,2.2.2.2 -j ACCEPT'
	works '-I INPUT 3 --source 10.0.0.1,10.0.0.2/24 -p tcp --dport 1'
	works '-A INPUT -s 10.0.0.1,10.0.0.2\n-A INPUT -p 1\n-D INPUT -s 10.0.0.1,10.0.0.2'
	works '-A INPUT -s 10.0.0.1,10.0.0.1,10.0.0.0/8'
	refused '-R INPUT 1 -s 10.0.0.1,10.0.0.2'
	refused '-A INPUT ! -s 10.0.0.1,10.0.0.2'
	refused '-D INPUT -s 10.0.0.1,10.0.0.2'
}

deletions() {
	works '-D INPUT 1\n-D INPUT 2'
	works '-D INPUT -p tcp --dport 22 -j ACCEPT'
	works '-D INPUT -s 10.0.0.0/255.0.0.0 -j A'
	works '-A INPUT -j B\n-D INPUT -j B'
	works '-R INPUT 2 -p tcp --dport 23 -j ACCEPT\n-R INPUT 3 -c 8 9 -p esp'
	works '-C INPUT -j B\n-C A -m comment --comment "in A" -j RETURN'
	refused '-D INPUT 4'
	refused '-D INPUT -j A'
	refused '-R INPUT 4 -j DROP'
	refused '-R INPUT -j DROP'
	refused '-C INPUT -j A'
	refused '-D INPUT 1 -j DROP'
}

chains() {
	works ':NEW - [0:0]\n-A NEW -j A\n-A INPUT -j NEW'
	works '-N NEW\n-A NEW -j A'
	works ':A - [0:0]\n-A A -j DROP'
	works ':A - [0:0]\n:A - [0:0]'
	works '-F A\n-A A -p 1'
	works '-F'
	works '-F\n-X'
	works '-X EMPTY'
	works '-X EMPTY\n:EMPTY - [0:0]\n-A EMPTY -p 1'
	works '-F INPUT\n-F B\n-X B'
	works '-E EMPTY FULL'
	refused '-X A'
	refused '-F B\n-X B'
	refused '-X NONE'
	refused '-F NONE'
	refused '-Z NONE'
	refused '-N A'
	refused '-N INPUT'
	refused '-E A B'
	refused '-E NONE B'
	refused '-E A INPUT'
	refused ':x2345678901234567890123456789 - [0:0]'
	refused '-N x2345678901234567890123456789'
	refused ':NEW'
	refused '-N NEW -j DROP'
}

policies() {
	works ':INPUT DROP [0:0]'
	works ':INPUT - [0:0]\n:OUTPUT DROP [0:0]'
	works '-P OUTPUT DROP\n-P FORWARD ACCEPT'
	refused ':INPUT RETURN [0:0]'
	refused '-P INPUT REJECT'
	refused '-P A DROP'
	refused '-P NONE DROP'
}

# These the backends do not share.
special() {
	if [ "$backend" = legacy ]; then
		works '-E A C' # with rules that lead to it
		works '-E EMPTY FULL\n-A FULL -p 1'
		refused ':NEW ACCEPT [0:0]'
		refused '-E INPUT C'
		works '-Z INPUT'
		works '-Z INPUT 2'
	fi
}

for backend in nft legacy; do
	insertions
	lists
	deletions
	chains
	policies
	special
	printf 'ok: %s: %d texts\n' "$backend" "$count"
	# What one backend leaves, the other would warn of.
	printf '*filter\n-F\n-X\nCOMMIT\n' | "iptables-$backend-restore" -n
	count=0
done
