/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets from files, standard input and the kernel. */
#ifndef TOOL_INPUT_H
#define TOOL_INPUT_H

#include "daemon/tool/say.h"

#include <nfverdict/rules.h>

/* A whole file in memory; the path "-" is standard input. */
struct input {
	const char *name; /* for messages */
	char *text;
	size_t len;
	bool commands; /* lines are iptables commands */
	bool json; /* it begins as JSON does */
	bool split; /* parts of it are for one family only */
	bool families[2]; /* what it is for: as --family says, else as the text says, else IPv4 */
};

struct rulesets {
	struct nfv_rules *of[2]; /* by enum nfv_family; NULL: not asked for */
	struct input source; /* the text that they were read from; its name NULL: no text */
};

void rulesets_free(struct rulesets *rulesets);
const char *rulesets_family_name(enum nfv_family family); /* "ipv4" */
const char *rulesets_family_title(enum nfv_family family); /* "IPv4" */

/* The error shows the line that stands at its place in the text, not what a tool was given instead. */
void input_show_line(const struct input *input, struct nfv_rules_error *error);

/* TOOL_OK, or another exit code after telling. */
int input_load(struct say *say, const char *path, struct input *input);
void input_free(struct input *input);

/* Reads a text into a ruleset that is there; only_table NULL: all tables. 0 or -errno with error. */
int input_apply(const struct input *input, struct nfv_rules *rules, const char *only_table,
		const struct nfv_read_options *options, struct nfv_rules_error *error);

/* What the text says, as new rulesets; every mistake in it is told. TOOL_OK, or another exit code. */
int input_read(struct say *say, const struct input *input, struct rulesets *rulesets);

/* Likewise from JSON, also when it does not look like it. --family picks of what is there. */
int input_read_json(struct say *say, const struct input *input, struct rulesets *rulesets);

/* Both steps, text or JSON; the path "live" is the kernel. */
int input_read_path(struct say *say, const char *path, struct rulesets *rulesets);

/* The way to the kernel, as the options say. TOOL_OK, or another exit code after telling. */
int input_open_live(struct say *say, struct nfv_live **live);
/* Reads these families, with counters; --table too. */
int input_read_live(struct say *say, struct nfv_live *live, const bool families[2], struct rulesets *rulesets);

/* The families of --family; `automatic` are those of auto. */
void input_families(const struct arguments *arguments, const bool automatic[2], bool families[2]);

#endif
