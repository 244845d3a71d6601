/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line as words, with the place of each: as iptables-restore splits, or as a shell does. Pure. */
#ifndef RULES_READ_WORDS_H
#define RULES_READ_WORDS_H

#include "rules/read-private.h"

struct read_word {
	struct read_span raw; /* in the line, with its quotes */
	const char *value; /* terminated */
	size_t len;
	bool quoted; /* it begins with a quote */
};

struct read_words {
	struct read_word items[NFV_RULES_TOKENS_MAX];
	size_t count;
	bool shell;
	char *bytes; /* of the values */
};

/* 0, or what read_fail() gave. After a failure there is nothing to free. */
int read_words_restore(struct reader *reader, struct read_words *words, struct read_span span);
/* A `#` where a word begins ends the line. What a shell would do more than quoting ($NAME, `|`, `>` …) is refused. */
int read_words_shell(struct reader *reader, struct read_words *words, struct read_span span);
void read_words_free(struct read_words *words);

/* Adds a word so that iptables-restore reads the same: as it was written, or quoted if it has to be. */
void read_words_add(struct text *text, const struct read_words *words, const struct read_word *word);

#endif
