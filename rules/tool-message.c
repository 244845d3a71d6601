/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/tool-message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines that tell a person how to call the tool, or about something else. */
static const char *const noise[] = { "Try `", "# Warning", "Warning: weird character", "' ('/' and ' '", "Perhaps " };

/* Skips a word that the line begins with, once. */
static bool skip(const char **line, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*line, word, len) != 0)
		return false;
	*line += len;
	return true;
}

/* Skips "iptables-restore v1.8.9 (nf_tables): " and "iptables-restore: ", which may follow each other. */
static const char *skip_tool(const char *line)
{
	for (;;) {
		const char *end = strstr(line, ": ");
		size_t word = strcspn(line, " :");

		if (!end || word == 0 || word > 40 || !memmem(line, word, "tables", 6))
			return line;
		if (line[word] == ':' || (line[word] == ' ' && line[word + 1] == 'v' && end[-1] == ')'))
			line = end + 2;
		else
			return line;
	}
}

/* Takes the number out of the three ways to say it. Returns what follows it. */
static const char *take_number(const char *line, unsigned *number)
{
	unsigned long value;
	char *end;

	if (!skip(&line, "Error occurred at line: ") && !skip(&line, "line "))
		return line;
	value = strtoul(line, &end, 10);
	if (end == line)
		return line;
	if (!*number && value <= 0x7fffffff)
		*number = (unsigned)value;
	line = end;
	if (skip(&line, " failed"))
		(void)(skip(&line, ": ") || skip(&line, "."));
	else if (!skip(&line, ": "))
		skip(&line, " ");
	return line;
}

/* The kernel's answer as nft tells it: "RULE_INSERT failed (Invalid argument): rule in chain INPUT". */
static void add_cause(const char *line, char *text, size_t size)
{
	const char *failed = strstr(line, " failed (");
	size_t used = strlen(text);
	const char *end = failed ? strchr(failed, ')') : NULL;
	int len;

	if (failed && end && strcspn(line, " ") == (size_t)(failed - line) && strchr(line, '_') &&
	    strchr(line, '_') < failed)
		len = snprintf(text + used, size - used, "%srefused by the kernel: %.*s", used ? "; " : "",
			       (int)(end - failed) - (int)strlen(" failed ("), failed + strlen(" failed ("));
	else
		len = snprintf(text + used, size - used, "%s%s", used ? "; " : "", line);
	(void)len;
	/* The tool echoes foreign bytes: none of them may act on a terminal. */
	for (char *c = text + used; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
}

static bool is_noise(const char *line)
{
	for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++)
		if (!strncmp(line, noise[i], strlen(noise[i])))
			return true;
	return *line == '\0';
}

unsigned tool_message(const char *err, char *text, size_t text_size)
{
	unsigned number = 0;

	text[0] = '\0';
	while (*err) {
		size_t len = strcspn(err, "\n");
		char line[1024];
		const char *rest;

		snprintf(line, sizeof(line), "%.*s", len < sizeof(line) ? (int)len : (int)sizeof(line) - 1, err);
		err += len + (err[len] == '\n');
		rest = take_number(skip_tool(line), &number);
		len = strlen(rest);
		while (len && (rest[len - 1] == ' ' || rest[len - 1] == '.'))
			line[(size_t)(rest - line) + --len] = '\0';
		if (!is_noise(rest))
			add_cause(rest, text, text_size);
	}
	if (!text[0])
		snprintf(text, text_size, TOOL_MESSAGE_NO_REASON);
	return number;
}

bool tool_message_denied(const char *err, bool net_admin)
{
	return strstr(err, "you must be root") || strstr(err, "can't open lock file") ||
	       (!net_admin && strstr(err, "unable to initialize table"));
}
