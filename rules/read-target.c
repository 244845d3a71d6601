/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/read-target.h"

#include <string.h>

static bool is(struct read_span word, const char *text)
{
	return read_span_len(word) == strlen(text) && !memcmp(word.at, text, read_span_len(word));
}

/* The next word as it stands there; a quote opens where a word begins. */
static struct read_span next_word(struct read_span *rest)
{
	struct read_span word;

	while (rest->at < rest->end && (*rest->at == ' ' || *rest->at == '\t'))
		rest->at++;
	word = (struct read_span){ rest->at, rest->at };
	if (rest->at < rest->end && *rest->at == '"') {
		for (word.end++; word.end < rest->end && *word.end != '"'; word.end++)
			if (*word.end == '\\' && word.end + 1 < rest->end)
				word.end++;
		if (word.end < rest->end)
			word.end++;
	} else {
		while (word.end < rest->end && *word.end != ' ' && *word.end != '\t')
			word.end++;
	}
	rest->at = word.end;
	return word;
}

struct read_span read_target(const char *text, size_t len)
{
	struct read_span rest = { text, text + len }, word = next_word(&rest), name;

	for (; word.at < word.end; word = next_word(&rest)) {
		if (*word.at != '-' || !(is(word, "-j") || is(word, "-g") || is(word, "--jump") || is(word, "--goto")))
			continue;
		name = next_word(&rest);
		if (read_span_len(name) >= 2 && *name.at == '"' && name.end[-1] == '"') {
			name.at++;
			name.end--;
		}
		return name;
	}
	return (struct read_span){ NULL, NULL };
}

static bool leads_to(const struct nfv_rule *rule, const struct nfv_chain *chain, struct read_span *target)
{
	const struct spec *spec = rule_spec(rule);

	if (!spec)
		return false;
	*target = read_target(spec->bytes, spec->len);
	return target->at && is(*target, chain->name);
}

size_t read_target_count(const struct nfv_table *table, const struct nfv_chain *chain)
{
	struct read_span target;
	size_t count = 0;

	for (size_t i = 0; i < table->count; i++)
		for (size_t k = 0; k < table->chains[i]->count; k++)
			count += leads_to(table->chains[i]->rules[k], chain, &target);
	return count;
}

static int rename_in(struct nfv_rule *rule, struct read_span target, const char *name)
{
	struct text text = { 0 };
	const struct spec *old = rule->spec;
	const char *end = old->bytes + old->len;
	int err;

	text_add(&text, old->bytes, (size_t)(target.at - old->bytes));
	text_add(&text, name, strlen(name));
	text_add(&text, target.end, (size_t)(end - target.end));
	err = rule_set_spec(rule, text.failed ? NULL : spec_new(text.data, text.len));
	text_free(&text);
	return err;
}

int read_target_rename(struct reader *reader, struct nfv_chain *chain, const char *name)
{
	const struct nfv_table *table = chain->table;
	struct read_span target;

	for (size_t i = 0; i < table->count; i++) {
		struct nfv_chain *from = table->chains[i];

		for (size_t k = 0; k < from->count; k++)
			if (leads_to(from->rules[k], chain, &target) &&
			    (read_undo_touch(&reader->undo, from) || rename_in(from->rules[k], target, name)))
				return read_fail_memory(reader);
	}
	return 0;
}
