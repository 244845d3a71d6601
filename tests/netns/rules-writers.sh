#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Many processes write to one ruleset at once, by transaction, each in its own chain and all in a common one, while a foreign
# process uses plain iptables in between; with both backends, alone and through a server:
#
#	[ writers x 50 ] --transactions--> rules <--iptables-- [ foreign ]
#
# NFV_SOAK_SECONDS and NFV_SOAK_WRITERS make it longer or wider; `make soak` does.

set -eu -o pipefail

top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top_srcdir/tests/netns/rules-server-lib.sh"

writers=$top_builddir/tests/rules/writers
cli=$top_builddir/tests/rules/server-cli
seconds=${NFV_SOAK_SECONDS:-8}
count=${NFV_SOAK_WRITERS:-50}

# What others have: all tables but the lines of the writers and of the foreign process.
static_rules() {
	"iptables-$backend-save" | sed -E '/^#/d; /w[0-9]+-[0-9]+|foreign-|count-/d; /^:(OWN|SHARED|FOREIGN|COUNT)/d' |
		sed -E 's/\[[0-9]+:[0-9]+\]//' | sort # the order of tables is not stable
}

prepare() {
	clear_all
	"iptables-$backend-restore" --noflush <<-END
		*mangle
		-A PREROUTING -s 198.51.100.0/24 -m comment --comment "it's \"quoted\"" -j MARK --set-xmark 0x1/0xff
		COMMIT
		*nat
		-A OUTPUT -d 198.51.100.7/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080
		COMMIT
		*filter
		:SHARED - [0:0]
		:FOREIGN - [0:0]
		:STATIC - [0:0]
		-A INPUT -p tcp -m multiport --dports 22,80 -m state --state NEW -j STATIC
		-A INPUT -j SHARED
		-A STATIC -m limit --limit 5/min -j LOG --log-prefix "a b: "
		COMMIT
	END
	static_rules >"$tmp/before"
}

judge() {
	static_rules >"$tmp/after"
	diff -u "$tmp/before" "$tmp/after" || fail "$1: rules of others were changed"
	ok "$1"
}

for backend in nft legacy; do
	prepare
	"$writers" "$backend" "$count" "$seconds" "$tmp/state-$backend" || fail "writers without a server"
	judge "$count writers, $seconds s"

	prepare
	serve "$tmp/socket" --state "$tmp/state-$backend"
	"$writers" "$backend" "$count" "$seconds" "$tmp/state-$backend" "$tmp/socket" || fail "writers through a server"
	stop_server
	judge "$count writers, $seconds s, through a server"

	prepare
	"$writers" "$backend" 8 4 "$tmp/state-$backend" "$tmp/socket" "$cli" || fail "writers whose server is killed"
	judge "8 writers whose server is killed again and again"
	end_server "$tmp/socket"
done
