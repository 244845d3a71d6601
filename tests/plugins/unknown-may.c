/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Claims a right that there is not. */
#include <nfverdict/plugin.h>

static nfv_verdict packet(void *state, struct nfv_packet *p)
{
	(void)state;
	(void)p;
	return NFV_ACCEPT;
}

NFV_PLUGIN(.name = "unknown-may", .may = 1u << 20, .packet = packet);
