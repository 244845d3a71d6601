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

	if (!spec || rule->chain->table != chain->table)
		return false;
	*target = read_target(spec->bytes, spec->len);
	return target->at && is(*target, chain->name);
}

/* The next rule that leads to the chain. */
static struct nfv_rule *next_lead(const struct read_index *index, const struct nfv_chain *chain, uint32_t *place,
				  struct read_span *target)
{
	uint64_t number = read_lookup_target(chain->table, chain->name, strlen(chain->name));
	struct nfv_rule *rule;

	while ((rule = read_index_next(index, number, place)))
		if (leads_to(rule, chain, target))
			break;
	return rule;
}

int read_target_count(struct reader *reader, const struct nfv_chain *chain, size_t *count)
{
	const struct read_index *index = read_lookup_targets(&reader->undo.lookup, reader->rules);
	struct read_span target;
	uint32_t place = 0;

	*count = 0;
	if (!index)
		return read_fail_memory(reader);
	while (next_lead(index, chain, &place, &target))
		++*count;
	return 0;
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
	const struct read_index *index = read_lookup_targets(&reader->undo.lookup, reader->rules);
	struct read_span target;
	struct nfv_rule *rule;
	uint32_t place = 0;

	while (index && (rule = next_lead(index, chain, &place, &target))) {
		/* What makes the text anew may have moved it. */
		if (read_undo_touch(&reader->undo, rule->chain) || !leads_to(rule, chain, &target))
			return read_fail_memory(reader);
		read_lookup_gone(&reader->undo.lookup, rule);
		if (rename_in(rule, target, name))
			return read_fail_memory(reader);
		read_lookup_came(&reader->undo.lookup, rule);
		index = read_lookup_targets(&reader->undo.lookup, reader->rules);
		place = 0;
	}
	return index ? 0 : read_fail_memory(reader);
}
