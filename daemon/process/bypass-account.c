/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/bypass.h"

#include <string.h>

uint64_t bypass_count_taken(struct bypass_number *number, const struct queue_status *status)
{
	uint64_t taken = 0;

	if (number->known)
		taken = (uint64_t)(uint32_t)(status->last_id - number->last_id) +
			(uint32_t)(status->dropped_full - number->dropped_full);
	*number = (struct bypass_number){ .last_id = status->last_id, .dropped_full = status->dropped_full, .known = true };
	return taken;
}

/* What a rule counted since the last look; *broke: it is gone, or counts anew, and what it had counted in between is lost. */
static uint64_t count_cell(struct steer_cell *cell, const struct steer_cell *now, bool *broke)
{
	uint64_t more = now->there ? now->packets : 0;

	if (cell->there && now->there && now->packets >= cell->packets)
		more -= cell->packets;
	else if (cell->there)
		*broke = true;
	*cell = *now;
	return more;
}

void bypass_account(struct bypass_entry *entry, const struct steer_count *count, uint64_t taken)
{
	const int64_t before = entry->past;
	uint64_t steered = 0;
	bool broke = false;

	for (size_t i = 0; count && i < 2 * STEER_TABLES; i++)
		steered += count_cell(&entry->cells[i / STEER_TABLES][i % STEER_TABLES],
				      &count->cells[i / STEER_TABLES][i % STEER_TABLES], &broke);
	entry->steered += steered;
	entry->past += (int64_t)(steered - taken);
	if (count)
		entry->others |= count->others;
	if (!broke)
		return;
	/* Some of what the queue took was steered by counters that are lost: at least as many as before have passed. */
	entry->breaks++;
	if (entry->past < before)
		entry->past = before;
}

void bypass_forget_rules(struct bypass_entry *entry)
{
	memset(entry->cells, 0, sizeof(entry->cells));
}
