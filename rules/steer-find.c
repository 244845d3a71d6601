/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-find.h"

#include "rules/model.h"
#include "rules/steer-plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- our own rule: every packet to NFQUEUE ---- */

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

static bool has_fields(const struct nfv_rule *rule)
{
	for (int field = 0; field < NFV_FIELD_COUNT; field++)
		if (nfv_rule_get(rule, (enum nfv_field)field, NULL))
			return true;
	return false;
}

bool steer_target_numbers(const struct nfv_rule *rule, uint16_t *first, uint16_t *last, bool *plain)
{
	const struct nfv_extension *target = nfv_rule_target(rule);
	struct nfv_extension_option option;

	if (!target || nfv_rule_is_goto(rule) || strcmp(nfv_extension_name(target), "NFQUEUE") != 0)
		return false;
	*first = *last = 0;
	*plain = !has_fields(rule) && nfv_rule_match_count(rule) == 0;
	for (size_t i = 0; nfv_extension_option_at(target, i, &option) == 0; i++) {
		const bool range = !strcmp(option.name, "queue-balance");

		if (option.negated)
			return false;
		if (range || !strcmp(option.name, "queue-num")) {
			if (option.value_count != 1 || !parse_numbers(option.values[0], range, first, last))
				return false;
		} else if (option.value_count ||
			   (strcmp(option.name, "queue-bypass") != 0 && strcmp(option.name, "queue-cpu-fanout") != 0)) {
			*plain = false;
		}
	}
	return true;
}

/*
 * The queue numbers of a rule that sends every packet to NFQUEUE and has no option but those that we write. False when
 * it is none: a rule with a match, a comment or another option is never ours.
 */
static bool plain_numbers(const struct nfv_rule *rule, uint16_t *first, uint16_t *last)
{
	bool plain;

	return steer_target_numbers(rule, first, last, &plain) && plain;
}

/* ---- rules that lead to a chain ---- */

/* True when the rule has our tag for that chain: a comment that names the same queue. */
static bool has_tag(const struct nfv_rule *rule, const char *chain)
{
	const char *queue = chain + strlen(STEER_PREFIX);
	const struct nfv_extension *match;

	for (size_t nth = 0; (match = nfv_rule_match(rule, "comment", nth)); nth++) {
		const char *comment = nfv_extension_get(match, "comment");

		if (comment && !strncmp(comment, STEER_COMMENT, strlen(STEER_COMMENT)) &&
		    !strcmp(comment + strlen(STEER_COMMENT), queue))
			return true;
	}
	return false;
}

static size_t chain_by_name(const struct steer_found *found, const char *name)
{
	size_t i = 0;

	while (i < found->count && strcmp(nfv_chain_name(found->chains[i].chain), name) != 0)
		i++;
	return i;
}

/* A rule that leads to one of the chains: our jump, or a foreign one. */
static int judge_jump(struct steer_found *found, struct nfv_rule *rule)
{
	const struct nfv_extension *target = nfv_rule_target(rule);
	const char *name = target ? nfv_extension_name(target) : "";
	const size_t to = chain_by_name(found, name);

	if (to == found->count)
		return 0;
	if (!nfv_chain_is_builtin(nfv_rule_chain(rule)) || nfv_rule_is_goto(rule) || !has_tag(rule, name)) {
		found->chains[to].foreign = true;
		return 0;
	}
	if (grow((void **)&found->jumps, found->jump_count, &found->jump_size, sizeof(*found->jumps)))
		return -ENOMEM;
	found->jumps[found->jump_count++] = (struct steer_jump){ rule, to };
	found->chains[to].jumps++;
	return 0;
}

/* A rule inside one of the chains. */
static void judge_content(struct steer_found *found, struct steer_chain *chain, struct nfv_rule *rule,
			  const struct queues *listening)
{
	uint16_t first, last;

	if (!plain_numbers(rule, &first, &last))
		return;
	if (!chain->own_rule)
		chain->own_rule = rule;
	for (unsigned n = first; n <= last; n++)
		queues_set(&found->numbers, (uint16_t)n, true);
	if (listening && queues_any(listening, first, last))
		chain->bound = true;
}

/* A rule that has no view (newlines in a comment) cannot be ours, but may lead to one of the chains. */
static void judge_odd(struct steer_found *found, const struct spec *spec)
{
	for (size_t i = 0; i < found->count; i++) {
		const char *name = nfv_chain_name(found->chains[i].chain);
		const size_t len = strlen(name);

		if (spec->len > len && !memcmp(spec->bytes + spec->len - len, name, len) &&
		    spec->bytes[spec->len - len - 1] == ' ')
			found->chains[i].foreign = true;
	}
}

static int judge_rule(struct steer_found *found, struct steer_chain *inside, struct nfv_rule *rule,
		      const struct queues *listening)
{
	const struct spec *spec = rule_spec(rule);
	int err;

	if (!spec)
		return -ENOMEM;
	/* Most rules are neither in such chains nor lead there. */
	if (!inside && !memmem(spec->bytes, spec->len, STEER_PREFIX, strlen(STEER_PREFIX)))
		return 0;
	if (!rule_view(rule)) {
		judge_odd(found, spec);
		return 0;
	}
	err = judge_jump(found, rule);
	if (inside)
		judge_content(found, inside, rule, listening);
	rule_drop_view(rule);
	return err;
}

static int judge_chain(struct steer_found *found, struct nfv_chain *chain, const struct queues *listening)
{
	const size_t own = chain_by_name(found, nfv_chain_name(chain));
	int err = 0;

	for (size_t r = 0; r < nfv_chain_count(chain) && !err; r++)
		err = judge_rule(found, own < found->count ? &found->chains[own] : NULL, nfv_chain_rule(chain, r),
				 listening);
	return err;
}

/* ---- the whole ---- */

static bool named_like_ours(const struct nfv_chain *chain)
{
	const char *name = nfv_chain_name(chain);

	return !nfv_chain_is_builtin(chain) && !strncmp(name, STEER_PREFIX, strlen(STEER_PREFIX)) &&
	       steer_name_valid(name + strlen(STEER_PREFIX));
}

bool steer_chain_ours(const struct steer_chain *chain)
{
	if (chain->jumps)
		return true;
	return !chain->foreign && steer_chain_others(chain) == 0;
}

size_t steer_chain_others(const struct steer_chain *chain)
{
	return nfv_chain_count(chain->chain) - (chain->own_rule != NULL);
}

bool steer_chain_stays(const struct steer_chain *chain)
{
	return chain->foreign || steer_chain_others(chain) > 0;
}

int steer_find(struct steer_found *found, struct nfv_table *table, const struct queues *listening)
{
	const size_t chains = nfv_table_chain_count(table);
	int err = 0;

	*found = (struct steer_found){ .table = table };
	found->chains = calloc(chains + 1, sizeof(*found->chains));
	if (!found->chains)
		return -ENOMEM;
	for (size_t c = 0; c < chains; c++)
		if (named_like_ours(nfv_table_chain_at(table, c)))
			found->chains[found->count++] = (struct steer_chain){ .chain = nfv_table_chain_at(table, c) };
	for (size_t c = 0; c < chains && found->count && !err; c++)
		err = judge_chain(found, nfv_table_chain_at(table, c), listening);
	if (err)
		steer_found_free(found);
	return err;
}

void steer_found_free(struct steer_found *found)
{
	free(found->chains);
	free(found->jumps);
	*found = (struct steer_found){ 0 };
}
