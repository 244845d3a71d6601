/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls a function that nobody has. */
#include <nfverdict/plugin.h>

static nfv_verdict packet(void *state, struct nfv_packet *p)
{
	(void)state;
	(void)p;
	return NFV_ACCEPT;
}

extern int nobody_has_this_function(void);

static int open_instance(const struct nfv_host *host, const void *options, void **state)
{
	(void)host;
	(void)options;
	(void)state;
	return nobody_has_this_function();
}

NFV_PLUGIN(.name = "undefined-symbol", .open = open_instance, .packet = packet);
