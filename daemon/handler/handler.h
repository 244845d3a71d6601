/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A handler: a plugin opened with options. What surrounds it comes in through an environment, so that tests need no
 * daemon.
 */
#ifndef HANDLER_HANDLER_H
#define HANDLER_HANDLER_H

#include "daemon/config/schema.h"
#include "daemon/handler/plugin.h"

#define HANDLER_COUNTERS 64      /* that a plugin may register */
#define HANDLER_COUNTER_NAME 48  /* bytes with the terminating NUL; longer names are cut */

/* Contract breaches, by kind. */
enum breach {
	BREACH_VERDICT,       /* a value that is no verdict */
	BREACH_RESERVED,      /* HOLD, ACCEPT_FLOW, DROP_FLOW */
	BREACH_MAY,           /* a verdict, mark or rewrite outside `may` */
	BREACH_MARK_MASK,     /* mark bits outside the queue's mark-mask */
	BREACH_REWRITE,       /* rewrite that cannot be made right, or of a truncated packet */
	BREACH_KINDS
};

/* Counters of one handler on one queue. In memory shared with the master; written by the worker only. */
struct handler_counters {
	uint64_t seen;        /* packets given to it */
	uint64_t accepted, dropped, repeated, queued; /* that it decided and that left so */
	uint64_t continued;
	uint64_t marked;      /* calls that changed the mark */
	uint64_t rewritten;   /* calls that changed the bytes */
	uint64_t breaches[BREACH_KINDS];
	struct { char name[HANDLER_COUNTER_NAME]; uint64_t value; } own[HANDLER_COUNTERS];
};

/* What a handler's host functions do. Filled by the worker, the checker, or a test. */
struct handler;
struct handler_env {
	void (*log)(void *context, const char *handler, enum nfv_log_level level, const char *text);
	void (*print)(void *context, const char *line);
	/* These four may be NULL: the plugin gets -ENOSYS. A handler may end only what it began. */
	int (*timer)(void *context, const struct handler *handler, uint64_t after_ns, uint64_t every_ns, nfv_timer_fn fn,
		     void *argument);
	void (*timer_cancel)(void *context, const struct handler *handler, int timer);
	int (*watch)(void *context, const struct handler *handler, int fd, uint32_t events, nfv_watch_fn fn, void *argument);
	void (*unwatch)(void *context, const struct handler *handler, int fd);
	void *context;
	bool checking;
	uint16_t queue;
	uint32_t mark_mask;
};

struct handler {
	const struct nfv_plugin *ops;
	void *state;
	const char *name;                /* owned by the configuration */
	struct nfv_host host;
	const struct handler_env *env;
	struct values *values;           /* of the options; owned */
	struct report *report;           /* where host.error() goes, only during handler_open() */
	struct place place;
	struct handler_counters *counters;
	uint32_t needs_bytes;            /* after open: the plugin's own and what it asked for */
	uint32_t needs_metadata;
	bool opened;
};

/*
 * Checks the options node (a mapping, its key `plugin` skipped) against the plugin's table and opens an instance. 0,
 * or -errno after adding at least one line to the report. handler, plugin, node, env, counters must live until
 * handler_close().
 */
int handler_open(struct handler *handler, const struct plugin *plugin, const char *name, const struct node *options,
		 struct place place, const struct handler_env *env, struct handler_counters *counters,
		 struct report *report);
/* Makes one without a plugin, which says continue to every packet. */
void handler_skip(struct handler *handler, const char *name, struct handler_counters *counters);

void handler_close(struct handler *handler);

#endif
