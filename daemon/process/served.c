/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/served.h"

#include "daemon/process/cpus.h"
#include "daemon/process/door.h"
#include "daemon/process/log.h"
#include "daemon/process/notify.h"
#include "daemon/queue/receive.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEND_BUFFER_BYTES      (1024 * 1024)
#define RECEIVE_BUFFER_LEAST   (4u << 20)
#define RECEIVE_BUFFER_MOST    (64u << 20)
#define RECEIVE_BYTES_USUAL    2048u /* of a packet, when the whole of it is asked for: most are not super-packets */
#define RECEIVE_BYTES_OVERHEAD 1024u /* the kernel charges about this much more than the copied bytes */

/* ---- Binding ---- */

/* Bytes of each packet to copy; 0: none at all. */
static uint32_t copy_range(const struct config_queue *config, const struct plan_needs *needs)
{
	if (config->copy != COPY_PACKET)
		return 0;
	if (config->range == CONFIG_RANGE_AUTO)
		return needs->bytes > NFV_NEEDS_ALL ? NFV_NEEDS_ALL : needs->bytes;
	return (uint32_t)config->range;
}

static uint32_t receive_buffer(const struct config_queue *config, uint32_t range)
{
	uint64_t bytes;

	if (config->receive_buffer != CONFIG_RECEIVE_BUFFER_AUTO)
		return (uint32_t)config->receive_buffer;
	bytes = config->max_length * ((range < RECEIVE_BYTES_USUAL ? range : RECEIVE_BYTES_USUAL) + RECEIVE_BYTES_OVERHEAD);
	if (bytes < RECEIVE_BUFFER_LEAST)
		return RECEIVE_BUFFER_LEAST;
	return bytes > RECEIVE_BUFFER_MOST ? RECEIVE_BUFFER_MOST : (uint32_t)bytes;
}

static struct queue_wants wants_of(const struct plan *plan, size_t queue, uint16_t number)
{
	const struct config_queue *config = &plan->config->queues[queue];
	const struct plan_needs *needs = &plan->needs[queue];
	struct queue_wants wants = {
		.number = number,
		.copy_mode = NFQNL_COPY_NONE,
		.range = copy_range(config, needs),
		.max_length = (uint32_t)config->max_length,
		.send_buffer = SEND_BUFFER_BYTES,
	};

	/* A range of 0 would mean everything to the kernel. */
	if (config->copy != COPY_NONE)
		wants.copy_mode = wants.range > 0 ? NFQNL_COPY_PACKET : NFQNL_COPY_META;
	wants.receive_buffer = receive_buffer(config, wants.range);
	if (config->when_full == PASS_ACCEPT)
		wants.flags |= NFQA_CFG_F_FAIL_OPEN;
	if (!(needs->may & NFV_MAY_REWRITE))
		wants.flags |= NFQA_CFG_F_GSO;
	if (config->uid_gid || needs->metadata & (NFV_META_UID | NFV_META_GID))
		wants.optional_flags |= NFQA_CFG_F_UID_GID;
	if (config->secctx || needs->metadata & NFV_META_SECCTX)
		wants.optional_flags |= NFQA_CFG_F_SECCTX;
	if (config->conntrack || needs->metadata & NFV_META_CONNTRACK)
		wants.optional_flags |= NFQA_CFG_F_CONNTRACK;
	return wants;
}

/* What took effect, as far as it is not what was asked for. */
static void log_parameters(const struct served *served, const char *how)
{
	static const char *const modes[] = { "none", "meta", "packet" };
	const struct queue_wants *wants = &served->wants;
	const struct queue_socket *socket = &served->socket;

	log_info("queue %u: %s, copy %s, range %u, max-length %u, receive buffer %u bytes", socket->number, how,
		 modes[wants->copy_mode], wants->range, wants->max_length, socket->receive_buffer);
	if (wants->copy_mode == NFQNL_COPY_NONE)
		log_warning("queue %u: copy: none: the kernel drops every packet, when-down or not", socket->number);
	if (socket->receive_buffer < wants->receive_buffer)
		log_warning("queue %u: receive buffer is %u bytes, %u were asked for (net.core.rmem_max)", socket->number,
			    socket->receive_buffer, wants->receive_buffer);
}

static void warn_of_refused(const struct served *served, uint32_t flags)
{
	for (uint32_t flag = 1; flag && flag <= flags; flag <<= 1)
		if (flags & flag)
			log_warning("queue %u: the kernel has no %s for queues; going on without", served->number,
				    queue_flag_name(flag));
}

void served_forget(struct served *served, uint16_t number)
{
	*served = (struct served){
		.number = number,
		.crash_folder = -1,
		.socket.fd = -1,
		.door = -1,
		.now = RUNNER_NONE,
		.next = RUNNER_NONE,
		.old = RUNNER_NONE,
		.sender = SENDER_NONE,
	};
}

/* A socket that was bound before us. Packets may be in the hands of whoever had it, and were copied as he asked. */
static bool adopt_kept(struct served *served, int kept)
{
	struct queue_status status;
	char why[256];

	if (kept < 0)
		return false;
	if (queue_adopt(&served->socket, kept, served->number, why, sizeof(why)) < 0) {
		log_warning("queue %u: what the service manager kept is of no use: %s", served->number, why);
		close(kept);
		return false;
	}
	if (queue_status_read(served->number, &status) && status.range > served->wants.range)
		served->wants.range = status.range;
	served->in_hand = served->stored = true;
	return true;
}

static int bind_or_change(struct served *served, struct plan *plan, size_t queue, bool adopted, char *why, size_t why_size)
{
	int err;

	served->wants = wants_of(plan, queue, served->number);
	if (!adopted) {
		err = queue_open(&served->socket, &served->wants, why, why_size);
		if (!err)
			log_parameters(served, "bound");
		return err;
	}
	err = queue_change(&served->socket, &served->wants);
	if (err)
		snprintf(why, why_size, "setting its parameters: %s", strerror(-err));
	else
		log_parameters(served, "taken from the service manager");
	return err;
}

int served_open(struct served *served, struct plan *plan, size_t queue, uint16_t number, int kept, char *why,
		size_t why_size)
{
	bool adopted;
	int err;

	served_forget(served, number);
	served->wants = wants_of(plan, queue, number);
	adopted = adopt_kept(served, kept);
	err = runner_open(&served->now, plan, queue, number, receive_slot_size(served->wants.range));
	if (err) {
		snprintf(why, why_size, "shared memory: %s", strerror(-err));
		return err;
	}
	err = served_need_sender(served, plan, queue);
	if (err) {
		snprintf(why, why_size, "memory for decisions: %s", strerror(-err));
		return err;
	}
	err = bind_or_change(served, plan, queue, adopted, why, why_size);
	if (err)
		return err;
	warn_of_refused(served, served->socket.refused_flags);
	served->door = door_open(number);
	if (served->door < 0)
		log_warning("queue %u: no other nfverdictd will find whom to ask for it: %s", number,
			    strerror(-served->door));
	return 0;
}

/* ---- Workers ---- */

static struct runner_place place_of(const struct served *served, const struct runner *runner, uint64_t quarantined)
{
	const struct config_queue *config = runner_config(runner);
	struct queue_wants wants = wants_of(runner->plan, runner->queue, served->number);

	/* Some of what waits was copied with what the one before it asked for. */
	if (wants.range < served->wants.range)
		wants.range = served->wants.range;
	return (struct runner_place){
		.socket = &served->socket,
		.sender = served_sender(served, runner),
		.door = served->door,
		.wants = wants,
		.cpu = cpus_pick(&config->cpus, served->number - config->numbers.first),
		.crash_folder = served->crash_folder,
		.foreground = served->foreground,
		.quarantined = quarantined,
	};
}

int served_start(struct served *served)
{
	const struct runner_place place = place_of(served, &served->now, served->quarantined);
	int err = served_need_sender(served, served->now.plan, served->now.queue);

	if (!err)
		served_choose_sender(served);
	if (!err)
		err = runner_start(&served->now, &place);
	if (!err)
		served->restart_at_ns = 0;
	return err;
}

/*
 * The newest id is read before the successor receives anything: what it then finds in the socket is not among the dead
 * worker's packets.
 */
void served_go(struct served *served)
{
	struct shared *shared = runner_shared(&served->now);
	struct channel_message go = {
		.type = CHANNEL_GO,
		.value = (served->in_hand ? CHANNEL_GO_SUCCESSOR : 0) | (served->repeats ? CHANNEL_GO_REPEATS : 0) |
			 (served->in_hand && served->poisoned ? CHANNEL_GO_POISONED : 0) |
			 (served->in_hand && served->careful ? CHANNEL_GO_CAREFUL : 0) |
			 (served->in_hand && served->distrusted ? CHANNEL_GO_SETTLES : 0) |
			 (served->in_hand && served->scribbled ? CHANNEL_GO_TELLS : 0),
		.extra = shared->last_id,
		.more = served->poison_id,
	};
	struct queue_status status;

	if (queue_status_read(served->number, &status))
		go.extra = status.last_id;
	shared->recovering = served->in_hand;
	served->in_hand = true;
	served->now.going = true;
	runner_send(&served->now, &go);
}

/* Packets that already wait were copied with the old range: they must fit. */
static uint32_t widest(struct served *served)
{
	struct queue_status status;

	if (served->widest < served->wants.range || (queue_status_read(served->number, &status) && status.waiting == 0))
		served->widest = served->wants.range;
	return served->widest;
}

int served_prepare(struct served *served, struct plan *plan, size_t queue, uint64_t quarantined)
{
	const struct queue_wants wants = wants_of(plan, queue, served->number);
	const uint32_t range = wants.range > widest(served) ? wants.range : widest(served);
	struct runner_place place;
	int err = runner_open(&served->next, plan, queue, served->number, receive_slot_size(range));

	if (!err)
		err = served_need_sender(served, plan, queue);
	if (!err) {
		place = place_of(served, &served->next, quarantined);
		err = runner_start(&served->next, &place);
	}
	if (err)
		runner_close(&served->next);
	served->next_quarantined = quarantined;
	return err;
}

static bool same_wants(const struct queue_wants *a, const struct queue_wants *b)
{
	return a->copy_mode == b->copy_mode && a->range == b->range && a->max_length == b->max_length &&
	       a->flags == b->flags && a->optional_flags == b->optional_flags && a->receive_buffer == b->receive_buffer &&
	       a->send_buffer == b->send_buffer;
}

/* While nobody receives: the answers go to whoever does next. */
static void change_parameters(struct served *served)
{
	const struct queue_wants wants = wants_of(served->now.plan, served->now.queue, served->number);
	int err;

	if (same_wants(&wants, &served->wants))
		return;
	err = queue_change(&served->socket, &wants);
	if (err)
		log_error("queue %u: its parameters cannot be changed: %s", served->number, strerror(-err));
	served->wants = wants;
	log_parameters(served, "changed");
	warn_of_refused(served, served->socket.refused_flags & wants.optional_flags);
}

void served_configured(struct served *served, uint32_t answered, int error)
{
	if (queue_changed(&served->socket, answered, error))
		return;
	if (answered == QUEUE_CHANGE_PARAMETERS)
		log_error("queue %u: the kernel refused its new parameters: %s", served->number, strerror(error));
	else
		warn_of_refused(served, answered);
}

void served_switch(struct served *served)
{
	runner_inherit(&served->next, &served->now);
	served_settle(served);
	served->old = served->now;
	/* What another master left is kept until there is no way back to that. */
	if (served->old.pid == 0 && !served->old.plan->adopted)
		runner_close(&served->old);
	served->now = served->next;
	served->next = RUNNER_NONE;
	served->quarantined = served->next_quarantined;
	free(served->crashes);
	served->crashes = NULL;
	served->failures = served->failed_starts = 0;
	served->restart_at_ns = 0;
	change_parameters(served);
	served_choose_sender(served);
	if (served->now.ready)
		served_go(served);
}

/* ---- The end ---- */

static void count_left(struct served *served, const struct queue_status *status)
{
	struct shared *shared = runner_shared(&served->now);
	struct queue_counters *counters = &shared->counters;
	uint64_t known =
		counters->accepted + counters->dropped + counters->repeated + counters->requeued + counters->recovered;
	uint64_t in_hand = counters->received > known ? counters->received - known : 0;
	uint32_t behind = status->last_id - (shared->last_id_known ? shared->last_id : 0);

	served->left = status->waiting;
	/* Those that the last worker had were seen, and are not decided by it; the others are no gap that it did not see. */
	served->left_in_hand = in_hand < status->waiting ? in_hand : status->waiting;
	if (behind > status->waiting - served->left_in_hand)
		counters->lost += behind - (status->waiting - served->left_in_hand);
	shared->last_id = status->last_id;
	shared->last_id_known = 1;
}

/*
 * Rules that are not ours, or that could not be removed, still steer packets in. With a service manager that keeps the socket
 * they wait for the next start.
 */
static void shut(const struct served *served, bool pass)
{
	int err = notify_wanted() ? 0 : queue_shut(&served->socket, pass);

	if (err)
		log_error("queue %u: cannot be shut: %s", served->number, strerror(-err));
}

/*
 * Where /proc does not tell the newest id (in a user namespace), one that is later than any; ids are compared as they
 * wrap.
 */
void served_let_go(struct served *served)
{
	struct queue_status status;
	uint32_t last_id, verdict;
	int err;

	if (served->socket.fd < 0)
		return;
	served_finish_sender(served);
	verdict = served_config(served)->when_down == PASS_ACCEPT ? NF_ACCEPT : NF_DROP;
	shut(served, verdict == NF_ACCEPT);
	last_id = served_shared(served)->last_id + INT32_MAX / 2;
	if (queue_status_read(served->number, &status)) {
		if (status.waiting == 0)
			return;
		last_id = status.last_id;
		count_left(served, &status);
		log_warning("queue %u: %u packets were left and %s", served->number, status.waiting,
			    verdict == NF_ACCEPT ? "let go (when-down: accept)" : "dropped (when-down: drop)");
	}
	err = queue_decide_all(&served->socket, last_id, verdict);
	if (err)
		log_error("queue %u: what was left could not be let go: %s", served->number, strerror(-err));
}

void served_close(struct served *served)
{
	served_saved(served, true);
	served_finish_sender(served);
	sender_close(&served->sender);
	queue_close(&served->socket);
	if (served->door >= 0)
		close(served->door);
	served->door = -1;
	for (size_t i = 0; i < SERVED_RUNNERS; i++)
		runner_close(served_runner(served, i));
	free(served->crashes);
	served->crashes = NULL;
}
