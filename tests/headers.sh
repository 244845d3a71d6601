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
#include <nfverdict/rules.h>
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

cat > "$work/rules.c" <<'END'
#include <nfverdict/rules.h>
void fill(struct nfv_chain *chain, const char *port);
void fill(struct nfv_chain *chain, const char *port)
{
	struct nfv_rule *ssh = nfv_rule_build("proto", "tcp", "dport", port, "jump", "ACCEPT", NULL);

	nfv_chain_append(chain, nfv_rule_specialise(ssh, "source", "10.0.0.0/8", "dport", NULL, NULL));
	nfv_chain_append(chain, NFV_RULE_LIKE(ssh, "dport", port));
	nfv_chain_append(chain, NFV_RULE_KEYS("proto", "udp", "dport", port, "comment", "all", "jump", "RETURN"));
	nfv_chain_append(chain, NFV_RULE_ACCEPT());
	nfv_chain_append(chain, NFV_RULE_DROP("in", "eth0"));
	nfv_chain_append(chain, NFV_RULE_RETURN());
	nfv_chain_append(chain, NFV_RULE_REJECT("reject-with", "icmp-port-unreachable"));
	nfv_chain_append(chain, NFV_RULE_LOG());
	nfv_chain_append(chain, NFV_RULE_MASQUERADE());
	nfv_chain_append(chain, NFV_RULE_JUMP("web"));
	nfv_chain_append(chain, NFV_RULE_GOTO("web", "proto", "tcp"));
	nfv_chain_append(chain, NFV_RULE_MARK("0x1"));
	nfv_chain_append(chain, NFV_RULE_REDIRECT(port, "proto", "tcp", "dport", "80"));
	nfv_chain_append(chain, NFV_RULE_QUEUE("5", "queue-bypass", ""));
	nfv_chain_append(chain, NFV_RULE_DNAT("10.0.0.2:80"));
	nfv_chain_append(chain, NFV_RULE_SNAT("10.0.0.1"));
	nfv_rule_free(ssh);
#ifndef __cplusplus
	nfv_chain_append(chain, NFV_RULE());
	nfv_chain_append(chain, NFV_RULE(.jump = "ACCEPT"));
	nfv_chain_append(chain, NFV_RULE(.protocol = "tcp", .in = "! lo", .comment = "both",
					 .matches = { NFV_MATCH("tcp", "dport", port), NFV_MATCH("socket"),
						      NFV_MATCH("set", "!match-set", "bad src") },
					 .target = NFV_TARGET("DNAT", "to-destination", "10.0.0.2", "random", "")));
	NFV_CHAIN_APPEND_ALL(chain, NFV_RULE_LOG("log-prefix", "no: "), NFV_RULE_DROP());
#endif
}
END

# shellcheck disable=SC2086 # $flags, $CC and $CXX are lists of words, here and below
for source in unused used rules; do
	${CC:-cc} -std=c11 -Wstrict-prototypes -Wmissing-prototypes $flags "$work/$source.c"
	cp "$work/$source.c" "$work/$source.cc"
done
# shellcheck disable=SC2086
${CC:-cc} -std=gnu11 -Wstrict-prototypes -Wmissing-prototypes $flags "$work/rules.c"
cxx=$(command -v "${CXX:-c++}" || command -v g++ || command -v clang++) || { echo "no C++ compiler"; exit 77; }
# shellcheck disable=SC2086
for source in unused used rules; do
	for standard in c++11 c++17; do
		$cxx -std=$standard $flags "$work/$source.cc"
	done
done
