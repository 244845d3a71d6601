/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/error.h"

#include "rules/model.h"

#include <stdarg.h>
#include <string.h>

int error_set(struct nfv_rules_error *error, int code, const char *format, ...)
{
	va_list args;

	if (!error)
		return code;
	*error = (struct nfv_rules_error){ .code = code < 0 ? -code : code };
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return code;
}

void error_place(struct nfv_rules_error *error, const char *file, unsigned line, unsigned column)
{
	if (!error)
		return;
	snprintf(error->file, sizeof(error->file), "%s", file ? file : "");
	error->line = line;
	error->column = column;
}

/* A byte that moves a terminal's cursor, or ends the text, is shown as a question mark. */
static char printable(char c)
{
	unsigned char byte = (unsigned char)c;

	return c == '\t' ? ' ' : byte < ' ' || byte == 0x7f ? '?' : c;
}

void error_show(struct nfv_rules_error *error, const char *line, size_t len, unsigned column)
{
	const size_t room = sizeof(error->shown) - 1;
	size_t at = column ? column - 1 : 0, begin = 0, count;

	if (!error)
		return;
	if (at > len)
		at = len;
	/* A third of the room before the culprit, the rest behind it. */
	if (len > room && at > room / 3)
		begin = at - room / 3;
	if (len > room && begin > len - room)
		begin = len - room;
	count = len - begin < room ? len - begin : room;
	for (size_t i = 0; i < count; i++)
		error->shown[i] = printable(line[begin + i]);
	error->shown[count] = '\0';
	error->shown_column = column ? (unsigned)(at - begin) + 1 : 0;
}

void error_blame(struct nfv_rules_error *error, const struct nfv_rule *rule)
{
	if (!error || !rule)
		return;
	error->rule = (struct nfv_rule *)(uintptr_t)rule;
	if (rule->file) {
		error_place(error, rule->file->bytes, rule->line, 0);
		return;
	}
}

static int add(char *text, size_t size, int used, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* As snprintf() behind what is there: returns the length that the whole would have. */
static int add(char *text, size_t size, int used, const char *format, ...)
{
	size_t at = (size_t)used < size ? (size_t)used : size;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(size ? text + at : NULL, size - at, format, args);
	va_end(args);
	return len < 0 ? used : used + len;
}

int nfv_rules_error_print(const struct nfv_rules_error *error, char *text, size_t size)
{
	int used = 0;

	if (size)
		*text = '\0';
	if (*error->file)
		used = add(text, size, used, "%s:", error->file);
	if (error->line)
		used = add(text, size, used, "%s%u:", *error->file ? "" : "line ", error->line);
	if (error->line && error->column)
		used = add(text, size, used, "%u:", error->column);
	used = add(text, size, used, "%s%s", used ? " " : "", error->text);
	if (!*error->shown)
		return used;
	used = add(text, size, used, "\n    %s", error->shown);
	if (error->shown_column)
		used = add(text, size, used, "\n    %*s", (int)error->shown_column, "^");
	return used;
}
