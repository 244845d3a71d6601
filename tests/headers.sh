#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The public headers, as somebody else's compiler sees them: C11 and C++ without a warning, alone and in any order.
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="-pedantic -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wunused -Werror -I$top_srcdir/include -fsyntax-only"

cat > "$work/unused.c" <<'END'
#include <nfverdict/packet.h>
#include <nfverdict/plugin.h>
int main(void) { return 0; }
END

cat > "$work/used.c" <<'END'
#include <nfverdict/plugin.h>
nfv_verdict judge(void *state, struct nfv_packet *p);
nfv_verdict judge(void *state, struct nfv_packet *p)
{
	struct nfv_ip ip;
	struct nfv_tcp tcp;
	struct nfv_udp udp;
	struct nfv_icmp icmp;

	(void)state;
	if (!nfv_view_ip(p, &ip))
		return NFV_DROP;
	if (nfv_view_tcp(p, &ip, &tcp) || nfv_view_udp(p, &ip, &udp) || nfv_view_icmp(p, &ip, &icmp))
		nfv_set_mark(p, 1, 1);
	return nfv_splice(p, 0, 0, "x", 1) ? NFV_QUEUE(7) : NFV_QUEUE(8);
}
END

for source in unused used; do
	${CC:-cc} -std=c11 -Wstrict-prototypes -Wmissing-prototypes $flags "$work/$source.c"
	cp "$work/$source.c" "$work/$source.cc"
done
cxx=$(command -v "${CXX:-c++}" || command -v g++ || command -v clang++) || { echo "no C++ compiler"; exit 77; }
for source in unused used; do
	$cxx -std=c++11 $flags "$work/$source.cc"
done
