/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Needs metadata that there is not. */
#include <nfverdict/plugin.h>

static nfv_verdict packet(void *state, struct nfv_packet *p)
{
	(void)state;
	(void)p;
	return NFV_ACCEPT;
}

NFV_PLUGIN(.name = "unknown-needs", .needs_metadata = 1u << 31, .packet = packet);
