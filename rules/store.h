/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where rulesets come from and changes go to: the tools themselves (store-tool.c), or a server that runs them
 * (store-server.c). live.c and transaction.c know only this.
 */
#ifndef RULES_STORE_H
#define RULES_STORE_H

#include "rules/change.h"

struct store;

struct store_submit {
	unsigned confirm_s;
	bool dry_run;
	unsigned blame_line;      /* out: line of the part's forward script that the tool blames, 0: none */
	size_t blame_part;        /* out */
	uint64_t generation[2];   /* out, by family: of the ruleset after it; 0: not known */
};

struct store_ops {
	/*
	 * The text of iptables-save (-c with counters; table NULL: all), to be freed, and the generation that it shows
	 * (0: not known). recovers: the journal is looked into first.
	 */
	int (*read)(struct store *store, enum nfv_family family, const char *table, bool counters, char **text, size_t *len,
		    uint64_t *generation, struct nfv_rules_error *error);
	/* Applies all of it or nothing. -EAGAIN: conflict. */
	int (*submit)(struct store *store, const struct change *change, struct store_submit *submit,
		      struct nfv_rules_error *error);
	/* Keeps other users of the library out, over several calls. lock: -ETIMEDOUT. Not nested. */
	int (*lock)(struct store *store, struct nfv_rules_error *error);
	void (*unlock)(struct store *store);
	/* Now, of both families together; 0: not known (legacy). */
	uint64_t (*generation)(struct store *store);
	int (*confirm)(struct store *store, bool keep, struct nfv_rules_error *error); /* false: roll back now */
	long (*confirm_left)(struct store *store);
	int (*lease)(struct store *store, enum nfv_family family, const char *table, const char *chain, bool give_back,
		     unsigned flags, struct nfv_rules_error *error);
	enum nfv_backend (*backend)(const struct store *store);
	void (*close)(struct store *store);
};

struct store {
	const struct store_ops *ops;
};

struct tool;

int store_open_tool(struct store **store, const struct nfv_live_options *options, struct nfv_rules_error *error);
/* The same through a tool that was found already, with its time limits; what options say of tools is not looked at. */
int store_open_tool_with(struct store **store, const struct tool *tool, const struct nfv_live_options *options,
			 struct nfv_rules_error *error);
/* options->server. */
int store_open_server(struct store **store, const struct nfv_live_options *options, struct nfv_rules_error *error);

#endif
