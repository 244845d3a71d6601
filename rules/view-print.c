/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/view.h"

#include "rules/tokens.h"

#include <ctype.h>
#include <string.h>

/* Words with one blank between them. */
struct line {
	struct text *out;
	bool begun;
};

static void line_next(struct line *line)
{
	if (line->begun)
		text_add(line->out, " ", 1);
	line->begun = true;
}

static void line_add(struct line *line, const char *word)
{
	line_next(line);
	text_add(line->out, word, strlen(word));
}

/* True when the bare word would be read as something else. */
static bool needs_quotes(const char *word)
{
	return !*word || strpbrk(word, " \t\"") || view_ends_values(word);
}

/* True for what a reader of lines takes for something of the line, like `-AINPUT` or `-4`, unless it follows a long option. */
static bool looks_like_a_command(const char *word)
{
	return word[0] == '-' && (isalpha((unsigned char)word[1]) || !strcmp(word, "-4") || !strcmp(word, "-6"));
}

void view_print_word(struct text *out, const char *word)
{
	if (needs_quotes(word))
		tokens_quote_always(out, word);
	else
		text_add(out, word, strlen(word));
}

/* A value of a short option. */
static void line_add_word(struct line *line, const char *word)
{
	line_next(line);
	if (looks_like_a_command(word))
		tokens_quote_always(line->out, word);
	else
		view_print_word(line->out, word);
}

static void print_fields(struct line *line, const struct view *view)
{
	static const char *const names[NFV_FIELD_COUNT] = {
		[NFV_FIELD_SOURCE] = "-s", [NFV_FIELD_DESTINATION] = "-d", [NFV_FIELD_IN] = "-i",
		[NFV_FIELD_OUT] = "-o",    [NFV_FIELD_PROTOCOL] = "-p",    [NFV_FIELD_FRAGMENT] = "-f",
	};

	for (size_t i = 0; i < NFV_FIELD_COUNT; i++) {
		const struct view_field *field = &view->fields[i];

		if (!field->value)
			continue;
		if (field->negated)
			line_add(line, "!");
		line_add(line, names[i]);
		if (i != NFV_FIELD_FRAGMENT)
			line_add_word(line, field->value);
	}
}

/* As it was written; else as iptables-save would, which quotes what it takes for free text. */
static void print_value(struct text *out, const struct view_option *option, size_t i, bool is_string)
{
	const char *value = option->values[i];

	if (option->quoted[i])
		tokens_quote_always(out, value);
	else if (is_string && i == 0)
		tokens_quote(out, value); /* the first one is taken also if it looks like an option */
	else
		view_print_word(out, value);
}

static void print_option(struct line *line, const struct nfv_extension *extension, const struct view_option *option)
{
	const struct extension_option *known =
		extension->known ? extension_option_find(extension->known, option->name) : NULL;
	bool is_string = known && known->kind == VALUE_STRING;
	size_t i = 0;

	if (option->negated)
		line_add(line, "!");
	if (*option->name) {
		line_add(line, option->short_form ? "-" : "--");
		text_add(line->out, option->name, strlen(option->name));
	}
	if (option->joined && option->count) {
		text_add(line->out, "=", 1);
		if (*option->values[0])
			print_value(line->out, option, i, is_string);
		i++;
	}
	for (; i < option->count; i++) {
		line_next(line);
		print_value(line->out, option, i, is_string);
	}
}

static void print_extension(struct line *line, const struct nfv_extension *extension)
{
	if (!extension->implicit) {
		line_add(line, extension->is_goto ? "-g" : extension->is_target ? "-j" : "-m");
		line_add_word(line, extension->name);
	}
	for (size_t i = 0; i < extension->count; i++)
		print_option(line, extension, &extension->options[i]);
}

void view_print(const struct view *view, struct text *out)
{
	struct line line = { .out = out };

	if (view->version)
		line_add(&line, view->version == 4 ? "-4" : "-6");
	if (view->counters) {
		line_next(&line);
		text_printf(out, "-c %llu %llu", (unsigned long long)view->packets, (unsigned long long)view->bytes);
	}
	print_fields(&line, view);
	for (size_t i = 0; i < view->match_count; i++)
		print_extension(&line, view->matches[i]);
	if (view->target)
		print_extension(&line, view->target);
}
