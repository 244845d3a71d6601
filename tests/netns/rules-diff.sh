#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Scripts of differences on real rulesets, with both backends and both families, in a network namespace without links:
#
#	[ rulesets alone: rules-diff.py goes from state to state with them and looks what each left behind ]
#
# The states are a corpus of rulesets, if there is one in $NFV_CORPUS or beside the project, and always some of our own.

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
for tool in unshare ip python3 iptables-nft iptables-legacy ip6tables-nft ip6tables-legacy; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
user=()
[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
why=$(unshare ${user[@]+"${user[@]}"} --net true 2>&1) || skip "no namespaces for uid $(id -u): $why"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/nfv-diff.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
XTABLES_LOCKFILE=$tmp/lock unshare ${user[@]+"${user[@]}"} --net --pid --fork --kill-child --mount-proc \
	python3 -B "$top_srcdir/tests/netns/rules-diff.py" "$cli" "$tmp" "${NFV_CORPUS:-$top_srcdir/../shared/corpus}"
