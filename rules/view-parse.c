/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From words to the view, as the tool's own parser goes: an option belongs to the tool itself, else to the extension opened
 * last that has it, whole names before beginnings, else to the match that the protocol opens.
 */
#include "rules/view.h"

#include "rules/error.h"
#include "rules/model.h"
#include "rules/tokens.h"
#include "rules/view-option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	struct view *view;
	struct view_opened opened;
	const char **words;
	bool *quoted;
	const struct token_mark *marks;
	size_t count;
	size_t at; /* the word under way */
	size_t negated_at; /* of the "!" */
	bool negated; /* one stands before the word under way */
	bool unknown; /* some words were nobody's */
	bool disordered; /* printing will change the order of the words */
	struct nfv_extension *last; /* whose option came last; NULL: a field did */
	struct nfv_rules_error *error;
};

static int fail(const struct parser *parser, size_t at, const char *cause)
{
	const char *word = at < parser->count ? parser->words[at] : "";

	error_set(parser->error, -EINVAL, "%.64s: %s", word, cause);
	error_place(parser->error, "", 0, at < parser->count ? parser->marks[at].column : 0);
	return -EINVAL;
}

/* Where a value must be: an unquoted option there means that it was forgotten. */
static bool value_missing(const struct parser *parser, size_t at)
{
	return at >= parser->count || (!parser->marks[at].quoted && view_ends_values(parser->words[at]));
}

/* ---- the tool's own options ---- */

static int set_field(struct parser *parser, enum nfv_field field, const char *value, size_t option)
{
	struct view_field *f = &parser->view->fields[field];

	if (f->value)
		return fail(parser, option, "given twice");
	if (!*value && field != NFV_FIELD_FRAGMENT)
		return fail(parser, option, "its value is empty");
	if ((field == NFV_FIELD_IN || field == NFV_FIELD_OUT) && strlen(value) > VIEW_INTERFACE_MAX)
		return fail(parser, option, "a name of an interface has at most 15 bytes");
	if (field <= NFV_FIELD_DESTINATION && parser->negated && strchr(value, ','))
		return fail(parser, option, "\"!\" does not go with several addresses");
	parser->disordered |= parser->opened.count > 0;
	*f = (struct view_field){ .value = value, .negated = parser->negated };
	parser->negated = false;
	parser->last = NULL;
	return 0;
}

static int open_extension(struct parser *parser, const char *name, char letter, size_t option)
{
	bool is_target = letter != 'm';
	struct nfv_extension *extension;

	if (parser->negated)
		return fail(parser, parser->negated_at, "stands before no option that can be negated");
	if (is_target && parser->view->target)
		return fail(parser, option, "a second target");
	if (!*name)
		return fail(parser, option, "its value is empty");
	if (strlen(name) > NFV_RULES_CHAIN_NAME_MAX)
		return fail(parser, option, "a name has at most 28 bytes");
	parser->disordered |= parser->view->target != NULL;
	extension = view_open(parser->view, name, is_target);
	if (!extension)
		return -ENOMEM;
	extension->is_goto = letter == 'g';
	parser->last = extension;
	parser->opened.items[parser->opened.count++] = extension;
	return 0;
}

static bool read_number(const char *text, size_t len, uint64_t *number)
{
	*number = 0;
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(text[i] - '0'), number))
			return false;
	return len > 0;
}

/* `-c packets bytes`, or with a comma in one word. */
static int set_counters(struct parser *parser, const char *value, size_t option)
{
	const char *comma = strchr(value, ','), *bytes = comma ? comma + 1 : NULL;
	struct view *view = parser->view;

	if (view->counters)
		return fail(parser, option, "given twice");
	if (!bytes && !value_missing(parser, parser->at + 1))
		bytes = parser->words[++parser->at];
	if (!bytes || !read_number(value, comma ? (size_t)(comma - value) : strlen(value), &view->packets) ||
	    !read_number(bytes, strlen(bytes), &view->bytes))
		return fail(parser, option, "wants two numbers, packets and bytes");
	view->counters = true;
	parser->last = NULL;
	return 0;
}

static int set_version(struct parser *parser, unsigned char version, size_t option)
{
	if (parser->view->version && parser->view->version != version)
		return fail(parser, option, "-4 and -6 exclude each other");
	parser->view->version = version;
	return 0;
}

/* An option without a value. */
static int set_flag(struct parser *parser, char letter, size_t option)
{
	if (letter == 'f')
		return set_field(parser, NFV_FIELD_FRAGMENT, "", option);
	if (parser->negated)
		return fail(parser, parser->negated_at, "stands before no option that can be negated");
	parser->last = NULL;
	if (letter != 'v')
		return set_version(parser, (unsigned char)(letter - '0'), option);
	/* It changes what the tool tells, and nothing of the rule. */
	parser->view->respell = true;
	return 0;
}

static int set_value(struct parser *parser, char letter, const char *value, size_t option)
{
	switch (letter) {
	case 's':
		return set_field(parser, NFV_FIELD_SOURCE, value, option);
	case 'd':
		return set_field(parser, NFV_FIELD_DESTINATION, value, option);
	case 'i':
		return set_field(parser, NFV_FIELD_IN, value, option);
	case 'o':
		return set_field(parser, NFV_FIELD_OUT, value, option);
	case 'p':
		return set_field(parser, NFV_FIELD_PROTOCOL, value, option);
	case 'c':
		if (parser->negated)
			return fail(parser, parser->negated_at, "stands before no option that can be negated");
		return set_counters(parser, value, option);
	}
	return open_extension(parser, value, letter, option);
}

/* The value is in the same word, or else the next word. */
static int own_option(struct parser *parser, char letter, const char *value)
{
	size_t option = parser->at;

	if (!view_letter_has_value(letter))
		return value ? fail(parser, option, "takes no value") : set_flag(parser, letter, option);
	if (!value) {
		if (parser->at + 1 < parser->count && !parser->marks[parser->at + 1].quoted &&
		    !strcmp(parser->words[parser->at + 1], "!"))
			return fail(parser, parser->at + 1, "must stand before its option");
		if (value_missing(parser, parser->at + 1))
			return fail(parser, option, "its value is missing");
		value = parser->words[++parser->at];
	} else if (strchr("sdiopj", letter)) {
		/* In one word with the option: iptables 1.8.9 takes the whole word, `-ieth0`, for the value. */
		parser->view->respell = true;
	}
	return set_value(parser, letter, value, option);
}

/* ---- options of extensions ---- */

/* How many words from `first` on are values of a known option. -EINVAL. */
static int known_values(struct parser *parser, const struct extension_option *known, size_t first, bool joined,
			size_t *count)
{
	for (*count = joined; *count < known->values; ++*count) {
		size_t at = first + *count;
		/* The tool takes any word as the first value; what looks like an option is meant only as a free text. */
		bool any = *count == 0 && known->kind == VALUE_STRING && !(known->flags & OPTION_OPTIONAL);
		bool missing = any ? at >= parser->count : value_missing(parser, at);

		if (!missing)
			continue;
		if (known->flags & OPTION_OPTIONAL)
			return 0;
		if (at < parser->count && !strcmp(parser->words[at], "!"))
			return fail(parser, at, "must stand before its option");
		return fail(parser, parser->at, known->values > 1 ? "one of its values is missing" : "its value is missing");
	}
	return 0;
}

/* Words until the next option. */
static size_t unknown_values(const struct parser *parser, size_t first)
{
	size_t at;

	for (at = first; !value_missing(parser, at); at++)
		;
	/* "!" belongs to the option behind it, if there is one. */
	while (at < parser->count && !strcmp(parser->words[at], "!") && !parser->marks[at].quoted &&
	       at + 1 < parser->count && !value_missing(parser, at + 1))
		for (at++; !value_missing(parser, at); at++)
			;
	return at - first;
}

static int add_option(struct parser *parser, struct nfv_extension *extension, struct view_option option, size_t first,
		      size_t count)
{
	if (view_grow_options(extension))
		return -ENOMEM;
	parser->disordered |= !extension->is_target && parser->view->target;
	option.values = &parser->words[first];
	option.quoted = &parser->quoted[first];
	option.count = count;
	option.negated = parser->negated;
	extension->options[extension->count++] = option;
	parser->negated = false;
	parser->last = extension;
	parser->at = first + count - 1;
	return 0;
}

/* Opens the match of the protocol. */
static int open_implicit(struct parser *parser, const char *name, struct nfv_extension **extension)
{
	*extension = view_open(parser->view, name, false);
	if (!*extension)
		return -ENOMEM;
	(*extension)->implicit = true;
	parser->disordered |= parser->view->target != NULL;
	parser->opened.items[parser->opened.count++] = *extension;
	return 0;
}

static int long_option(struct parser *parser)
{
	char *name = (char *)(uintptr_t)(parser->words[parser->at] + 2), *equals = strchr(name, '=');
	struct view_option option = { .joined = equals != NULL };
	size_t first = parser->at + !equals, count;
	struct view_found found;
	int err;

	if (equals)
		*equals = '\0';
	if (!*name || strpbrk(name, " \t\""))
		return fail(parser, parser->at, "is no option");
	found = view_find(&parser->opened, parser->view, name);
	if (found.letter == VIEW_COMMAND)
		return fail(parser, parser->at, "belongs to a command, not to a rule");
	if (found.letter)
		return own_option(parser, found.letter, equals ? equals + 1 : NULL);
	if (!found.extension && !found.implicit)
		return fail(parser, parser->at, "belongs to no match and to no target");
	if (!found.extension) {
		err = open_implicit(parser, found.implicit, &found.extension);
		if (err)
			return err;
	}
	if (found.option) {
		err = known_values(parser, found.option, first, equals != NULL, &count);
		if (err)
			return err;
	} else {
		count = unknown_values(parser, first + (equals != NULL)) + (equals != NULL);
		parser->unknown = true;
	}
	if (equals) {
		/* The value stands in the same word; a flag that has one nevertheless keeps it. */
		parser->words[parser->at] = equals + 1;
		count = count ? count : 1;
	}
	option.name = found.option ? view_whole_name(found.option, name) : name;
	return add_option(parser, found.extension, option, first, count);
}

/* Letters may stand together, the last one with its value. */
static int short_options(struct parser *parser)
{
	const char *word = parser->words[parser->at];

	for (const char *letter = word + 1; *letter; letter++) {
		struct view_option option = { .name = letter, .short_form = true };
		int err;

		switch (view_letter_kind(*letter)) {
		case VIEW_LETTER_FLAG:
			err = own_option(parser, *letter, NULL);
			if (err)
				return err;
			continue;
		case VIEW_LETTER_VALUE:
			return own_option(parser, *letter, letter[1] ? letter + 1 : NULL);
		case VIEW_LETTER_COMMAND:
			return fail(parser, parser->at, "belongs to a command, not to a rule");
		case VIEW_LETTER_UNKNOWN:
			break;
		}
		if (!parser->opened.count || letter != word + 1 || strpbrk(letter, " \t\""))
			return fail(parser, parser->at, "belongs to no match and to no target");
		parser->unknown = true;
		return add_option(parser, parser->opened.items[parser->opened.count - 1], option, parser->at + 1,
				  unknown_values(parser, parser->at + 1));
	}
	return 0;
}

/* A word that is no option and no value of one: kept where it stands. */
static int stray_words(struct parser *parser)
{
	struct view_option option = { .name = "" };

	if (parser->negated)
		return fail(parser, parser->negated_at, "stands before no option");
	if (!parser->last)
		return fail(parser, parser->at, "is no option");
	parser->unknown = true;
	return add_option(parser, parser->last, option, parser->at, 1 + unknown_values(parser, parser->at + 1));
}

static int parse_word(struct parser *parser)
{
	const char *word = parser->words[parser->at];

	if (!strcmp(word, "!") && !parser->marks[parser->at].quoted) {
		if (parser->negated)
			return fail(parser, parser->at, "stands there twice");
		parser->negated = true;
		parser->negated_at = parser->at;
		return 0;
	}
	if (word[0] == '-' && word[1] == '-' && word[2])
		return long_option(parser);
	if (view_is_short_option(word))
		return short_options(parser);
	return stray_words(parser);
}

static int parse_words(struct parser *parser)
{
	for (; parser->at < parser->count; parser->at++) {
		int err = parse_word(parser);

		if (err)
			return err;
	}
	return parser->negated ? fail(parser, parser->negated_at, "stands before no option") : 0;
}

/* The view with its words behind it: pointers, which were quoted, bytes. */
static struct view *view_of_words(const struct tokens *tokens, struct nfv_rule *rule)
{
	size_t pointers = tokens->count * sizeof(char *);
	struct view *view = calloc(1, sizeof(*view) + pointers + tokens->count * sizeof(bool) + tokens->bytes_len);
	bool *quoted;
	char *bytes;

	if (!view)
		return NULL;
	view->rule = rule;
	quoted = (bool *)(view->words + tokens->count);
	bytes = (char *)(quoted + tokens->count);
	if (tokens->bytes_len)
		memcpy(bytes, tokens->bytes, tokens->bytes_len);
	for (size_t i = 0; i < tokens->count; i++) {
		view->words[i] = bytes + (tokens->items[i] - tokens->bytes);
		quoted[i] = tokens->marks[i].has_quotes;
	}
	return view;
}

/* *again: what is nobody's might be somebody's in the order of the print. */
static int parse_text(struct view **view, struct nfv_rule *rule, const char *text, size_t len, struct nfv_rules_error *error,
		      bool *again)
{
	struct tokens tokens;
	struct parser parser;
	const char *cause;
	int err;

	err = tokens_split(&tokens, text, len, TOKENS_RESTORE, &cause);
	if (err) {
		error_set(error, err, "%s", cause);
		error_place(error, "", 0, tokens.wrong_column);
		errno = -err;
		return err;
	}
	parser = (struct parser){ .marks = tokens.marks, .count = tokens.count, .error = error };
	parser.view = view_of_words(&tokens, rule);
	err = parser.view ? 0 : -ENOMEM;
	if (!err) {
		parser.words = parser.view->words;
		parser.quoted = (bool *)(parser.view->words + tokens.count);
		err = parse_words(&parser);
	}
	tokens_free(&tokens);
	if (err) {
		if (err == -ENOMEM)
			error_set(error, err, "out of memory");
		view_free(parser.view);
		return err;
	}
	*again = parser.unknown && parser.disordered;
	*view = parser.view;
	return 0;
}

/* So that its print means the same when it is parsed. */
static int parse_print(struct view **view, struct nfv_rules_error *error, bool *again)
{
	struct view *old = *view;
	struct text text = { 0 };
	int err;

	view_print(old, &text);
	*view = NULL;
	err = text.failed ? error_set(error, -ENOMEM, "out of memory")
			  : parse_text(view, old->rule, text.data, text.len, error, again);
	if (err)
		error_place(error, "", 0, 0);
	text_free(&text);
	view_free(old);
	return err;
}

int view_parse(struct view **view, struct nfv_rule *rule, const char *text, size_t len, struct nfv_rules_error *error)
{
	struct view *parsed = NULL;
	bool again = false;
	int err = parse_text(&parsed, rule, text, len, error, &again);

	if (!err && again)
		err = parse_print(&parsed, error, &again);
	if (err)
		errno = -err;
	else
		*view = parsed;
	return err;
}
