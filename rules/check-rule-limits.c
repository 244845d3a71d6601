/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/check.h"
#include "rules/check-limits.h"
#include "rules/view.h"

#include <stdio.h>
#include <string.h>

/* Is the word one of those between the commas? */
static bool lists(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, word, len) && (at[len] == ',' || !at[len]))
			return true;
	}
	return false;
}

/* "PREROUTING" and that it leads there, when it is not the chain itself. */
static void tell_hooks(struct check_table *table, const struct check_node *node, const struct nfv_rule *rule,
		       const char *what, unsigned right, unsigned wrong)
{
	char names[64], culprits[64];

	check_hook_names(right, names, sizeof(names));
	check_hook_names(wrong, culprits, sizeof(culprits));
	if (node->chain->builtin)
		check_tell(table->check, node->chain, rule, "%s works in %s only", what, names);
	else
		check_tell(table->check, node->chain, rule, "%s works in %s only, and %s leads to this chain", what, names,
			   culprits);
}

static bool know_hooks(struct check_table *table)
{
	if (!check_graph_hooks(table))
		return true;
	table->check->no_memory = true;
	return false;
}

static unsigned hooks_of(struct check_table *table, const struct check_node *node)
{
	if (node->chain->builtin)
		return check_hook_of(node->chain->name);
	return know_hooks(table) ? node->hooks : 0;
}

static void check_extension(struct check_table *table, struct check_node *node, const struct nfv_rule *rule,
			    const struct nfv_extension *extension)
{
	const struct check_limit *limit = NULL;
	char what[128];

	/* A chain may be called like a target. */
	if (extension->is_target && check_graph_find(table, extension->name, strlen(extension->name)))
		return;
	while ((limit = check_limit_next(extension, limit))) {
		unsigned hooks;

		snprintf(what, sizeof(what), "%s %s%s%s%s%s", extension->is_target ? "target" : "match", limit->name,
			 limit->option ? " --" : "", limit->option ? limit->option : "", limit->value ? " " : "",
			 limit->value ? limit->value : "");
		if (limit->tables && !lists(limit->tables, table->name)) {
			check_tell(table->check, node->chain, rule, "%s is not for table %s: it is for %s", what,
				   table->name, limit->tables);
			continue;
		}
		hooks = limit->hooks == HOOK_ALL ? 0 : hooks_of(table, node) & ~limit->hooks;
		if (hooks)
			tell_hooks(table, node, rule, what, limit->hooks, hooks);
	}
}

/*
 * The tools refuse -o in INPUT and the like. In a chain of the user they take it, but where only INPUT leads to it, it never
 * matches. With "!" it does, and "+" is any interface.
 */
static void check_interface(struct check_table *table, const struct check_node *node, const struct nfv_rule *rule,
			    const struct view_field *field, const char *option, unsigned right)
{
	const struct nfv_chain *chain = node->chain;
	char names[64];
	unsigned hooks;

	if (!field->value)
		return;
	if (!chain->builtin && (table->changes_only || field->negated || !strcmp(field->value, "+")))
		return;
	hooks = hooks_of(table, node);
	if (!hooks || hooks & right)
		return;
	check_hook_names(hooks, names, sizeof(names));
	if (chain->builtin)
		check_tell(table->check, chain, rule, "%s cannot be used in %s", option, chain->name);
	else
		check_tell(table->check, chain, rule, "%s never matches here: only %s leads to this chain", option, names);
}

void check_rule_limits(struct check_table *table, struct check_node *node, const struct nfv_rule *rule,
		       const struct view *view)
{
	for (size_t i = 0; i < view->match_count; i++)
		check_extension(table, node, rule, view->matches[i]);
	if (view->target)
		check_extension(table, node, rule, view->target);
	if (!node->subject)
		return;
	check_interface(table, node, rule, &view->fields[NFV_FIELD_IN], "-i", HOOK_PREROUTING | HOOK_INPUT | HOOK_FORWARD);
	check_interface(table, node, rule, &view->fields[NFV_FIELD_OUT], "-o",
			HOOK_FORWARD | HOOK_OUTPUT | HOOK_POSTROUTING);
}
