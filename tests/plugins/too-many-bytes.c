/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Needs more bytes than the kernel gives. */
#include <nfverdict/plugin.h>

static nfv_verdict packet(void *state, struct nfv_packet *p)
{
	(void)state;
	(void)p;
	return NFV_ACCEPT;
}

NFV_PLUGIN(.name = "too-many-bytes", .needs_bytes = NFV_NEEDS_ALL + 1, .packet = packet);
