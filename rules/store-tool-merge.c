/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes of ours in tables that others changed since (merge.h). What spelling does not show, the tool tells: in a
 * network namespace of its own it is given a chain with the kernel's rule alone, and takes ours out of it.
 */
#include "rules/store-tool.h"

#include "rules/error.h"
#include "rules/merge.h"
#include "rules/tool-run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TRIAL_CHAIN "nfv-same"

struct asking {
	struct store_tool *st;
	const struct nfv_rules *now;
};

static bool is_builtin(const struct change_part *part, const char *name)
{
	const char *const *names = table_builtin_chains(part->table, part->family);

	while (names && *names && strcmp(*names, name) != 0)
		names++;
	return names && *names;
}

/* Every chain that a rule may lead to. */
static void add_chains(struct text *text, const struct change_part *part, const struct nfv_rules *now)
{
	const struct nfv_table *table = rules_find_table(now, part->table, strlen(part->table));

	for (size_t i = 0; table && i < table->count; i++)
		if (!table->chains[i]->builtin)
			text_printf(text, ":%s - [0:0]\n", table->chains[i]->name);
	for (size_t i = 0; i < part->chain_count; i++) {
		const char *name = part->chains[i].name;

		if (!(table && table_find_chain(table, name, strlen(name))) && !is_builtin(part, name))
			text_printf(text, ":%s - [0:0]\n", name);
	}
}

static bool is_same(void *context, const struct change_part *part, const struct nfv_rule *now, const struct nfv_rule *ours)
{
	const struct asking *asking = context;
	const struct spec *theirs = rule_spec(now), *spec = rule_spec(ours);
	struct tool tool = asking->st->tool;
	struct tool_result result;
	struct text text = { 0 };
	bool same = false;

	if (!theirs || !spec)
		return false;
	tool.scratch = true;
	text_printf(&text, "*%s\n", part->table);
	add_chains(&text, part, asking->now);
	text_printf(&text, ":" TRIAL_CHAIN " - [0:0]\n-A " TRIAL_CHAIN " %s\n-D " TRIAL_CHAIN " %s\nCOMMIT\n", theirs->bytes,
		    spec->bytes);
	if (!text.failed) {
		same = !tool_restore_with(&tool, (enum tool_family)part->family, text.data, 0, &result);
		tool_result_free(&result);
	}
	text_free(&text);
	return same;
}

static bool is_loose(const struct change_part *part)
{
	for (size_t i = 0; i < part->chain_count; i++)
		for (size_t r = 0; r < part->chains[i].after.count; r++)
			if (part->chains[i].after.ranges[r].loose)
				return true;
	return false;
}

struct merge_finding store_tool_look_at(struct store_tool *st, const struct change_part *part, const struct nfv_rules *rules)
{
	struct asking asking = { st, rules };
	const struct merge_ask ask = { is_same, &asking };
	struct merge_finding finding = { .state = change_part_state(part, rules) };

	/* A rule that may be spelt in any way could be anybody's. */
	if (!store_tool_changes(part) || finding.state == CHANGE_BEFORE ||
	    (finding.state == CHANGE_AFTER && !is_loose(part)))
		return finding;
	merge_look(part, rules, st ? &ask : NULL, &finding);
	return finding;
}

int store_tool_look(struct store_tool *st, const struct change_part *part, struct merge_finding *finding,
		    struct nfv_rules_error *error)
{
	struct nfv_rules *rules = store_tool_rules(st, part->family, part->table, error);

	if (!rules)
		return -errno;
	*finding = store_tool_look_at(st, part, rules);
	nfv_rules_free(rules);
	return 0;
}

static int apply_difference(struct store_tool *st, const struct change_part *part, const struct nfv_rules *now,
			    const struct nfv_rules *wanted, unsigned flags, struct nfv_rules_error *error)
{
	char *script = nfv_rules_diff(now, wanted, flags, NULL), *opposite = nfv_rules_diff(wanted, now, flags, NULL);
	char cause[STORE_TOOL_CAUSE_MAX];
	struct tool_result result;
	int err = 0;

	if (!script || !opposite) {
		err = error_set(error, -ENOMEM, "%s", strerror(ENOMEM));
	} else if (*script) {
		store_tool_keep(st, part, script, opposite);
		err = tool_restore_with(&st->tool, (enum tool_family)part->family, script, TOOL_COUNTERS, &result);
		if (err) {
			tool_cause(&result, cause, sizeof(cause));
			error_set(error, err, "%s: table %s: %s", store_tool_family(part->family), part->table, cause);
		}
		tool_result_free(&result);
	}
	free(opposite);
	free(script);
	return err;
}

/*
 * On legacy the lock keeps everybody out, and numbers are safe. On nft somebody may come in between: by value nothing of
 * theirs is hit. The tool prints some rules in a way that it does not find again; those go by number, if nothing has
 * happened meanwhile.
 */
static int undo_once(struct store_tool *st, const struct change_part *part, bool by_value, struct nfv_rules_error *error)
{
	const uint64_t generation = store_tool_generation(st);
	const unsigned flags = st->backend == NFV_BACKEND_LEGACY ? NFV_DIFF_LEGACY : by_value ? NFV_DIFF_BY_VALUE : 0;
	struct nfv_rules *now = store_tool_rules(st, part->family, part->table, error), *wanted = NULL;
	struct asking asking = { st, now };
	const struct merge_ask ask = { is_same, &asking };
	struct merge_finding finding;
	int err = now ? 0 : -errno;

	if (!err)
		err = merge_look(part, now, &ask, &finding);
	if (!err && finding.state == CHANGE_NEITHER)
		err = error_set(error, -EIO,
				"%s: table %s: somebody changed the same chains: which rules are ours is not known",
				store_tool_family(part->family), part->table);
	if (!err && finding.state == CHANGE_AFTER) {
		wanted = merge_undo(part, now, &ask);
		err = wanted ? 0 : error_set(error, -errno, "%s", strerror(errno));
	}
	if (wanted && !by_value && store_tool_generation(st) != generation)
		err = error_set(error, -EAGAIN, "somebody else changed the same table meanwhile");
	if (wanted && !err)
		err = apply_difference(st, part, now, wanted, flags, error);
	nfv_rules_free(wanted);
	nfv_rules_free(now);
	return err;
}

int store_tool_merge_undo(struct store_tool *st, const struct change_part *part, struct nfv_rules_error *error)
{
	int err = undo_once(st, part, true, error);

	/* Once more: it may be that somebody changed the table between the look and the script. */
	if (err == -EINVAL)
		err = undo_once(st, part, true, error);
	if (err == -EINVAL && st->backend == NFV_BACKEND_NFT)
		err = undo_once(st, part, false, error);
	return err;
}
