/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control-memory.h"

#include <jansson.h>
#include <stdlib.h>

static bool missed;

static void *take(size_t size)
{
	void *memory = malloc(size);

	missed = missed || !memory;
	return memory;
}

void control_memory_watch(void)
{
	json_set_alloc_funcs(take, free);
}

bool control_memory_missed(void)
{
	const bool since = missed;

	missed = false;
	return since;
}
