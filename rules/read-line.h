/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a text, each done as it comes. */
#ifndef RULES_READ_LINE_H
#define RULES_READ_LINE_H

#include "rules/read-private.h"

/* Reads the whole. Errors are in the reader afterwards. */
void read_lines(struct reader *reader, const char *text, size_t len);

/* `*table`, `:chain …`, commands of a shell: what is not the kernel's text alone. line: behind the `*` or `:`. */
int read_table_line(struct reader *reader, struct read_span line);
int read_chain_line(struct reader *reader, struct read_span line);

/* Does the line begin with iptables, ip6tables or kin? */
bool read_is_shell(struct read_span line);
int read_shell_line(struct reader *reader);

/* The bytes of a rule: what stands behind its chain's name. */
struct read_span read_rule_after(const char *name_end, const char *end);

/* The table that lines without one go to. */
int read_enter_table(struct reader *reader, const char *name, size_t len);

#endif
