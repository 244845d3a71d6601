/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/protocol.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const protocols[] = {
	[1] = "icmp", [2] = "igmp", [3] = "ggp", [4] = "ipencap", [5] = "st", [6] = "tcp", [8] = "egp",
	[9] = "igp", [12] = "pup", [17] = "udp", [20] = "hmp", [22] = "xns-idp", [27] = "rdp",
	[29] = "iso-tp4", [33] = "dccp", [36] = "xtp", [37] = "ddp", [38] = "idpr-cmtp", [41] = "ipv6",
	[43] = "ipv6-route", [44] = "ipv6-frag", [45] = "idrp", [46] = "rsvp", [47] = "gre", [50] = "esp",
	[51] = "ah", [57] = "skip", [58] = "ipv6-icmp", [59] = "ipv6-nonxt", [60] = "ipv6-opts",
	[73] = "rspf", [81] = "vmtp", [88] = "eigrp", [89] = "ospf", [93] = "ax.25", [94] = "ipip",
	[97] = "etherip", [98] = "encap", [103] = "pim", [108] = "ipcomp", [112] = "vrrp", [115] = "l2tp",
	[124] = "isis", [132] = "sctp", [133] = "fc", [135] = "mobility-header", [136] = "udplite",
	[137] = "mpls-in-ip", [138] = "manet", [139] = "hip", [140] = "shim6", [141] = "wesp",
	[142] = "rohc", [143] = "ethernet",
};

/* Names that only the tools know, and 0. */
static const struct {
	const char *name;
	int number;
} others[] = { { "all", 0 }, { "ip", 0 }, { "hopopt", 0 }, { "icmpv6", 58 }, { "mh", 135 }, { "ipv6-mh", 135 } };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Decimal, octal or hexadecimal, as the tool reads numbers. */
static int as_number(const char *name)
{
	char *end;
	unsigned long number = strtoul(name, &end, 0);

	return *end || number > 255 ? -1 : (int)number;
}

int protocol_number(const char *name)
{
	if (*name >= '0' && *name <= '9')
		return as_number(name);
	for (size_t i = 0; i < COUNT(protocols); i++)
		if (protocols[i] && *protocols[i] == (*name | 0x20) && !strcasecmp(protocols[i], name))
			return (int)i;
	for (size_t i = 0; i < COUNT(others); i++)
		if (!strcasecmp(others[i].name, name))
			return others[i].number;
	return -1;
}

const char *protocol_name(unsigned number)
{
	return number < COUNT(protocols) ? protocols[number] : NULL;
}
