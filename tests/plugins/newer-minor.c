/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Made for a newer minor of the ABI. */
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
	.abi_major = NFV_ABI_MAJOR,
	.abi_minor = NFV_ABI_MINOR + 1,
	.struct_size = sizeof(struct nfv_plugin),
	.name = "newer-minor",
	.packet = packet,
};
