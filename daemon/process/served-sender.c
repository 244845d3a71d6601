/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that sends a queue's verdicts where its workers may not: isolation: strict. */
#include "daemon/process/events.h"
#include "daemon/process/log.h"
#include "daemon/process/served.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define BIT(verdict) (1u << (verdict))

static bool is_strict(const struct plan *plan, size_t queue)
{
	return plan->config->queues[queue].isolation == ISOLATION_STRICT;
}

int served_need_sender(struct served *served, const struct plan *plan, size_t queue)
{
	int err;

	if (!is_strict(plan, queue))
		return 0;
	err = sender_is_open(&served->sender) ? 0 : sender_open(&served->sender, served->number);
	if (err || served->sender.pid > 0 || served->sender.refused || served->socket.fd < 0)
		return err;
	return sender_start(&served->sender, &served->socket, &plan->account);
}

const struct sender *served_sender(const struct served *served, const struct runner *runner)
{
	return is_strict(runner->plan, runner->queue) ? &served->sender : NULL;
}

/* What the handlers of a queue may do, and what becomes of packets without them. */
static struct ring_policy policy_of(const struct served *served)
{
	const struct config_queue *config = served_config(served);
	uint32_t may = served->now.plan->needs[served->now.queue].may;
	uint32_t on_error = config->on_error == PASS_DROP ? BIT(NF_DROP) : BIT(NF_ACCEPT);
	struct ring_policy policy;

	memset(&policy, 0, sizeof(policy)); /* compared as bytes */
	policy.bypass = config->when_down == PASS_ACCEPT;
	policy.verdicts = BIT(NF_ACCEPT) | on_error;
	if (may & NFV_MAY_DROP || config->default_verdict == PASS_DROP)
		policy.verdicts |= BIT(NF_DROP);
	if (may & NFV_MAY_REPEAT)
		policy.verdicts |= BIT(NF_REPEAT);
	if (may & NFV_MAY_QUEUE)
		policy.verdicts |= BIT(NF_QUEUE);
	/* What a dead predecessor had in hand; and, of one without a master, what it leaves at its end. */
	policy.until = (served->repeats ? BIT(NF_REPEAT) : on_error) | (policy.bypass ? BIT(NF_ACCEPT) : BIT(NF_DROP));
	policy.mark_mask = may & NFV_MAY_MARK ? (uint32_t)config->mark_mask : 0;
	policy.rewrites = may & NFV_MAY_REWRITE;
	return policy;
}

/* Those of the sender are its own from here on, whatever was counted before by other ways. */
static struct ring_totals counted(const struct served *served)
{
	const struct queue_counters *c = &served_shared(served)->counters;

	return (struct ring_totals){
		.accepted = c->accepted, .dropped = c->dropped, .repeated = c->repeated,
		.requeued = c->requeued, .marked = c->marked,   .rewritten = c->rewritten,
	};
}

/*
 * What the worker counted as sent when it published it, and what was refused or behind that, is still in the kernel's queue
 * and will be decided by its successor. Only what the sender sent counts.
 */
void served_count_sent(struct served *served)
{
	struct shared *shared = runner_shared(&served->now);
	const struct ring_totals *base = &sender_state(&served->sender)->base;
	const struct ring_totals *sent = sender_totals(&served->sender);
	struct queue_counters *c = &shared->counters;

	c->accepted = base->accepted + sent->accepted;
	c->dropped = base->dropped + sent->dropped;
	c->repeated = base->repeated + sent->repeated;
	c->requeued = base->requeued + sent->requeued;
	c->marked = base->marked + sent->marked;
	c->rewritten = base->rewritten + sent->rewritten;
	shared->sending = (struct shared_sending){ 0 };
	shared->slots_mixed = 1; /* there may be more than those of the last receive */
	shared->sent_until = sent->known ? sent->last_id : shared->progress.packet_id - 1;
}

void served_finish_sender(struct served *served)
{
	struct sender *sender = &served->sender;

	if (!sender_is_open(sender) || sender_finish(sender, &served->socket, &served->now.plan->account))
		return;
	served_count_sent(served);
	sender_reset(sender);
}

void served_choose_sender(struct served *served)
{
	struct sender *sender = &served->sender;
	struct ring_policy policy;

	if (!is_strict(served->now.plan, served->now.queue)) {
		/* The new worker sends itself: what the old one decided goes first. */
		served_finish_sender(served);
		sender_close(sender);
		return;
	}
	if (sender_totals(sender)->taken == 0)
		sender_state(sender)->base = counted(served);
	policy = policy_of(served);
	sender_allow(sender, &policy);
}

void served_settle_refused(struct served *served)
{
	if (!served->sender.refused)
		return;
	served_count_sent(served);
	sender_reset(&served->sender);
}

bool served_reap_sender(struct served *served)
{
	struct sender *sender = &served->sender;
	int status;

	if (sender->pid <= 0 || waitpid(sender->pid, &status, WNOHANG) != sender->pid)
		return false;
	sender_ended(sender, status);
	if (!sender->refused)
		return true;
	if (served->now.pid > 0) {
		log_error("queue %u: worker %d is killed: what it decides cannot be believed", served->number,
			  (int)served->now.pid);
		kill(served->now.pid, SIGKILL);
	} else {
		served_settle_refused(served);
	}
	return true;
}

int served_restart_sender(struct served *served, uint64_t now_ns)
{
	struct sender *sender = &served->sender;

	if (sender->pid > 0 || !sender->restart_at_ns || sender->restart_at_ns > now_ns)
		return 0;
	return sender_start(sender, &served->socket, &served->now.plan->account);
}
