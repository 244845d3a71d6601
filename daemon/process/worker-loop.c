/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The path of a packet: receive, decode, handler chain, verdict sink. */
#include "daemon/process/log.h"
#include "daemon/process/worker-private.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#define PAUSE_AUTO_NS   100000u /* coalesce: auto, like the rx-usecs of a network card */
#define PAUSE_BYTES_MAX 32768u /* a batch that carried more is bulk traffic, which a pause would slow down */
#define FINISH_NS       1000000000u /* at the end, for what is still in the socket */
#define HEARTBEAT_MS    1000 /* between two turns at most, so that a look from outside can tell an idle worker from one that is stuck */
#define PRINT_RETRY_MS  100 /* while standard output or the master takes no more */
#define NO_MEMORY_PAUSE_NS 1000000u /* of the kernel's, for what it was to hand over */
#define LOOK_AFTER_NS   10000000u /* under load, how often other descriptors and timers get their turn */

/* ---- Messages ---- */

/*
 * The kernel counts ids up after it saw that the queue has room and before it delivers, so what is missing between two
 * was lost (or let pass, with when-full: accept) for want of room in the socket. A successor cannot know what its
 * predecessor still saw.
 */
static void count_gap(struct worker *worker, uint32_t id)
{
	struct shared *shared = worker->shared;
	uint32_t gap = id - shared->last_id - 1;

	if (shared->last_id_known && !worker->recovering && gap < INT32_MAX)
		worker->counters->lost += gap;
	shared->last_id = id;
	shared->last_id_known = 1;
}

/* The master asked, and we are the one who reads. */
static void pass_on(const struct worker *worker, const struct message_answer *answer)
{
	const struct channel_message message = {
		.type = CHANNEL_CONFIGURED,
		.value = answer->sequence,
		.extra = (uint32_t)answer->error,
	};

	(void)channel_send(worker->setup->channel, &message);
}

/*
 * An answer to a verdict is never asked for, so it is an error: a packet that went away meanwhile, or something that ought to be
 * known.
 */
static void count_answer(struct worker *worker, const struct message_answer *answer)
{
	unsigned number = answer->error > 0 && answer->error < COUNTERS_ERRNOS ? (unsigned)answer->error : 0;

	if (answer->error == 0)
		return;
	/* There was nothing to repeat: the predecessor died with empty hands. */
	if (answer->error == ENOENT && worker->go.successor && answer->sequence == worker->repeated_until)
		return;
	worker->counters->errors[number]++;
	if (worker->answered[number / 8] & 1u << number % 8)
		return;
	worker->answered[number / 8] |= (unsigned char)(1u << number % 8);
	log_write(answer->error == ENOENT ? NFV_LOG_DEBUG : NFV_LOG_WARNING,
		  "queue %u: the kernel refused a verdict for packet %u: %s; further ones are only counted", worker->number,
		  answer->sequence, strerror(answer->error));
}

static size_t payload_bytes(const struct nfv_packet *packet)
{
	/* With copy: meta the length is not told, but that it is a super-packet is. */
	if (packet->original_len == 0 && packet->flags & NFV_GSO)
		return PAUSE_BYTES_MAX;
	return packet->original_len;
}

/* What is known of a packet before handlers see it. */
static void take_packet(struct worker *worker, const struct nfv_packet *packet)
{
	if (worker->recovering)
		worker_recover(worker, true, packet->id);
	count_gap(worker, packet->id);
	worker->counters->received++;
	worker->counters->received_bytes += packet->captured_len;
	worker->batch_bytes += payload_bytes(packet);
	worker->batch_count++;
}

/* Decodes one message of a receive. True when it is a packet, which the struct then views. */
static bool decode(struct worker *worker, unsigned i, struct nfv_packet *packet)
{
	struct receiver *receiver = &worker->receiver;
	struct message_answer answer;

	switch (message_decode(receiver->slots[i].iov_base, receiver->slot_size, receive_len(receiver, i), packet, &answer)) {
	case MESSAGE_ODD:
		worker->counters->cut += receive_cut(receiver, i);
		worker->counters->malformed += !receive_cut(receiver, i);
		/* fall through */
	case MESSAGE_PACKET:
		take_packet(worker, packet);
		return true;
	case MESSAGE_ANSWER:
		if (answer.type == NFQNL_MSG_CONFIG)
			pass_on(worker, &answer);
		else
			count_answer(worker, &answer);
		return false;
	case MESSAGE_MALFORMED:
		worker->counters->malformed++;
		return false;
	case MESSAGE_OTHER:
		return false;
	}
	return false;
}

/* Where no handler can write over it, for as long as packets are judged one by one. */
static void tell_packet(struct worker *worker, uint32_t id)
{
	const struct channel_message message = {
		.type = CHANNEL_JUDGES,
		.value = id,
		.extra = worker->shared->careful > 0,
	};

	(void)channel_send(worker->setup->channel, &message);
	worker->go.tells = message.extra;
}

/* Each packet through the chain before the next is looked at: one view, which stays in the processor's first cache. */
static void judge_one_by_one(struct worker *worker, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (!decode(worker, i, worker->batch[0]))
			continue;
		if (worker->go.tells)
			tell_packet(worker, worker->batch[0]->id);
		chain_run(&worker->chain, worker->batch, 1);
	}
}

/* For handlers that want many at once. */
static void judge_together(struct worker *worker, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		(void)decode(worker, i, worker->batch[worker->batch_count]);
	chain_run(&worker->chain, worker->batch, worker->batch_count);
}

/* One receive's worth. */
static void serve_batch(struct worker *worker, unsigned count)
{
	uint64_t now;

	worker->batch_count = 0;
	worker->batch_bytes = 0;
	worker_batch_begin(worker, count);
	if (worker->chain.batched && !worker->shared->careful)
		judge_together(worker, count);
	else
		judge_one_by_one(worker, count);
	worker_batch_end(worker);
	now = events_now_ns();
	worker->counters->receives++;
	worker->counters->batch_sizes[counters_bucket(worker->batch_count)]++;
	worker->counters->batch_times[counters_bucket(now - worker->opened_ns)]++;
	worker->shared->heartbeat_ns = now;
}

/*
 * Most of the cost at moderate rates is one wakeup a packet. When packets come faster than they are served, a short
 * sleep lets the next receive bring several. A lone packet is never followed by one: request and response keep their
 * latency. Bulk traffic would be slowed down by a sleep; there the worker only steps back for whoever wants its
 * processor, sender and receiver mostly, and finds several packets afterwards. True when more may have come.
 */
static bool pause_for_more(struct worker *worker)
{
	const struct timespec pause = { .tv_nsec = (long)worker->pause_ns };

	if (!worker->pause_ns)
		return false;
	if (worker->batch_bytes >= PAUSE_BYTES_MAX) {
		sched_yield();
		return true;
	}
	if (worker->batch_count < 2)
		return false;
	worker->counters->pauses++;
	nanosleep(&pause, NULL);
	return true;
}

/* A receive that brought nothing. True when there may be more at once. */
static bool received_nothing(struct worker *worker, int err)
{
	const struct timespec pause = { .tv_nsec = NO_MEMORY_PAUSE_NS };

	worker->look_around = true;
	switch (err) {
	case -EAGAIN:
		if (worker->recovering)
			worker_recover(worker, false, 0);
		return false;
	case -ENOBUFS:
		worker->counters->overruns++;
		return true;
	case -EINTR:
		return false;
	case -ENOMEM: /* the packets stay where they are */
		nanosleep(&pause, NULL);
		return true;
	default:
		log_error("queue %u: receive: %s", worker->number, strerror(-err));
		worker->broken = true;
		worker->stop = true;
		return false;
	}
}

/* One turn: true when there is more to come at once, false when the socket was seen empty. */
static bool turn(struct worker *worker, bool wait)
{
	bool recovered = !worker->recovering;
	int count = receive_messages(&worker->receiver, wait);

	if (recovered && (count >= 0 || count == -EAGAIN) && count < (int)worker->receiver.batch)
		worker->caught_up = true;
	if (count <= 0)
		return received_nothing(worker, count);
	worker->opened_ns = events_now_ns();
	serve_batch(worker, (unsigned)count);
	if (worker_has_more_to_say(worker))
		worker_say_more(worker);
	if ((unsigned)count == worker->receiver.batch)
		return true;
	return pause_for_more(worker);
}

/*
 * When nothing but packets is waited for, the receive itself waits: one system call less for a packet that comes alone. The
 * master's words are then announced by a signal, and looked for once a second at least.
 */
static bool may_wait_in_receive(const struct worker *worker)
{
	return !worker->events.next_due_ns && worker->events.watching == WORKER_OWN_WATCHES &&
	       !worker_has_more_to_say(worker);
}

/* Gives timers and other descriptors their turn: when there is nothing else to do, and now and then under load. */
static int look_around(struct worker *worker, bool wait)
{
	int err;

	if (worker->relieved)
		worker_orphan_begin(worker);
	else if (worker->deaf)
		worker_orphan_listen(worker);
	if (!wait && !worker->look_around && worker->opened_ns < worker->looked_ns + LOOK_AFTER_NS)
		return 0;
	err = events_wait(&worker->events, !wait ? 0 : worker_has_more_to_say(worker) ? PRINT_RETRY_MS : HEARTBEAT_MS);
	if (err) {
		log_error("queue %u: epoll: %s", worker->number, strerror(-err));
		return err;
	}
	worker->look_around = false;
	worker->looked_ns = events_now_ns();
	worker_guard(worker, worker->looked_ns);
	worker->shared->heartbeat_ns = worker->looked_ns;
	if (worker_has_more_to_say(worker))
		worker_say_more(worker);
	return 0;
}

/* The last packets: when the master says stop, rules lead here no more, and what the socket still holds can be decided. */
static void finish(struct worker *worker)
{
	uint64_t limit = events_now_ns() + FINISH_NS;
	int count;

	do {
		count = receive_messages(&worker->receiver, false);
		worker->opened_ns = events_now_ns();
		if (count > 0)
			serve_batch(worker, (unsigned)count);
	} while ((count > 0 || count == -ENOBUFS || count == -EINTR) && !worker->broken && events_now_ns() < limit);
}

/* Somebody else may still be serving the queue: nothing is received until the master says that it is our turn. */
static int stand_by(struct worker *worker)
{
	int err = 0;

	while (!err && !worker->stop && !worker->going)
		err = look_around(worker, true);
	if (err || worker->stop)
		return err;
	worker->recovering = worker->go.successor;
	if (worker->recovering)
		worker_hand_look(worker);
	return events_watch(&worker->events, worker->setup->socket->fd, EPOLLIN, NULL, NULL);
}

int worker_loop(struct worker *worker)
{
	bool more = true;
	int err = stand_by(worker);

	if (err)
		return err;
	while (!worker->stop) {
		bool in_receive = !more && may_wait_in_receive(worker);

		err = look_around(worker, !more && !in_receive);
		if (err)
			return err;
		if (!worker->stop)
			more = turn(worker, in_receive);
	}
	if (worker->going && !worker->broken && !worker->leaving)
		finish(worker);
	return worker->broken ? -EIO : 0;
}

/* The socket is shared with the master, which never waits on it. */
static int limit_waits(const struct worker *worker)
{
	const struct timeval limit = { .tv_sec = 1 };

	return setsockopt(worker->setup->socket->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ? -errno : 0;
}

static uint64_t pause_of(const struct config_queue *config)
{
	if (config->coalesce == CONFIG_COALESCE_AUTO)
		return PAUSE_AUTO_NS;
	return config->coalesce == CONFIG_COALESCE_OFF ? 0 : config->coalesce * 1000;
}

int worker_loop_init(struct worker *worker)
{
	const struct worker_setup *setup = worker->setup;

	receive_init(&worker->receiver, setup->socket->fd, &worker->slots, (unsigned)worker->config->batch,
		     setup->slot_size);
	for (unsigned i = 0; i < RECEIVE_BATCH_MAX; i++)
		worker->batch[i] = &worker->packets[i];
	worker->pause_ns = pause_of(worker->config);
	worker->chain = (struct chain){
		.handlers = worker->instances.handlers,
		.count = worker->instances.count,
		.default_verdict = worker->config->default_verdict == PASS_DROP ? NFV_DROP : NFV_ACCEPT,
		.on_error = worker->config->on_error == PASS_DROP ? NFV_DROP : NFV_ACCEPT,
		.mark_mask = (uint32_t)worker->config->mark_mask,
		.progress = &worker->shared->progress,
		.decided = worker_decided,
		.context = worker,
	};
	if (setup->quarantined && worker->config->quarantine == QUARANTINE_ON_ERROR) {
		worker->chain.count = 0;
		worker->chain.default_verdict = worker->chain.on_error;
	}
	chain_prepare(&worker->chain);
	worker_late_init(worker);
	worker->sink = worker->ring.memory ? sink_ring_new(worker->ring.memory, worker_may_wait, worker, worker->counters)
					   : sink_direct_new(setup->socket->fd, worker->number, setup->socket->send_buffer,
							     worker->counters, &worker->shared->receipt);
	if (!worker->sink)
		return -ENOMEM;
	return limit_waits(worker);
}
