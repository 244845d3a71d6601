/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An option table without a struct. */
#include <nfverdict/plugin.h>

static nfv_verdict packet(void *state, struct nfv_packet *p)
{
	(void)state;
	(void)p;
	return NFV_ACCEPT;
}

static const struct nfv_option options[] = { { .name = NULL } };

NFV_PLUGIN(.name = "no-size", .options = options, .packet = packet);
