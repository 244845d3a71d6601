/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one master leaves to the next, as a text: an nfverdictd that executes another one in its place, or an orphaned worker
 * that hands its queue over. Descriptors are told by number; whoever reads this judges them before it believes them.
 *
 * The text is JSON with a version. A reader refuses other versions and ignores fields that it does not know, so that a newer
 * nfverdictd may add some and an older one still takes its place. Pure.
 */
#ifndef PROCESS_STATE_H
#define PROCESS_STATE_H

#include "daemon/process/crashes.h"
#include "daemon/process/layout.h"
#include "daemon/queue/socket.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define STATE_VERSION     1
#define STATE_BYTES_MAX   (64u << 20)
#define STATE_QUEUES_MAX  65536
#define STATE_TEXT_MAX    4096 /* of one text, with its end; the plan may be longer */
#define STATE_HANDLER_MAX 65   /* of a handler's name, with its end */
#define STATE_FILES_MAX   256  /* of the configuration */
#define STATE_FILES_BYTES_MAX (4u << 20) /* their names and texts together */

/* What is known of a handler of a queue number. */
struct state_handler {
	char name[STATE_HANDLER_MAX];
	bool quarantined;
	struct crashes crashes;
};

struct state_queue {
	uint16_t number;
	int socket;              /* of the queue; a descriptor, as all that follow; -1: none */
	uint32_t portid;
	uint32_t flags, refused_flags;
	struct queue_wants wants; /* what the kernel was asked for; its number is not told */
	int door;
	bool in_hand, poisoned;  /* see struct served */
	bool careful;
	uint32_t poison_id, suspect;
	uint32_t failures;
	uint64_t deaths;

	/* the worker that serves */
	pid_t pid;               /* 0: it is dead */
	int channel;             /* -1 with pid 0 */
	bool ready, going;
	int shared, slots;
	uint64_t slot_size;
	struct layout layout;    /* of the shared memory */
	pid_t sender;            /* who sends its verdicts; 0: nobody */
	int ring, sender_memory; /* -1: it does so itself */
	int life_read, life_write;
	uint64_t ring_size, sender_size; /* bytes; of other versions they are laid out differently */
	size_t handler_count;
	struct state_handler *handlers; /* in the order of the worker's chain */
};

#define STATE_QUEUE_NONE                                                                                                    \
	((struct state_queue){ .socket = -1,                                                                                \
			       .door = -1,                                                                                  \
			       .channel = -1,                                                                               \
			       .shared = -1,                                                                                \
			       .slots = -1,                                                                                 \
			       .ring = -1,                                                                                  \
			       .sender_memory = -1,                                                                         \
			       .life_read = -1,                                                                             \
			       .life_write = -1 })

/* A file of the configuration. */
struct state_file {
	char *name, *text; /* owned */
};

struct state {
	char program[64];        /* who wrote it: "nfverdictd 1.2" */
	char path[STATE_TEXT_MAX]; /* of the executable that wrote it */
	int executable;          /* a descriptor of it */
	char folder[STATE_TEXT_MAX]; /* where the daemon was started: relative names in its arguments begin there */
	pid_t pid;
	uint64_t started_ns;     /* CLOCK_MONOTONIC, of the first start */
	uint32_t upgrades;       /* times that an executable was replaced since */
	bool background;         /* it has left its terminal */
	bool steered;            /* rules may be in place */
	bool repeats;
	char back[STATE_TEXT_MAX]; /* why a newer executable could not go on; empty: none tried */
	int answer;              /* a descriptor of who waits to hear how it went; -1: nobody */
	uint64_t flushes, repairs, repair_failures; /* of steering rules */
	json_t *bypass;          /* see bypass_leave(); owned. NULL: nothing */
	char *plan;              /* the configuration that the workers serve by, see plan_adopt(); owned */
	struct state_file *files; /* of the configuration in force, see plan-kept.h; owned. NULL: they are not told */
	size_t file_count;
	struct state_queue *queues;
	size_t queue_count;
};

/* All fields empty, descriptors -1. */
void state_init(struct state *state);

/* The text, to be freed; NULL without memory. */
char *state_print(const struct state *state);

/* 0, or -errno with why: "version 2: this nfverdictd reads version 1", "queues: 3: socket: …". To be freed also then. */
int state_parse(struct state *state, const char *text, size_t len, char *why, size_t why_size);

void state_free(struct state *state);

/* Calls fn for each descriptor that is told of, until it returns something else than 0, which is returned. */
int state_each_descriptor(const struct state *state, int (*fn)(void *context, int fd), void *context);

#endif
