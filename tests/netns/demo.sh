#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The demo: it shows each verdict, its two counts agree (or it fails), it is quick, and it leaves the machine as it was.
#
#	the demo makes its own two hosts
. "$(dirname "$0")/lib.sh"

machine() {
	ip netns list
	ip -oneline link
	ls -A /run "$tmp/demo"
	iptables-save -c
	ip6tables-save -c
	iptables-legacy-save -c
	daemons
	grep -lE '^(python3|ping)$' /proc/[0-9]*/comm || [ $? -eq 1 ]
}

mkdir "$tmp/demo"
# The first use of the tools makes their lock, and tables of this empty namespace.
for tool in iptables ip6tables iptables-legacy; do
	"$tool" -w -L >/dev/null
done
machine >"$tmp/before"
start=$SECONDS
TMPDIR=$tmp/demo "$top_srcdir/contrib/demo/demo.sh" "$top_builddir" >"$tmp/out" 2>&1 || {
	cat "$tmp/out"
	fail "the demo ended with an error"
}
between "seconds, also on a busy machine" "$((SECONDS - start))" 0 90
machine >"$tmp/after"
for family in IP IP6; do
	has "$family: a ping that was accepted" "$tmp/out" " $family .*echo request.*\[accept"
	has "$family: UDP that was rewritten" "$tmp/out" " $family .*7777: UDP.*\[accept.*rewritten"
	has "$family: DNS that was marked" "$tmp/out" " $family .*\.53: UDP.*\[accept.*mark 0x10"
	has "$family: HTTP that was rewritten" "$tmp/out" " $family .*\.80: .*\[accept.*rewritten"
	has "$family: telnet that was dropped" "$tmp/out" " $family .*\.23: .*\[drop by policy"
done
has "DNS that was dropped" "$tmp/out" ' IP .*\.53: UDP.*\[drop by policy'
has "the counts agree" "$tmp/out" '^Both counted the same, to the packet\.$'
sed -E 's/^#.*//; s/\[[0-9]+:[0-9]+\]//' "$tmp/before" >"$tmp/wanted"
sed -E 's/^#.*//; s/\[[0-9]+:[0-9]+\]//' "$tmp/after" | diff "$tmp/wanted" - || fail "the demo left something"
note "ok: the machine is as it was"

# The comparison itself: one packet too many is found.
printf 'queue number seen accepted dropped marked rewritten\ndemo 0 24 21 3 2 4\n' >"$tmp/statistics"
printf '{"changed": 4}' >"$tmp/report"
python3 -B "$top_srcdir/contrib/demo/books.py" "$tmp/statistics" "$tmp/report" 24 21 2 >"$tmp/out" || fail "counts that agree are refused"
if python3 -B "$top_srcdir/contrib/demo/books.py" "$tmp/statistics" "$tmp/report" 24 22 2 >"$tmp/out"; then
	fail "counts that differ are accepted"
fi
has "a difference is shown" "$tmp/out" '^accepted .*<-- differs$'
