/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a worker, shared by worker.c (start and end), worker-host.c and worker-events.c (what handlers call),
 * worker-loop.c, worker-verdict.c and worker-recover.c (packets).
 */
#ifndef PROCESS_WORKER_PRIVATE_H
#define PROCESS_WORKER_PRIVATE_H

#include "daemon/process/channel.h"
#include "daemon/process/events.h"
#include "daemon/process/instances.h"
#include "daemon/process/output.h"
#include "daemon/process/worker.h"
#include "daemon/queue/names.h"
#include "daemon/queue/receive.h"
#include "daemon/queue/sink.h"

#include <signal.h>
#include <sys/types.h>

#define WORKER_ORPHAN_SIGNAL SIGTERM
#define WORKER_OWN_WATCHES 2 /* the channel and the queue: with more, or a timer, the worker waits for all of them at once */
#define WORKER_WATCHES 64 /* for plugins */
#define WORKER_EVENTS  (EVENTS_TIMERS + WORKER_WATCHES)
#define WORKER_PRINT_BYTES (256 * 1024) /* printed lines that wait for a slow reader; more are lost and counted */

struct worker {
	const struct worker_setup *setup;
	const struct config_queue *config;
	uint16_t number;
	struct region memory;        /* of this: */
	struct shared *shared;
	struct region slots;
	struct queue_counters *counters;
	struct events events;
	struct worker_event {        /* a timer or a watched descriptor of a handler */
		struct worker *worker;
		int id;              /* the timer's number or the descriptor */
		uint32_t handler;    /* its index */
		nfv_timer_fn timer;  /* one of these, or none: free */
		nfv_watch_fn watch;
		bool once;           /* a timer that is over when it was called */
		void *argument;
	} handler_events[WORKER_EVENTS];
	struct handler_env env;
	struct instances instances;
	struct instances_step step;
	struct chain chain;
	struct region ring;          /* with isolation: strict; else it has no memory */
	struct sink *sink;
	struct names *names;         /* NULL: no handler asked for names */
	pid_t master;
	volatile sig_atomic_t orphaned; /* the master is gone */
	bool deaf;                   /* and nobody is heard at the door */
	volatile sig_atomic_t relieved; /* another one has knocked, in the middle of a call */
	uint64_t orphan_until_ns;    /* how long it goes on without; 0: it has one */
	int orphan_timer;            /* the end of that; -1: none */
	bool letting_go;             /* it has come */
	timer_t guard_timer;         /* so, when it computes for long */
	uint64_t guarded_ns;         /* when that was set last */
	timer_t end_timer;           /* the kernel ends the process, whatever a handler does */
	char *leave_text;            /* what a new master is told; owned */
	size_t leave_len;
	bool going;                  /* the master said CHANNEL_GO, and this: */
	struct worker_go {
		bool successor;      /* packets may be in the hands of a dead predecessor */
		bool repeats;        /* those are sent through the hook again; else they get on-error */
		bool careful;        /* the predecessor died of something that it did itself */
		bool settles;        /* namely of what the sender refused: each packet's verdict is waited for */
		bool tells;          /* nothing told of what: the master is told of each packet */
		bool poisoned;       /* so, of this packet: */
		uint32_t poison_id;
		uint32_t predecessor_last_id; /* the newest id of the queue before this worker receives */
	} go;
	struct worker_hand {         /* what the predecessor's slots held */
		uint32_t ids[RECEIVE_BATCH_MAX];
		unsigned count;
		bool known;          /* that is all that it had received last */
	} hand;
	bool stop;
	bool leaving;                /* so, because another worker takes over */
	bool broken;                 /* verdicts cannot be sent any more: leave the packets to a successor */

	/* the batch under way */
	struct receiver receiver;
	struct nfv_packet packets[RECEIVE_BATCH_MAX];
	struct nfv_packet *batch[RECEIVE_BATCH_MAX];
	unsigned batch_count;        /* packets of it */
	size_t batch_bytes;          /* that they have */
	uint64_t opened_ns;          /* when it was received */
	volatile sig_atomic_t in_batch; /* handlers may be running */
	volatile sig_atomic_t ticking;  /* the timer runs that sends what was decided before a slow handler */
	volatile sig_atomic_t worked;   /* a batch since its last tick */
	volatile sig_atomic_t in_sink;  /* the loop is using the sink: a signal must not */
	struct worker_pending {      /* decided and not sent */
		uint32_t accepted, dropped, repeated, requeued, marked, rewritten, failed;
		uint32_t requeued_to[COUNTERS_TARGETS + 1];
		uint32_t until;      /* the newest packet id among them; 0: none */
	} pending;
	uint64_t looked_ns;          /* when other descriptors had their turn */
	bool look_around;            /* they get it before the next receive */
	uint64_t pause_ns;           /* of coalesced waiting; 0: off */
	uint32_t repeated_until;     /* the id that the predecessor's packets were repeated up to */
	bool recovering;             /* the first receive decides what the predecessor had in hand */
	bool caught_up;              /* since then the socket was seen empty: what was repeated came by */
	uint32_t careful_until;      /* without that, the id by which it has come by */

	struct output output;        /* what handlers print */
	bool prints_itself;          /* else the master does */
	uint64_t log_lost;           /* log lines that the master had no room for, since that was told last */
	uint64_t log_lost_told_ns;
	unsigned char answered[(COUNTERS_ERRNOS + 7) / 8]; /* errnos that were logged once */
};

/* worker-host.c */
void worker_host_init(struct worker *worker);
void worker_log_line(void *context, enum nfv_log_level level, const char *text);
int worker_output_init(struct worker *worker);
/* Lines that standard output did not take, or the number of those that the master did not. */
static inline bool worker_has_more_to_say(const struct worker *worker)
{
	return worker->output.len > 0 || worker->log_lost > 0;
}
void worker_say_more(struct worker *worker);
void worker_end_output(struct worker *worker);
void worker_send_stats(struct worker *worker);

/* Around each call into a plugin that is not about a packet, for whoever must explain that it did not come back. */
static inline void worker_calls(const struct worker *worker, size_t handler, enum chain_call call)
{
	const uint32_t sequence = worker->shared->progress.sequence + 1;

	worker->shared->progress = (struct chain_progress){ .packet_id = worker->shared->progress.packet_id,
							    .handler = (uint32_t)handler + 1, .call = call,
							    .sequence = sequence };
}

static inline void worker_called(const struct worker *worker)
{
	worker->shared->progress = (struct chain_progress){ .packet_id = worker->shared->progress.packet_id,
							    .sequence = worker->shared->progress.sequence };
}

/* worker.c */
void worker_on_channel(void *argument, int fd, uint32_t events);

/* worker-orphan.c. Before the sandbox closes; 0 or -errno. */
int worker_orphan_init(struct worker *worker);
/* The channel has ended: goes on without a master, or stops. */
void worker_orphan_begin(struct worker *worker);
void worker_orphan_listen(struct worker *worker);
/* In signals: the master has died; and, while there is none, in the middle of a batch. */
void worker_orphan_note(struct worker *worker);
void worker_orphan_tick(struct worker *worker);
/* Now and then, from the loop. */
void worker_guard(struct worker *worker, uint64_t now_ns);
/* Gives what still waits in the kernel when-down. 0 or -errno. */
int worker_let_go(struct worker *worker);

/* worker-events.c: a handler's timers and watches, each call with its name on it */
int worker_timer(void *context, const struct handler *handler, uint64_t after_ns, uint64_t every_ns, nfv_timer_fn fn,
		 void *argument);
void worker_timer_cancel(void *context, const struct handler *handler, int timer);
int worker_watch(void *context, const struct handler *handler, int fd, uint32_t events, nfv_watch_fn fn, void *argument);
void worker_unwatch(void *context, const struct handler *handler, int fd);

/* worker-hand.c */
/* Before anything is received: reads the slots of the predecessor. */
void worker_hand_look(struct worker *worker);
/* How many of its packets have ids behind `after`, up to `until`. */
uint32_t worker_hand_between(const struct worker *worker, uint32_t after, uint32_t until);
/* Counts those as lost that lie behind the last one that it looked at, up to `until`, and that it had not received. */
void worker_hand_settle(struct worker *worker, uint32_t until);

/* worker-verdict.c */
void worker_late_init(struct worker *worker);
void worker_late_end(void);
void worker_batch_begin(struct worker *worker, unsigned packets);
void worker_batch_end(struct worker *worker);
void worker_decided(void *context, size_t index, const struct chain_decision *decision);
int worker_flush(struct worker *worker);
/*
 * The sink belongs to one at a time: to the loop between enter() and leave(), otherwise, while handlers run, to the
 * signal that sends what was decided before a slow one.
 */
void worker_enter(struct worker *worker);
void worker_leave(struct worker *worker);
/* The kernel's word for a verdict. */
uint32_t worker_kernel_verdict(const struct worker *worker, nfv_verdict verdict);
void worker_count_decision(struct worker *worker, const struct chain_decision *decision, uint32_t packet_id);
/* Before verdicts are sent: writes into shared->sending what the counters will be; then, that verdicts up to an id are on their way. */
void worker_sum_up(struct shared *shared, const struct worker_pending *pending);
void worker_note_sending(struct shared *shared, uint32_t until);
/* They were sent. Totals, not sums: whoever dies in here, his successor begins anew. */
void worker_count_sent(struct shared *shared);
/* Verdicts cannot be sent: the worker ends, its packets stay for a successor. */
void worker_give_up(struct worker *worker, int err);
/* Whether a sink that has no room is to be waited for. */
bool worker_may_wait(void *worker, unsigned waited_ms);

/* worker-recover.c */
/*
 * What a dead predecessor had in hand goes through its hook once more. `any`: a packet was received, the rest is before
 * its id.
 */
void worker_recover(struct worker *worker, bool any, uint32_t first_id);

/* worker-loop.c */
int worker_loop_init(struct worker *worker);
int worker_loop(struct worker *worker);

#endif
