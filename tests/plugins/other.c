/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A good plugin that is not the accept plugin. */
#include <nfverdict/plugin.h>

static nfv_verdict packet(void *state, struct nfv_packet *p)
{
	(void)state;
	(void)p;
	return NFV_CONTINUE;
}

NFV_PLUGIN(.name = "other", .packet = packet);
