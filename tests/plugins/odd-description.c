/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A description that would colour the terminal on which it is printed. */
#include <nfverdict/plugin.h>

static nfv_verdict packet(void *state, struct nfv_packet *p)
{
	(void)state;
	(void)p;
	return NFV_ACCEPT;
}

NFV_PLUGIN(.name = "odd-description", .description = "Red: \033[31m", .packet = packet);
