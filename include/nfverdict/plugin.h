/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plugin ABI, version 1. A plugin is a shared object that exports one symbol, `nfverdict_plugin`, a constant
 * struct nfv_plugin. It needs nothing but this header and libc:
 *
 *	#include <nfverdict/plugin.h>
 *
 *	static nfv_verdict packet(void *state, struct nfv_packet *p)
 *	{
 *		return NFV_ACCEPT;
 *	}
 *
 *	NFV_PLUGIN(.name = "accept", .packet = packet);
 *
 * Plugins are loaded by the checker and by workers, as an unprivileged user, never by the master. A worker is one
 * process with one thread that serves one queue number, and each of its handlers is one instance: no locks are needed.
 */
#ifndef NFVERDICT_PLUGIN_H
#define NFVERDICT_PLUGIN_H

#include <nfverdict/packet.h>

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NFV_MAGIC 0x6e667664u /* "nfvd" */
#define NFV_ABI_MAJOR 1       /* another major: refused */
#define NFV_ABI_MINOR 0       /* a plugin with a higher minor than the daemon's: refused */

/* ---- Verdicts ---- */

typedef uint32_t nfv_verdict;

enum nfv_verdicts {
	NFV_CONTINUE = 0,    /* the next handler decides; after the last one the queue's `default` */
	NFV_ACCEPT = 1,      /* leaves the queue and goes on at the next hook: later rules of the same chain do not see it */
	NFV_DROP = 2,
	NFV_REPEAT = 3,      /* walks the same hook again from its first rule: set a mark that a rule looks at, or it loops */
	NFV_TO_QUEUE = 4,    /* use NFV_QUEUE(n) */
	NFV_HOLD = 5,        /* reserved: refused by this version */
	NFV_ACCEPT_FLOW = 6, /* reserved: refused by this version */
	NFV_DROP_FLOW = 7,   /* reserved: refused by this version */
};

/* Takes a verdict apart: one of enum nfv_verdicts, and with NFV_TO_QUEUE the number. */
#define NFV_VERDICT_KIND(verdict)  ((verdict) & 0xffffu)
#define NFV_VERDICT_QUEUE(verdict) ((uint16_t)((verdict) >> 16))

/* On to another queue number. Without a listener there the packet gets the `when-down` of the queue that it leaves. */
#define NFV_QUEUE(number) ((nfv_verdict)NFV_TO_QUEUE | (nfv_verdict)(uint16_t)(number) << 16)

/* Bits of nfv_plugin.may: what a handler is allowed to do besides CONTINUE and ACCEPT. */
enum nfv_may {
	NFV_MAY_DROP = 1 << 0,
	NFV_MAY_MARK = 1 << 1,    /* nfv_set_mark() */
	NFV_MAY_REWRITE = 1 << 2, /* nfv_edit(), nfv_splice(): the queue then gets no GSO super-packets */
	NFV_MAY_REPEAT = 1 << 3,
	NFV_MAY_QUEUE = 1 << 4,
	NFV_MAY_HOLD = 1 << 5,    /* reserved: a plugin that claims it is refused */
	NFV_MAY_FLOW = 1 << 6,    /* reserved: a plugin that claims it is refused */
};

/* Values of nfv_plugin.needs_bytes and nfv_host.need(): bytes of each packet, from the IP header on. */
#define NFV_NEEDS_NOTHING 0
#define NFV_NEEDS_HEADERS 128 /* IP with options or a few extension headers, and TCP with options */
#define NFV_NEEDS_ALL 65531   /* the most the kernel copies */

/* ---- Options: a table that the daemon parses, checks and documents. A handler gets values, never text. ---- */

enum nfv_option_type {        /* what the field at .offset is, and how it is written */
	NFV_OPT_BOOL,         /* bool: true | false */
	NFV_OPT_UINT,         /* uint64_t: decimal or 0x…, in [min, max]; with .words also one of these (NFV_WORD(i)) */
	NFV_OPT_SIZE,         /* uint64_t bytes: as UINT, with K, M or G behind it (powers of 1024) */
	NFV_OPT_DURATION,     /* uint64_t nanoseconds: a number with ns, us, ms, s, min or h; min and max are nanoseconds */
	NFV_OPT_STRING,       /* const char *, NULL when absent; [min, max] bytes if max is not 0 */
	NFV_OPT_CHOICE,       /* int: index in .words */
	NFV_OPT_MARK,         /* struct nfv_mark: value or value/mask */
	NFV_OPT_VERDICT,      /* nfv_verdict: accept | drop | continue | repeat | queue N */
	NFV_OPT_BYTES,        /* struct nfv_bytes: text, with bytes in hex between bars: GET|20|/ */
	NFV_OPT_RANGE,        /* struct nfv_range: N or A-B, both in [min, max] */
	NFV_OPT_GROUP,        /* one mapping, described by .group: the struct itself stands at .offset */
	NFV_OPT_GROUPS,       /* a list of mappings: struct nfv_list of structs of .group_size bytes */
	NFV_OPT_NAMED_GROUPS, /* a mapping of names to mappings: likewise; each struct begins with `const char *name` */
	NFV_OPT_ANY,          /* only in the daemon's own tables: kept as it is */
};

enum nfv_option_flags {
	NFV_OPT_REQUIRED = 1 << 0,
	NFV_OPT_LIST = 1 << 1, /* a list of the scalar type: struct nfv_list of them; one value alone is a list of one */
};

#define NFV_WORD(i) (UINT64_MAX - (uint64_t)(i)) /* the value of a NFV_OPT_UINT, _SIZE or _DURATION given as .words[i] */

struct nfv_mark {
	uint32_t value;
	uint32_t mask; /* 0: the option was not given */
};

struct nfv_bytes {
	const uint8_t *data; /* NULL: not given */
	size_t len;
};

struct nfv_range {
	uint32_t first;
	uint32_t last;
};

struct nfv_list {
	void *items; /* an array of count elements; NULL when count is 0 */
	size_t count;
};

struct nfv_option {
	const char *name;                 /* as written in the file; NULL ends the table */
	enum nfv_option_type type;
	uint32_t flags;                   /* enum nfv_option_flags */
	size_t offset;                    /* offsetof() in the struct that open() gets */
	const char *fallback;             /* the default, as text; NULL: zero bytes */
	uint64_t min, max;                /* both 0: the type's own bounds */
	const char *const *words;         /* NULL-terminated */
	const struct nfv_option *group;   /* table of a group */
	size_t group_size;
	const char *help;                 /* one sentence, for the reference of all keys */
};

/* ---- What the daemon offers ---- */

enum nfv_log_level { NFV_LOG_ERROR, NFV_LOG_WARNING, NFV_LOG_NOTICE, NFV_LOG_INFO, NFV_LOG_DEBUG };

struct nfv_host;
typedef void (*nfv_timer_fn)(void *argument, uint64_t now_ns);
typedef void (*nfv_watch_fn)(void *argument, int fd, uint32_t events);

#if defined(__GNUC__)
#define NFV_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define NFV_PRINTF(f, a)
#endif

/*
 * Given to open(), valid until close() returns. Fields are set by the daemon. Functions are called by the plugin with the
 * host itself as first argument, from any of its operations unless said otherwise.
 */
struct nfv_host {
	uint32_t size;        /* sizeof(struct nfv_host) of the daemon; grows at its end only */
	/*
	 * True in the checker: open() judges the options and makes nothing that outlives close(). Timers and watches succeed
	 * there, and never call.
	 */
	bool checking;
	uint16_t queue;       /* queue number; in the checker the first one of the entry */
	uint32_t mark_mask;   /* the bits that this handler may change with nfv_set_mark() */
	const char *handler;  /* the handler's name in the configuration */

	/* Writes a line to the daemon's log, with queue and handler before it. No newline at the end. */
	void (*log)(const struct nfv_host *host, enum nfv_log_level level, const char *format, ...) NFV_PRINTF(3, 4);

	/*
	 * Writes a line to standard output in the foreground, else to the log: for handlers whose purpose is to print.
	 * Never waits: what a slow reader has no room for is lost and counted. Control characters but tabs become dots;
	 * at most 4000 bytes.
	 */
	void (*print)(const struct nfv_host *host, const char *line);

	/*
	 * Only in open(): reports a mistake at the option whose value lies at `value` (a field of the options struct, or of
	 * a group in it), with file, line and column. NULL: the handler as a whole. Returns -EINVAL, for open() to return.
	 */
	int (*error)(const struct nfv_host *host, const void *value, const char *format, ...) NFV_PRINTF(3, 4);

	/* Only in open(): true when the option at `value` was written in the configuration. */
	bool (*given)(const struct nfv_host *host, const void *value);

	/* Only in open(): asks for more bytes (NFV_NEEDS_*) and metadata than the plugin's own needs. Never for fewer. */
	void (*need)(const struct nfv_host *host, uint32_t bytes, uint32_t metadata);

	/* CLOCK_MONOTONIC in nanoseconds. */
	uint64_t (*now_ns)(const struct nfv_host *host);

	/*
	 * Only in open(): a counter that shows in the daemon's statistics under the handler and survives a worker's
	 * restart. The name is copied. Increment it as you like. NULL when the table is full (64 counters a handler).
	 */
	uint64_t *(*counter)(const struct nfv_host *host, const char *name);

	/*
	 * Calls fn after after_ns, then every every_ns (0: once), between packets. Returns a timer's number >= 0 or -errno
	 * (-ENOSPC: 64 a worker). timer_cancel() may be called from fn.
	 */
	int (*timer)(const struct nfv_host *host, uint64_t after_ns, uint64_t every_ns, nfv_timer_fn fn, void *argument);
	void (*timer_cancel)(const struct nfv_host *host, int timer);

	/*
	 * Calls fn when fd has any of events (EPOLLIN, EPOLLOUT, …; level-triggered), between packets. The descriptor
	 * stays the plugin's: open it in open(), the sandbox closes afterwards; unwatch() before closing it. 0 or -errno
	 * (-ENOSPC: 64 a worker).
	 */
	int (*watch)(const struct nfv_host *host, int fd, uint32_t events, nfv_watch_fn fn, void *argument);
	void (*unwatch)(const struct nfv_host *host, int fd);
};

/* What became of a packet, for decided(). */
struct nfv_decision {
	nfv_verdict verdict;  /* never NFV_CONTINUE: the queue's default stands in for it */
	const char *handler;  /* who decided; NULL: the queue's default, or on-error after a broken contract */
	bool marked;          /* packet->mark leaves with the verdict */
	bool rewritten;       /* the packet's bytes leave with the verdict */
	bool failed;          /* on-error applied: a handler broke its contract */
};

/* ---- The plugin ---- */

struct nfv_plugin {
	/* These four never move. NFV_PLUGIN() fills them. */
	uint32_t magic;
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t struct_size;

	uint32_t needs_bytes;    /* NFV_NEEDS_* or a number; `range: auto` is the largest of a queue's handlers */
	uint32_t needs_metadata; /* enum nfv_metadata */
	uint32_t may;            /* enum nfv_may; what it may not, it is held to */

	const char *name;        /* letters, digits, - and _ */
	const char *version;     /* may be NULL, as the next two */
	const char *licence;
	const char *description; /* one line */

	const struct nfv_option *options; /* NULL: the handler takes none */
	size_t options_size;              /* bytes of the struct that open() gets */

	/*
	 * Makes an instance. In the checker and in each worker, before the sandbox closes: files and descriptors are
	 * opened here; fork() and execve() fail with EPERM, and no thread may be left running. `options` is the filled
	 * struct, or NULL without a table; it and all it points to live until close() returns. 0 or -errno; after a
	 * failure close() is not called. NULL: there is nothing to make, state is NULL.
	 */
	int (*open)(const struct nfv_host *host, const void *options, void **state);

	/*
	 * Judges one packet. In a worker. Required, unless batch is given. A truncated packet is judged as far as it
	 * goes.
	 */
	nfv_verdict (*packet)(void *state, struct nfv_packet *packet);

	/*
	 * Judges many packets at once, in the order of their arrival: writes a verdict for each. In a worker, instead of
	 * packet() when both are given. A queue with such a handler runs each handler over the whole batch in turn.
	 */
	void (*batch)(void *state, struct nfv_packet *const *packets, nfv_verdict *verdicts, size_t count);

	/*
	 * Tells what became of each packet of the queue, also of those that an earlier handler decided. In a worker. May
	 * be NULL.
	 */
	void (*decided)(void *state, const struct nfv_packet *packet, const struct nfv_decision *decision);

	/* Once a second while the worker runs, between packets. now_ns is CLOCK_MONOTONIC. May be NULL. */
	void (*tick)(void *state, uint64_t now_ns);

	/* Writes lines about itself when statistics are asked for. In a worker. May be NULL. */
	void (*stats)(void *state, FILE *out);

	/*
	 * Frees an instance that open() made. In the checker and at a worker's end; a killed worker does not get there.
	 * May be NULL.
	 */
	void (*close)(void *state);
};

#if defined(__GNUC__)
#define NFV_EXPORT __attribute__((visibility("default")))
#else
#define NFV_EXPORT
#endif

/* Defines the one exported symbol. Takes designated initialisers. */
#define NFV_PLUGIN(...) \
	NFV_EXPORT extern const struct nfv_plugin nfverdict_plugin; \
	const struct nfv_plugin nfverdict_plugin = { \
		.magic = NFV_MAGIC, \
		.abi_major = NFV_ABI_MAJOR, \
		.abi_minor = NFV_ABI_MINOR, \
		.struct_size = sizeof(struct nfv_plugin), \
		__VA_ARGS__ \
	}

#ifdef __cplusplus
}
#endif
#endif
