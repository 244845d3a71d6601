/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/option.h"
#include "daemon/config/schema.h"

#include <inttypes.h>
#include <string.h>

#define WIDTH       100
#define INDENT      2
#define HELP_INDENT 4

/* Writes words after one another, a new line before the one that would not fit. */
static void print_wrapped(const char *text, int indent, FILE *out)
{
	int column = indent;

	fprintf(out, "%*s", indent, "");
	while (*text) {
		int len = (int)strcspn(text, " ");

		if (column > indent && column + 1 + len > WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		}
		column += fprintf(out, "%s%.*s", column > indent ? " " : "", len, text);
		text += len;
		text += strspn(text, " ");
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

static void append_type(char *out, size_t size, const struct nfv_option *option)
{
	if (option->type != NFV_OPT_CHOICE && option->words && option->words[0]) {
		append_words(out, size, option->words);
		append(out, size, " | ");
	}
	switch (option->type) {
	case NFV_OPT_BOOL:
		append(out, size, "true | false");
		break;
	case NFV_OPT_UINT:
		append(out, size, "number");
		append_bounds(out, size, option);
		break;
	case NFV_OPT_SIZE:
		append(out, size, "size (bytes, or with K, M, G)");
		append_bounds(out, size, option);
		break;
	case NFV_OPT_DURATION:
		append(out, size, "duration (with ns, us, ms, s, min, h)");
		append_bounds(out, size, option);
		break;
	case NFV_OPT_STRING:
		append(out, size, "text");
		append_length(out, size, option);
		break;
	case NFV_OPT_CHOICE:
		append_words(out, size, option->words);
		break;
	case NFV_OPT_MARK:
		append(out, size, "mark (value or value/mask)");
		break;
	case NFV_OPT_VERDICT:
		append(out, size, "accept | drop | continue | repeat | queue N");
		break;
	case NFV_OPT_BYTES:
		append(out, size, "text, bytes in hex between bars (GET|20|/)");
		append_length(out, size, option);
		break;
	case NFV_OPT_RANGE:
		append(out, size, "number or range (0-3)");
		append_bounds(out, size, option);
		break;
	case NFV_OPT_GROUP:
		append(out, size, "mapping");
		break;
	case NFV_OPT_GROUPS:
		append(out, size, "list of mappings");
		break;
	case NFV_OPT_NAMED_GROUPS:
		append(out, size, "mapping of names to mappings");
		break;
	case NFV_OPT_ANY:
		append(out, size, "mapping");
		break;
	}
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
