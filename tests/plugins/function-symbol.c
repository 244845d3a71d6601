/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A function with the name of the symbol. */
#include <nfverdict/plugin.h>

NFV_EXPORT int nfverdict_plugin(void);

int nfverdict_plugin(void)
{
	return 1;
}
