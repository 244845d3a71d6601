/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest plugin: lets every packet go. */
#include <nfverdict/plugin.h>

static nfv_verdict accept_packet(void *state, struct nfv_packet *packet)
{
	(void)state;
	(void)packet;
	return NFV_ACCEPT;
}

NFV_PLUGIN(.name = "accept", .licence = "GPL-2.0-or-later", .description = "Accepts every packet", .packet = accept_packet);
