/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An option that nobody can ever set: the key of that name is the daemon's. */
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
	{ .name = "plugin", .type = NFV_OPT_UINT, .offset = offsetof(struct options, number), .max = 9, .help = "Hidden." },
	{ .name = NULL },
};

NFV_PLUGIN(.name = "plugin-key", .options = options, .options_size = sizeof(struct options), .packet = packet);
