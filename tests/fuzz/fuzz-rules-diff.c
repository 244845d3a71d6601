/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two states made of the input's bytes; the script from one to the other, read over a copy of the first, must give the
 * second: rules in their order, policies, counters. The reader is the judge: it does what iptables-restore --noflush does.
 * By value, a rule that came in between must survive.
 */
#include "rules/canonical.h"
#include "rules/model.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const unsigned fuzz_seconds;
const unsigned fuzz_seconds = 60; /* in the suite: no rule may be lost here */

#define TABLES   2
#define BUILTIN  3
#define CHAINS   8 /* of a table, the built-in ones first */
#define RULES    24

#define FOREIGN "-m comment --comment \"not ours\" -j ACCEPT"

/* One state, before it is text. A rule is a number: one of `texts`, or a jump to a chain of the user. */
struct state_rule {
	uint8_t kind, packets;
};

struct state_chain {
	bool there, drops;
	uint8_t packets;
	size_t count;
	struct state_rule rules[RULES];
};

struct state {
	bool there[TABLES];
	struct state_chain chains[TABLES][CHAINS];
};

static const char *const table_names[TABLES] = { "filter", "nat" };
static const char *const chain_names[TABLES][CHAINS] = {
	{ "INPUT", "FORWARD", "OUTPUT", "one", "two", "three", "four", "five" },
	{ "PREROUTING", "OUTPUT", "POSTROUTING", "one", "two", "three", "four", "five" },
};

/* Some of them are equal, written in two ways. */
static const char *const texts[] = {
	"-i lo -j ACCEPT",
	"-s 10.0.0.0/8 -j ACCEPT",
	"-s 10.0.0.0/255.0.0.0 -j ACCEPT",
	"-p tcp -m tcp --dport 22 -j ACCEPT",
	"-p tcp --dport 22 -j ACCEPT",
	"-p udp -m udp --dport 53 -j RETURN",
	"-p 17 --dport 53 -j RETURN",
	"",
	"-m comment --comment \"a b\"",
	"-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
	"-d 192.0.2.1/32",
	"-d 192.0.2.2/32",
	"-d 192.0.2.3/32",
	"-d 192.0.2.4/32",
};

#define TEXTS (sizeof(texts) / sizeof(texts[0]))

struct input {
	const uint8_t *data;
	size_t size;
};

static uint8_t take(struct input *input)
{
	if (!input->size)
		return 0;
	input->size--;
	return *input->data++;
}

/* ---- states of the input's bytes ---- */

static struct state_rule make_rule(struct input *input, size_t chain)
{
	uint8_t byte = take(input);
	struct state_rule rule = { .kind = byte % (TEXTS + CHAINS - BUILTIN), .packets = take(input) & 3 };

	/* Chains of the user lead to later ones only: no loops. */
	if (rule.kind >= TEXTS && rule.kind - TEXTS + BUILTIN <= chain)
		rule.kind = byte % TEXTS;
	return rule;
}

static void make_chain(struct input *input, struct state_chain *chain, size_t number)
{
	chain->there = number < BUILTIN || take(input) & 1;
	chain->drops = number < BUILTIN && (take(input) & 3) == 3;
	chain->packets = number < BUILTIN ? take(input) & 3 : 0;
	chain->count = chain->there ? take(input) % (RULES / 2) : 0;
	for (size_t i = 0; i < chain->count; i++)
		chain->rules[i] = make_rule(input, number);
}

static void edit_chain(struct input *input, struct state_chain *chain, size_t number)
{
	for (size_t edits = take(input) % 6; edits > 0; edits--) {
		uint8_t what = take(input);
		size_t at = chain->count ? take(input) % chain->count : 0;

		if (what & 1 && chain->count < RULES) {
			memmove(&chain->rules[at + 1], &chain->rules[at], (chain->count - at) * sizeof(chain->rules[0]));
			chain->rules[at] = make_rule(input, number);
			chain->count++;
		} else if (what & 2 && chain->count) {
			chain->count--;
			memmove(&chain->rules[at], &chain->rules[at + 1], (chain->count - at) * sizeof(chain->rules[0]));
		} else if (chain->count) {
			size_t other = take(input) % chain->count;
			struct state_rule swap = chain->rules[at];

			chain->rules[at] = chain->rules[other];
			chain->rules[other] = swap;
		}
	}
}

static void make_state(struct input *input, struct state *state, const struct state *like)
{
	if (like)
		*state = *like;
	for (size_t t = 0; t < TABLES; t++) {
		state->there[t] = t == 0 || take(input) & 1;
		for (size_t c = 0; c < CHAINS; c++) {
			if (!like || (take(input) & 7) == 7)
				make_chain(input, &state->chains[t][c], c);
			else if (state->chains[t][c].there)
				edit_chain(input, &state->chains[t][c], c);
		}
	}
}

static bool leads_nowhere(const struct state *state, size_t table, struct state_rule rule)
{
	return rule.kind >= TEXTS && !state->chains[table][rule.kind - TEXTS + BUILTIN].there;
}

static void write_chain(struct text *text, const struct state *state, size_t table, size_t number)
{
	const struct state_chain *chain = &state->chains[table][number];

	for (size_t i = 0; chain->there && i < chain->count; i++) {
		struct state_rule rule = chain->rules[i];

		if (leads_nowhere(state, table, rule))
			continue;
		text_printf(text, "[%u:%u] -A %s", rule.packets, rule.packets * 10u, chain_names[table][number]);
		if (rule.kind >= TEXTS)
			text_printf(text, " -j %s\n", chain_names[table][rule.kind - TEXTS + BUILTIN]);
		else
			text_printf(text, "%s%s\n", *texts[rule.kind] ? " " : "", texts[rule.kind]);
	}
}

static struct nfv_rules *build(const struct state *state)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct text text = { 0 };

	for (size_t t = 0; t < TABLES; t++) {
		if (!state->there[t])
			continue;
		text_printf(&text, "*%s\n", table_names[t]);
		for (size_t c = 0; c < CHAINS; c++) {
			const struct state_chain *chain = &state->chains[t][c];

			if (chain->there)
				text_printf(&text, ":%s %s [%u:%u]\n", chain_names[t][c],
					    c >= BUILTIN ? "-" : chain->drops ? "DROP" : "ACCEPT", chain->packets,
					    chain->packets * 10u);
		}
		for (size_t c = 0; c < CHAINS; c++)
			write_chain(&text, state, t, c);
		text_printf(&text, "COMMIT\n");
	}
	if (!rules || text.failed || nfv_rules_read(rules, text.data ? text.data : "", text.len, NULL, NULL))
		abort();
	text_free(&text);
	return rules;
}

/* ---- judging ---- */

static void explain(const char *what, const struct nfv_rules *from, const struct nfv_rules *to, const char *script,
		    const struct nfv_rules *got)
{
	char *a = nfv_rules_print(from, NFV_PRINT_COUNTERS, NULL), *b = nfv_rules_print(to, NFV_PRINT_COUNTERS, NULL);
	char *c = got ? nfv_rules_print(got, NFV_PRINT_COUNTERS, NULL) : NULL;

	fprintf(stderr, "%s\n---- from\n%s---- to\n%s---- script\n%s---- got\n%s", what, a, b, script, c ? c : "nothing\n");
	abort();
}

static struct nfv_chain *twin(const struct nfv_rules *rules, const struct nfv_chain *chain)
{
	struct nfv_table *table = rules_find_table(rules, chain->table->name, strlen(chain->table->name));

	return table ? table_find_chain(table, chain->name, strlen(chain->name)) : NULL;
}

static size_t count_equal(const struct nfv_chain *chain, const struct nfv_rule *rule)
{
	size_t count = 0;

	for (size_t i = 0; chain && i < chain->count; i++)
		count += nfv_rule_equal(chain->rules[i], rule);
	return count;
}

/* Rules that come once on both sides keep what they counted; new ones bring their own. */
static bool counters_right(const struct nfv_chain *was, const struct nfv_rule *wanted, const struct nfv_rule *got,
			   unsigned flags)
{
	size_t there = was ? count_equal(was, wanted) : 0;

	if (flags & NFV_DIFF_COUNTERS || !there)
		return got->packets == wanted->packets && got->bytes == wanted->bytes;
	if (there != 1 || count_equal(wanted->chain, wanted) != 1)
		return true;
	for (size_t i = 0; i < was->count; i++)
		if (nfv_rule_equal(was->rules[i], wanted))
			return got->packets == was->rules[i]->packets && got->bytes == was->rules[i]->bytes;
	return false;
}

/* wanted NULL: the chain is not in the second state. */
static bool chain_right(const struct nfv_chain *was, const struct nfv_chain *wanted, const struct nfv_chain *got,
			unsigned flags)
{
	const struct nfv_chain *policy = flags & NFV_DIFF_COUNTERS && wanted ? wanted : was;

	if (!wanted && !got->builtin)
		return false;
	if (got->builtin && strcmp(got->policy, wanted ? wanted->policy : "ACCEPT") != 0)
		return false;
	if (got->builtin && policy && (got->packets != policy->packets || got->bytes != policy->bytes))
		return false;
	if (got->count != (wanted ? wanted->count : 0))
		return false;
	for (size_t i = 0; i < got->count; i++)
		if (!nfv_rule_equal(got->rules[i], wanted->rules[i]) ||
		    !counters_right(was, wanted->rules[i], got->rules[i], flags))
			return false;
	return true;
}

static bool unchanged(const struct nfv_chain *was, const struct nfv_chain *got)
{
	if (!was || was->count != got->count || was->packets != got->packets)
		return false;
	for (size_t i = 0; i < was->count; i++)
		if (!spec_same(rule_spec(was->rules[i]), rule_spec(got->rules[i])) ||
		    was->rules[i]->packets != got->rules[i]->packets)
			return false;
	return !was->policy || !strcmp(was->policy, got->policy);
}

static bool all_right(const struct nfv_rules *from, const struct nfv_rules *to, const struct nfv_rules *got, unsigned flags)
{
	for (size_t t = 0; t < got->count; t++) {
		for (size_t c = 0; c < got->tables[t]->count; c++) {
			const struct nfv_chain *chain = got->tables[t]->chains[c];
			const struct nfv_chain *was = twin(from, chain), *wanted = twin(to, chain);

			if (!wanted && flags & NFV_DIFF_NAMED_ONLY ? !unchanged(was, chain) :
								     !chain_right(was, wanted, chain, flags))
				return false;
		}
	}
	for (size_t t = 0; t < to->count; t++)
		for (size_t c = 0; c < to->tables[t]->count; c++) {
			const struct nfv_chain *wanted = to->tables[t]->chains[c];

			if (!twin(got, wanted) && !(wanted->builtin && !wanted->count && !strcmp(wanted->policy, "ACCEPT")))
				return false;
		}
	return true;
}

/* The legacy backend zeroes the policy counters of a table that it commits. */
static void zero_policies(struct nfv_rules *rules, const char *script)
{
	for (size_t t = 0; t < rules->count; t++) {
		char line[64];

		snprintf(line, sizeof(line), "*%s\n", rules->tables[t]->name);
		for (size_t c = 0; strstr(script, line) && c < rules->tables[t]->count; c++)
			rules->tables[t]->chains[c]->packets = rules->tables[t]->chains[c]->bytes = 0;
	}
}

static void judge(const struct nfv_rules *from, const struct nfv_rules *to, unsigned flags)
{
	char *script = nfv_rules_diff(from, to, flags, NULL), *shown = nfv_rules_diff_show(from, to, flags, true, NULL);
	struct nfv_rules *got = nfv_rules_copy(from);
	char *again;

	if (!script || !shown || !got)
		abort();
	if (!*script != !*shown)
		explain(shown, from, to, script, NULL);
	if (flags & NFV_DIFF_LEGACY)
		zero_policies(got, script);
	if (nfv_rules_read(got, script, strlen(script), NULL, NULL))
		explain("the script is refused", from, to, script, NULL);
	if (!all_right(from, to, got, flags))
		explain("another state", from, to, script, got);
	again = nfv_rules_diff(got, to, flags, NULL);
	if (!again || *again)
		explain("still a difference", from, to, script, got);
	free(again);
	nfv_rules_free(got);
	free(shown);
	free(script);
}

/* ---- somebody else's rule comes in ---- */

static size_t count_all(const struct nfv_chain *chain, const struct nfv_rule *rule)
{
	return chain ? count_equal(chain, rule) : 0;
}

/* Every rule as often as the second state has it, and the foreign one once more; order apart. */
static bool survives(const struct nfv_chain *wanted, const struct nfv_chain *got, const struct nfv_rule *foreign)
{
	if (!got || got->count != wanted->count + 1)
		return false;
	for (size_t i = 0; i < got->count; i++)
		if (count_all(got, got->rules[i]) !=
		    count_all(wanted, got->rules[i]) + nfv_rule_equal(got->rules[i], foreign))
			return false;
	return count_all(got, foreign) > 0;
}

static void judge_foreign(const struct nfv_rules *from, const struct nfv_rules *to, struct input *input, unsigned flags)
{
	char *script = nfv_rules_diff(from, to, flags, NULL);
	struct nfv_rules *got = nfv_rules_copy(from);
	struct nfv_table *table = got ? got->tables[take(input) % got->count] : NULL;
	struct nfv_chain *chain = table ? table->chains[take(input) % table->count] : NULL, *wanted;
	const char *text = take(input) & 1 ? FOREIGN : texts[take(input) % TEXTS];
	struct nfv_rule *foreign = nfv_rule_parse(text, NULL);
	int err;

	if (!script || !chain || !foreign)
		abort();
	wanted = twin(to, chain);
	if (nfv_chain_insert_text(chain, take(input) % (chain->count + 1), text, NULL))
		abort();
	err = nfv_rules_read(got, script, strlen(script), NULL, NULL);
	if (wanted) {
		if (err || !survives(wanted, twin(got, wanted), foreign))
			explain("the foreign rule is gone", from, to, script, got);
	} else {
		/* Its chain was to go: either nothing is done, or it stays where nothing is asked of the chain. */
		chain = table_find_chain(table, chain->name, strlen(chain->name));
		if (!err && (!chain || !count_all(chain, foreign)))
			explain("the foreign rule is gone", from, to, script, got);
	}
	nfv_rule_free(foreign);
	nfv_rules_free(got);
	free(script);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned all = NFV_DIFF_NAMED_ONLY | NFV_DIFF_COUNTERS | NFV_DIFF_LEGACY | NFV_DIFF_BY_VALUE;
	struct input input = { data, size };
	static struct state a, b;
	struct nfv_rules *from, *to;

	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	make_state(&input, &a, NULL);
	make_state(&input, &b, take(&input) & 1 ? &a : NULL);
	from = build(&a);
	to = build(&b);
	for (unsigned flags = 0; flags <= all; flags++)
		judge(from, to, flags);
	judge_foreign(from, to, &input, NFV_DIFF_BY_VALUE);
	judge_foreign(from, to, &input, NFV_DIFF_BY_VALUE | NFV_DIFF_COUNTERS);
	judge_foreign(from, to, &input, NFV_DIFF_BY_VALUE | NFV_DIFF_NAMED_ONLY);
	nfv_rules_free(to);
	nfv_rules_free(from);
	return 0;
}
