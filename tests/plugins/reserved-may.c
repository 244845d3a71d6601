/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Claims a right that this version reserves. */
#include <nfverdict/plugin.h>

static nfv_verdict packet(void *state, struct nfv_packet *p)
{
	(void)state;
	(void)p;
	return NFV_ACCEPT;
}

NFV_PLUGIN(.name = "reserved-may", .may = NFV_MAY_HOLD, .packet = packet);
