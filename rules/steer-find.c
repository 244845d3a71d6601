/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-find.h"

#include "rules/steer-plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The token after the last `option`, or NULL. */
static const char *value_of(const struct tokens *tokens, const char *option)
{
	for (size_t i = tokens->count; i >= 2; i--)
		if (!strcmp(tokens->items[i - 2], option))
			return tokens->items[i - 1];
	return NULL;
}

static bool parse_number(const char **text, uint16_t *number)
{
	unsigned long value;
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	value = strtoul(*text, &end, 10);
	if (value > UINT16_MAX)
		return false;
	*number = (uint16_t)value;
	*text = end;
	return true;
}

/* The queue numbers of an NFQUEUE rule. False when it is none. */
static bool queue_numbers(const struct tokens *tokens, uint16_t *first, uint16_t *last)
{
	const char *target = value_of(tokens, "-j"), *number = value_of(tokens, "--queue-num");
	const char *balance = value_of(tokens, "--queue-balance");

	if (!target || strcmp(target, "NFQUEUE") != 0)
		return false;
	*first = *last = 0;
	if (balance)
		return parse_number(&balance, first) && *balance++ == ':' && parse_number(&balance, last) && *first <= *last;
	if (number && !parse_number(&number, first))
		return false;
	*last = *first;
	return true;
}

/* True when the rule has our tag for that chain: a comment that names the same queue. */
static bool has_tag(const struct tokens *tokens, const char *chain)
{
	const char *queue = chain + strlen(STEER_PREFIX);

	for (size_t i = 0; i + 1 < tokens->count; i++)
		if (!strcmp(tokens->items[i], "--comment") &&
		    !strncmp(tokens->items[i + 1], STEER_COMMENT, strlen(STEER_COMMENT)) &&
		    !strcmp(tokens->items[i + 1] + strlen(STEER_COMMENT), queue))
			return true;
	return false;
}

static size_t chain_by_name(const struct steer_found *found, const char *name)
{
	for (size_t i = 0; i < found->count; i++)
		if (!strcmp(found->table->chains[found->chains[i].chain].name, name))
			return i;
	return STEER_NONE;
}

/* A rule that leads to one of our chains: our jump, or a foreign one. */
static void judge_jump(struct steer_found *found, size_t rule, const struct tokens *tokens)
{
	const struct save_chain *holder = &found->table->chains[found->table->rules[rule].chain];
	const char *way = tokens->items[tokens->count - 2], *target = tokens->items[tokens->count - 1];
	size_t i;

	if (strcmp(way, "-j") != 0 && strcmp(way, "-g") != 0)
		return;
	i = chain_by_name(found, target);
	if (i == STEER_NONE)
		return;
	if (holder->builtin && !strcmp(way, "-j") && has_tag(tokens, target)) {
		found->jump_of[rule] = i;
		found->chains[i].jumps++;
	} else {
		found->chains[i].foreign = true;
	}
}

/* A rule inside one of our chains. */
static void judge_content(struct steer_found *found, struct steer_chain *chain, const struct tokens *tokens,
			  const struct queues *listening)
{
	uint16_t first, last;

	if (!queue_numbers(tokens, &first, &last))
		return;
	chain->steers = true;
	for (unsigned n = first; n <= last; n++)
		queues_set(&found->numbers, (uint16_t)n, true);
	if (listening && queues_any(listening, first, last))
		chain->bound = true;
}

/* A rule that cannot be split (newlines in a comment) cannot be ours, but may lead to a chain of ours. */
static void judge_odd(struct steer_found *found, const struct save_rule *rule)
{
	for (size_t i = 0; i < found->count; i++) {
		const char *name = found->table->chains[found->chains[i].chain].name;
		size_t len = strlen(name);

		if (rule->spec_len > len && !memcmp(rule->spec + rule->spec_len - len, name, len) &&
		    rule->spec[rule->spec_len - len - 1] == ' ')
			found->chains[i].foreign = true;
	}
}

static int judge_rule(struct steer_found *found, size_t r, const struct queues *listening)
{
	const struct save_rule *rule = &found->table->rules[r];
	struct steer_chain *inside = NULL;
	struct tokens tokens;
	const char *why;
	int err;

	for (size_t i = 0; i < found->count && !inside; i++)
		if (found->chains[i].chain == rule->chain)
			inside = &found->chains[i];
	if (inside)
		inside->rules++;
	/* Most rules are neither in our chains nor lead there. */
	else if (!memmem(rule->spec, rule->spec_len, STEER_PREFIX, strlen(STEER_PREFIX)))
		return 0;
	err = save_rule_tokens(rule, &tokens, &why);
	if (err == -ENOMEM)
		return err;
	if (err) {
		judge_odd(found, rule);
		return 0;
	}
	if (tokens.count >= 2)
		judge_jump(found, r, &tokens);
	if (inside)
		judge_content(found, inside, &tokens, listening);
	tokens_free(&tokens);
	return 0;
}

static bool is_ours(const struct save_chain *chain)
{
	return !chain->builtin && !strncmp(chain->name, STEER_PREFIX, strlen(STEER_PREFIX)) &&
	       steer_name_valid(chain->name + strlen(STEER_PREFIX));
}

int steer_find(struct steer_found *found, const struct save_table *table, const struct queues *listening)
{
	int err = 0;

	*found = (struct steer_found){ .table = table };
	found->chains = calloc(table->chain_count + 1, sizeof(*found->chains));
	found->jump_of = calloc(table->rule_count + 1, sizeof(*found->jump_of));
	if (!found->chains || !found->jump_of) {
		steer_found_free(found);
		return -ENOMEM;
	}
	for (size_t c = 0; c < table->chain_count; c++)
		if (is_ours(&table->chains[c]))
			found->chains[found->count++].chain = c;
	for (size_t r = 0; r < table->rule_count; r++)
		found->jump_of[r] = STEER_NONE;
	for (size_t r = 0; r < table->rule_count && found->count && !err; r++)
		err = judge_rule(found, r, listening);
	if (err)
		steer_found_free(found);
	return err;
}

void steer_found_free(struct steer_found *found)
{
	free(found->chains);
	free(found->jump_of);
	*found = (struct steer_found){ 0 };
}
