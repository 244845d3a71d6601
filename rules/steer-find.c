/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-find.h"

#include "rules/steer-plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* One number, or with `range` two. */
static bool parse_numbers(const char *text, bool range, uint16_t *first, uint16_t *last)
{
	if (!parse_number(&text, first))
		return false;
	*last = *first;
	if (range && (*text++ != ':' || !parse_number(&text, last)))
		return false;
	return *text == '\0' && *first <= *last;
}

/*
 * The queue numbers of a rule that sends every packet to NFQUEUE and has no option but those that we write. False when
 * it is none: a rule with a match, a comment or another option is never ours.
 */
static bool plain_numbers(const struct tokens *tokens, uint16_t *first, uint16_t *last)
{
	if (tokens->count < 2 || strcmp(tokens->items[0], "-j") != 0 || strcmp(tokens->items[1], "NFQUEUE") != 0)
		return false;
	*first = *last = 0;
	for (size_t i = 2; i < tokens->count; i++) {
		const char *option = tokens->items[i];
		bool range = !strcmp(option, "--queue-balance");

		if (range || !strcmp(option, "--queue-num")) {
			if (++i == tokens->count || !parse_numbers(tokens->items[i], range, first, last))
				return false;
		} else if (strcmp(option, "--queue-bypass") != 0 && strcmp(option, "--queue-cpu-fanout") != 0) {
			return false;
		}
	}
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

/* A rule that leads to one of the chains: our jump, or a foreign one. */
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

/* A rule inside one of the chains. */
static void judge_content(struct steer_found *found, struct steer_chain *chain, size_t rule, const struct tokens *tokens,
			  const struct queues *listening)
{
	uint16_t first, last;

	if (!plain_numbers(tokens, &first, &last))
		return;
	if (chain->own_rule == STEER_NONE)
		chain->own_rule = rule;
	for (unsigned n = first; n <= last; n++)
		queues_set(&found->numbers, (uint16_t)n, true);
	if (listening && queues_any(listening, first, last))
		chain->bound = true;
}

/* A rule that cannot be split (newlines in a comment) cannot be ours, but may lead to one of the chains. */
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
	/* Most rules are neither in such chains nor lead there. */
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
		judge_content(found, inside, r, &tokens, listening);
	tokens_free(&tokens);
	return 0;
}

static bool named_like_ours(const struct save_chain *chain)
{
	return !chain->builtin && !strncmp(chain->name, STEER_PREFIX, strlen(STEER_PREFIX)) &&
	       steer_name_valid(chain->name + strlen(STEER_PREFIX));
}

bool steer_chain_ours(const struct steer_chain *chain)
{
	if (chain->jumps)
		return true;
	return !chain->foreign && steer_chain_others(chain) == 0;
}

size_t steer_chain_others(const struct steer_chain *chain)
{
	return chain->rules - (chain->own_rule != STEER_NONE);
}

bool steer_chain_stays(const struct steer_chain *chain)
{
	return chain->foreign || steer_chain_others(chain) > 0;
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
		if (named_like_ours(&table->chains[c]))
			found->chains[found->count++] = (struct steer_chain){ .chain = c, .own_rule = STEER_NONE };
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
