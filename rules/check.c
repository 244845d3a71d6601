/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/check.h"

#include "rules/base.h"
#include "rules/error.h"
#include "rules/read-target.h"
#include "rules/view.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- telling ---- */

/* "table filter, chain INPUT, rule 3: " */
static void add_place(struct text *text, const struct nfv_chain *chain, const struct nfv_rule *rule)
{
	long position = rule ? nfv_rule_position(rule) : -1;

	text_printf(text, "table %s, chain %s", chain->table->name, chain->name);
	if (position >= 0)
		text_printf(text, ", rule %ld", position + 1);
	text_add(text, ": ", 2);
}

void check_tell(struct check *check, const struct nfv_chain *chain, const struct nfv_rule *rule, const char *format, ...)
{
	struct nfv_rules_error error;
	struct text text = { 0 };
	char cause[400];
	va_list args;

	check->findings++;
	if (!check->report)
		return;
	va_start(args, format);
	vsnprintf(cause, sizeof(cause), format, args);
	va_end(args);
	add_place(&text, chain, rule);
	error_set(&error, -EINVAL, "%s%s", text.failed ? "" : text.data, cause);
	text_free(&text);
	if (rule) {
		const struct spec *spec = rule_spec(rule);

		error_blame(&error, rule);
		if (spec)
			error_show(&error, spec->bytes, spec->len, 0);
	}
	check->report(check->context, &error);
}

/* ---- chains ---- */

static void check_name(struct check *check, const struct nfv_chain *chain)
{
	static const char *const verdicts[] = { "ACCEPT", "DROP", "RETURN", "QUEUE" };
	size_t len = strlen(chain->name);

	if (chain->builtin)
		return;
	if (len > NFV_RULES_CHAIN_NAME_MAX)
		check_tell(check, chain, NULL, "the name has %zu bytes, and a chain's may have %d", len,
			   NFV_RULES_CHAIN_NAME_MAX);
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (!strcmp(verdicts[i], chain->name))
			check_tell(check, chain, NULL, "%s is a verdict, and no name for a chain", chain->name);
	if (!len || *chain->name == '-' || *chain->name == '!')
		check_tell(check, chain, NULL, "a chain's name does not begin with '%.1s'", chain->name);
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)chain->name[i] > ' ' && chain->name[i] != 0x7f)
			continue;
		check_tell(check, chain, NULL, "a chain's name holds no blanks and control characters");
		return;
	}
}

/* Rules still lead to a chain that the kernel has and that is removed. */
static void check_removed(struct check_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct nfv_chain *chain = table->nodes[i].chain;

		for (size_t k = 0; k < chain->count; k++) {
			const struct spec *spec = rule_spec(chain->rules[k]);
			struct read_span target = { NULL, NULL };

			if (spec)
				target = read_target(spec->bytes, spec->len);
			for (size_t r = 0; target.at && r < table->own->removed_count; r++) {
				const char *name = table->own->removed[r]->name;

				if (strlen(name) == read_span_len(target) &&
				    !memcmp(name, target.at, read_span_len(target)) &&
				    !check_graph_find(table, name, strlen(name)))
					check_tell(table->check, chain, chain->rules[k],
						   "leads to %s, which is to be removed", name);
			}
		}
	}
}

/* ---- which rules ---- */

/* Rules between those at both ends that the kernel has already. */
static void find_changed(struct check_node *node)
{
	const struct nfv_chain *chain = node->chain;
	const struct base *base = chain->base;
	size_t less, end = 0;

	node->end = chain->count;
	if (!base)
		return;
	less = base->count < chain->count ? base->count : chain->count;
	while (node->first < less && rule_spec(chain->rules[node->first]) &&
	       spec_same(chain->rules[node->first]->spec, base->rules[node->first].spec))
		node->first++;
	while (end < less - node->first && rule_spec(chain->rules[chain->count - end - 1]) &&
	       spec_same(chain->rules[chain->count - end - 1]->spec, base->rules[base->count - end - 1].spec))
		end++;
	node->end = chain->count - end;
}

static void choose_subjects(struct check_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		struct check_node *node = &table->nodes[i];
		const struct nfv_chain *chain = node->chain;

		if (chain->table != table->own)
			continue;
		if (table->changes_only && !chain->base && !chain->created)
			continue;
		node->subject = true;
		find_changed(node);
		if (!table->changes_only) {
			node->first = 0;
			node->end = chain->count;
		}
	}
}

/* ---- chains that a new jump makes reachable ---- */

/* Its rules were right where they were; now another hook may lead to them. */
static void check_reached(struct check_table *table, struct check_node *node)
{
	for (size_t i = 0; i < node->chain->count; i++) {
		struct nfv_rule *rule = node->chain->rules[i];
		bool had_view = rule->view != NULL;
		const struct view *view = rule_view(rule);

		if (view)
			check_rule_limits(table, node, rule, view);
		if (!had_view)
			rule_drop_view(rule);
	}
}

static bool has_new_jump(const struct check_table *table, const struct check_node *node)
{
	for (size_t i = node->first; i < node->end; i++) {
		const struct spec *spec = rule_spec(node->chain->rules[i]);
		struct read_span target = { NULL, NULL };

		if (spec)
			target = read_target(spec->bytes, spec->len);
		if (target.at && check_graph_find(table, target.at, read_span_len(target)))
			return true;
	}
	return false;
}

static bool any_new_jump(const struct check_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->nodes[i].subject && has_new_jump(table, &table->nodes[i]))
			return true;
	return false;
}

static void check_all_reached(struct check_table *table)
{
	bool *seen = calloc(table->count + 1, sizeof(*seen));
	uint32_t *stack = calloc(table->count + 1, sizeof(*stack));
	size_t depth = 0;

	if (!seen || !stack)
		table->check->no_memory = true;
	for (size_t i = 0; i < table->count && !table->check->no_memory; i++) {
		if (!table->nodes[i].subject || !has_new_jump(table, &table->nodes[i]))
			continue;
		stack[depth++] = (uint32_t)i;
		seen[i] = true;
	}
	while (depth > 0 && !table->check->no_memory) {
		struct check_node *node = &table->nodes[stack[--depth]];

		if (check_graph_edges(table, node))
			table->check->no_memory = true;
		if (!node->subject)
			check_reached(table, node);
		for (size_t i = 0; i < node->edge_count; i++) {
			if (seen[node->edges[i].node])
				continue;
			seen[node->edges[i].node] = true;
			stack[depth++] = node->edges[i].node;
		}
	}
	free(stack);
	free(seen);
}

/* ---- the whole ---- */

static bool changed(const struct nfv_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->chains[i]->base || table->chains[i]->created)
			return true;
	return table->removed_count > 0;
}

static void check_table(struct check *check, const struct nfv_table *own, const struct nfv_table *kernel)
{
	struct check_table table = { .name = own->name, .own = own, .kernel = kernel, .check = check,
				     .changes_only = own->rules->live != NULL };

	if (table.changes_only && !changed(own))
		return;
	if (check_graph_make(&table)) {
		check->no_memory = true;
		check_graph_free(&table);
		return;
	}
	if (!table.changes_only && own->count && !table_builtin_chains(own->name, check->family))
		check_tell(check, own->chains[0], NULL, "no such table: %s", own->name);
	choose_subjects(&table);
	for (size_t i = 0; i < table.count && !check->no_memory; i++) {
		struct check_node *node = &table.nodes[i];

		if (node->subject && (!table.changes_only || node->chain->created || node->chain->base))
			check_name(check, node->chain);
		for (size_t k = node->first; k < node->end && !check->no_memory; k++)
			check_rule(&table, node, k);
	}
	if (!table.changes_only) {
		check_loops(&table);
	} else if (any_new_jump(&table)) {
		check_loops(&table);
		check_all_reached(&table);
	}
	if (own->removed_count)
		check_removed(&table);
	check_graph_free(&table);
}

int nfv_rules_check(const struct nfv_rules *rules, const struct nfv_rules *kernel, nfv_rules_report_fn *report,
		    void *context)
{
	struct check check = { .family = rules->family, .report = report, .context = context };

	if (kernel && kernel->family != rules->family)
		return -EINVAL;
	for (size_t i = 0; i < rules->count && !check.no_memory; i++) {
		const struct nfv_table *own = rules->tables[i];

		check_table(&check, own, kernel ? rules_find_table(kernel, own->name, strlen(own->name)) : NULL);
	}
	if (check.no_memory)
		return -ENOMEM;
	return check.findings ? -EINVAL : 0;
}
