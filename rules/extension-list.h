/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every extension that is described, by name. extension.c searches in this order: it must be that of strcmp(). */
#ifndef RULES_EXTENSION_LIST_H
#define RULES_EXTENSION_LIST_H

#include "rules/extension.h"

#define EXTENSION_LIST(X) \
	X(target_ACCEPT) X(target_AUDIT) X(target_CHECKSUM) X(target_CLASSIFY) X(target_CLUSTERIP) X(target_CONNMARK) \
	X(target_CONNSECMARK) X(target_CT) X(target_DNAT) X(target_DNPT) X(target_DROP) X(target_DSCP) X(target_ECN) \
	X(target_HL) X(target_HMARK) X(target_IDLETIMER) X(target_LED) X(target_LOG) X(target_MARK) X(target_MASQUERADE) \
	X(target_NETMAP) X(target_NFLOG) X(target_NFQUEUE) X(target_NOTRACK) X(target_QUEUE) X(target_RATEEST) \
	X(target_REDIRECT) X(target_REJECT_4) X(target_REJECT_6) X(target_RETURN) X(target_SECMARK) X(target_SET) \
	X(target_SNAT) X(target_SNPT) X(target_SYNPROXY) X(target_TCPMSS) X(target_TCPOPTSTRIP) X(target_TEE) X(target_TOS) \
	X(target_TPROXY) X(target_TRACE) X(target_TTL) X(target_ULOG) \
	X(match_addrtype) X(match_ah_4) X(match_ah_6) X(match_bpf) X(match_cgroup) X(match_cluster) X(match_comment) \
	X(match_connbytes) X(match_connlabel) X(match_connlimit) X(match_connmark) X(match_conntrack) X(match_cpu) \
	X(match_dccp) X(match_devgroup) X(match_dscp) X(match_dst) X(match_ecn) X(match_esp) X(match_eui64) X(match_frag) \
	X(match_hashlimit) X(match_hbh) X(match_helper) X(match_hl) X(match_icmp) X(match_icmp6) X(match_ipcomp) \
	X(match_iprange) X(match_ipv6header) X(match_ipvs) X(match_length) X(match_limit) X(match_mac) X(match_mark) \
	X(match_mh) X(match_multiport) X(match_nfacct) X(match_osf) X(match_owner) X(match_physdev) X(match_pkttype) \
	X(match_policy) X(match_quota) X(match_rateest) X(match_realm) X(match_recent) X(match_rpfilter) X(match_rt) \
	X(match_sctp) X(match_set) X(match_socket) X(match_srh) X(match_state) X(match_statistic) X(match_string) \
	X(match_tcp) X(match_tcpmss) X(match_time) X(match_tos) X(match_ttl) X(match_u32) X(match_udp)

#define EXTENSION_DECLARE(id) extern const struct extension extension_##id;
EXTENSION_LIST(EXTENSION_DECLARE)
#undef EXTENSION_DECLARE

#define EXTENSION_MATCH(id, its_name, in, ...) \
	const struct extension extension_match_##id = { .name = its_name, .families = in, __VA_ARGS__ }
#define EXTENSION_TARGET(id, its_name, in, ...) \
	const struct extension extension_target_##id = { .name = its_name, .is_target = true, .families = in, __VA_ARGS__ }
#define OPTIONS(...) .options = (const struct extension_option[]){ __VA_ARGS__, { .name = NULL } }
#define NAMES(...) .names = (const struct value_name[]){ __VA_ARGS__, { NULL, 0 } }

#endif
