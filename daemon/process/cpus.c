/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/cpus.h"

int cpus_pick(const struct nfv_list *cpus, uint32_t i)
{
	const struct nfv_range *ranges = cpus->items;
	uint32_t total = 0;

	for (size_t r = 0; r < cpus->count; r++)
		total += ranges[r].last - ranges[r].first + 1;
	if (total == 0)
		return -1;
	i %= total;
	for (size_t r = 0; r < cpus->count; r++) {
		uint32_t size = ranges[r].last - ranges[r].first + 1;

		if (i < size)
			return (int)(ranges[r].first + i);
		i -= size;
	}
	return -1;
}
