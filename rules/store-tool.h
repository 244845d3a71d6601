/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the store over the tools (store-tool*.c, confirm.c). Private to them. */
#ifndef RULES_STORE_TOOL_H
#define RULES_STORE_TOOL_H

#include "rules/generation.h"
#include "rules/journal.h"
#include "rules/lock.h"
#include "rules/merge.h"
#include "rules/store.h"
#include "rules/tool.h"

#define STORE_TOOL_CAUSE_MAX 480
#define STORE_TOOL_OWN       32

/* A commit of our own: what is known not to have touched other tables. */
struct store_tool_own {
	uint64_t generation; /* that it made; 0: none */
	int family; /* enum nfv_family; -1: of neither, a table of our own */
	char table[32];
};

struct store_tool {
	struct store store;
	struct tool tool;
	enum nfv_backend backend; /* never AUTO */
	enum nfv_verify verify;
	int lock_wait_ms;
	char *wanted_folder; /* of the options; NULL: by default */
	char *tool_folder;
	struct lock_folder folder;
	struct lock_namespace space;
	char tools_lock[sizeof(((struct lock_folder *)0)->path) + 48]; /* XTABLES_LOCKFILE of our runs on legacy */
	struct mnl_socket *generation; /* NULL on legacy */
	int lock_fd; /* -1: not taken */
	int xtables_fd; /* likewise, on legacy */
	bool held; /* by store_ops.lock() */
	struct store_tool_own own[STORE_TOOL_OWN];
	size_t own_next;
	nfv_rules_log_fn *log;
	void *log_context;
};

void store_tool_log(const struct store_tool *st, enum nfv_rules_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct journal_place store_tool_place(const struct store_tool *st);
const char *store_tool_family(enum nfv_family family); /* "iptables" */

/* Everything that keeps others out, for as long as it takes to read, compare and change. */
int store_tool_enter(struct store_tool *st, struct nfv_rules_error *error);
void store_tool_leave(struct store_tool *st);

/* ---- store-tool-read.c ---- */

uint64_t store_tool_generation(const struct store_tool *st); /* 0 on legacy */
/* The text of one table, or of all. */
int store_tool_text(struct store_tool *st, enum nfv_family family, const char *table, bool counters,
		    struct tool_result *result, struct nfv_rules_error *error);
/* The ruleset of one table as it is now. NULL with errno and error. */
struct nfv_rules *store_tool_rules(struct store_tool *st, enum nfv_family family, const char *table,
				   struct nfv_rules_error *error);

/* ---- store-tool-merge.c ---- */

/* Was the part taken, and did others change the same chains? st: NULL when no tool can be asked. */
struct merge_finding store_tool_look_at(struct store_tool *st, const struct change_part *part,
					const struct nfv_rules *rules);
/* The same of the table as it is now. 0 or -errno. */
int store_tool_look(struct store_tool *st, const struct change_part *part, struct merge_finding *finding,
		    struct nfv_rules_error *error);
/*
 * Takes one part back out of a table that others changed since, whose changes stay. 0, also when nothing of ours is
 * there.
 */
int store_tool_merge_undo(struct store_tool *st, const struct change_part *part, struct nfv_rules_error *error);

/* ---- store-tool-apply.c ---- */

/* One change on its way. */
struct store_tool_run {
	struct store_tool *st;
	const struct change *change;
	struct store_submit *submit;
	uint64_t generation; /* that the kernel should have now; 0: not known */
	bool moved; /* somebody else changed the ruleset meanwhile */
	struct nfv_rules **before; /* by part: as it was read under the lock; NULL: was not read */
};

/* Applies one part and looks whether it is there. On failure it is not there, or error says what is left. */
int store_tool_apply(struct store_tool_run *run, size_t part, struct nfv_rules_error *error);
/* Takes one part back. 0 or -errno. */
int store_tool_undo(struct store_tool *st, const struct change_part *part, struct nfv_rules_error *error);

/* ---- store-tool-keep.c ---- */

/*
 * Before a script of the part is run: sees to it that packets that wait in queues survive it (keep.h). By how much that made
 * the ruleset's generation more.
 */
unsigned store_tool_keep(struct store_tool *st, const struct change_part *part, const char *script, const char *opposite);
/* Gives up what was kept once there are no queues. */
void store_tool_keep_no_more(struct store_tool *st);

/* ---- store-tool-blame.c ---- */

/* Finds the line of the part's forward script that is to blame, when the tool named none or the last one. 0: not found. */
unsigned store_tool_blame(struct store_tool *st, const struct change_part *part, unsigned line, char *cause, size_t size);

/* ---- store-tool-recover.c ---- */

/* True when the journal holds work. Needs no lock. */
bool store_tool_recovers(struct store_tool *st);
/* Finishes or undoes what a dead writer left, rolls back what was not confirmed in time. Between enter and leave. */
int store_tool_recover(struct store_tool *st, struct nfv_rules_error *error);
/* Takes all parts back that are there. 0, or -EIO after which the journal was put aside. */
int store_tool_roll_back(struct store_tool *st, const struct change *change, enum journal_kind kind,
			 struct nfv_rules_error *error);

/* ---- store-tool-other.c ---- */

/* Logs a warning when the other backend holds rules too. */
void store_tool_look_at_other(const struct store_tool *st);

/* ---- store-tool-submit.c ---- */

/* False for a part that is there for what it watches only. */
bool store_tool_changes(const struct change_part *part);

int store_tool_submit(struct store *store, const struct change *change, struct store_submit *submit,
		      struct nfv_rules_error *error);

/* ---- confirm.c ---- */

/* -EBUSY when a change in the same tables waits for its confirmation, or any if this one is to wait too. */
int confirm_allows(struct store_tool *st, const struct change *change, bool waits, struct nfv_rules_error *error);
/* Starts the process that rolls back by itself. */
int confirm_watch(struct store_tool *st, struct nfv_rules_error *error);
int confirm_end(struct store *store, bool keep, struct nfv_rules_error *error);
long confirm_left(struct store *store);

#endif
