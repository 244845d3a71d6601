/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that commands and other lines share. A NULL or negative result: the error was told. */
#ifndef RULES_READ_APPLY_H
#define RULES_READ_APPLY_H

#include "rules/read-command.h"

/* For "%.*s": a word of the line, which may be long. */
#define READ_SHOWN(word) (int)((word)->len < 64 ? (word)->len : 64), (word)->value

/* Does the reader's table have a built-in chain of that name? */
bool read_is_builtin(const struct reader *reader, const char *name, size_t len);
int read_name_check(struct reader *reader, struct read_span name);

struct nfv_chain *read_make_chain(struct reader *reader, const char *name, size_t len, bool declared);
int read_set_policy(struct reader *reader, struct nfv_chain *chain, const char *policy, size_t len);

/* The chain that a rule is put into, made when it may be. at: its place in the line. It is ready to be changed. */
struct nfv_chain *read_chain_of_rule(struct reader *reader, const char *name, size_t len, const char *at);

/* Makes it ready to be changed. NULL, also for NULL: an error was told. */
struct nfv_chain *read_touch(struct reader *reader, struct nfv_chain *chain);
/* The chain of a command that does not make it, ready to be changed. */
struct nfv_chain *read_existing_chain(struct reader *reader, const struct read_command *command);

/* -N, -X, -E, -P, -F and -Z. 0 or an error told. */
int read_command_chain(struct reader *reader, const struct read_command *command);

/* A rule with the line as its origin. Takes the reference. */
struct nfv_rule *read_make_rule(struct reader *reader, struct spec *spec, uint64_t packets, uint64_t bytes);

#endif
