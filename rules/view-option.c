/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/view-option.h"

#include "rules/model.h"

#include <string.h>

/* The tool's own long options, with their letters. Those of commands count when a beginning is looked for. */
static const struct {
	const char *name;
	char letter;
} own[] = {
	{ "source", 's' },       { "src", 's' },           { "destination", 'd' },  { "dst", 'd' },
	{ "in-interface", 'i' }, { "out-interface", 'o' }, { "protocol", 'p' },     { "fragments", 'f' },
	{ "jump", 'j' },         { "goto", 'g' },          { "match", 'm' },        { "set-counters", 'c' },
	{ "ipv4", '4' },         { "ipv6", '6' },          { "verbose", 'v' },      { "append", 'A' },
	{ "delete", 'D' },       { "check", 'C' },         { "insert", 'I' },       { "replace", 'R' },
	{ "list", 'L' },         { "list-rules", 'S' },    { "flush", 'F' },        { "zero", 'Z' },
	{ "new-chain", 'N' },    { "delete-chain", 'X' },  { "rename-chain", 'E' }, { "policy", 'P' },
	{ "table", 't' },        { "numeric", 'n' },       { "wait", 'w' },         { "wait-interval", 'W' },
	{ "exact", 'x' },        { "version", 'V' },       { "help", 'h' },         { "line-numbers", '0' },
	{ "modprobe", 'M' },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum view_letter view_letter_kind(char letter)
{
	if (!letter)
		return VIEW_LETTER_UNKNOWN;
	if (strchr("sdiopjgmc", letter))
		return VIEW_LETTER_VALUE;
	if (strchr("f46v", letter))
		return VIEW_LETTER_FLAG;
	return strchr("ADCIRLSFZNXEPtnwWxVhM", letter) ? VIEW_LETTER_COMMAND : VIEW_LETTER_UNKNOWN;
}

bool view_letter_has_value(char letter)
{
	return view_letter_kind(letter) == VIEW_LETTER_VALUE;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool view_is_short_option(const char *word)
{
	if (word[0] != '-' || !word[1] || word[1] == '-')
		return false;
	return !is_digit(word[1]) || !strcmp(word, "-4") || !strcmp(word, "-6");
}

bool view_ends_values(const char *word)
{
	if (word[0] == '!' && !word[1])
		return true;
	if (word[0] != '-' || !word[1])
		return false;
	if (word[1] == '-')
		return word[2] != '\0';
	return !word[2] && !is_digit(word[1]) && view_letter_kind(word[1]) != VIEW_LETTER_UNKNOWN;
}

const char *view_whole_name(const struct extension_option *option, const char *beginning)
{
	size_t len = strlen(beginning);

	if (option->alias && strncmp(option->name, beginning, len) != 0)
		return option->alias;
	/* The alias as it was written, also when the name begins with it. */
	if (option->alias && !strcmp(option->alias, beginning))
		return option->alias;
	return option->name;
}

/* ---- looking for an option ---- */

static char as_found(char letter)
{
	return view_letter_kind(letter) == VIEW_LETTER_COMMAND || letter == '0' ? VIEW_COMMAND : letter;
}

static char own_of_name(const char *name)
{
	for (size_t i = 0; i < COUNT(own); i++)
		if (!strcmp(own[i].name, name))
			return own[i].letter;
	return 0;
}

/* How many options have a name that begins so; the letter of the last one. */
static unsigned own_of_beginning(const char *name, char *letter)
{
	size_t len = strlen(name);
	unsigned count = 0;

	*letter = 0;
	for (size_t i = 0; i < COUNT(own); i++) {
		if (strncmp(own[i].name, name, len) != 0 || *letter == own[i].letter)
			continue;
		*letter = own[i].letter;
		count++;
	}
	return count;
}

/* What is not known may have any option. A name with a small letter is no target but a chain, which has none. */
static bool may_have_any(const struct nfv_extension *extension)
{
	if (extension->known || extension->is_goto)
		return false;
	for (const char *c = extension->name; extension->is_target && *c; c++)
		if (*c >= 'a' && *c <= 'z')
			return false;
	return true;
}

/* Then a beginning is more likely a whole name of its own. */
static bool last_may_have_any(const struct view_opened *opened)
{
	return opened->count && may_have_any(opened->items[opened->count - 1]);
}

bool view_is_own_option(const struct nfv_extension *extension, const char *name)
{
	char letter;

	if (own_of_name(name))
		return true;
	if (may_have_any(extension) || (extension->known && extension_option_find(extension->known, name)))
		return false;
	return own_of_beginning(name, &letter) > 0;
}

static bool find_whole(const struct view_opened *opened, const char *name, struct view_found *found)
{
	char letter = own_of_name(name);

	if (letter) {
		*found = (struct view_found){ .letter = as_found(letter) };
		return true;
	}
	for (size_t i = opened->count; i-- > 0;) {
		const struct extension *known = opened->items[i]->known;
		const struct extension_option *option = known ? extension_option_exact(known, name) : NULL;

		if (option) {
			*found = (struct view_found){ .extension = opened->items[i], .option = option };
			return true;
		}
	}
	return false;
}

static bool find_beginning(const struct view_opened *opened, const char *name, struct view_found *found)
{
	char letter;
	unsigned candidates = own_of_beginning(name, &letter);

	if (last_may_have_any(opened))
		return false;
	*found = (struct view_found){ .letter = as_found(letter) };
	for (size_t i = opened->count; i-- > 0;) {
		const struct extension *known = opened->items[i]->known;
		const struct extension_option *option = known ? extension_option_find(known, name) : NULL;

		if (!option || (found->option == option))
			continue;
		*found = (struct view_found){ .extension = opened->items[i], .option = option };
		candidates++;
	}
	return candidates == 1;
}

/* The match that the protocol of the rule opens; NULL: there is none, or it is open. */
static const char *implicit_match(const struct view_opened *opened, const struct view *view)
{
	const char *protocol = view->fields[NFV_FIELD_PROTOCOL].value, *name;

	if (!protocol)
		return NULL;
	name = view_protocol_match(view->rule, protocol);
	if (!name && !chain_name_check(protocol, strlen(protocol)))
		name = protocol;
	for (size_t i = 0; i < opened->count && name; i++)
		if (!opened->items[i]->is_target && !strcmp(opened->items[i]->name, name))
			return NULL;
	return name;
}

struct view_found view_find(const struct view_opened *opened, const struct view *view, const char *name)
{
	const struct extension *known;
	struct view_found found;
	const char *implicit;

	if (find_whole(opened, name, &found) || find_beginning(opened, name, &found))
		return found;
	found = (struct view_found){ 0 };
	implicit = implicit_match(opened, view);
	known = implicit ? view_known(view->rule, implicit, false) : NULL;
	if (known)
		found.option =
			last_may_have_any(opened) ? extension_option_exact(known, name) : extension_option_find(known, name);
	if (found.option || (implicit && !opened->count))
		found.implicit = implicit;
	else if (opened->count)
		found.extension = opened->items[opened->count - 1];
	return found;
}
