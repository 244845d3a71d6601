/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line that is a command (-A, -N …), as words are made into what is to be done, and the doing. */
#ifndef RULES_READ_COMMAND_H
#define RULES_READ_COMMAND_H

#include "rules/read-words.h"

struct read_command {
	char letter; /* 'A' for -A and --append; 0: none */
	const struct read_word *word; /* the command itself */
	const struct read_word *chain, *name; /* name: the new name of -E, the policy of -P; NULL: not given */
	struct read_word attached; /* the chain, when it is written onto the command: -AINPUT, --append=INPUT */
	const struct read_word *table; /* -t */
	unsigned long number; /* of a rule, from 1; 0: none given */
	const struct read_word *number_word;
	bool other_family; /* -4 or -6 says: not for this ruleset */
	bool counted; /* [p:b] or -c */
	uint64_t packets, bytes;
	const char *rule_at; /* where the rule begins in the line; NULL: there is none */
	bool rule_whole; /* `rule` is what stands there, byte for byte */
	struct text rule; /* the rest of the words */
};

/*
 * Fills command from the words from `first` on; commands: words of a shell's command, which may have more options. 0 or an
 * error told.
 */
int read_command_parse(struct reader *reader, struct read_command *command, const struct read_words *words, size_t first,
		       bool commands);
void read_command_free(struct read_command *command);

/* Does it. 0 or an error told. */
int read_command_apply(struct reader *reader, const struct read_command *command);

/* "[packets:bytes]" at the begin of the span, which goes on behind it. False: it is none. */
bool read_counters(struct read_span *span, uint64_t *packets, uint64_t *bytes);

#endif
