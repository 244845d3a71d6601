/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Not the magic number, and nothing behind it that may be believed. */
#include <nfverdict/plugin.h>

static nfv_verdict packet(void *state, struct nfv_packet *p)
{
	(void)state;
	(void)p;
	return NFV_ACCEPT;
}

NFV_EXPORT extern const struct nfv_plugin nfverdict_plugin;
const struct nfv_plugin nfverdict_plugin = {
	.magic = 0x12345678,
	.abi_major = 9,
	.abi_minor = 9,
	.struct_size = 3,
	.name = "wrong-magic",
	.packet = packet,
};
