/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose option a word of a rule is. Of the parser of views. Pure. */
#ifndef RULES_VIEW_OPTION_H
#define RULES_VIEW_OPTION_H

#include "rules/tokens.h"
#include "rules/view.h"

#define VIEW_INTERFACE_MAX 15 /* IFNAMSIZ without the NUL */
#define VIEW_COMMAND       1 /* in place of a letter: an option of a command */

enum view_letter { VIEW_LETTER_UNKNOWN, VIEW_LETTER_FLAG, VIEW_LETTER_VALUE, VIEW_LETTER_COMMAND };

enum view_letter view_letter_kind(char letter);
bool view_letter_has_value(char letter);

/* True for a word that is one or more short options: -s, -fs, -s10.0.0.1, also unknown ones, but no negative number. */
bool view_is_short_option(const char *word);

/* Extensions in the order in which they were opened. */
struct view_opened {
	struct nfv_extension *items[TOKENS_MAX];
	size_t count;
};

struct view_found {
	char letter; /* of the tool's own option, or VIEW_COMMAND; 0 */
	struct nfv_extension *extension; /* else whose it is; */
	const char *implicit; /* or the name of the match that it opens; both NULL: nobody's */
	const struct extension_option *option; /* NULL: not known */
};

/* A long option by its name. Beginnings are taken where they fit one option alone. */
struct view_found view_find(const struct view_opened *opened, const struct view *view, const char *name);

/* True when the option, written behind the extension, would be the tool's own: --source, or a beginning of it. */
bool view_is_own_option(const struct nfv_extension *extension, const char *name);

/* The name or alias that begins so. */
const char *view_whole_name(const struct extension_option *option, const char *beginning);

#endif
