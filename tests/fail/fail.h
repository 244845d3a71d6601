/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a test and the processes that it makes fail share: one file, mapped by all of them. tests/netns/nth writes the
 * wishes and reads the findings, by the offsets below; fail.c does the rest.
 */
#ifndef FAIL_H
#define FAIL_H

#include <stddef.h>
#include <stdint.h>

#define FAIL_MAGIC   0x6e746821u
#define FAIL_SITES   8192u
#define FAIL_FRAMES  12
#define FAIL_FINDS   16
#define FAIL_VARIANT_TURN UINT32_MAX /* each failure takes the next of the errors that its call may give */

enum fail_kind {
	FAIL_MEMORY, /* malloc() and its kin, also from inside libc and other libraries */
	FAIL_MMAP,
	FAIL_FORK,   /* vfork() too */
	FAIL_OPEN,   /* every call that makes a descriptor */
	FAIL_WRITE,
	FAIL_SENDMSG, /* send() and sendto() too */
	FAIL_RECVMMSG,
	FAIL_RECEIVE, /* recv(), read() */
	FAIL_WAIT,    /* epoll_wait(), poll(), waitpid(): a signal that comes in between */
	FAIL_EXEC,
	FAIL_LIBRARY, /* memory, where the library that asks for it may end the process when there is none: see fail.c */
	FAIL_KINDS
};

/* Which of the calls fail. */
enum fail_mode {
	FAIL_OFF,
	FAIL_COUNTED, /* from the Nth on, `times` of them */
	FAIL_NEW_SITE /* the first one that comes from a place, by its callers, from which none failed yet */
};

/* One that failed. */
struct fail_find {
	uint32_t kind;
	uint32_t error;
	int32_t pid;
	uint32_t frames;
	char role[16];
	char call[16];
	uint64_t frame[FAIL_FRAMES]; /* in the file of that object */
	char object[FAIL_FRAMES][16];
};

/* Memory that a process still has: of the one that is not forked. */
struct fail_live {
	uint64_t blocks;
	uint64_t bytes;
};

struct fail_shared {
	uint32_t magic;
	uint32_t mode;
	uint32_t kinds;   /* a bit for each */
	uint32_t from;    /* the first is 1 */
	uint32_t times;
	uint32_t variant;
	uint32_t depth;   /* how many callers make a place */
	uint32_t pad;
	char who[32];     /* the process' name, a * at its end for any rest */
	uint32_t seen;    /* calls of the kinds and processes meant, since armed */
	uint32_t fired;
	uint32_t turn;
	uint32_t master; /* whose blocks of memory are told of: who takes this place first, while it is 0 */
	struct fail_live live;
	struct fail_find finds[FAIL_FINDS];
	uint64_t sites[FAIL_SITES];
};

/* True when this call is to fail: errno is set. */
struct fail_call {
	const char *name;
	enum fail_kind kind;
	const int *errors;
	size_t error_count;
};

int fail_now(const struct fail_call *call);

#define FAIL_ERRORS(...) ((const int[]){ __VA_ARGS__ })
#define FAIL_CALL(name_, kind_, ...)                                                                                       \
	(&(const struct fail_call){ .name = name_, .kind = kind_, .errors = FAIL_ERRORS(__VA_ARGS__),                      \
				    .error_count = sizeof(FAIL_ERRORS(__VA_ARGS__)) / sizeof(int) })

/* In the child of a fork(): its name is not known before it takes one. */
void fail_role_child(void);

/* True once the function has begun that looks up a user or a group, see fail-names.c. */
extern int fail_names;

/* Memory: every block that the process has, see fail-memory.c. */
void fail_memory_begin(int32_t pid);
void fail_memory_forget_parents(void);
void fail_memory_report(void);
uint32_t fail_frames(uint64_t *frames, char (*objects)[16], uint32_t most);
extern struct fail_shared *fail_shared;
extern int fail_busy;

#endif
