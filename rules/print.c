/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/print-private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void add(struct text *text, const char *words)
{
	text_add(text, words, strlen(words));
}

/* ---- rules: the bulk, so without a formatter ---- */

static char *put_number(char *at, uint64_t number)
{
	char digits[20];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	while (count)
		*at++ = digits[--count];
	return at;
}

/* "[packets:bytes]" and what comes behind it. */
static void add_counters(struct text *text, uint64_t packets, uint64_t bytes, char behind)
{
	char buffer[2 * 20 + 4], *at = buffer;

	*at++ = '[';
	at = put_number(at, packets);
	*at++ = ':';
	at = put_number(at, bytes);
	*at++ = ']';
	*at++ = behind;
	text_add(text, buffer, (size_t)(at - buffer));
}

/* Nothing but blanks stands in its line. */
static bool is_blank_text(const struct spec *spec)
{
	char behind = spec->bytes[strspn(spec->bytes, " \t")];

	return behind == '\0' || behind == '\n';
}

/* "-A CHAIN " is made once for a chain. A rule that is nothing but blanks stands behind the name as it is. */
static void restore_rule(struct text *text, const struct nfv_rule *rule, const char *begin, size_t begin_len, unsigned flags)
{
	const struct spec *spec = rule_spec(rule);

	if (flags & NFV_PRINT_COUNTERS)
		add_counters(text, rule->packets, rule->bytes, ' ');
	if (!spec) {
		text->failed = true;
		return;
	}
	if (flags & NFV_PRINT_CANONICAL) {
		size_t before;

		text_add(text, begin, begin_len);
		before = text->len;
		print_rule_words(text, rule, rule->chain->table->rules->family, flags);
		if (text->len == before && !text->failed)
			text->data[--text->len] = '\0';
	} else if ((unsigned char)*spec->bytes <= ' ' && is_blank_text(spec)) {
		text_add(text, begin, begin_len - 1);
		text_add(text, spec->bytes, spec->len);
	} else {
		text_add(text, begin, begin_len);
		text_add(text, spec->bytes, spec->len);
	}
	text_add(text, "\n", 1);
}

/* ---- notes ---- */

void print_note(struct text *text, const char *note)
{
	for (;;) {
		size_t len = strcspn(note, "\n");

		add(text, "# ");
		for (size_t i = 0; i < len; i++)
			text_add(text, (unsigned char)note[i] < ' ' && note[i] != '\t' ? "?" : &note[i], 1);
		add(text, "\n");
		if (!note[len])
			return;
		note += len + 1;
	}
}

/* "# firewall.c:42: note" */
static void rule_note(struct text *text, const struct nfv_rule *rule)
{
	struct text line = { 0 };

	if (rule->file && rule->line)
		text_printf(&line, "%s%s%u%s", rule->file->bytes, rule->file->len ? ":" : "line ", rule->line,
			    rule->note ? ": " : "");
	if (rule->note)
		add(&line, rule->note);
	if (line.len)
		print_note(text, line.data);
	text->failed |= line.failed;
	text_free(&line);
}

/* ---- chains and tables ---- */

static const char *tool_of(const struct nfv_table *table)
{
	return table->rules->family == NFV_FAMILY_IPV6 ? "ip6tables" : "iptables";
}

/* As a command for a shell; the rule's words follow. */
static void command(struct text *text, const struct nfv_table *table, const char *option, const char *chain)
{
	text_printf(text, "%s -t ", tool_of(table));
	print_shell_word(text, table->name, strlen(table->name), false);
	text_printf(text, " %s ", option);
	print_shell_word(text, chain, strlen(chain), false);
}

static void chain_rules(struct text *text, const struct nfv_chain *chain, unsigned flags)
{
	struct text begin = { 0 };

	add(&begin, "-A ");
	add(&begin, chain->name);
	add(&begin, " ");
	text->failed |= begin.failed;
	for (size_t i = 0; i < chain->count && !text->failed; i++) {
		const struct nfv_rule *rule = chain->rules[i];

		if (flags & NFV_PRINT_ANNOTATED)
			rule_note(text, rule);
		if (flags & NFV_PRINT_COMMANDS) {
			command(text, chain->table, "-A", chain->name);
			if (flags & NFV_PRINT_COUNTERS)
				text_printf(text, " -c %" PRIu64 " %" PRIu64, rule->packets, rule->bytes);
			print_rule_words(text, rule, chain->table->rules->family, flags);
			add(text, "\n");
		} else {
			restore_rule(text, rule, begin.data, begin.len, flags);
		}
	}
	text_free(&begin);
}

static void chain_line(struct text *text, const struct nfv_chain *chain, unsigned flags)
{
	bool zero = flags & NFV_PRINT_ZERO_POLICY;

	if (!(flags & NFV_PRINT_COMMANDS)) {
		add(text, ":");
		add(text, chain->name);
		add(text, " ");
		add(text, chain->policy ? chain->policy : "-");
		add(text, " ");
		add_counters(text, zero ? 0 : chain->packets, zero ? 0 : chain->bytes, '\n');
		return;
	}
	command(text, chain->table, chain->policy ? "-P" : "-N", chain->name);
	if (chain->policy) {
		add(text, " ");
		add(text, chain->policy);
		if (flags & NFV_PRINT_COUNTERS)
			text_printf(text, " -c %" PRIu64 " %" PRIu64, zero ? 0 : chain->packets, zero ? 0 : chain->bytes);
	}
	add(text, "\n");
}

/* Before the rules of a chain. */
static void chain_note(struct text *text, const struct nfv_chain *chain)
{
	if (!chain->declared && !chain->count && !chain->note)
		return;
	text_printf(text, "#\n# chain %s\n", chain->name);
	if (chain->note)
		print_note(text, chain->note);
	if (!chain->count)
		add(text, "# no rules\n");
}

/* Chains that have a line of their own come first: so they do when the text is read again. */
static void each_chain(struct text *text, const struct nfv_table *table, unsigned flags, bool declared)
{
	for (size_t i = 0; i < table->count && !text->failed; i++) {
		if (table->chains[i]->declared != declared)
			continue;
		if (flags & NFV_PRINT_ANNOTATED)
			chain_note(text, table->chains[i]);
		if (table->chains[i]->count)
			chain_rules(text, table->chains[i], flags);
	}
}

static void print_table(struct text *text, const struct nfv_table *table, unsigned flags)
{
	if (flags & NFV_PRINT_ANNOTATED)
		text_printf(text, "#\n# ---- table %s ----\n", table->name);
	if (flags & NFV_PRINT_ANNOTATED && table->note)
		print_note(text, table->note);
	if (!(flags & NFV_PRINT_COMMANDS))
		text_printf(text, "*%s\n", table->name);
	for (size_t i = 0; i < table->count; i++)
		if (table->chains[i]->declared)
			chain_line(text, table->chains[i], flags);
	each_chain(text, table, flags, true);
	each_chain(text, table, flags, false);
	if (!(flags & NFV_PRINT_COMMANDS))
		add(text, "COMMIT\n");
}

char *print_take(struct text *text, size_t *len)
{
	text_add(text, "", 0);
	if (text->failed) {
		text_free(text);
		errno = ENOMEM;
		return NULL;
	}
	if (len)
		*len = text->len;
	return text->data;
}

char *nfv_rules_print(const struct nfv_rules *rules, unsigned flags, size_t *len)
{
	struct text text = { 0 };

	for (size_t i = 0; i < rules->count; i++)
		print_table(&text, rules->tables[i], flags);
	return print_take(&text, len);
}

char *nfv_table_print(const struct nfv_table *table, unsigned flags, size_t *len)
{
	struct text text = { 0 };

	print_table(&text, table, flags);
	return print_take(&text, len);
}

/* ---- one rule ---- */

char *nfv_rule_print(const struct nfv_rule *rule, unsigned flags)
{
	struct text text = { 0 };

	if (flags & NFV_PRINT_ANNOTATED)
		rule_note(&text, rule);
	if (flags & NFV_PRINT_COUNTERS)
		text_printf(&text, "-c %" PRIu64 " %" PRIu64 " ", rule->packets, rule->bytes);
	print_rule_words(&text, rule, rule_family(rule), flags);
	return print_take(&text, NULL);
}

char *nfv_rule_command(const struct nfv_rule *rule)
{
	struct text text = { 0 };

	if (!rule->chain || !rule->chain->table) {
		errno = ENOENT;
		return NULL;
	}
	command(&text, rule->chain->table, "-A", rule->chain->name);
	print_rule_words(&text, rule, rule->chain->table->rules->family, NFV_PRINT_COMMANDS);
	return print_take(&text, NULL);
}
