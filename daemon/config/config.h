/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration: what the file says, checked as far as it can be without loading a plugin. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "daemon/config/schema.h"
#include "daemon/config/trust.h"

enum config_copy { COPY_NONE, COPY_META, COPY_PACKET };
enum config_pass { PASS_ACCEPT, PASS_DROP };             /* words of when-full, when-down, default, on-error */
enum config_isolation { ISOLATION_FAST, ISOLATION_STRICT };
enum config_recovery { RECOVERY_AUTO, RECOVERY_REPEAT, RECOVERY_ON_ERROR };
enum config_flushed { FLUSHED_REPAIR, FLUSHED_LEAVE };
enum config_quarantine { QUARANTINE_SKIP, QUARANTINE_ON_ERROR };
enum config_family { FAMILY_BOTH, FAMILY_IPV4, FAMILY_IPV6 };
enum config_position { POSITION_FIRST, POSITION_LAST };
enum config_backend { BACKEND_AUTO, BACKEND_NFT, BACKEND_LEGACY };
enum config_log_to { LOG_TO_AUTO, LOG_TO_STDERR, LOG_TO_SYSLOG };
enum config_table { TABLE_FILTER, TABLE_MANGLE, TABLE_RAW, TABLE_SECURITY };

#define CONFIG_RANGE_AUTO NFV_WORD(0)
#define CONFIG_COALESCE_AUTO NFV_WORD(0)
#define CONFIG_COALESCE_OFF NFV_WORD(1)
#define CONFIG_RECEIVE_BUFFER_AUTO NFV_WORD(0)
#define CONFIG_DEADLINE_NONE NFV_WORD(0)
#define CONFIG_CRASHES_UNLIMITED NFV_WORD(0)
#define CONFIG_MEMORY_UNLIMITED NFV_WORD(0)

struct config_steer {
	const char *chain;  /* built-in: INPUT … */
	int table;          /* enum config_table; the check knows which chains it has */
	int family;         /* enum config_family */
	const char *match;  /* iptables tokens; NULL: every packet of the chain */
	int position;       /* enum config_position: before or behind the rules that are there */
};

struct config_queue {
	const char *name;           /* 1 to 24 of [A-Za-z0-9_-]: NFV-<name> is a chain's name, at most 28 */
	struct nfv_range numbers;   /* one worker each */
	int copy;                   /* enum config_copy */
	uint64_t range;             /* bytes, or CONFIG_RANGE_AUTO */
	uint64_t max_length;        /* packets */
	int when_full, when_down, default_verdict, on_error; /* enum config_pass */
	uint64_t deadline;          /* nanoseconds, or CONFIG_DEADLINE_NONE */
	uint64_t max_crashes;       /* 1 to 32, or CONFIG_CRASHES_UNLIMITED */
	uint64_t crash_window;      /* nanoseconds */
	int quarantine;             /* enum config_quarantine */
	uint64_t coalesce;          /* microseconds, or CONFIG_COALESCE_* */
	uint64_t batch;             /* messages a receive, 1 to 256 */
	uint64_t mark_mask;         /* 32 bits */
	bool uid_gid, secctx, conntrack; /* ask the kernel for these */
	uint64_t memory_limit;      /* bytes, or CONFIG_MEMORY_UNLIMITED */
	uint64_t receive_buffer;    /* bytes, or CONFIG_RECEIVE_BUFFER_AUTO */
	struct nfv_list cpus;       /* of struct nfv_range; worker i of the entry runs on the i-th CPU, in turn */
	int isolation;              /* enum config_isolation */
	bool cpu_fanout;            /* --queue-cpu-fanout */
	struct nfv_list handlers;   /* of const char *: names, in order */
	struct nfv_list steer;      /* of struct config_steer */
};

struct config_handler {
	const char *name;
	const char *plugin;         /* a name to be found on plugin-path, or an absolute path */
	const struct node *options; /* the handler's mapping; its key `plugin` is not the plugin's */
	struct place place;         /* of the handler's name */
	struct place plugin_place;  /* of the plugin's name */
};

struct config {
	const char *user;           /* NULL: not given */
	struct nfv_list plugin_path; /* of const char *: folders, absolute, searched in order */
	int log_level;              /* enum nfv_log_level */
	int log_to;                 /* enum config_log_to */
	int backend;                /* enum config_backend */
	int recovery;               /* enum config_recovery */
	int when_flushed;           /* enum config_flushed */
	const char *rules_socket;   /* absolute; NULL: no server for the rule engine */
	const char *control_socket; /* absolute; NULL: none */
	const char *crash_dir;      /* absolute; NULL: packets that kill are not saved */
	uint64_t crash_files;       /* how many it may hold */
	uint64_t orphan_time;       /* nanoseconds that workers go on for without a master */
	bool core_dumps;            /* workers that crash leave a core */
	struct config_queue *queues; /* in the order of the files */
	size_t queue_count;
	struct config_handler *handlers;
	size_t handler_count;
};

/*
 * Reads a file and what it includes (patterns, relative to the including file, in sorted order; a pattern without * ? [
 * must exist), applies the tables, checks what spans keys: duplicate names, numbers used twice, handlers not defined,
 * chains that a table does not have, unusable combinations. Relative plugins and folders of plugins are made absolute,
 * from the folder of the file that names them. All mistakes go into the report, which is then sorted. Returns NULL when
 * there was any.
 */
struct config *config_load(const char *path, struct trust *trust, struct report *report);

/*
 * The same, but also after mistakes what is usable of it, so that the rest can be judged in the same run: see
 * config_usable(). Such a configuration must not be put into force.
 */
struct config *config_read(const char *path, struct trust *trust, struct report *report);

/* A file of a configuration as it was read. */
struct config_text {
	const char *name; /* as messages name it */
	const char *text; /* not terminated */
	size_t len;
};

/* The files that a configuration was read from, in the order of reading: false when there is no such one. */
bool config_text(const struct config *config, size_t index, struct config_text *text);

/* As config_read(), from those, whatever stands on disk by now. */
struct config *config_read_texts(const struct config_text *texts, size_t count, struct report *report);

/*
 * The same as config_load() on a text; includes are relative to the folder of `file`, and refused when trust is NULL.
 * For tests.
 */
struct config *config_parse(const char *file, const char *text, size_t len, struct trust *trust, struct report *report);

/*
 * The place of a value of the configuration: a field of config, of a queue, of one of its steer entries, or an item of a
 * list.
 */
struct place config_place(const struct config *config, const void *field);

/*
 * False when the value was a mistake and a default stands in for it. The same fields as config_place(), and a handler's
 * plugin.
 */
bool config_usable(const struct config *config, const void *field);

/* The place where a queue entry begins (its name). */
struct place config_queue_place(const struct config *config, const struct config_queue *queue);

/* NULL when no handler has the name. */
const struct config_handler *config_handler(const struct config *config, const char *name);

/* The word for an enum config_table: "filter". */
const char *config_table_name(int table);

/* Prints the reference of all keys. */
void config_print_keys(FILE *out);

void config_free(struct config *config);

#endif
