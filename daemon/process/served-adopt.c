/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A queue number that another master leaves to this one: its socket, its memory, and the worker that goes on meanwhile. */
#include "daemon/process/events.h"
#include "daemon/process/served.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The worker's memory, which another version may have laid out ---- */

struct runner_foreign {
	struct layout layout;
	struct region region;
	size_t handlers;
};

void runner_refresh(const struct runner *runner)
{
	layout_read(&runner->foreign->layout, runner->foreign->region.memory, runner->foreign->handlers,
		    runner->shared.memory);
}

void runner_forget_foreign(struct runner *runner)
{
	if (!runner->foreign)
		return;
	region_close(&runner->foreign->region);
	free(runner->foreign);
	runner->foreign = NULL;
}

/* Memory of our own in front of theirs, which is read into it whenever somebody looks. */
static int put_in_front(struct runner *runner, const struct layout *layout, size_t handlers)
{
	struct runner_foreign *foreign = calloc(1, sizeof(*foreign));
	int err;

	if (!foreign)
		return -ENOMEM;
	*foreign = (struct runner_foreign){ .layout = *layout, .region = runner->shared, .handlers = handlers };
	runner->shared = (struct region){ .fd = -1 };
	runner->foreign = foreign;
	err = region_create(&runner->shared, "nfv-shared", shared_size(handlers));
	return err ? err : region_map_apart(&runner->shared);
}

static int adopt_memory(struct runner *runner, const struct state_queue *from)
{
	struct layout own;
	int err;

	layout_own(&own);
	err = region_adopt(&runner->shared, from->shared, layout_size(&from->layout, from->handler_count));
	if (err)
		return err;
	err = region_map_apart(&runner->shared);
	if (!err && !layout_equal(&own, &from->layout))
		err = put_in_front(runner, &from->layout, from->handler_count);
	if (err)
		return err;
	if (from->slots < 0)
		return 0;
	return region_adopt(&runner->slots, from->slots, from->slot_size);
}

/* ---- The worker ---- */

/* The names are what counters and crashes are known by. */
static bool same_handlers(const struct config_queue *config, const struct state_queue *from)
{
	const char *const *names = config->handlers.items;
	bool same = config->handlers.count == from->handler_count;

	for (size_t i = 0; same && i < from->handler_count; i++)
		same = strcmp(names[i], from->handlers[i].name) == 0;
	return same;
}

static int find_queue(const struct plan *plan, uint16_t number, size_t *queue)
{
	for (size_t i = 0; i < plan->config->queue_count; i++) {
		const struct nfv_range *numbers = &plan->config->queues[i].numbers;

		if (number < numbers->first || number > numbers->last)
			continue;
		*queue = i;
		return 0;
	}
	return -ENOENT;
}

static int adopt_runner(struct runner *runner, struct plan *plan, const struct state_queue *from, char *why, size_t why_size)
{
	size_t queue;
	int err;

	if (find_queue(plan, from->number, &queue) || !same_handlers(&plan->config->queues[queue], from)) {
		snprintf(why, why_size, "its worker's configuration is of something else");
		return -EINVAL;
	}
	runner->plan = plan_hold(plan);
	runner->queue = queue;
	runner->number = from->number;
	runner->slot_size = from->slot_size;
	err = adopt_memory(runner, from);
	if (err) {
		snprintf(why, why_size, "the memory of its worker: %s", strerror(-err));
		return err;
	}
	runner->pid = from->pid;
	runner->channel = from->channel;
	runner->ready = from->ready;
	runner->going = from->going;
	runner->started_ns = events_now_ns();
	return 0;
}

/* It is our child as it was theirs, and goes on with the same ring whoever writes it. */
static int adopt_sender(struct sender *sender, const struct state_queue *from)
{
	int err;

	*sender = SENDER_NONE;
	if (from->ring < 0)
		return 0;
	sender->number = from->number;
	sender->pid = from->sender;
	sender->life[0] = from->life_read;
	sender->life[1] = from->life_write;
	sender->started_ns = events_now_ns();
	sender->restart_at_ns = from->sender > 0 ? 0 : sender->started_ns;
	err = region_adopt(&sender->ring, from->ring, sizeof(struct ring));
	if (!err)
		err = region_map_apart(&sender->ring);
	if (!err)
		err = region_adopt(&sender->state, from->sender_memory, sizeof(struct sender_state));
	return err ? err : region_map_apart(&sender->state);
}

static int adopt_crashes(struct served *served, const struct state_queue *from)
{
	served->crashes = calloc(from->handler_count + 1, sizeof(*served->crashes));
	if (!served->crashes)
		return -ENOMEM;
	for (size_t i = 0; i < from->handler_count; i++) {
		served->crashes[i] = from->handlers[i].crashes;
		if (from->handlers[i].quarantined)
			served->quarantined |= UINT64_C(1) << i;
	}
	return 0;
}

int served_adopt(struct served *served, struct plan *plan, const struct state_queue *from, char *why, size_t why_size)
{
	int err;

	served_forget(served, from->number);
	served->wants = from->wants;
	served->wants.number = from->number;
	err = queue_adopt(&served->socket, from->socket, from->number, why, why_size);
	if (err)
		return err;
	served->socket.flags = from->flags;
	served->socket.refused_flags = from->refused_flags;
	served->in_hand = from->in_hand;
	served->poisoned = from->poisoned;
	served->poison_id = from->poison_id;
	served->careful = from->careful;
	served->suspect = from->suspect;
	served->deaths = from->deaths;
	served->failures = from->failures;
	served->door = from->door;
	err = adopt_runner(&served->now, plan, from, why, why_size);
	if (!err && (err = adopt_sender(&served->sender, from)))
		snprintf(why, why_size, "its sender: %s", strerror(-err));
	if (!err && (err = adopt_crashes(served, from)))
		snprintf(why, why_size, "%s", strerror(-err));
	return err;
}

/* ---- Leaving ---- */

static void leave_handlers(const struct served *served, struct state_queue *to)
{
	const struct config_queue *config = served_config(served);
	const char *const *names = config->handlers.items;

	for (size_t i = 0; i < config->handlers.count; i++) {
		snprintf(to->handlers[i].name, sizeof(to->handlers[i].name), "%s", names[i]);
		to->handlers[i].quarantined = served->quarantined >> i & 1;
		if (served->crashes)
			to->handlers[i].crashes = served->crashes[i];
	}
}

int served_leave(const struct served *served, struct state_queue *to)
{
	const struct runner *now = &served->now;

	*to = (struct state_queue){
		.number = served->number,
		.socket = served->socket.fd,
		.portid = served->socket.portid,
		.flags = served->socket.flags,
		.refused_flags = served->socket.refused_flags,
		.wants = served->wants,
		.door = served->door,
		.in_hand = served->in_hand,
		.poisoned = served->poisoned,
		.poison_id = served->poison_id,
		.careful = served->careful,
		.suspect = served->suspect,
		.deaths = served->deaths,
		.failures = served->failures,
		.pid = now->pid,
		.channel = now->channel,
		.ready = now->ready,
		.going = now->going,
		.shared = now->foreign ? now->foreign->region.fd : now->shared.fd,
		.slots = now->slots.fd,
		.slot_size = now->slot_size,
		.sender = served->sender.pid,
		.ring = served->sender.ring.fd,
		.sender_memory = served->sender.state.fd,
		.life_read = served->sender.life[0],
		.life_write = served->sender.life[1],
		.ring_size = sizeof(struct ring),
		.sender_size = sizeof(struct sender_state),
		.handler_count = served_config(served)->handlers.count,
	};
	if (now->foreign)
		to->layout = now->foreign->layout;
	else
		layout_own(&to->layout);
	to->handlers = calloc(to->handler_count + 1, sizeof(*to->handlers));
	if (!to->handlers)
		return -ENOMEM;
	leave_handlers(served, to);
	return 0;
}
