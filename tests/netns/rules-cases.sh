#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The canonical form against the tool's own: each rule goes through iptables-restore and comes back through iptables-save,
# with both backends and both families, in one network namespace without links. The rules are our cases, those of a corpus
# of rulesets if there is one, and rules by chance, always the same.

set -eu -o pipefail

top_srcdir=$(cd "${top_srcdir:-.}" && pwd)
top_builddir=${top_builddir:-$PWD}
PATH=$PATH:/usr/sbin:/sbin # where iptables is, which is not in everybody's path

skip() {
	printf 'SKIP: %s\n' "$*"
	exit 77
}

if [ -z "${NFV_RULES_ISOLATED-}" ]; then
	[ -x "$top_builddir/tests/rules/canonical-cli" ] || skip "no canonical-cli in $top_builddir/tests/rules"
	for tool in unshare python3 iptables-nft iptables-legacy ip6tables-nft ip6tables-legacy; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	user=()
	[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
	why=$(unshare ${user[@]+"${user[@]}"} --net true 2>&1) || skip "no namespaces for uid $(id -u): $why"
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/nfv-rules.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	status=0
	NFV_RULES_ISOLATED=$tmp XTABLES_LOCKFILE=$tmp/lock top_builddir=$top_builddir top_srcdir=$top_srcdir \
		unshare ${user[@]+"${user[@]}"} --net --pid --fork --kill-child --mount-proc bash "$0" </dev/null ||
		status=$?
	exit "$status"
fi

tmp=$NFV_RULES_ISOLATED
bin=$top_builddir/tests/rules
corpus=${NFV_CORPUS:-$top_srcdir/../shared/corpus}/iptables-1.8.9-extensions-t

"$bin/corpus-cases" -l "$top_srcdir"/tests/rules/cases/*.t >"$tmp/own"
if [ -d "$corpus" ]; then
	"$bin/corpus-cases" -l "$corpus"/iptables.t "$corpus"/lib{xt,ipt,ip6t}_*.t >"$tmp/corpus"
fi
for family in 4 6; do
	"$bin/rule-generator" 2026 250 $family | sed "s/^/$family|/"
done >"$tmp/chance"

status=0
for what in own corpus chance; do
	[ -e "$tmp/$what" ] || continue
	python3 "$top_srcdir/tests/netns/rules-cases.py" "$bin/canonical-cli" "$what" "$tmp/$what" || status=1
done
exit $status
