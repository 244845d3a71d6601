/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files print*.c share. Pure. */
#ifndef RULES_PRINT_PRIVATE_H
#define RULES_PRINT_PRIVATE_H

#include "rules/model.h"
#include "rules/text.h"

/* Adds the rule's words, as flags say: canonical or as they are, for iptables-restore or for a shell. */
void print_rule_words(struct text *text, const struct nfv_rule *rule, enum nfv_family family, unsigned flags);

/* The spec without blanks at its ends. */
const char *print_trim(const struct spec *spec, size_t *len);

/* Adds one word so that a shell gives it on as it is. quoted: in quotes even if it needs none. */
void print_shell_word(struct text *text, const char *word, size_t len, bool quoted);
/* Adds the words of a rule's text, each for a shell, each with a blank before it. */
void print_shell_words(struct text *text, const char *rule, size_t len);

/* Adds a note as lines with "# " before each. */
void print_note(struct text *text, const char *note);

/* The text of what was printed, or NULL with errno. */
char *print_take(struct text *text, size_t *len);

#endif
