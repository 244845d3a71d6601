/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/option.h"
#include "daemon/config/schema.h"

#include <inttypes.h>
#include <string.h>

#define WIDTH       100
#define INDENT      2
#define HELP_INDENT 4

/* Tables of plugins are printed too, and their texts must not steer the terminal. */
static void print_word(const char *text, int len, FILE *out)
{
	for (int i = 0; i < len; i++)
		fputc((unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i], out);
}

/* Writes words after one another, a new line before the one that would not fit. */
static void print_wrapped(const char *text, int indent, FILE *out)
{
	int column = indent;

	fprintf(out, "%*s", indent, "");
	while (*text) {
		int len = (int)strcspn(text, " \t\n");

		if (column > indent && column + 1 + len > WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		}
		if (column > indent)
			column += fprintf(out, " ");
		print_word(text, len, out);
		column += len;
		text += len;
		text += strspn(text, " \t\n");
	}
	fputc('\n', out);
}

static void append(char *out, size_t size, const char *text)
{
	size_t used = strlen(out);

	snprintf(out + used, size - used, "%s", text);
}

static void append_words(char *out, size_t size, const char *const *words)
{
	for (size_t i = 0; words && words[i]; i++) {
		if (i)
			append(out, size, " | ");
		append(out, size, words[i]);
	}
}

static void append_bounds(char *out, size_t size, const struct nfv_option *option)
{
	char low[32], high[32], text[96];

	if (!option->min && !option->max)
		return;
	if (option->type == NFV_OPT_SIZE) {
		scalar_print_size(option->min, low, sizeof(low));
		scalar_print_size(option->max, high, sizeof(high));
	} else if (option->type == NFV_OPT_DURATION) {
		scalar_print_duration(option->min, low, sizeof(low));
		scalar_print_duration(option->max, high, sizeof(high));
	} else {
		snprintf(low, sizeof(low), "%" PRIu64, option->min);
		snprintf(high, sizeof(high), "%" PRIu64, option->max);
	}
	snprintf(text, sizeof(text), ", %s to %s", low, high);
	append(out, size, text);
}

static void append_length(char *out, size_t size, const struct nfv_option *option)
{
	char text[96];

	if (!option->max)
		return;
	snprintf(text, sizeof(text), ", %" PRIu64 " to %" PRIu64 " bytes", option->min, option->max);
	append(out, size, text);
}

static const char *type_name(enum nfv_option_type type)
{
	switch (type) {
	case NFV_OPT_BOOL:
		return "true | false";
	case NFV_OPT_UINT:
		return "number";
	case NFV_OPT_SIZE:
		return "size (bytes, or with K, M, G)";
	case NFV_OPT_DURATION:
		return "duration (with ns, us, ms, s, min, h)";
	case NFV_OPT_STRING:
		return "text";
	case NFV_OPT_MARK:
		return "mark (value or value/mask)";
	case NFV_OPT_VERDICT:
		return "accept | drop | continue | repeat | queue N";
	case NFV_OPT_BYTES:
		return "text, bytes in hex between bars (GET|20|/)";
	case NFV_OPT_RANGE:
		return "number or range (0-3)";
	case NFV_OPT_GROUPS:
		return "list of mappings";
	case NFV_OPT_NAMED_GROUPS:
		return "mapping of names to mappings";
	case NFV_OPT_GROUP:
	case NFV_OPT_ANY:
		return "mapping";
	case NFV_OPT_CHOICE: /* its words say all */
		break;
	}
	return "";
}

static void append_type(char *out, size_t size, const struct nfv_option *option)
{
	append_words(out, size, option->words);
	if (option->type != NFV_OPT_CHOICE && option->words && option->words[0])
		append(out, size, " | ");
	append(out, size, type_name(option->type));
	if (option->type == NFV_OPT_UINT || option->type == NFV_OPT_SIZE || option->type == NFV_OPT_DURATION ||
	    option->type == NFV_OPT_RANGE)
		append_bounds(out, size, option);
	else if (option->type == NFV_OPT_STRING || option->type == NFV_OPT_BYTES)
		append_length(out, size, option);
	if (option->flags & NFV_OPT_LIST)
		append(out, size, "; one, or a list of them");
}

static void print_option(const struct nfv_option *option, int indent, FILE *out)
{
	char line[2048] = "";

	append(line, sizeof(line), option->name);
	append(line, sizeof(line), ": ");
	append_type(line, sizeof(line), option);
	if (option->flags & NFV_OPT_REQUIRED) {
		append(line, sizeof(line), "; required");
	} else if (option->fallback) {
		append(line, sizeof(line), "; default ");
		append(line, sizeof(line), *option->fallback ? option->fallback : "empty");
	}
	print_wrapped(line, indent, out);
	if (option->help)
		print_wrapped(option->help, indent + HELP_INDENT, out);
	if (option_is_group(option) && option->group)
		schema_print(option->group, indent + HELP_INDENT + INDENT, out);
}

void schema_print(const struct nfv_option *table, int indent, FILE *out)
{
	for (const struct nfv_option *option = table; option && option->name; option++)
		print_option(option, indent, out);
}
