/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An option whose field lies outside of its struct. */
#include <nfverdict/plugin.h>

static nfv_verdict packet(void *state, struct nfv_packet *p)
{
	(void)state;
	(void)p;
	return NFV_ACCEPT;
}

struct options {
	uint64_t number;
};

static const struct nfv_option options[] = {
	{ .name = "number", .type = NFV_OPT_UINT, .offset = sizeof(struct options), .help = "Lies behind the struct." },
	{ .name = NULL },
};

NFV_PLUGIN(.name = "bad-table", .options = options, .options_size = sizeof(struct options), .packet = packet);
