/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A handler that gives each packet another verdict than the one before, so that none can share a message. */
#include <nfverdict/plugin.h>

static nfv_verdict packet(void *state, struct nfv_packet *p)
{
	(void)state;
	switch (p->id % 3) {
	case 0:
		return NFV_ACCEPT;
	case 1:
		return NFV_DROP;
	default:
		nfv_set_mark(p, 1, 0xff);
		return NFV_ACCEPT;
	}
}

NFV_PLUGIN(.name = "mixed", .description = "accept, drop, mark in turn", .may = NFV_MAY_DROP | NFV_MAY_MARK,
	   .packet = packet);
