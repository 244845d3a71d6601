/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A name that could forge a line of the log. */
#include <nfverdict/plugin.h>

static nfv_verdict packet(void *state, struct nfv_packet *p)
{
	(void)state;
	(void)p;
	return NFV_ACCEPT;
}

NFV_PLUGIN(.name = "odd\nname", .packet = packet);
