/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "describe.h"

#include "icmp.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/if_ether.h>

/* ---- Headers ---- */

static void add_address(struct line *line, const struct nfv_ip *ip, const uint8_t *address)
{
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(ip->version == 4 ? AF_INET : AF_INET6, address, text, sizeof(text));
	line_add(line, "%s", text);
}

static void add_addresses(struct line *line, const struct nfv_ip *ip)
{
	line_add(line, "%s ", ip->version == 4 ? "IP" : "IP6");
	add_address(line, ip, ip->source);
	line_add(line, " > ");
	add_address(line, ip, ip->destination);
}

static void add_endpoints(struct line *line, const struct nfv_ip *ip, uint16_t source_port, uint16_t destination_port)
{
	line_add(line, "%s ", ip->version == 4 ? "IP" : "IP6");
	add_address(line, ip, ip->source);
	line_add(line, ".%u > ", source_port);
	add_address(line, ip, ip->destination);
	line_add(line, ".%u: ", destination_port);
}

static void add_tcp_flags(struct line *line, uint8_t flags)
{
	static const char letters[] = "FSRP.UEW";

	line_add(line, "Flags [");
	for (int i = 0; i < 8; i++) {
		if (flags & 1 << i)
			line_add(line, "%c", letters[i]);
	}
	line_add(line, "%s]", flags ? "" : "none");
}

static void describe_tcp(struct line *line, const struct nfv_packet *p, const struct nfv_ip *ip)
{
	struct nfv_tcp tcp;
	uint32_t payload_len;

	if (!nfv_view_tcp(p, ip, &tcp)) {
		add_addresses(line, ip);
		line_add(line, ": [|tcp]");
		return;
	}
	/* By the IP header: it counts what was not captured too. */
	payload_len = ip->total_len - tcp.payload_offset;
	add_endpoints(line, ip, tcp.source_port, tcp.destination_port);
	add_tcp_flags(line, tcp.flags);
	if (payload_len)
		line_add(line, ", seq %" PRIu32 ":%" PRIu32, tcp.sequence, tcp.sequence + payload_len);
	else if (tcp.flags & (NFV_TCP_SYN | NFV_TCP_FIN | NFV_TCP_RST))
		line_add(line, ", seq %" PRIu32, tcp.sequence);
	if (tcp.flags & NFV_TCP_ACK)
		line_add(line, ", ack %" PRIu32, tcp.acknowledgment);
	line_add(line, ", win %u", tcp.window);
	if (tcp.flags & NFV_TCP_URG)
		line_add(line, ", urg %u", tcp.urgent);
	line_add(line, ", length %u", payload_len);
}

static void describe_udp(struct line *line, const struct nfv_packet *p, const struct nfv_ip *ip)
{
	struct nfv_udp udp;

	if (!nfv_view_udp(p, ip, &udp)) {
		add_addresses(line, ip);
		line_add(line, ": [|udp]");
		return;
	}
	add_endpoints(line, ip, udp.source_port, udp.destination_port);
	line_add(line, "UDP, length %u", udp.length ? udp.length - 8u : ip->total_len - udp.payload_offset);
}

static void add_protocol(struct line *line, uint8_t protocol)
{
	static const struct {
		uint8_t number;
		const char *name;
	} names[] = {
		{ NFV_IP_ICMP, "ICMP" },
		{ 2, "IGMP" },
		{ 4, "IPIP" },
		{ NFV_IP_TCP, "TCP" },
		{ NFV_IP_UDP, "UDP" },
		{ 33, "DCCP" },
		{ 41, "IP6" },
		{ 47, "GRE" },
		{ NFV_IP_ESP, "ESP" },
		{ NFV_IP6_AH, "AH" },
		{ NFV_IP_ICMP6, "ICMP6" },
		{ NFV_IP6_NO_NEXT, "no next header" },
		{ 89, "OSPF" },
		{ 103, "PIM" },
		{ 112, "VRRP" },
		{ 132, "SCTP" },
		{ 136, "UDP-Lite" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].number == protocol) {
			line_add(line, "%s", names[i].name);
			return;
		}
	}
	line_add(line, "protocol %u", protocol);
}

/*
 * Without a transport header that could be read: a later fragment, another protocol, or headers that were not
 * captured.
 */
static void describe_other(struct line *line, const struct nfv_ip *ip)
{
	add_addresses(line, ip);
	line_add(line, ": ");
	add_protocol(line, ip->protocol);
	line_add(line, ", length %u", ip->total_len - ip->transport_offset);
}

static void describe_ip(struct line *line, const struct nfv_packet *p, const struct nfv_ip *ip)
{
	if (!ip->has_transport) {
		describe_other(line, ip);
	} else if (ip->protocol == NFV_IP_TCP) {
		describe_tcp(line, p, ip);
	} else if (ip->protocol == NFV_IP_UDP) {
		describe_udp(line, p, ip);
	} else if (ip->protocol == (ip->version == 4 ? NFV_IP_ICMP : NFV_IP_ICMP6)) {
		add_addresses(line, ip);
		icmp_describe(line, p, ip, ip->total_len - ip->transport_offset);
	} else {
		describe_other(line, ip);
	}
	if (ip->fragment)
		line_add(line, " (frag offset %u%s)", ip->fragment_offset, ip->more_fragments ? "+" : "");
}

void describe_packet(struct line *line, const struct nfv_packet *p)
{
	struct nfv_ip ip;

	if (nfv_view_ip(p, &ip)) {
		describe_ip(line, p, &ip);
		return;
	}
	if (p->protocol == ETH_P_IP)
		line_add(line, "IP");
	else if (p->protocol == ETH_P_IPV6)
		line_add(line, "IP6");
	else
		line_add(line, "ethertype 0x%04x", p->protocol);
	if (!p->captured_len)
		line_add(line, ", not copied");
	else if (p->protocol == ETH_P_IP || p->protocol == ETH_P_IPV6)
		line_add(line, " [bad header], captured %u of %u", p->captured_len, p->original_len);
	else
		line_add(line, ", length %u", p->original_len);
}

/* ---- Metadata ---- */

static void add_interface(struct line *line, const struct nfv_packet *p, const char *word, uint32_t ifindex)
{
	const char *name = nfv_interface_name(p, ifindex);

	if (!ifindex)
		return;
	line_add(line, ", %s ", word);
	if (name)
		line_add_foreign(line, name);
	else
		line_add(line, "#%u", ifindex);
}

/* Options but padding; stops where they contradict themselves. */
static unsigned count_tcp_options(const struct nfv_tcp *tcp)
{
	unsigned count = 0;
	uint32_t at = 0;

	while (at < tcp->options_len && tcp->options[at] != 0) {
		if (tcp->options[at] == 1) {
			at++;
			continue;
		}
		if (tcp->options_len - at < 2 || tcp->options[at + 1] < 2 || tcp->options[at + 1] > tcp->options_len - at)
			break;
		at += tcp->options[at + 1];
		count++;
	}
	return count;
}

static void add_ip_details(struct line *line, const struct nfv_packet *p)
{
	struct nfv_ip ip;
	struct nfv_tcp tcp;

	if (!nfv_view_ip(p, &ip))
		return;
	line_add(line, ", %s %u", ip.version == 4 ? "ttl" : "hlim", ip.hop_limit);
	if (ip.traffic_class)
		line_add(line, ", %s 0x%x", ip.version == 4 ? "tos" : "class", ip.traffic_class);
	if (ip.version == 4 && p->data[6] & 0x40)
		line_add(line, ", DF");
	if (nfv_view_tcp(p, &ip, &tcp))
		line_add(line, ", tcp options %u", count_tcp_options(&tcp));
}

static void add_owner(struct line *line, const struct nfv_packet *p)
{
	if (p->metadata & NFV_META_UID)
		line_add(line, ", uid %" PRIu32, p->uid);
	if (p->metadata & NFV_META_GID)
		line_add(line, ", gid %" PRIu32, p->gid);
}

void describe_metadata(struct line *line, const struct nfv_packet *p)
{
	/* enum nf_inet_hooks of linux/netfilter.h */
	static const char *const hooks[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING" };

	line_add(line, " {queue %u, id %" PRIu32, p->queue, p->id);
	if (p->hook < sizeof(hooks) / sizeof(hooks[0]))
		line_add(line, ", %s", hooks[p->hook]);
	else
		line_add(line, ", hook %u", p->hook);
	add_interface(line, p, "in", p->in_ifindex);
	add_interface(line, p, "physin", p->phys_in_ifindex);
	add_interface(line, p, "out", p->out_ifindex);
	add_interface(line, p, "physout", p->phys_out_ifindex);
	line_add(line, ", mark 0x%" PRIx32, p->mark);
	add_ip_details(line, p);
	line_add(line, ", captured %u/%u", p->captured_len, p->original_len);
	if (p->metadata & NFV_META_VLAN)
		line_add(line, ", vlan %u priority %u", p->vlan_tci & 0xfff, p->vlan_tci >> 13);
	add_owner(line, p);
	if (p->flags & NFV_GSO)
		line_add(line, ", gso");
	if (p->flags & NFV_CHECKSUM_NOT_READY)
		line_add(line, ", checksum not ready");
	line_add(line, "}");
}

/* ---- Decision ---- */

void describe_decision(struct line *line, const struct nfv_packet *p, const struct nfv_decision *decision)
{
	static const char *const words[] = { [NFV_ACCEPT] = "accept", [NFV_DROP] = "drop", [NFV_REPEAT] = "repeat" };

	if ((decision->verdict & 0xffff) == NFV_TO_QUEUE)
		line_add(line, " [queue %" PRIu32, decision->verdict >> 16);
	else if (decision->verdict >= NFV_ACCEPT && decision->verdict <= NFV_REPEAT)
		line_add(line, " [%s", words[decision->verdict]);
	else
		line_add(line, " [verdict 0x%" PRIx32, decision->verdict);
	line_add(line, " by ");
	line_add_foreign(line, decision->handler ? decision->handler : decision->failed ? "on-error" : "default");
	if (decision->marked)
		line_add(line, " mark 0x%" PRIx32, p->mark);
	if (decision->rewritten)
		line_add(line, " rewritten");
	line_add(line, "]");
}
