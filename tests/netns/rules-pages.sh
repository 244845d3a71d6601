#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the manual of `nfverdict rules` and the README show is what comes out, in a network namespace without links:
#
#	[ nothing but rules ]

set -eu -o pipefail

top_builddir=${top_builddir:-$PWD}
top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
PATH=$top_builddir:$PATH:/usr/sbin:/sbin # the sessions say nfverdict

skip() {
	printf 'SKIP: %s\n' "$*"
	exit 77
}

if [ -z "${NFV_RULES_ISOLATED-}" ]; then
	[ -x "$top_builddir/nfverdict" ] || skip "no nfverdict in $top_builddir"
	for program in unshare iptables-nft python3; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
	user=()
	[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
	for page in daemon/tool/nfverdict-rules.8 README.md; do
		why=$(unshare ${user[@]+"${user[@]}"} --net --mount mount -t tmpfs none /run 2>&1) ||
			skip "no namespaces for uid $(id -u): $why"
		file=$top_srcdir/$page
		NFV_RULES_ISOLATED=$file top_srcdir=$top_srcdir top_builddir=$top_builddir \
			unshare ${user[@]+"${user[@]}"} --net --mount --pid --fork --kill-child --mount-proc --propagation private \
			bash "$0" "$@" </dev/null
	done
	exit 0
fi

# An empty /run: for the lock and the journal, and XTABLES_LOCKFILE's default.
mount -t tmpfs -o mode=755 none /run
unset NO_COLOR
python3 -B "$top_srcdir/tests/netns/sessions.py" "$@" "$NFV_RULES_ISOLATED"
