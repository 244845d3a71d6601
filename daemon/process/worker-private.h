/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a worker, shared by worker.c (start and end), worker-host.c (what handlers call), worker-loop.c (packets). */
#ifndef PROCESS_WORKER_PRIVATE_H
#define PROCESS_WORKER_PRIVATE_H

#include "daemon/process/channel.h"
#include "daemon/process/events.h"
#include "daemon/process/instances.h"
#include "daemon/process/worker.h"
#include "daemon/queue/names.h"
#include "daemon/queue/receive.h"
#include "daemon/queue/sink.h"

#define WORKER_OWN_WATCHES 2 /* the channel and the queue: with more, or a timer, the worker waits for all of them at once */
#define WORKER_PRINT_BYTES (256 * 1024) /* printed lines that wait for a slow reader; more are lost and counted */

struct worker {
	const struct worker_setup *setup;
	const struct config_queue *config;
	uint16_t number;
	struct shared *shared;
	struct region slots;
	struct queue_counters *counters;
	struct events events;
	struct handler_env env;
	struct instances instances;
	struct chain chain;
	struct sink *sink;
	struct names *names;         /* NULL: no handler asked for names */
	bool stop;
	bool broken;                 /* verdicts cannot be sent any more: leave the packets to a successor */

	/* the batch under way */
	struct receiver receiver;
	struct nfv_packet packets[RECEIVE_BATCH_MAX];
	struct nfv_packet *batch[RECEIVE_BATCH_MAX];
	unsigned batch_count;
	uint64_t opened_ns;          /* when the oldest decision that is not sent was received */
	unsigned decided_since_look; /* decisions since the clock was looked at */
	unsigned look_after;
	struct shared_sending pending; /* decided and not sent */
	uint64_t looked_ns;          /* when other descriptors had their turn */
	bool look_around;            /* they get it before the next receive */
	uint64_t pause_ns;           /* of coalesced waiting; 0: off */
	uint32_t repeated_until;     /* the id that the predecessor's packets were repeated up to */
	bool recovering;             /* the first receive decides what the predecessor had in hand */

	/* what print() collects */
	char *printed;
	size_t printed_len;
	uint64_t printed_lost;
	uint64_t log_lost;           /* log lines that the master had no room for */
	unsigned char answered[(COUNTERS_ERRNOS + 7) / 8]; /* errnos that were logged once */
};

/* worker-host.c */
void worker_host_init(struct worker *worker);
void worker_log_line(void *context, enum nfv_log_level level, const char *text);
void worker_flush_prints(struct worker *worker);
void worker_send_stats(struct worker *worker);

/* worker-loop.c */
int worker_loop_init(struct worker *worker);
int worker_loop(struct worker *worker);

#endif
