/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the master share: master.c runs it, master-start.c and master-stop.c are its first and its last
 * steps, master-reap.c starts again who ended.
 */
#ifndef PROCESS_MASTER_PRIVATE_H
#define PROCESS_MASTER_PRIVATE_H

#include "daemon/process/commands.h"
#include "daemon/process/events.h"
#include "daemon/process/keeper.h"
#include "daemon/process/master.h"
#include "daemon/process/output.h"
#include "daemon/process/release.h"
#include "daemon/process/reload.h"
#include "daemon/process/rules-server.h"
#include "daemon/process/served.h"

#define OUTPUT_END_MS 1000        /* at the end, for a reader that is slow */
#define OUTPUT_BYTES  (64 * 1024) /* of printed lines that standard output does not take at once */

/* What the master watches: a channel for each worker, doors, signals, a reload's child. */
#define MASTER_WATCHES(numbers) ((numbers) * (SERVED_RUNNERS + 1) + 16)

/* How an upgrade went that was refused; one that was not does not return. */
typedef void master_upgrade_fn(void *context, const char *why);

/* An upgrade under way: the new executable checks the configuration in a child. */
struct master_upgrade {
	int executable;  /* -1: none is under way */
	pid_t check;     /* the child; 0: none */
	int pipe;        /* what it says */
	int timer;
	bool told;       /* all that it had to say */
	bool ended;      /* with this status: */
	int status;
	bool checked;    /* it may be executed */
	bool restarts;   /* it is not to be, but started once we have ended */
	char path[4096];
	char text[4096];
	size_t len;
	master_upgrade_fn *done;
	void *context;
};
#define MASTER_UPGRADE_NONE { .executable = -1, .pipe = -1, .timer = -1 }

struct master {
	const struct options *options;
	struct plan *plan;     /* in force; held */
	struct events events;
	int signals;
	struct served *served; /* one for each queue number */
	size_t count;
	struct bypass bypass;  /* what passed by our queues */
	struct reload reload;
	struct keeper keeper;
	bool counting;         /* the keeper was asked what the rules counted, for statistics */
	int counting_timer;
	bool telling;          /* after that they are to be printed */
	struct rules_server rules_server;
	struct commands commands;
	struct release release; /* of handlers in quarantine */
	const struct state *left; /* what a predecessor left, while we start; NULL: nothing */
	struct plan *left_plan; /* that its workers began with */
	size_t wanted;         /* while we start: of `served`, those that the plan has; those behind are given up */
	bool adopting;         /* some of them are at work already, for a predecessor */
	struct master_upgrade upgrade;
	uint32_t upgrades;     /* times that an executable was replaced */
	uint64_t started_ns;   /* of the first one */
	bool background;       /* it has left its terminal */
	struct keeper_counters kept_before; /* what a predecessor's keeper had counted */
	bool repeats;          /* what a dead worker had in hand is sent through the hook again */
	bool never_repeats;    /* for this kernel cannot */
	int crash_folder;      /* -1: none */
	int look_timer;        /* for handlers that hang; -1: none is set */
	int interrupt;         /* readable while a SIGTERM or SIGINT waits to be taken */
	bool steered;          /* rules may be in place */
	bool asked;            /* a signal asked for the end */
	bool leaves;           /* so, and another start follows that finds queues and rules in place */
	bool stop;             /* so, or a start failed */
	bool stopping;         /* workers are not restarted any more */
	uint64_t restart_at_ns; /* when a timer looks for workers to be started again; 0: none is set */
	uint64_t senders_at_ns; /* the same for senders */
	bool serving;          /* it said that it is ready */
	bool started;          /* first starts are over: a death is now followed by a restart */
	struct output output;  /* standard output, in the foreground */
	char kept[OUTPUT_BYTES];
};

/*
 * Bind first, steer second. What a dead daemon left goes in between: its rules would lead into queues that are ours now.
 * After a failure `failed` tells the step.
 */
int master_start(struct master *master, const char **failed);

/* Binds a number as the next of master->served, which has room. 0, or -errno after adding to the report. */
int master_open_number(struct master *master, struct plan *plan, size_t queue, uint16_t number, struct report *report);

/* SIGRTMIN: an end that leaves queues and rules for another start, once that is known to be able to follow; else an ordinary one. */
void master_restart_start(struct master *master);
void master_restart_go(struct master *master);

/* Un-steer, let workers decide what still waits, end them, unbind. False when rules are left. */
bool master_stop(struct master *master, bool was_ready);

/* What a predecessor counted, and where it stood; then, after the start, what its keeper had counted. */
void master_take_left(struct master *master, struct state *left);
void master_count_from_before(struct master *master);

/* Starts, whatever was left; when that fails, it goes back, or leaves those alone that are at work. 0 or -errno. */
int master_first_start(struct master *master, struct state *left, const char **failed);

/*
 * Lets the executable at path, or ours anew, take this one's place, once it has checked the configuration. done: it was
 * refused; may be NULL. 0, or -errno with why.
 */
int master_upgrade_start(struct master *master, const char *path, master_upgrade_fn *done, void *context, char *why,
			 size_t why_size);
void master_upgrade_reap(struct master *master);
/* Between two waits: goes, when the check is over and went well. Does not return then. */
void master_upgrade_go(struct master *master);
/*
 * A start from such a state failed: back to the executable that it came from. When that cannot be executed, it goes on
 * trying, and whoever dies meanwhile is replaced by ours. Returns to stop.
 */
void master_upgrade_back(struct master *master, struct state *state, const char *why);

/*
 * What a predecessor left, see master-adopt.c: its plan; a queue number (1; 0 when it had none such); and those that the
 * plan in force does not have.
 */
int master_adopt_open(struct master *master, char *why, size_t why_size);
int master_adopt_number(struct master *master, struct served *served, uint16_t number, char *why, size_t why_size);
int master_adopt_rest(struct master *master);

/* Whoever knocks at our door is told that we live. */
void master_watch_door(struct master *master, const struct served *served);
void master_close_number(struct master *master, struct served *served);

/*
 * A number that somebody else has: 1 when a worker without a master hands it over; 0 when nobody is at its door; -errno with
 * why.
 */
int master_take_over(struct master *master, struct served *served, uint16_t number, char *why, size_t why_size);

/* The channel has ended: true when that was all that can be known of its end. */
bool master_lost_stranger(struct master *master, struct served *served, struct runner *runner);

/* Somebody has ended: whoever it was, what follows is done. */
void master_reap(struct master *master);

/* Takes note of a runner's end, by a waitpid() status, and does what follows. */
void master_runner_ended(struct master *master, struct served *served, struct runner *runner, int status);

/* What is known of handlers of a number, for its next plan: they are the same by their names. Crashes: owned; NULL: none. */
uint64_t master_adopt_quarantine(const struct served *served, const struct config_queue *next);
struct crashes *master_adopt_crashes(const struct served *served, const struct config_queue *next);

/* Starts the worker that will take the place of one that a predecessor left. 0, or -errno, which is told. */
int master_adopt_prepare(struct master *master, struct served *served);

/* True when it does, ready; starts another one when it is gone. */
bool master_adopt_stands_by(struct master *master, struct served *served);

/* Takes note that it ended, by a waitpid() status. */
void master_adopt_next_ended(struct master *master, struct served *served, int status);

/* True while a worker that a predecessor left has the queue. */
bool master_adopts(const struct served *served);

/* Ours takes over, if it is ready and the other one has left or is dead. */
void master_adopt_switch(struct served *served);

/* Rules that are as they should be stay untouched. As steering_install(). */
int master_adopt_steering(const struct master *master, const struct steering_patience *patience, struct report *report);

/* The start failed: they go on without us, as before. */
void master_adopt_release(struct master *master);

/*
 * Ours are ready: all others are told to leave, and have left when this returns; then numbers that are given up are closed.
 */
int master_adopt_hand_over(struct master *master);
void master_adopt_retire(struct master *master);

/* Also watches what it says. 0, or -errno, which is told. */
int master_start_worker(struct master *master, struct served *served);

/*
 * What came through a worker's channel, so many messages at most. What channel_receive() said last; 1: there may be more. A
 * message may make another one of the runner.
 */
int master_take_words(struct master *master, struct served *served, int channel, size_t limit);

/* Its messages are taken from now on. 0 or -errno. */
int master_watch_runner(struct master *master, const struct runner *runner);

/* Kills its process, if there is one, and waits for that; its memory stays. */
void master_end_runner(struct master *master, struct runner *runner);

/* Handlers that hang are ended from now on. Again when workers of another plan were started. 0 or -errno, told. */
int master_watch_deadlines(struct master *master);

/* For packets that kill, by a plan; -1: none. 0, or -errno after adding to the report. */
int master_open_crash_folder(const struct plan *plan, int *folder, struct report *report);

/* Those that look after rules. */
void master_start_keeper(struct master *master);
void master_start_rules_server(struct master *master);

/* "READY=1" and how many queue numbers there are. */
void master_tell_manager(struct master *master);

void master_print_line(struct master *master, const char *text);

/* Line by line, for each is one in the log. An end of line at the end is not followed by an empty one. */
void master_print_lines(struct master *master, char *text);

/*
 * Prints the statistics. What the rules counted is read first, by a process that may wait for tools; one that takes long is
 * not waited for.
 */
void master_tell_stats(struct master *master);

/*
 * Has it read what the rules counted. Then, or after a while, what was waiting for it goes on: printing, and
 * commands_counted(); maybe before this returns.
 */
void master_count(struct master *master);

/* After the keeper was started. */
void master_watch_keeper(struct master *master);

/* The statistics; ended: nothing is under way any more. NULL when there is no memory for it; to be freed. */
char *master_collect_stats(const struct master *master, bool ended);

#endif
