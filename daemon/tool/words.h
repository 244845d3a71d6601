/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule that a shell has cut into words, as one text again. Pure. */
#ifndef TOOL_WORDS_H
#define TOOL_WORDS_H

#include <stddef.h>

/* Quoted as iptables-restore reads it. NULL: no memory. To be freed with free(). */
char *words_join(const char *const *words, size_t count);

/* "#3": 3. 0: it is no number of a rule. */
size_t words_number(const char *word);

#endif
