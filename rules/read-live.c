/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/read.h"

#include "rules/error.h"
#include "rules/read-apply.h"
#include "rules/read-line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct live {
	struct reader reader;
	struct read_span rest;
	struct nfv_rule *rule; /* the last one of the table */
};

/*
 * The end of the rule that begins at `at`. A quote that opens where a word begins holds newlines too; when it is never
 * closed it was no quote, and the line ends where it seems to.
 */
static const char *rule_end(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at)), *first = newline;
	bool quoted = false;

	if (!newline)
		newline = end;
	for (const char *c = memchr(at, '"', (size_t)(newline - at)); c && c < end; c++) {
		if (*c == '\n' && !quoted)
			return c;
		if (quoted && *c == '\\' && c + 1 < end)
			c++;
		else if (quoted && *c == '"')
			quoted = false;
		else if (!quoted && *c == '"' && c > at && c[-1] == ' ')
			quoted = true;
	}
	/* Either nothing was quoted, or the text ended inside of it. */
	return first ? first : end;
}

static struct read_span word(struct read_span *line)
{
	struct read_span word = { line->at, line->at };

	while (word.end < line->end && *word.end != ' ')
		word.end++;
	line->at = word.end < line->end ? word.end + 1 : word.end;
	return word;
}

/* A line that is none of the format's: a newline inside an interface's name makes such. It is of the rule before. */
static int keep_odd(struct live *live, struct read_span line)
{
	const struct spec *old = live->rule ? live->rule->spec : NULL;
	struct text text = { 0 };
	int err;

	if (!old)
		return 0;
	text_add(&text, old->bytes, old->len);
	text_add(&text, "\n", 1);
	text_add(&text, line.at, read_span_len(line));
	err = rule_set_spec(live->rule, text.failed ? NULL : spec_new(text.data, text.len));
	text_free(&text);
	return err ? read_fail_memory(&live->reader) : 0;
}

static int rule_line(struct live *live, struct read_span line)
{
	struct reader *reader = &live->reader;
	struct read_span rest = line, name;
	uint64_t packets = 0, bytes = 0;
	struct nfv_chain *chain = reader->chain;
	struct nfv_rule *rule;

	if (*rest.at == '[' && (!read_counters(&rest, &packets, &bytes) || rest.at == rest.end || *rest.at++ != ' '))
		return keep_odd(live, line);
	if (rest.end - rest.at < 4 || memcmp(rest.at, "-A ", 3) != 0)
		return keep_odd(live, line);
	rest.at += 3;
	name = word(&rest);
	rest = read_rule_after(name.end, line.end);
	if (!chain || strlen(chain->name) != read_span_len(name) || memcmp(chain->name, name.at, read_span_len(name)) != 0)
		chain = read_chain_of_rule(reader, name.at, read_span_len(name), name.at);
	reader->chain = chain;
	rule = chain ? read_make_rule(reader, spec_new(rest.at, read_span_len(rest)), packets, bytes) : NULL;
	if (!rule)
		return reader->err;
	if (chain_put(chain, chain->count, rule)) {
		nfv_rule_free(rule);
		return read_fail_memory(reader);
	}
	live->rule = rule;
	return 0;
}

static int chain_line(struct live *live, struct read_span line)
{
	struct reader *reader = &live->reader;
	struct read_span rest = { line.at + 1, line.end }, name = word(&rest), policy = word(&rest);
	uint64_t packets = 0, bytes = 0;
	struct nfv_chain *chain;

	if (name.at == name.end || policy.at == policy.end || !read_counters(&rest, &packets, &bytes))
		return keep_odd(live, line);
	chain = table_find_chain(reader->table, name.at, read_span_len(name));
	if (chain ? read_undo_touch(&reader->undo, chain) : 0)
		return read_fail_memory(reader);
	if (!chain)
		chain = read_make_chain(reader, name.at, read_span_len(name), true);
	if (!chain)
		return reader->err;
	chain->declared = true;
	chain->packets = packets;
	chain->bytes = bytes;
	if (read_span_len(policy) == 1 && *policy.at == '-')
		return 0;
	chain->builtin = true;
	return read_set_policy(reader, chain, policy.at, read_span_len(policy));
}

static int one_line(struct live *live, struct read_span line)
{
	struct reader *reader = &live->reader;

	if (line.at == line.end || *line.at == '#')
		return 0;
	if (*line.at == '*') {
		struct read_span rest = { line.at + 1, line.end }, name = word(&rest);

		if (reader->open)
			return keep_odd(live, line);
		live->rule = NULL;
		reader->open = true;
		return read_enter_table(reader, name.at, read_span_len(name));
	}
	if (!reader->open)
		return 0;
	if (read_span_len(line) == 6 && !memcmp(line.at, "COMMIT", 6)) {
		reader->open = false;
		reader->table = NULL;
		reader->chain = NULL;
		live->rule = NULL;
		return 0;
	}
	if (*line.at == ':')
		return chain_line(live, line);
	return *line.at == '-' || *line.at == '[' ? rule_line(live, line) : keep_odd(live, line);
}

static void read_text(struct live *live)
{
	struct reader *reader = &live->reader;

	while (live->rest.at < live->rest.end && !reader->err) {
		const char *at = live->rest.at, *end;

		/* Only rules have quotes: a comment line may hold an odd one. */
		if (*at == '-' || *at == '[')
			end = rule_end(at, live->rest.end);
		else
			end = memchr(at, '\n', (size_t)(live->rest.end - at));
		if (!end)
			end = live->rest.end;
		reader->line = (struct read_span){ at, end };
		reader->line_number++;
		one_line(live, reader->line);
		for (const char *c = at; c < end; c++)
			reader->line_number += *c == '\n';
		live->rest.at = end < live->rest.end ? end + 1 : end;
	}
	if (reader->open && !reader->err)
		read_fail(reader, -EINVAL, reader->line.end, "the text of iptables-save was cut: it ends without COMMIT");
}

int read_live(struct nfv_rules *rules, const char *text, size_t len, struct nfv_rules_error *error)
{
	struct live *live = calloc(1, sizeof(*live));
	int err;

	if (!live)
		return error_set(error, -ENOMEM, "out of memory");
	live->reader = (struct reader){ .rules = rules, .live = true, .file_name = "", .error = error };
	live->rest = (struct read_span){ text, text + len };
	read_undo_begin(&live->reader.undo, rules, true);
	read_text(live);
	err = live->reader.err;
	if (err)
		read_undo_back(&live->reader.undo);
	else
		read_undo_keep(&live->reader.undo);
	free(live);
	return err;
}
