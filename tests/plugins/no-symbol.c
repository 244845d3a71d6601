/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A shared object, and no plugin. */
#include <nfverdict/plugin.h>

NFV_EXPORT int nfverdict_plugins(void);

int nfverdict_plugins(void)
{
	return 1;
}
