/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The path of a packet: receive, decode, handler chain, verdict sink. */
#include "daemon/process/log.h"
#include "daemon/process/worker-private.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#define PAUSE_AUTO_NS     60000u    /* coalesce: auto, like the rx-usecs of a network card */
#define PAUSE_BYTES_MAX   32768u    /* a batch that carried more is bulk traffic, which a pause would slow down */
#define FLUSH_AFTER_NS    500000u   /* a slow handler delays the verdicts of packets before it by no more than about this */
#define FINISH_NS         1000000000u /* at the end, for what is still in the socket */
#define PRINT_RETRY_MS    100         /* while standard output takes no more */
#define LOOK_AFTER_NS     10000000u /* under load, how often other descriptors and timers get their turn */

/* ---- Verdicts ---- */

static void give_up(struct worker *worker, int err)
{
	if (!worker->broken)
		log_error("queue %u: verdicts cannot be sent: %s", worker->number, strerror(-err));
	worker->broken = true;
	worker->stop = true;
}

static void count_sent(struct shared *shared)
{
	struct queue_counters *counters = &shared->counters;
	const struct shared_sending *sent = &shared->sending;

	counters->accepted += sent->accepted;
	counters->dropped += sent->dropped;
	counters->repeated += sent->repeated;
	counters->requeued += sent->requeued;
	counters->marked += sent->marked;
	counters->rewritten += sent->rewritten;
	counters->failed += sent->failed;
	shared->sending = (struct shared_sending){ 0 };
}

/*
 * Most of a worker's time goes by in this call: the packets' way through the rest of the stack is in it. The kernel ends it also
 * when the worker is killed meanwhile, so what is on its way is noted first.
 */
static int flush(struct worker *worker)
{
	int err;

	worker->shared->sending = worker->pending;
	worker->pending = (struct shared_sending){ 0 };
	err = sink_flush(worker->sink);
	if (err) {
		worker->shared->sending = (struct shared_sending){ 0 };
		give_up(worker, err);
		return err;
	}
	count_sent(worker->shared);
	return 0;
}

/*
 * The clock is looked at after 1, 2, 4, 8 … decisions since the last flush: so the oldest decision waits at most about twice
 * the limit, however slow a handler is, and a fast one pays for a few looks in a batch.
 */
static void flush_when_late(struct worker *worker)
{
	if (++worker->decided_since_look < worker->look_after)
		return;
	worker->decided_since_look = 0;
	worker->look_after *= 2;
	if (events_now_ns() - worker->opened_ns < FLUSH_AFTER_NS)
		return;
	if (flush(worker) == 0)
		worker->opened_ns = events_now_ns();
	worker->look_after = 1;
}

/* The kernel's word for a verdict. The chain gives only four; for another one nobody is cut off. */
static uint32_t kernel_verdict(const struct worker *worker, nfv_verdict verdict)
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

static void count_decision(struct worker *worker, const struct chain_decision *decision)
{
	struct shared_sending *pending = &worker->pending;
	uint32_t kind = decision->verdict & 0xffff;

	pending->dropped += kind == NFV_DROP;
	pending->repeated += kind == NFV_REPEAT;
	pending->requeued += kind == NFV_TO_QUEUE;
	pending->accepted += kind != NFV_DROP && kind != NFV_REPEAT && kind != NFV_TO_QUEUE;
	pending->marked += decision->set_mark;
	pending->rewritten += decision->rewritten;
	pending->failed += decision->failed;
}

static void decided(void *context, size_t index, const struct chain_decision *decision)
{
	struct worker *worker = context;
	const struct nfv_packet *packet = worker->batch[index];
	struct coalesce_decision out = {
		.id = packet->id,
		.set_mark = decision->set_mark,
		.mark = packet->mark,
	};
	int err;

	if (decision->rewritten) {
		out.payload = packet->data;
		out.payload_len = packet->captured_len;
	}
	out.verdict = kernel_verdict(worker, decision->verdict);
	err = sink_decide(worker->sink, &out);
	if (err == -ENOSPC && flush(worker) == 0)
		err = sink_decide(worker->sink, &out);
	if (err) {
		give_up(worker, err);
		return;
	}
	count_decision(worker, decision);
	flush_when_late(worker);
}

/* ---- Messages ---- */

/*
 * The kernel counts ids up after it saw that the queue has room and before it delivers, so what is missing between two was lost
 * (or let pass, with when-full: accept) for want of room in the socket. A successor cannot know what its predecessor still saw.
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

/* What a dead predecessor had in hand goes through its hook once more; everything that is still in the socket is ours. */
static void recover(struct worker *worker, bool any, uint32_t first_id)
{
	struct queue_counters *counters = worker->counters;
	uint32_t until = any ? first_id - 1 : worker->setup->predecessor_last_id;
	uint64_t known;
	int err = sink_repeat_until(worker->sink, until);

	if (err) {
		give_up(worker, err);
		return;
	}
	count_sent(worker->shared);
	known = counters->accepted + counters->dropped + counters->repeated + counters->requeued + counters->recovered;
	if (counters->received > known)
		counters->recovered += counters->received - known;
	worker->repeated_until = until;
	worker->shared->last_id = until;
	worker->shared->last_id_known = 1;
	worker->recovering = false;
}

/* An answer is never asked for, so it is an error: a packet that went away meanwhile, or something that ought to be known. */
static void count_answer(struct worker *worker, const struct message_answer *answer)
{
	unsigned number = answer->error > 0 && answer->error < COUNTERS_ERRNOS ? (unsigned)answer->error : 0;

	if (answer->error == 0)
		return;
	/* There was nothing to repeat: the predecessor died with empty hands. */
	if (answer->error == ENOENT && worker->setup->successor && answer->sequence == worker->repeated_until)
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

/* Decodes the messages of one receive into the batch. Returns the bytes that its packets have. */
static size_t decode(struct worker *worker, unsigned count)
{
	struct receiver *receiver = &worker->receiver;
	struct message_answer answer;
	size_t bytes = 0;

	worker->batch_count = 0;
	for (unsigned i = 0; i < count; i++) {
		struct nfv_packet *packet = &worker->packets[worker->batch_count];

		switch (message_decode(receiver->slots[i].iov_base, receiver->slot_size, receive_len(receiver, i), packet, &answer)) {
		case MESSAGE_ODD:
			worker->counters->cut += receive_cut(receiver, i);
			worker->counters->malformed += !receive_cut(receiver, i);
			/* fall through */
		case MESSAGE_PACKET:
			if (worker->recovering)
				recover(worker, true, packet->id);
			count_gap(worker, packet->id);
			worker->counters->received_bytes += packet->captured_len;
			bytes += payload_bytes(packet);
			worker->batch_count++;
			break;
		case MESSAGE_ANSWER:
			count_answer(worker, &answer);
			break;
		case MESSAGE_MALFORMED:
			worker->counters->malformed++;
			break;
		case MESSAGE_OTHER:
			break;
		}
	}
	worker->counters->received += worker->batch_count;
	return bytes;
}

/* One receive's worth. Returns the bytes that its packets have. */
static size_t serve_batch(struct worker *worker, unsigned count)
{
	size_t bytes = decode(worker, count);
	uint64_t now;

	worker->decided_since_look = 0;
	worker->look_after = 1;
	chain_run(&worker->chain, worker->batch, worker->batch_count);
	(void)flush(worker);
	now = events_now_ns();
	worker->counters->receives++;
	worker->counters->batch_sizes[counters_bucket(worker->batch_count)]++;
	worker->counters->batch_times[counters_bucket(now - worker->opened_ns)]++;
	worker->shared->heartbeat_ns = now;
	return bytes;
}

/* ---- The loop ---- */

/*
 * Most of the cost at moderate rates is one wakeup a packet. When packets come faster than they are served, a short sleep lets
 * the next receive bring several. A lone packet is never followed by one: request and response keep their latency.
 */
static bool pause_for_more(struct worker *worker, size_t bytes)
{
	const struct timespec pause = { .tv_nsec = (long)worker->pause_ns };

	if (!worker->pause_ns || worker->batch_count < 2 || bytes >= PAUSE_BYTES_MAX)
		return false;
	worker->counters->pauses++;
	nanosleep(&pause, NULL);
	return true;
}

/* A receive that brought nothing. True when there may be more at once. */
static bool received_nothing(struct worker *worker, int err)
{
	worker->look_around = true;
	switch (err) {
	case -EAGAIN:
		if (worker->recovering)
			recover(worker, false, 0);
		return false;
	case -ENOBUFS:
		worker->counters->overruns++;
		return true;
	case -EINTR:
		return false;
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
	int count = receive_messages(&worker->receiver, wait);
	size_t bytes;

	if (count <= 0)
		return received_nothing(worker, count);
	worker->opened_ns = events_now_ns();
	bytes = serve_batch(worker, (unsigned)count);
	if (worker->printed_len > 0)
		worker_flush_prints(worker);
	if ((unsigned)count == worker->receiver.batch)
		return true;
	return pause_for_more(worker, bytes);
}

/*
 * When nothing but packets is waited for, the receive itself waits: one system call less for a packet that comes alone. The
 * master's words are then announced by a signal, and looked for once a second at least.
 */
static bool may_wait_in_receive(const struct worker *worker)
{
	return !worker->events.next_due_ns && worker->events.watching == WORKER_OWN_WATCHES && !worker->printed_len;
}

/* Gives timers and other descriptors their turn: when there is nothing else to do, and now and then under load. */
static int look_around(struct worker *worker, bool wait)
{
	int err;

	if (!wait && !worker->look_around && worker->opened_ns < worker->looked_ns + LOOK_AFTER_NS)
		return 0;
	err = events_wait(&worker->events, !wait ? 0 : worker->printed_len ? PRINT_RETRY_MS : -1);
	if (err) {
		log_error("queue %u: epoll: %s", worker->number, strerror(-err));
		return err;
	}
	worker->look_around = false;
	worker->looked_ns = events_now_ns();
	worker->shared->heartbeat_ns = worker->looked_ns;
	if (worker->printed_len > 0)
		worker_flush_prints(worker);
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
			(void)serve_batch(worker, (unsigned)count);
	} while ((count > 0 || count == -ENOBUFS || count == -EINTR) && !worker->broken && events_now_ns() < limit);
}

int worker_loop(struct worker *worker)
{
	bool more = true;

	while (!worker->stop) {
		bool in_receive = !more && may_wait_in_receive(worker);
		int err = look_around(worker, !more && !in_receive);

		if (err)
			return err;
		if (!worker->stop)
			more = turn(worker, in_receive);
	}
	if (!worker->broken)
		finish(worker);
	return worker->broken ? -EIO : 0;
}

/* The socket is shared with the master, which never waits on it. */
static int limit_waits(const struct worker *worker)
{
	const struct timeval limit = { .tv_sec = 1 };

	return setsockopt(worker->setup->socket->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ? -errno : 0;
}

int worker_loop_init(struct worker *worker)
{
	const struct worker_setup *setup = worker->setup;
	int err;

	receive_init(&worker->receiver, setup->socket->fd, &worker->slots, (unsigned)worker->config->batch, setup->slot_size);
	for (unsigned i = 0; i < RECEIVE_BATCH_MAX; i++)
		worker->batch[i] = &worker->packets[i];
	worker->recovering = setup->successor;
	worker->pause_ns = worker->config->coalesce == CONFIG_COALESCE_AUTO ? PAUSE_AUTO_NS :
			   worker->config->coalesce == CONFIG_COALESCE_OFF  ? 0 :
									      worker->config->coalesce * 1000;
	worker->chain = (struct chain){
		.handlers = worker->instances.handlers,
		.count = worker->instances.count,
		.default_verdict = worker->config->default_verdict == PASS_DROP ? NFV_DROP : NFV_ACCEPT,
		.on_error = worker->config->on_error == PASS_DROP ? NFV_DROP : NFV_ACCEPT,
		.mark_mask = (uint32_t)worker->config->mark_mask,
		.progress = &worker->shared->progress,
		.decided = decided,
		.context = worker,
	};
	chain_prepare(&worker->chain);
	worker->sink = sink_direct_new(setup->socket->fd, worker->number, setup->socket->send_buffer, worker->counters);
	if (!worker->sink)
		return -ENOMEM;
	err = limit_waits(worker);
	return err ? err : events_watch(&worker->events, setup->socket->fd, EPOLLIN, NULL, NULL);
}
