/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One queue number in the master: its socket, and the workers that serve it one after the other. Only one of them
 * receives at a time: verdicts for many packets at once would otherwise decide what another one has in hand.
 */
#ifndef PROCESS_SERVED_H
#define PROCESS_SERVED_H

#include "daemon/process/crashes.h"
#include "daemon/process/runner.h"
#include "daemon/process/sender.h"
#include "daemon/process/state.h"
#include "daemon/queue/status.h"

#define SERVED_SAVING_MAX 8 /* at the same time: crashes may follow each other fast */
#define SERVED_RUNNERS    3

struct served {
	uint16_t number;
	struct queue_socket socket;
	struct queue_wants wants;  /* what the kernel was asked for */
	uint32_t widest;           /* the largest copy range of packets that may still wait */
	int door;                  /* where another master knocks that wants the number; -1: there is none */
	bool foreground;
	bool stored;               /* the service manager has a descriptor of the socket, too */
	bool repeats;              /* what a dead worker had in hand is sent through the hook again */

	struct runner now;         /* serves, or is being started for it; always has its memory */
	struct runner next;        /* stands by to take over: see served_prepare() */
	struct runner old; /* has left and is closing its handlers; or is dead, and of a master that we may go back to */
	uint64_t asked_ns;         /* while `now` is of another master: when it was told to leave; 0: it was not */
	uint64_t prepare_at_ns;    /* the same: not sooner another `next` is started; 0: at once */

	struct sender sender;      /* sends the verdicts of workers that may not; closed without one of them */

	bool in_hand;              /* the last one that received did not leave in order: it may have had packets */
	bool distrusted;           /* so, by writing into the ring: the sender refused it */
	bool scribbled;            /* so, and its memory, which would tell of what, was written over */
	bool careful;              /* it died of something that it did itself: the next one judges packet by packet */
	bool poisoned;             /* so, of this packet: */
	uint32_t poison_id;
	uint32_t suspect;          /* handler that died while it had several packets, index + 1; 0: none */
	unsigned left;             /* packets that waited at the end and got when-down */
	uint64_t left_in_hand;     /* of these, those that the last worker had received */
	struct crashes *crashes;   /* by handler of the queue; NULL: there was none */
	int crash_folder;          /* where packets that kill are saved; -1: nowhere. The master's */
	struct served_saving {     /* packets that are being saved */
		pid_t pid;         /* of the child that does; 0: none */
		char name[96];     /* of the file */
	} saving[SERVED_SAVING_MAX];
	uint64_t quarantined;      /* handlers that crashed too often, a bit each */
	uint64_t next_quarantined; /* those that `next` leaves out */
	uint64_t deaths;           /* of workers that served, whatever the cause */
	unsigned failures;         /* deaths in a row, each soon after a start */
	unsigned failed_starts;    /* in a row, of workers that ended by themselves before they were ready */
	uint64_t restart_at_ns;    /* 0: none is due */
};

/* Of the worker that serves. */
static inline const struct config_queue *served_config(const struct served *served)
{
	return runner_config(&served->now);
}

static inline const struct shared *served_shared(const struct served *served)
{
	return runner_shared(&served->now);
}

/* All of them, for loops; those without a process have pid 0. */
static inline struct runner *served_runner(struct served *served, size_t i)
{
	struct runner *const all[SERVED_RUNNERS] = { &served->now, &served->next, &served->old };

	return all[i];
}

/* No descriptor is one yet, so that it can be closed at any time. */
void served_forget(struct served *served, uint16_t number);

/*
 * Takes over what another master left: by a plan of plan_adopt(). Its descriptors are ours then; after a failure those that
 * it has taken are told by served_close() as ever. 0, or -errno with why.
 */
int served_adopt(struct served *served, struct plan *plan, const struct state_queue *from, char *why, size_t why_size);

/* Writes down what served_adopt() reads; handlers are to be freed. 0 or -ENOMEM. */
int served_leave(const struct served *served, struct state_queue *to);

/*
 * Binds the number and makes the memory. kept: a socket that has it already and is ours then; -1: none. 0, or -errno with
 * why.
 */
int served_open(struct served *served, struct plan *plan, size_t queue, uint16_t number, int kept, char *why,
		size_t why_size);

/* Starts `now`. It receives once it is ready and was told: served_go(). 0 or -errno. In the child it does not return. */
int served_start(struct served *served);

/* `now` is ready: it may receive from here on, and gets to know what a dead predecessor may have had in hand. */
void served_go(struct served *served);

/*
 * Starts `next` by another plan, or by the same one, while `now` goes on: it opens its handlers and stands by. quarantined:
 * a bit for each of its handlers that is left out; the others begin with no crash on their account. 0 or -errno.
 */
int served_prepare(struct served *served, struct plan *plan, size_t queue, uint64_t quarantined);

/*
 * `now` has left (runner.left) or is dead: `next` takes over with all that was counted, the kernel is asked for what its
 * plan wants, and it is told to go once it is ready. What still closes its handlers becomes `old`, which must be free.
 */
void served_switch(struct served *served);

/* If `now` has left: nothing is in its hands, unless a dead predecessor's packets are not settled yet. */
void served_settle(struct served *served);

/* The kernel's answer to what served_switch() asked for: see queue_changed(). */
void served_configured(struct served *served, uint32_t answered, int error);

/*
 * Takes note that `now` ended with a waitpid() status: says why in the log unless `stopping`, and sets restart_at_ns.
 */
void served_ended(struct served *served, int status, bool stopping);

/* The same for `next` and `old`, of whom nothing depends: their memory goes. */
void served_other_ended(struct served *served, struct runner *runner, int status);

/*
 * Sees to it that there is a process that sends, if workers of that queue entry need one. 0 or -errno. served_sender() then
 * gives it; NULL for workers that send themselves.
 */
int served_need_sender(struct served *served, const struct plan *plan, size_t queue);
const struct sender *served_sender(const struct served *served, const struct runner *runner);

/*
 * While nobody writes who serves: the sender learns what `now` may say, or ends when there is no use for it any more. It
 * then knows that also when another master, which does not know what handlers may do, tells `now` to go.
 */
void served_choose_sender(struct served *served);

/* Counts what the sender sent, and nothing else. */
void served_count_sent(struct served *served);

/*
 * Once nobody writes any more: the sender sends what is published, and ends. What it cannot send counts as never decided, which it is.
 */
void served_finish_sender(struct served *served);

/*
 * Takes note that the sender ended; true when it did. After it refused something, `now` is killed, and once it has ended
 * served_settle_refused() makes the books right and the ring empty; sender.restart_at_ns says when there is to be another
 * one.
 */
bool served_reap_sender(struct served *served);
void served_settle_refused(struct served *served);

/* Starts another one, if it is time. 0 or -errno. */
int served_restart_sender(struct served *served, uint64_t now_ns);

/*
 * What a handler wrote over tells nothing of how its worker died, and would keep successors from their work. False: it makes sense. Else it
 * begins anew: what was counted is what a sender sent, or nothing, and the packet is the one that the worker told by its channel, if it
 * did; `killed`: it did not die of that.
 */
bool served_note_scribble(struct served *served, bool killed);

/* Starts saving the packet that the worker died of, by a waitpid() status. What goes wrong is only told. */
void served_save(struct served *served, int status);

/* Puts the core that the worker left beside the saved packets. */
void served_save_core(struct served *served);

/* Takes note of the end of that, if it came; with `wait` waits for it. */
void served_saved(struct served *served, bool wait);

/* Lets what still waits in the kernel go, or drops it, as when-down says; counts it in `left`. After the worker ended. */
void served_let_go(struct served *served);

/* Unbinds and frees; its workers must be gone. Accepts one that was never opened, if its descriptors are -1. */
void served_close(struct served *served);

#endif
