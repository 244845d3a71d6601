#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every finding of the checks is something that both backends of the tools refuse, in a network namespace without links:
#
#	[ each of many rules in each built-in chain: what diff-cli finds is tried for real ]

set -eu -o pipefail

top_builddir=${top_builddir:-$PWD}
top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
cli=$top_builddir/tests/rules/diff-cli
PATH=$PATH:/usr/sbin:/sbin # where iptables is, which is not in everybody's path

skip() {
	printf 'SKIP: %s\n' "$*"
	exit 77
}

[ -x "$cli" ] || skip "no diff-cli in $top_builddir/tests/rules"
for tool in unshare python3 iptables-nft iptables-legacy ip6tables-nft ip6tables-legacy; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
user=()
[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
why=$(unshare ${user[@]+"${user[@]}"} --net true 2>&1) || skip "no namespaces for uid $(id -u): $why"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/nfv-check.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
XTABLES_LOCKFILE=$tmp/lock unshare ${user[@]+"${user[@]}"} --net --pid --fork --kill-child --mount-proc \
	python3 -B "$top_srcdir/tests/netns/rules-check.py" "$cli" "$tmp"
