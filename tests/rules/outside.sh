#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The rule engine outside of the tree: installs the project into a temporary folder, builds a program in C and one in C++ with
# nothing but libnfvrules.pc and the installed header, and runs them. The library exports what its header declares, no
# more and no less.
set -eu

top_builddir=${top_builddir:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() {
    echo "skipped: $1"
    exit 77
}

fail() {
    echo "outside: $1" >&2
    exit 1
}

for tool in pkg-config make cc nm; do
    command -v "$tool" >/dev/null || skip "$tool is not there"
done

# A make of its own: the one that runs the tests keeps its job slots and its variables.
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory -C "$top_builddir" install DESTDIR="$work/root" \
    >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2; fail "make install failed"; }

pc=$(find "$work/root" -name libnfvrules.pc)
[ -n "$pc" ] || fail "libnfvrules.pc was not installed"
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$work/root
# Flags for folders of the system are left out by default, and a prefix such as /usr is one.
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
cflags=$(pkg-config --cflags libnfvrules)
libs=$(pkg-config --libs libnfvrules)
library=$(find "$work/root" -name libnfvrules.so.0)
header=$(find "$work/root" -path '*/nfverdict/rules.h')
if [ -z "$library" ] || [ -z "$header" ]; then fail "library or header was not installed"; fi
export LD_LIBRARY_PATH=${library%/*}

# ---- what it exports ----

nm -D --defined-only "$library" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort >"$work/exported"
grep -o '\bnfv_[a-z0-9_]*(' <(sed -n '/NFV_RULES_API/,/;/p' "$header" | tr '\n' ' ' | grep -o 'NFV_RULES_API[^;]*;' |
    sed 's/^NFV_RULES_API[^(]*[ *]\(nfv_[a-z0-9_]*(\).*/\1/') | tr -d '(' | LC_ALL=C sort -u >"$work/declared"
[ "$(wc -l <"$work/declared")" -gt 100 ] || fail "only $(wc -l <"$work/declared") functions found in rules.h"
diff "$work/declared" "$work/exported" >"$work/difference" || fail "declared (<) and exported (>) differ:
$(cat "$work/difference")"
echo "$(wc -l <"$work/exported") functions, each of them declared"

# ---- programs ----

# built NAME WANTED: runs it.
built() {
    local got
    got=$(ASAN_OPTIONS=verify_asan_link_order=0 "$work/$1") || fail "$1 failed"
    [ "$got" = "$2" ] || fail "$1: wanted: $2
got: $got"
    echo "$1: as wanted"
}

cat >"$work/program.c" <<'END'
#include <nfverdict/rules.h>
#include <stdlib.h>

int main(void)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_chain *chain = nfv_table_chain(nfv_rules_add_table(rules, "filter"), "INPUT");
	char *text;

	if (nfv_chain_append(chain, NFV_RULE(.protocol = "tcp", .matches = { NFV_MATCH("tcp", "dport", "22") }, .jump = "ACCEPT")))
		return 1;
	text = nfv_rule_print(nfv_chain_rule(chain, 0), 0);
	puts(text);
	free(text);
	nfv_rules_free(rules);
	return 0;
}
END
sanitizers=
nm -D "$library" | grep -q ' U __asan' && sanitizers=-fsanitize=address,undefined
# shellcheck disable=SC2086 # flags are words
cc -Wall -Wextra -Werror $sanitizers $cflags -o "$work/program" "$work/program.c" $libs
built program "-p tcp -m tcp --dport 22 -j ACCEPT"

cat >"$work/program.cc" <<'END'
#include <nfverdict/rules.h>
#include <cstdio>
#include <cstdlib>

int main()
{
	nfv_rule *rule = nfv_rule_build("proto", "udp", "dport", "53", "jump", "DROP", nullptr);
	char *text = nfv_rule_print(rule, 0);

	std::puts(text);
	std::free(text);
	nfv_rule_free(rule);
	return 0;
}
END
command -v c++ >/dev/null || fail "c++ is not there"
# shellcheck disable=SC2086
c++ -std=c++11 -Wall -Wextra -Werror $sanitizers $cflags -o "$work/program-cc" "$work/program.cc" $libs
built program-cc "-p udp -m udp --dport 53 -j DROP"
