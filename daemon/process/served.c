/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/served.h"

#include "daemon/process/descriptors.h"
#include "daemon/process/events.h"
#include "daemon/process/log.h"
#include "daemon/process/worker.h"
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

static struct queue_wants wants_of(const struct config_queue *config, const struct plan_needs *needs, uint16_t number)
{
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
static void log_bound(const struct served *served, const struct queue_wants *wants)
{
	static const char *const modes[] = { "none", "meta", "packet" };
	const struct queue_socket *socket = &served->socket;

	log_info("queue %u: bound, copy %s, range %u, max-length %u, receive buffer %u bytes", socket->number,
		 modes[wants->copy_mode], wants->range, wants->max_length, socket->receive_buffer);
	if (wants->copy_mode == NFQNL_COPY_NONE)
		log_warning("queue %u: copy: none: the kernel drops every packet, when-down or not", socket->number);
	if (socket->receive_buffer < wants->receive_buffer)
		log_warning("queue %u: receive buffer is %u bytes, %u were asked for (net.core.rmem_max)", socket->number,
			    socket->receive_buffer, wants->receive_buffer);
	for (uint32_t flag = 1; flag && flag <= socket->refused_flags; flag <<= 1)
		if (socket->refused_flags & flag)
			log_warning("queue %u: the kernel has no %s for queues; going on without", socket->number,
				    queue_flag_name(flag));
}

int served_open(struct served *served, const struct plan *plan, size_t queue, uint16_t number, int cpu, char *why,
		size_t why_size)
{
	const struct config_queue *config = &plan->config->queues[queue];
	struct queue_wants wants = wants_of(config, &plan->needs[queue], number);
	char name[32];
	int err;

	*served = (struct served){
		.plan = plan,
		.queue = queue,
		.number = number,
		.cpu = cpu,
		.channel = -1,
		.crash_folder = -1,
		.socket.fd = -1,
		.shared.fd = -1,
		.slots.fd = -1,
		.slot_size = receive_slot_size(wants.range),
	};
	snprintf(name, sizeof(name), "nfv-shared-%u", number);
	err = region_create(&served->shared, name, shared_size(config->handlers.count));
	if (err == 0)
		err = region_map(&served->shared);
	/* Workers inherit the mapping; with many queues each descriptor counts. */
	if (err == 0)
		region_close_descriptor(&served->shared);
	snprintf(name, sizeof(name), "nfv-slots-%u", number);
	if (err == 0)
		err = region_create(&served->slots, name, config->batch * served->slot_size);
	if (err) {
		snprintf(why, why_size, "shared memory: %s", strerror(-err));
		return err;
	}
	err = queue_open(&served->socket, &wants, why, why_size);
	if (err == 0)
		log_bound(served, &wants);
	return err;
}

/* ---- The worker ---- */

/* A worker must not reach the queues of others. */
static void drop_descriptors(const struct served *served, int channel)
{
	const struct plan *plan = served->plan;
	size_t count = plan->config->handler_count;
	int *keep = calloc(count + 3, sizeof(*keep));

	if (!keep)
		exit(1);
	for (size_t i = 0; i < count; i++)
		keep[i] = plan->plugins[i].fd;
	keep[count] = served->socket.fd;
	keep[count + 1] = served->slots.fd;
	keep[count + 2] = channel;
	descriptors_keep(keep, count + 3);
	free(keep);
}

static void run_worker(struct served *served, pid_t master, int channel, bool successor, uint32_t last_id)
{
	const struct worker_setup setup = {
		.plan = served->plan,
		.queue = served->queue,
		.socket = &served->socket,
		.shared = &served->shared,
		.slots = &served->slots,
		.slot_size = served->slot_size,
		.cpu = served->cpu,
		.master = master,
		.channel = channel,
		.foreground = served->foreground,
		.successor = successor,
		.repeats = served->repeats,
		.predecessor_last_id = last_id,
		.poisoned = successor && served->poisoned,
		.poison_id = served->poison_id,
		.quarantined = served->quarantined,
	};

	drop_descriptors(served, channel);
	exit(worker_run(&setup));
}

int served_start(struct served *served)
{
	struct shared *shared = served->shared.memory;
	uint32_t last_id = shared->last_id;
	struct queue_status status;
	const pid_t master = getpid();
	int pair[2], err;

	/*
	 * Before the successor receives anything: what it then finds in the socket is not among the dead worker's
	 * packets.
	 */
	if (queue_status_read(served->number, &status))
		last_id = status.last_id;
	shared->progress = (struct chain_progress){ 0 };
	served->deadline = (struct deadline){ 0 };
	served->hung = false;
	err = channel_pair(pair);
	if (err)
		return err;
	fflush(NULL);
	served->pid = fork();
	if (served->pid < 0) {
		err = -errno;
		served->pid = 0;
		close(pair[0]);
		close(pair[1]);
		return err;
	}
	if (served->pid == 0) {
		close(pair[0]);
		run_worker(served, master, pair[1], served->started_once, last_id);
	}
	close(pair[1]);
	served->channel = pair[0];
	served->ready = false;
	served->started_once = true;
	served->started_ns = events_now_ns();
	served->restart_at_ns = 0;
	return 0;
}

void served_tell(const struct served *served, enum channel_type type)
{
	const struct channel_message message = { .type = type };

	if (served->channel < 0 || served->pid <= 0)
		return;
	kill(served->pid, channel_send(served->channel, &message) < 0 ? SIGKILL : SERVED_WAKE_SIGNAL);
}

/*
 * Where /proc does not tell the newest id (in a user namespace), one that is later than any; ids are compared as they
 * wrap.
 */
void served_let_go(struct served *served)
{
	uint32_t verdict = served_config(served)->when_down == PASS_ACCEPT ? NF_ACCEPT : NF_DROP;
	uint32_t last_id = served_shared(served)->last_id + INT32_MAX / 2;
	struct queue_status status;

	if (served->socket.fd < 0)
		return;
	if (queue_status_read(served->number, &status)) {
		if (status.waiting == 0)
			return;
		last_id = status.last_id;
		served->left = status.waiting;
		log_warning("queue %u: %u packets were left and %s", served->number, status.waiting,
			    verdict == NF_ACCEPT ? "let go (when-down: accept)" : "dropped (when-down: drop)");
	}
	(void)queue_decide_all(&served->socket, last_id, verdict);
}

void served_close(struct served *served)
{
	if (served->channel >= 0)
		close(served->channel);
	served->channel = -1;
	served_saved(served, true);
	queue_close(&served->socket);
	region_close(&served->slots);
	region_close(&served->shared);
	free(served->crashes);
	served->crashes = NULL;
}
