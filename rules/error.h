/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filling struct nfv_rules_error. Pure. */
#ifndef RULES_ERROR_H
#define RULES_ERROR_H

#include <nfverdict/rules.h>

/* Fills code and text, clears the rest. error may be NULL. Returns code as it was given: negative, to be returned. */
int error_set(struct nfv_rules_error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Adds the place to an error that is set. */
void error_place(struct nfv_rules_error *error, const char *file, unsigned line, unsigned column);
/* Adds the line itself, cut to the part around the column. */
void error_show(struct nfv_rules_error *error, const char *line, size_t len, unsigned column);
/* Adds rule and its origin. */
void error_blame(struct nfv_rules_error *error, const struct nfv_rule *rule);

#endif
