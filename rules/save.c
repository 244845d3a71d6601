/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/save.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The part of the text under the parser's eye. */
struct span {
	const char *at;
	const char *end;
};

struct parser {
	struct save *save;
	struct save_table *table; /* NULL outside of one */
	size_t chain; /* of the rule before: the next one is mostly of the same */
};

/* Makes room for one more element. */
static int grow(void **items, size_t count, size_t *size, size_t item_size)
{
	size_t wanted = *size ? *size * 2 : 8;
	void *grown;

	if (count < *size)
		return 0;
	grown = reallocarray(*items, wanted, item_size);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*size = wanted;
	return 0;
}

static bool skip(struct span *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* The bytes up to a blank, which is skipped too. */
static struct span take_word(struct span *s)
{
	struct span word = { s->at, s->at };

	while (word.end < s->end && *word.end != ' ')
		word.end++;
	s->at = word.end;
	skip(s, ' ');
	return word;
}

static bool take_number(struct span *s, uint64_t *number)
{
	const char *begin = s->at;

	*number = 0;
	for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++)
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(*s->at - '0'), number))
			return false;
	return s->at > begin;
}

/* "[packets:bytes]" */
static bool take_counters(struct span *s, uint64_t *packets, uint64_t *bytes)
{
	return skip(s, '[') && take_number(s, packets) && skip(s, ':') && take_number(s, bytes) && skip(s, ']');
}

/* A name in the text holds no NUL, else it would be cut to another name. */
static char *copy(struct span word)
{
	size_t len = (size_t)(word.end - word.at);

	return len && !memchr(word.at, '\0', len) ? strndup(word.at, len) : NULL;
}

static int parse_table(struct parser *p, struct span line)
{
	struct save *save = p->save;
	struct span word = take_word(&line);
	char *name;

	if (p->table || word.at == word.end || memchr(word.at, '\0', (size_t)(word.end - word.at)))
		return -EINVAL;
	name = copy(word);
	if (!name || grow((void **)&save->tables, save->table_count, &save->table_size, sizeof(*save->tables))) {
		free(name);
		return -ENOMEM;
	}
	p->table = &save->tables[save->table_count++];
	*p->table = (struct save_table){ .name = name };
	p->chain = 0;
	return 0;
}

static int parse_chain(struct parser *p, struct span line)
{
	struct save_table *table = p->table;
	struct span name = take_word(&line), policy = take_word(&line);
	struct save_chain chain = { 0 };

	if (name.at == name.end || policy.at == policy.end || !take_counters(&line, &chain.packets, &chain.bytes) ||
	    memchr(name.at, '\0', (size_t)(policy.end - name.at))) {
		p->save->odd++;
		return 0;
	}
	chain.name = copy(name);
	chain.policy = copy(policy);
	if (!chain.name || !chain.policy ||
	    grow((void **)&table->chains, table->chain_count, &table->chain_size, sizeof(*table->chains))) {
		free(chain.name);
		free(chain.policy);
		return -ENOMEM;
	}
	chain.builtin = strcmp(chain.policy, "-") != 0;
	table->chains[table->chain_count++] = chain;
	return 0;
}

static bool find_chain(const struct save_table *table, struct span name, size_t *index)
{
	size_t len = (size_t)(name.end - name.at);

	/* The one found last comes first. */
	for (size_t i = 0; i < table->chain_count; i++) {
		size_t k = (*index + i) % table->chain_count;

		if (strlen(table->chains[k].name) == len && !memcmp(table->chains[k].name, name.at, len)) {
			*index = k;
			return true;
		}
	}
	return false;
}

static int parse_rule(struct parser *p, struct span line)
{
	struct save_table *table = p->table;
	struct save_rule rule = { 0 };
	struct span name;

	if (line.at < line.end && *line.at == '[') {
		rule.counted = true;
		if (!take_counters(&line, &rule.packets, &rule.bytes) || !skip(&line, ' ')) {
			p->save->odd++;
			return 0;
		}
	}
	if (!skip(&line, '-') || !skip(&line, 'A') || !skip(&line, ' ')) {
		p->save->odd++;
		return 0;
	}
	name = take_word(&line);
	if (!find_chain(table, name, &p->chain)) {
		p->save->odd++;
		return 0;
	}
	rule.chain = p->chain;
	rule.spec = line.at;
	rule.spec_len = (size_t)(line.end - line.at);
	if (grow((void **)&table->rules, table->rule_count, &table->rule_size, sizeof(*table->rules)))
		return -ENOMEM;
	table->rules[table->rule_count++] = rule;
	return 0;
}

/*
 * The end of the line that begins at `at`. A quote that opens where a token begins holds newlines too; when it is never
 * closed it was no quote, and the line ends where it seems to.
 */
static const char *line_end(const char *at, const char *end)
{
	const char *first = NULL;
	bool quoted = false, escaped = false;

	for (const char *c = at; c < end; c++) {
		if (*c == '\n' && !first)
			first = c;
		if (*c == '\n' && !quoted)
			return c;
		if (escaped)
			escaped = false;
		else if (quoted && *c == '\\')
			escaped = true;
		else if (quoted && *c == '"')
			quoted = false;
		else if (!quoted && *c == '"' && c > at && c[-1] == ' ')
			quoted = true;
	}
	return first && quoted ? first : end;
}

static int parse_line(struct parser *p, struct span line)
{
	if (line.at == line.end || *line.at == '#')
		return 0;
	if (skip(&line, '*'))
		return parse_table(p, line);
	if (!p->table) {
		p->save->odd++;
		return 0;
	}
	if (line.end - line.at == 6 && !memcmp(line.at, "COMMIT", 6)) {
		p->table = NULL;
		return 0;
	}
	if (skip(&line, ':'))
		return parse_chain(p, line);
	return parse_rule(p, line);
}

int save_parse(struct save *save, const char *text, size_t len)
{
	struct parser p = { .save = save };
	const char *end = text + len;
	int err = 0;

	*save = (struct save){ 0 };
	while (text < end && !err) {
		/* Only rules have quotes: a comment line may hold an odd one. */
		const char *newline =
			*text == '-' || *text == '[' ? line_end(text, end) : memchr(text, '\n', (size_t)(end - text));

		if (!newline)
			newline = end;
		err = parse_line(&p, (struct span){ text, newline });
		text = newline < end ? newline + 1 : end;
	}
	if (!err && p.table)
		err = -EINVAL;
	if (err)
		save_free(save);
	return err;
}

void save_free(struct save *save)
{
	for (size_t t = 0; t < save->table_count; t++) {
		struct save_table *table = &save->tables[t];

		for (size_t c = 0; c < table->chain_count; c++) {
			free(table->chains[c].name);
			free(table->chains[c].policy);
		}
		free(table->chains);
		free(table->rules);
		free(table->name);
	}
	free(save->tables);
	*save = (struct save){ 0 };
}

const struct save_table *save_table(const struct save *save, const char *name)
{
	for (size_t t = 0; t < save->table_count; t++)
		if (!strcmp(save->tables[t].name, name))
			return &save->tables[t];
	return NULL;
}

const struct save_chain *save_chain(const struct save_table *table, const char *name)
{
	for (size_t c = 0; c < table->chain_count; c++)
		if (!strcmp(table->chains[c].name, name))
			return &table->chains[c];
	return NULL;
}

int save_rule_tokens(const struct save_rule *rule, struct tokens *tokens, const char **why)
{
	return tokens_split(tokens, rule->spec, rule->spec_len, TOKENS_SAVE, why);
}
