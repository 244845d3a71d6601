/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the chain's decisions to verdicts that are sent and counted. */
#include "daemon/process/log.h"
#include "daemon/process/worker-private.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

#define ORPHAN_SECONDS  2 /* for a worker without master to finish what it has in hand */
#define FLUSH_AFTER_US  500 /* a slow handler delays the verdicts of packets before it by no more than this */

void worker_give_up(struct worker *worker, int err)
{
	if (!worker->broken)
		log_error("queue %u: verdicts cannot be sent: %s", worker->number, strerror(-err));
	worker->broken = true;
	worker->stop = true;
}

void worker_count_sent(struct shared *shared)
{
	struct queue_counters *counters = &shared->counters;
	const struct shared_sending *sent = &shared->sending;

	if (!sent->until)
		return;
	counters->accepted = sent->accepted;
	counters->dropped = sent->dropped;
	counters->repeated = sent->repeated;
	counters->requeued = sent->requeued;
	for (size_t i = 0; sent->requeued && i < COUNTERS_TARGETS; i++)
		counters->requeued_to[i].packets = sent->requeued_to[i];
	counters->requeued_elsewhere = sent->requeued_to[COUNTERS_TARGETS];
	counters->marked = sent->marked;
	counters->rewritten = sent->rewritten;
	counters->failed = sent->failed;
	if (sent->recovers) {
		counters->received = sent->received;
		counters->recovered = sent->recovered;
		counters->abandoned = sent->abandoned;
	}
	shared->sent_until = sent->until;
	atomic_signal_fence(memory_order_seq_cst);
	shared->sending.until = 0;
}

void worker_sum_up(struct shared *shared, const struct worker_pending *pending)
{
	const struct queue_counters *counters = &shared->counters;
	struct shared_sending *sending = &shared->sending;

	sending->accepted = counters->accepted + pending->accepted;
	sending->dropped = counters->dropped + pending->dropped;
	sending->repeated = counters->repeated + pending->repeated;
	sending->requeued = counters->requeued + pending->requeued;
	for (size_t i = 0; sending->requeued && i < COUNTERS_TARGETS; i++)
		sending->requeued_to[i] = counters->requeued_to[i].packets + pending->requeued_to[i];
	sending->requeued_to[COUNTERS_TARGETS] = counters->requeued_elsewhere + pending->requeued_to[COUNTERS_TARGETS];
	sending->marked = counters->marked + pending->marked;
	sending->rewritten = counters->rewritten + pending->rewritten;
	sending->failed = counters->failed + pending->failed;
	sending->recovers = 0;
}

/* `until` last: before that there is nothing to be believed. */
void worker_note_sending(struct shared *shared, uint32_t until)
{
	shared->receipt.msg_len = 0;
	atomic_signal_fence(memory_order_seq_cst);
	shared->sending.until = until;
}

/*
 * Most of a worker's time goes by in this call: the packets' way through the rest of the stack is in it. The kernel ends
 * it also when the worker is killed meanwhile, so what is on its way is noted first, and the kernel's receipt is where the
 * successor sees it.
 */
static int flush(struct worker *worker)
{
	int err;

	worker_sum_up(worker->shared, &worker->pending);
	worker_note_sending(worker->shared, worker->pending.until);
	worker->pending = (struct worker_pending){ 0 };
	err = sink_flush(worker->sink);
	if (err) {
		worker->shared->sending.until = 0;
		return err;
	}
	worker_count_sent(worker->shared);
	return 0;
}

void worker_enter(struct worker *worker)
{
	worker->in_sink = 1;
	atomic_signal_fence(memory_order_seq_cst);
}

void worker_leave(struct worker *worker)
{
	atomic_signal_fence(memory_order_seq_cst);
	worker->in_sink = 0;
}

int worker_flush(struct worker *worker)
{
	int err;

	worker_enter(worker);
	err = flush(worker);
	worker_leave(worker);
	if (err)
		worker_give_up(worker, err);
	return err;
}

/* ---- Decisions ---- */

/* The chain gives only four; for another one nobody is cut off. */
uint32_t worker_kernel_verdict(const struct worker *worker, nfv_verdict verdict)
{
	switch ((enum nfv_verdicts)(verdict & 0xffff)) {
	case NFV_DROP:
		return NF_DROP;
	case NFV_REPEAT:
		return NF_REPEAT;
	case NFV_TO_QUEUE:
		/* A number that nobody listens on is a queue that is down. */
		return (uint32_t)NF_QUEUE_NR(verdict >> 16) |
		       (worker->config->when_down == PASS_ACCEPT ? NF_VERDICT_FLAG_QUEUE_BYPASS : 0);
	case NFV_ACCEPT:
	case NFV_CONTINUE:
	case NFV_HOLD:
	case NFV_ACCEPT_FLOW:
	case NFV_DROP_FLOW:
		break;
	}
	return NF_ACCEPT;
}

void worker_count_decision(struct worker *worker, const struct chain_decision *decision, uint32_t packet_id)
{
	struct worker_pending *pending = &worker->pending;
	uint32_t kind = decision->verdict & 0xffff;

	pending->dropped += kind == NFV_DROP;
	pending->repeated += kind == NFV_REPEAT;
	if (kind == NFV_TO_QUEUE) {
		pending->requeued++;
		pending->requeued_to[counters_target(worker->counters, (uint16_t)(decision->verdict >> 16))]++;
	}
	pending->accepted += kind != NFV_DROP && kind != NFV_REPEAT && kind != NFV_TO_QUEUE;
	pending->marked += decision->set_mark;
	pending->rewritten += decision->rewritten;
	pending->failed += decision->failed;
	pending->until = packet_id;
}

/* What was repeated stands behind all that waited: only then has the packet come by that the predecessor died of. */
static bool has_caught_up(const struct worker *worker, uint32_t packet_id)
{
	return worker->caught_up || (int32_t)(packet_id - worker->careful_until) > 0;
}

void worker_decided(void *context, size_t index, const struct chain_decision *decision)
{
	struct worker *worker = context;
	const struct nfv_packet *packet = worker->batch[index];
	struct coalesce_decision out = {
		.id = packet->id,
		.verdict = worker_kernel_verdict(worker, decision->verdict),
		.set_mark = decision->set_mark,
		.mark = packet->mark,
		.arrived_mark = decision->arrived_mark,
	};
	int err;

	if (decision->rewritten) {
		out.payload = packet->data;
		out.payload_len = packet->captured_len;
	}
	worker_enter(worker);
	err = sink_decide(worker->sink, &out);
	if (err == -ENOSPC && (err = flush(worker)) == 0)
		err = sink_decide(worker->sink, &out);
	if (err == 0)
		worker_count_decision(worker, decision, packet->id);
	worker_leave(worker);
	if (err)
		worker_give_up(worker, err);
	if (worker->shared->careful > 0) {
		(void)worker_flush(worker);
		if (worker->go.settles)
			(void)sink_settle(worker->sink); /* refused once more, this is the packet */
		if (worker->shared->careful > 1 || has_caught_up(worker, packet->id))
			worker->shared->careful--;
	}
}

/* Whoever sends is replaced when he ends; without a master nobody does that. */
bool worker_may_wait(void *context, unsigned waited_ms)
{
	const struct worker *worker = context;

	return !worker->orphaned || waited_ms < ORPHAN_SECONDS * 1000;
}

/* ---- Verdicts before a slow handler ---- */

static struct worker *late_worker; /* a signal gets no context, and a process is one worker */

static void set_timer(unsigned microseconds)
{
	const struct itimerval timer = {
		.it_value.tv_usec = microseconds,
		.it_interval.tv_usec = microseconds,
	};

	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

/*
 * Runs between any two instructions of a handler: touches nothing but what the loop has left alone. Arming a timer is
 * dear on a virtual machine, so it is not done for each batch: it ticks while there is work, and stops itself after a
 * tick without.
 */
static void on_late(int signal_number)
{
	struct worker *worker = late_worker;
	int kept = errno;

	(void)signal_number;
	/* While recovering, what is on its way is still the predecessor's and not counted yet. */
	if (worker->in_batch && !worker->in_sink && !worker->recovering && flush(worker) < 0) {
		worker->broken = true;
		worker->stop = true;
	}
	if (worker->orphaned) {
		if (worker->in_batch && !worker->in_sink)
			worker_orphan_tick(worker);
	} else if (!worker->worked) {
		set_timer(0);
		worker->ticking = 0;
	}
	worker->worked = worker->in_batch;
	errno = kept;
}

static void tick(struct worker *worker)
{
	worker->ticking = 1;
	set_timer(FLUSH_AFTER_US);
}

/* The loop sees it at its next look; a handler may be running that never returns to it. */
static void on_orphaned(int signal_number)
{
	struct worker *worker = late_worker;
	int kept = errno;

	(void)signal_number;
	/* Somebody else's signal: only the master ends a worker. */
	if (getppid() != worker->master)
		worker_orphan_note(worker);
	errno = kept;
}

void worker_late_init(struct worker *worker)
{
	const struct sigaction late = { .sa_handler = on_late, .sa_flags = SA_RESTART };
	const struct sigaction orphaned = { .sa_handler = on_orphaned };

	late_worker = worker;
	sigaction(SIGALRM, &late, NULL);
	sigaction(WORKER_ORPHAN_SIGNAL, &orphaned, NULL);
	prctl(PR_SET_PDEATHSIG, WORKER_ORPHAN_SIGNAL);
	if (getppid() != worker->master)
		raise(WORKER_ORPHAN_SIGNAL); /* it ended before the line above */
}

/* Before the worker's memory goes. Without a master the end that was set stays, for a close() that never returns. */
void worker_late_end(void)
{
	signal(WORKER_ORPHAN_SIGNAL, SIG_IGN);
	set_timer(0);
	signal(SIGALRM, SIG_IGN);
	late_worker = NULL;
}

/* One packet alone has none before it. */
void worker_batch_begin(struct worker *worker, unsigned packets)
{
	worker->in_batch = 1;
	if (packets < 2)
		return;
	worker->worked = 1;
	if (!worker->ticking)
		tick(worker);
}

void worker_batch_end(struct worker *worker)
{
	(void)worker_flush(worker);
	worker->in_batch = 0;
}
