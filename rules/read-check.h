/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the words of a rule make a rule, and which rules they make. */
#ifndef RULES_READ_CHECK_H
#define RULES_READ_CHECK_H

#include "rules/read-command.h"

/* What one line makes: several rules when -s or -d hold a list. */
struct read_rules {
	struct spec **specs;
	size_t count;
};

/* 0 or an error told. */
int read_check_rule(struct reader *reader, struct read_command *command, struct read_rules *rules);
void read_rules_free(struct read_rules *rules);

/* The same for a rule of a known shape, and without lists: only what the shape does not say is looked at. */
int read_check_shape(struct reader *reader, struct read_span rule, uint64_t shape);

#endif
