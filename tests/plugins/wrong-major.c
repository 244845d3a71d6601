/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Made for another major of the ABI. */
#include <nfverdict/plugin.h>

static nfv_verdict packet(void *state, struct nfv_packet *p)
{
	(void)state;
	(void)p;
	return NFV_ACCEPT;
}

NFV_EXPORT extern const struct nfv_plugin nfverdict_plugin;
const struct nfv_plugin nfverdict_plugin = {
	.magic = NFV_MAGIC,
	.abi_major = 2,
	.abi_minor = 0,
	.struct_size = 4096,
	.name = "wrong-major",
	.packet = packet,
};
