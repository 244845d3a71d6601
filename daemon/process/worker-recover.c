/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is sent and counted on behalf of a predecessor that died with packets in hand. */
#include "daemon/process/worker-private.h"

#include <linux/netfilter.h>

#define CAREFUL_MOST (1u << 30) /* ids are compared as they wrap */

/* Killed by what it was told of a packet whose verdict is out already: nothing to decide. */
static bool poison_is_open(const struct worker *worker)
{
	return worker->go.poisoned && (int32_t)(worker->go.poison_id - worker->shared->sent_until) > 0;
}

/* The packet that killed the predecessor in a handler gets on-error: shown to the handlers again it would kill again. */
static int decide_poison(struct worker *worker)
{
	const struct chain_decision decision = { .verdict = worker->chain.on_error, .failed = true, .handler = -1 };
	const struct coalesce_decision out = {
		.id = worker->go.poison_id,
		.verdict = worker_kernel_verdict(worker, decision.verdict),
	};
	int err = sink_decide(worker->sink, &out);

	if (!err)
		worker_count_decision(worker, &decision, worker->go.poison_id);
	return err;
}

static uint32_t recovery_verdict(const struct worker *worker)
{
	if (worker->go.repeats)
		return NF_REPEAT;
	return worker->chain.on_error == NFV_DROP ? NF_DROP : NF_ACCEPT;
}

/*
 * What the predecessor had in hand, and how it went on. What is repeated will be received again, so only what had been
 * counted as received matters. What got on-error is gone: the ids tell how many, for the last ones may not have been looked
 * at yet.
 */
static void sum_up_rest(const struct worker *worker, uint32_t in_hand)
{
	const struct queue_counters *counters = worker->counters;
	struct shared_sending *sending = &worker->shared->sending;
	uint64_t known = sending->accepted + sending->dropped + sending->repeated + sending->requeued + counters->recovered;
	uint64_t open = counters->received > known ? counters->received - known : 0;
	uint32_t decided = worker->go.repeats ? 0 : in_hand;

	sending->received = counters->received + (decided > open ? decided - open : 0);
	sending->recovered = counters->recovered + (worker->go.repeats ? open : 0);
	sending->abandoned = counters->abandoned + decided;
	sending->failed += decided;
	if (recovery_verdict(worker) == NF_DROP)
		sending->dropped += decided;
	else
		sending->accepted += decided;
	sending->recovers = 1;
}

/* Ids behind the last verdict that was sent, without the one that gets a verdict of its own. */
static uint32_t count_in_hand(const struct worker *worker, uint32_t until)
{
	int32_t count = (int32_t)(until - worker->shared->sent_until);

	if (worker->hand.known)
		count = (int32_t)worker_hand_between(worker, worker->shared->sent_until, until);
	if (count > 0 && poison_is_open(worker))
		count--;
	return count > 0 ? (uint32_t)count : 0;
}

/* Noted as one, before it is sent: who dies in here has a successor that counts all of it once, or decides all of it. */
static int send_rest(struct worker *worker, uint32_t until, uint32_t in_hand)
{
	int err = poison_is_open(worker) ? decide_poison(worker) : 0;

	if (err)
		return err;
	worker_sum_up(worker->shared, &worker->pending);
	worker->pending = (struct worker_pending){ 0 };
	sum_up_rest(worker, in_hand);
	worker_note_sending(worker->shared, until);
	return sink_decide_until(worker->sink, until, recovery_verdict(worker), worker->go.repeats ? 0 : in_hand);
}

static int decide_rest(struct worker *worker, uint32_t until)
{
	struct shared *shared = worker->shared;
	int err;

	if (!sink_reached(worker->sink, shared->sending.until))
		shared->sending.until = 0;
	worker_count_sent(shared);
	worker_enter(worker);
	err = send_rest(worker, until, count_in_hand(worker, until));
	worker_leave(worker);
	if (err) {
		shared->sending.until = 0;
		return err;
	}
	worker_count_sent(shared);
	shared->sent_until = until; /* also if that is 0, which to `sending` means nothing */
	return 0;
}

static uint32_t waiting_most(const struct config_queue *config)
{
	return config->max_length < CAREFUL_MOST ? (uint32_t)config->max_length : CAREFUL_MOST;
}

void worker_recover(struct worker *worker, bool any, uint32_t first_id)
{
	uint32_t until = any ? first_id - 1 : worker->go.predecessor_last_id;
	int err = decide_rest(worker, until);

	worker->recovering = false;
	if (err) {
		worker_give_up(worker, err);
		return;
	}
	worker->repeated_until = until;
	worker_hand_settle(worker, until);
	worker->shared->recovering = 0;
	worker->shared->last_id = until;
	worker->shared->last_id_known = 1;
	/* After a crash in a handler each verdict is sent before the next packet is judged. */
	worker->shared->careful = worker->go.careful ? SHARED_CAREFUL : 0;
	worker->careful_until = until + SHARED_CAREFUL + waiting_most(worker->config);
}
