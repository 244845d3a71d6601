/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "icmp.h"

#include <arpa/inet.h>

#define ANY_CODE 0xffff

/* From the IANA registries "ICMP Parameters" and "ICMPv6 Parameters"; the more special one first. */
struct icmp_name {
	uint16_t type;
	uint16_t code;
	const char *name;
};

static const struct icmp_name icmp4_names[] = {
	{ 0, ANY_CODE, "echo reply" },
	{ 3, 0, "net unreachable" },
	{ 3, 1, "host unreachable" },
	{ 3, 2, "protocol unreachable" },
	{ 3, 3, "port unreachable" },
	{ 3, 4, "unreachable - need to frag" },
	{ 3, 9, "net unreachable - admin prohibited" },
	{ 3, 10, "host unreachable - admin prohibited" },
	{ 3, 13, "unreachable - admin prohibited filter" },
	{ 3, ANY_CODE, "destination unreachable" },
	{ 4, ANY_CODE, "source quench" },
	{ 5, ANY_CODE, "redirect" },
	{ 8, ANY_CODE, "echo request" },
	{ 9, ANY_CODE, "router advertisement" },
	{ 10, ANY_CODE, "router solicitation" },
	{ 11, 0, "time exceeded in-transit" },
	{ 11, 1, "reassembly time exceeded" },
	{ 11, ANY_CODE, "time exceeded" },
	{ 12, ANY_CODE, "parameter problem" },
	{ 13, ANY_CODE, "time stamp query" },
	{ 14, ANY_CODE, "time stamp reply" },
	{ 0, 0, NULL },
};

static const struct icmp_name icmp6_names[] = {
	{ 1, 0, "unreachable route" },
	{ 1, 1, "unreachable prohibited" },
	{ 1, 3, "unreachable address" },
	{ 1, 4, "unreachable port" },
	{ 1, ANY_CODE, "destination unreachable" },
	{ 2, ANY_CODE, "packet too big" },
	{ 3, 0, "time exceeded in-transit" },
	{ 3, 1, "time exceeded in reassembly" },
	{ 3, ANY_CODE, "time exceeded" },
	{ 4, ANY_CODE, "parameter problem" },
	{ 128, ANY_CODE, "echo request" },
	{ 129, ANY_CODE, "echo reply" },
	{ 130, ANY_CODE, "multicast listener query" },
	{ 131, ANY_CODE, "multicast listener report" },
	{ 132, ANY_CODE, "multicast listener done" },
	{ 133, ANY_CODE, "router solicitation" },
	{ 134, ANY_CODE, "router advertisement" },
	{ 135, ANY_CODE, "neighbor solicitation" },
	{ 136, ANY_CODE, "neighbor advertisement" },
	{ 137, ANY_CODE, "redirect" },
	{ 143, ANY_CODE, "multicast listener report v2" },
	{ 0, 0, NULL },
};

static const char *find_name(const struct icmp_name *names, const struct nfv_icmp *icmp)
{
	for (; names->name; names++) {
		if (names->type == icmp->type && (names->code == ANY_CODE || names->code == icmp->code))
			return names->name;
	}
	return NULL;
}

static bool is_echo(const struct nfv_ip *ip, const struct nfv_icmp *icmp)
{
	return ip->version == 4 ? icmp->type == 0 || icmp->type == 8 : icmp->type == 128 || icmp->type == 129;
}

/* The address that a neighbour is asked for, or tells. */
static void add_target(struct line *line, const struct nfv_packet *p, const struct nfv_icmp *icmp)
{
	const uint8_t *b = icmp->payload_len < 16 ? NULL : nfv_bytes_at(p, icmp->payload_offset, 16);
	char address[INET6_ADDRSTRLEN];

	if (b && inet_ntop(AF_INET6, b, address, sizeof(address)))
		line_add(line, ", %s %s", icmp->type == 135 ? "who has" : "tgt is", address);
}

void icmp_describe(struct line *line, const struct nfv_packet *p, const struct nfv_ip *ip, uint32_t message_len)
{
	struct nfv_icmp icmp;
	const char *name;

	line_add(line, ": %s", ip->version == 4 ? "ICMP" : "ICMP6,");
	if (!nfv_view_icmp(p, ip, &icmp)) {
		line_add(line, " [|icmp%s]", ip->version == 4 ? "" : "6");
		return;
	}
	name = find_name(ip->version == 4 ? icmp4_names : icmp6_names, &icmp);
	if (name)
		line_add(line, " %s", name);
	else
		line_add(line, " type %u code %u", icmp.type, icmp.code);
	if (is_echo(ip, &icmp))
		line_add(line, ", id %u, seq %u", icmp.id, icmp.sequence);
	if (ip->version == 6 && (icmp.type == 135 || icmp.type == 136))
		add_target(line, p, &icmp);
	line_add(line, ", length %u", message_len);
}
