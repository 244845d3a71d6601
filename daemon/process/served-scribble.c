/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A worker that left memory which makes no sense: a handler wrote over it. */
#include "daemon/process/events.h"
#include "daemon/process/log.h"
#include "daemon/process/served.h"

#include <string.h>

static bool makes_sense(const struct shared *shared, size_t handlers)
{
	return shared->progress.handler <= handlers && shared->progress.call <= CHAIN_CALL_CLOSE && shared->recovering <= 1 &&
	       shared->careful <= SHARED_CAREFUL && shared->last_id_known <= 1 && shared->slots_mixed <= 1;
}

/* Ids are given one after the other, and what waits is the newest of them. */
static uint32_t guess_sent_until(const struct served *served)
{
	struct queue_status status;

	if (queue_status_read(served->number, &status))
		return status.last_id - status.waiting;
	return served->now.judges ? served->now.judges_id - 1 : 0;
}

static void begin_anew(struct served *served)
{
	struct shared *shared = runner_shared(&served->now);
	struct queue_counters *counters = &shared->counters;

	memset(shared, 0, shared_size(served_config(served)->handlers.count));
	shared->sent_until = guess_sent_until(served);
	if (sender_is_open(&served->sender)) {
		served_finish_sender(served); /* what is published counts when it is sent */
		served_count_sent(served);
		served->sender.restart_at_ns = events_now_ns();
	}
	shared->slots_mixed = 1;
	counters->received = counters->accepted + counters->dropped + counters->repeated + counters->requeued;
	counters->received += served->poisoned;
}

bool served_note_scribble(struct served *served, bool killed)
{
	const struct runner *now = &served->now;

	if (makes_sense(served_shared(served), served_config(served)->handlers.count))
		return false;
	log_error("queue %u: worker %d left memory that makes no sense, for a handler wrote over it: counters begin anew",
		  served->number, (int)now->pid);
	served->suspect = 0;
	served->careful = served->scribbled = true;
	served->poisoned = now->judges && !killed;
	served->poison_id = now->judges_id;
	begin_anew(served);
	return true;
}
