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

# The server of rows t14 and t15. It serves none but the last of them.
"$top_builddir/nfverdict" rules serve --backend "$backend" --state "$tmp/state" --socket "$tmp/socket" &
server=$!
for ((i = 0; i < 200; i++)); do
	[ ! -S "$tmp/socket" ] || break
	sleep 0.05
done
"$program" "$backend" "$tmp/state" "$tmp/socket"
kill -TERM "$server"
wait "$server"
"iptables-$backend-save" -t filter | grep -qxF -- '-A INPUT -j DROP' || {
	echo "FAIL: $backend: the last rule is not there"
	exit 1
}
echo "ok: $backend"
