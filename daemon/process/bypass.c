/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/bypass.h"

#include "daemon/process/events.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define AGAIN_NS 50000000 /* a counter that went back may be that of a table which is just being replaced */

/*
 * Two copies in turn: whoever is killed while it writes leaves the other one whole.
 *	[ board | copy 0: head, entries, numbers | copy 1 ]
 */
struct bypass_board {
	_Atomic uint64_t turn; /* its lowest bit tells the copy that counts */
};

struct half {
	uint64_t as_of_ns;
	struct bypass_entry entries[];
};

static struct half *half_of(const struct bypass *bypass, uint64_t turn)
{
	return (struct half *)((char *)(bypass->board + 1) + (turn & 1) * bypass->half_bytes);
}

static struct bypass_number *numbers_of(const struct bypass *bypass, struct half *half)
{
	return (struct bypass_number *)(half->entries + bypass->steering->count);
}

static size_t board_bytes(const struct bypass *bypass)
{
	return sizeof(struct bypass_board) + 2 * bypass->half_bytes;
}

static bool lets_pass(const struct steering *steering, const char *name)
{
	const struct config *config = steering->config;

	for (size_t i = 0; i < config->queue_count; i++)
		if (!strcmp(config->queues[i].name, name))
			return config->queues[i].when_full == PASS_ACCEPT;
	return false;
}

int bypass_open(struct bypass *bypass, const struct steering *steering)
{
	size_t bytes;
	void *memory;

	*bypass = (struct bypass){ .steering = steering };
	if (steering->count == 0)
		return 0;
	for (size_t q = 0; q < steering->count; q++)
		bypass->number_count += steering->queues[q].last - steering->queues[q].first + 1u;
	bytes = sizeof(struct half) + steering->count * sizeof(struct bypass_entry) +
		bypass->number_count * sizeof(struct bypass_number);
	bypass->half_bytes = (bytes + 7) & ~(size_t)7;
	bypass->counts = calloc(steering->count, sizeof(*bypass->counts));
	if (!bypass->counts)
		return -ENOMEM;
	memory = mmap(NULL, board_bytes(bypass), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		bypass_close(bypass);
		return -ENOMEM;
	}
	bypass->board = memory;
	for (size_t q = 0; q < steering->count; q++)
		half_of(bypass, 0)->entries[q].may_pass = lets_pass(steering, steering->queues[q].name);
	return 0;
}

void bypass_close(struct bypass *bypass)
{
	if (bypass->board)
		munmap(bypass->board, board_bytes(bypass));
	free(bypass->counts);
	*bypass = (struct bypass){ 0 };
}

/* ---- Another steering ---- */

static const struct bypass_number *find_number(const struct bypass *bypass, struct half *half, uint32_t number)
{
	const struct bypass_number *numbers = numbers_of(bypass, half);

	for (size_t q = 0; q < bypass->steering->count; q++) {
		const struct steer_queue *queue = &bypass->steering->queues[q];

		if (number >= queue->first && number <= queue->last)
			return &numbers[number - queue->first];
		numbers += queue->last - queue->first + 1u;
	}
	return NULL;
}

/* SIZE_MAX: the steering has no such queue. */
static size_t find_queue(const struct steering *steering, const char *name)
{
	for (size_t q = 0; q < steering->count; q++)
		if (!strcmp(steering->queues[q].name, name))
			return q;
	return SIZE_MAX;
}

/* A rule that is not as it was is another one, which counts from 0, and what the old one counted last is not known. */
static void inherit_entry(struct bypass_entry *to, const struct steer_queue *queue, const struct bypass_entry *from,
			  const struct steer_queue *old)
{
	const bool may_pass = to->may_pass || from->may_pass;

	*to = *from;
	to->may_pass = may_pass;
	if (queue->first == old->first && queue->last == old->last && queue->bypass == old->bypass &&
	    queue->cpu_fanout == old->cpu_fanout)
		return;
	bypass_forget_rules(to);
	to->breaks++;
}

void bypass_inherit(struct bypass *to, const struct bypass *from)
{
	struct half *half, *old;
	struct bypass_number *number;

	if (!to->board || !from->board)
		return;
	half = half_of(to, atomic_load(&to->board->turn));
	old = half_of(from, atomic_load(&from->board->turn));
	number = numbers_of(to, half);
	for (size_t q = 0; q < to->steering->count; q++) {
		const struct steer_queue *queue = &to->steering->queues[q];
		const size_t before = find_queue(from->steering, queue->name);

		if (before != SIZE_MAX)
			inherit_entry(&half->entries[q], queue, &old->entries[before], &from->steering->queues[before]);
		for (uint32_t n = queue->first; n <= queue->last; n++, number++) {
			const struct bypass_number *seen = find_number(from, old, n);

			if (seen)
				*number = *seen;
		}
	}
}

struct bypass_entry *bypass_entry_at(const struct bypass *bypass, size_t queue)
{
	return &half_of(bypass, atomic_load(&bypass->board->turn))->entries[queue];
}

struct bypass_number *bypass_number_at(const struct bypass *bypass, size_t queue, uint16_t number)
{
	const struct steer_queue *queues = bypass->steering->queues;
	struct bypass_number *numbers = numbers_of(bypass, half_of(bypass, atomic_load(&bypass->board->turn)));

	for (size_t q = 0; q < queue; q++)
		numbers += queues[q].last - queues[q].first + 1u;
	return numbers + (number - queues[queue].first);
}

struct steer_tally bypass_tally(const struct bypass *bypass)
{
	return (struct steer_tally){
		.queues = bypass->steering->queues,
		.count = bypass->steering->count,
		.counts = bypass->counts,
	};
}

/* ---- A look ---- */

struct looking {
	const struct bypass *bypass;
	struct half *half;
	uint64_t *taken;   /* by queue */
	size_t found;      /* numbers that the kernel told of */
};

static void take_status(void *context, const struct queue_status *status)
{
	struct looking *looking = context;
	const struct steering *steering = looking->bypass->steering;
	struct bypass_number *numbers = numbers_of(looking->bypass, looking->half);

	for (size_t q = 0; q < steering->count; q++) {
		const struct steer_queue *queue = &steering->queues[q];

		if (status->number >= queue->first && status->number <= queue->last) {
			looking->taken[q] += bypass_count_taken(&numbers[status->number - queue->first], status);
			looking->found++;
			return;
		}
		numbers += queue->last - queue->first + 1u;
	}
}

static void note_entry(struct bypass *bypass, struct bypass_entry *entry, size_t q, enum bypass_look look, uint64_t taken)
{
	switch (look) {
	case BYPASS_BEGIN:
		break;
	case BYPASS_RULES:
		bypass_account(entry, &bypass->counts[q], taken);
		break;
	case BYPASS_REMOVED:
		bypass_account(entry, &bypass->counts[q], taken);
		bypass_forget_rules(entry);
		break;
	case BYPASS_IDS:
		bypass_account(entry, NULL, taken);
		break;
	}
}

void bypass_note(struct bypass *bypass, enum bypass_look look)
{
	struct looking looking = { .bypass = bypass };
	uint64_t turn;

	if (!bypass->board)
		return;
	looking.taken = calloc(bypass->steering->count, sizeof(*looking.taken));
	if (!looking.taken)
		return;
	turn = atomic_load(&bypass->board->turn);
	looking.half = half_of(bypass, turn + 1);
	memcpy(looking.half, half_of(bypass, turn), bypass->half_bytes);
	/*
	 * After the counters: what was steered before has its id by now, and what comes meanwhile can only make the number of
	 * those that passed look smaller. It is exact when nothing comes.
	 */
	queue_status_each(take_status, &looking);
	for (size_t q = 0; q < bypass->steering->count; q++) {
		struct bypass_entry *entry = &looking.half->entries[q];

		entry->unread = looking.found < bypass->number_count;
		note_entry(bypass, entry, q, look, looking.taken[q]);
	}
	looking.half->as_of_ns = events_now_ns();
	atomic_store(&bypass->board->turn, turn + 1);
	free(looking.taken);
}

/* True when a counter is lower than at the last look. */
static bool any_lower(const struct bypass *bypass)
{
	const struct half *half = half_of(bypass, atomic_load(&bypass->board->turn));

	for (size_t q = 0; q < bypass->steering->count; q++)
		for (size_t i = 0; i < 2 * STEER_TABLES; i++) {
			const struct steer_cell *now = &bypass->counts[q].cells[i / STEER_TABLES][i % STEER_TABLES];
			const struct steer_cell *last = &half->entries[q].cells[i / STEER_TABLES][i % STEER_TABLES];

			if (last->there && now->there && now->packets < last->packets)
				return true;
		}
	return false;
}

int bypass_read(struct bypass *bypass, const struct steering_patience *patience)
{
	const struct timespec pause = { .tv_nsec = AGAIN_NS };
	struct steer_tally tally;
	int err;

	if (!bypass->board)
		return 0;
	tally = bypass_tally(bypass);
	err = steering_count(bypass->steering, patience, &tally);
	if (!err && any_lower(bypass)) {
		nanosleep(&pause, NULL);
		err = steering_count(bypass->steering, patience, &tally);
	}
	if (!err)
		bypass_note(bypass, BYPASS_RULES);
	return err;
}

bool bypass_get(const struct bypass *bypass, size_t queue, struct bypass_entry *entry, uint64_t *as_of_ns)
{
	if (!bypass->board || queue >= bypass->steering->count)
		return false;
	for (;;) {
		const uint64_t turn = atomic_load(&bypass->board->turn);
		const struct half *half = half_of(bypass, turn);

		*entry = half->entries[queue];
		*as_of_ns = half->as_of_ns;
		/* The copy that was read is written again only after the next turn. */
		if (atomic_load(&bypass->board->turn) == turn)
			return true;
	}
}
