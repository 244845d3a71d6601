/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/read-line.h"

#include "rules/read-apply.h"
#include "rules/read-check.h"
#include "rules/read-scan.h"

#include <errno.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* ---- rules ---- */

static int tell_fault(struct reader *reader, const struct read_scan *scan)
{
	switch (scan->fault) {
	case READ_SCAN_FINE:
		break;
	case READ_SCAN_CONTROL:
		return read_fail(reader, -EINVAL, scan->at, "a control character");
	case READ_SCAN_UNCLOSED:
		return read_fail(reader, -EINVAL, scan->at, "a quote that is not closed");
	case READ_SCAN_LONG_WORD:
		return read_fail(reader, -EINVAL, scan->at, "a word longer than %d bytes", NFV_RULES_TOKEN_MAX);
	case READ_SCAN_MANY:
		return read_fail(reader, -EINVAL, scan->at, "more than %d words", NFV_RULES_TOKENS_MAX);
	}
	return 0;
}

/* A line with any command. `rest` begins behind the counters. */
static int command_line(struct reader *reader, struct read_span rest, bool counted, uint64_t packets, uint64_t bytes)
{
	struct read_command command = { .counted = counted, .packets = packets, .bytes = bytes };
	struct read_words words;
	int err = read_words_restore(reader, &words, rest);

	if (err)
		return err;
	err = read_command_parse(reader, &command, &words, 0, false);
	if (!err && !command.other_family)
		err = read_command_apply(reader, &command);
	read_command_free(&command);
	read_words_free(&words);
	return err;
}

/* The chain of a rule, ready to be changed: mostly that of the rule before. */
static inline struct nfv_chain *chain_of_rule(struct reader *reader, struct read_span name)
{
	size_t len = read_span_len(name);
	struct nfv_chain *chain = reader->chain;

	if (chain && !strncmp(chain->name, name.at, len) && !chain->name[len])
		return chain;
	reader->chain = read_chain_of_rule(reader, name.at, len, name.at);
	return reader->chain;
}

static int append(struct reader *reader, struct read_span name, struct read_span rule, uint64_t packets, uint64_t bytes)
{
	struct nfv_chain *chain = chain_of_rule(reader, name);
	struct nfv_rule *made;

	if (!chain)
		return reader->err;
	made = read_make_rule(reader, spec_new(rule.at, read_span_len(rule)), packets, bytes);
	if (!made)
		return -ENOMEM;
	if (chain_put(chain, chain->count, made)) {
		nfv_rule_free(made);
		return read_fail_memory(reader);
	}
	read_lookup_came(&reader->undo.lookup, made);
	return 0;
}

struct read_span read_rule_after(const char *name_end, const char *end)
{
	const char *at = name_end;

	/* One blank is the separator. Old versions of the tool print blanks at the end, also behind nothing. */
	if (at == end || (at + 1 < end && !is_blank(at[1])))
		return (struct read_span){ at < end ? at + 1 : at, end };
	while (at < end && is_blank(*at))
		at++;
	return (struct read_span){ at < end ? name_end + 1 : name_end, end };
}

/* "-A CHAIN " at the begin: name and rule are what is said. False: this is another command, or not that simple. */
static bool is_plain_append(struct read_span line, struct read_span *name, struct read_span *rule)
{
	const char *at = line.at;

	if (line.end - at < 4 || at[0] != '-' || at[1] != 'A' || at[2] != ' ' || is_blank(at[3]))
		return false;
	at += 3;
	if (*at == '"' || *at == '-' || *at == '!')
		return false;
	name->at = at;
	while (at < line.end && !is_blank(*at))
		at++;
	name->end = at;
	*rule = read_rule_after(at, line.end);
	return true;
}

/* "[packets:bytes] " */
static bool take_counters(struct read_span *line, uint64_t *packets, uint64_t *bytes)
{
	if (!read_counters(line, packets, bytes))
		return false;
	while (line->at < line->end && is_blank(*line->at))
		line->at++;
	return true;
}

static int rule_line(struct reader *reader, struct read_span line, const char *text_end)
{
	uint64_t packets = 0, bytes = 0;
	bool counted = *line.at == '[';
	struct read_span name, rule;
	struct read_scan scan;

	if (counted && !take_counters(&line, &packets, &bytes))
		return read_fail(reader, -EINVAL, line.at, "counters are written [packets:bytes]");
	if (!is_plain_append(line, &name, &rule))
		return command_line(reader, line, counted, packets, bytes);
	read_scan(&scan, rule, 2, text_end, reader->options);
	if (scan.fault)
		return tell_fault(reader, &scan);
	if (scan.command || scan.list)
		return command_line(reader, line, counted, packets, bytes);
	if (read_check_shape(reader, rule, scan.shape))
		return reader->err;
	return append(reader, name, rule, packets, bytes);
}

/* ---- other lines ---- */

static bool begins(struct read_span line, const char *word)
{
	size_t len = strlen(word);

	return read_span_len(line) >= len && !memcmp(line.at, word, len);
}

static int commit_line(struct reader *reader, struct read_span line)
{
	if (read_span_len(line) != 6)
		return read_fail(reader, -EINVAL, line.at + 6, "COMMIT stands alone in its line");
	if (!reader->open)
		return read_fail(reader, -EINVAL, line.at, "COMMIT without a *table before it");
	reader->open = false;
	reader->table = NULL;
	reader->chain = NULL;
	return 0;
}

int read_enter_table(struct reader *reader, const char *name, size_t len)
{
	struct nfv_table *table = rules_find_table(reader->rules, name, len);

	if (!table)
		table = read_undo_add_table(&reader->undo, name, len);
	if (!table)
		return read_fail_memory(reader);
	if (table != reader->table)
		reader->chain = NULL;
	reader->table = table;
	return 0;
}

/* Lines before the first `*table` have the table that the caller said. */
static int need_table(struct reader *reader, struct read_span line)
{
	if (reader->table)
		return 0;
	if (reader->default_table && !reader->begun)
		return read_enter_table(reader, reader->default_table, strlen(reader->default_table));
	return read_fail(reader, -EINVAL, line.at, "%s",
			 reader->begun ? "this stands outside of *table … COMMIT" : "there is no *table before this line");
}

static int odd_line(struct reader *reader, struct read_span line)
{
	if (begins(line, "COMMIT"))
		return read_fail(reader, -EINVAL, reader->line.at, "COMMIT must begin its line");
	if (*line.at == '*' || *line.at == ':')
		return read_fail(reader, -EINVAL, reader->line.at, "blanks before '%c'", *line.at);
	return read_fail(reader, -EINVAL, line.at, "neither a table, a chain, a rule, a command nor COMMIT");
}

/* line: without blanks before it. */
static int other_line(struct reader *reader, struct read_span line)
{
	bool indented = line.at > reader->line.at;
	int err;

	if (line.at == line.end || *line.at == '#')
		return 0;
	if (reader->flags & NFV_READ_COMMANDS || read_is_shell(line))
		return read_shell_line(reader);
	if (*line.at == '*' && !indented)
		return read_table_line(reader, (struct read_span){ line.at + 1, line.end });
	if (begins(line, "COMMIT") && !indented)
		return commit_line(reader, line);
	if ((*line.at != ':' || indented) && *line.at != '-' && *line.at != '!' && *line.at != '"' && *line.at != '[')
		return odd_line(reader, line);
	err = need_table(reader, line);
	if (err)
		return err;
	return *line.at == ':' ? read_chain_line(reader, (struct read_span){ line.at + 1, line.end })
			       : rule_line(reader, line, reader->line.end);
}

static int one_line(struct reader *reader, const char *text_end)
{
	struct read_span line = reader->line;

	if (line.end > line.at && line.end[-1] == '\r') {
		reader->stop = true;
		return read_fail(reader, -EINVAL, line.end - 1,
				 "the line ends with a carriage return, as in files from Windows: iptables-restore takes "
				 "newlines alone");
	}
	/* Rules in a table are nearly all of a text. */
	if (line.at < line.end && reader->open && (*line.at == '-' || *line.at == '['))
		return rule_line(reader, line, text_end);
	while (line.at < line.end && is_blank(*line.at))
		line.at++;
	return other_line(reader, line);
}

/* A shell goes on in the next line behind a backslash. */
static const char *line_end(const struct reader *reader, const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at)), *begin = at;

	while (newline && newline > at && newline[-1] == '\\' && *begin != '#' &&
	       (reader->flags & NFV_READ_COMMANDS || read_is_shell((struct read_span){ begin, newline })))
		newline = memchr(newline + 1, '\n', (size_t)(end - newline - 1));
	return newline ? newline : end;
}

static unsigned count_newlines(struct read_span span)
{
	unsigned count = 0;

	for (const char *at = span.at; at < span.end; at++)
		count += *at == '\n';
	return count;
}

/* NUL would end a line for the tool, which drops the rest. */
static bool has_nul(struct reader *reader, const char *text, size_t len)
{
	const char *nul = len ? memchr(text, '\0', len) : NULL, *begin = nul;

	if (!nul)
		return false;
	while (begin > text && begin[-1] != '\n')
		begin--;
	reader->line = (struct read_span){ begin, nul };
	while (reader->line.end < text + len && *reader->line.end != '\n')
		reader->line.end++;
	reader->line_number = 1 + count_newlines((struct read_span){ text, begin });
	read_fail(reader, -EINVAL, nul, "a NUL byte");
	return true;
}

void read_lines(struct reader *reader, const char *text, size_t len)
{
	const char *end = text + len, *next = text;

	if (has_nul(reader, text, len))
		return;
	reader->line = (struct read_span){ text, text };
	while (next < end && !reader->stop && (!reader->err || reader->report)) {
		reader->line.at = next;
		reader->line.end = line_end(reader, next, end);
		reader->line_number++;
		if (read_span_len(reader->line) > NFV_RULES_LINE_MAX)
			read_fail(reader, -EINVAL, next + NFV_RULES_LINE_MAX, "a line longer than %d bytes",
				  NFV_RULES_LINE_MAX);
		else
			one_line(reader, end);
		next = reader->line.end;
		if (next > reader->line.at && memchr(reader->line.at, '\n', read_span_len(reader->line)))
			reader->line_number += count_newlines(reader->line);
		if (next < end)
			next++;
	}
	if (reader->open && !reader->stop && (!reader->err || reader->report))
		read_fail(reader, -EINVAL, reader->line.end, "the text ends without COMMIT for table %s",
			  reader->table->name);
}
