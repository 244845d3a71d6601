/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-remove.h"

#include "rules/steer-count.h"
#include "rules/steer-find.h"
#include "rules/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TRIES 3 /* others may change the ruleset between reading and writing it */

/* What is done to a table. */
enum removal {
	REMOVE,
	EMPTY, /* the chains are emptied: what cannot be taken out can still be made to do nothing */
};

/* Marks the chains that are to go. Returns how many, and adds to kept those that stay because somebody listens. */
static size_t choose(struct steer_found *found, unsigned *kept)
{
	size_t chosen = 0;

	for (size_t i = 0; i < found->count; i++) {
		struct steer_chain *chain = &found->chains[i];

		if (!steer_chain_ours(chain))
			continue;
		chain->chosen = !chain->bound;
		chosen += chain->chosen;
		*kept += chain->bound;
	}
	return chosen;
}

/* ---- in the objects ---- */

static int delete_rule(struct nfv_rule *rule)
{
	long position = nfv_rule_position(rule);

	return position < 0 ? (int)position : nfv_chain_delete(nfv_rule_chain(rule), (size_t)position);
}

int steer_remove_rules(const struct steer_chain *chain)
{
	if (!steer_chain_others(chain))
		return nfv_chain_flush(chain->chain);
	return chain->own_rule ? delete_rule(chain->own_rule) : 0;
}

static int change(const struct steer_found *found, enum removal how)
{
	int err = 0;

	for (size_t j = 0; j < found->jump_count && how == REMOVE && !err; j++)
		if (found->chains[found->jumps[j].to].chosen)
			err = delete_rule(found->jumps[j].rule);
	for (size_t i = 0; i < found->count && !err; i++) {
		const struct steer_chain *chain = &found->chains[i];
		/* Told before its rules are gone, which it is told by. */
		const bool stays = steer_chain_stays(chain);

		if (!chain->chosen)
			continue;
		err = steer_remove_rules(chain);
		if (!err && how == REMOVE && !stays)
			err = nfv_chain_remove(chain->chain);
	}
	return err;
}

/* ---- telling ---- */

/* What a removal comes to, noted while it is all still there. */
struct outcome {
	size_t removed;
	struct text stays; /* a line for each chain that does */
};

void steer_remove_note(struct text *stays, const struct steer_found *found, const struct steer_chain *chain)
{
	if (steer_chain_stays(chain))
		text_printf(stays, "table %s: chain %s: %s\n", nfv_table_name(found->table), nfv_chain_name(chain->chain),
			    steer_chain_others(chain) ?
				    "rules that are not ours stand in it: they stay, and the chain with them" :
				    "a rule that is not ours leads to it: emptied, not removed");
}

static void note_outcome(struct outcome *outcome, const struct steer_found *found)
{
	*outcome = (struct outcome){ 0 };
	for (size_t i = 0; i < found->count; i++) {
		const struct steer_chain *chain = &found->chains[i];

		if (!chain->chosen)
			continue;
		outcome->removed += (chain->own_rule != NULL) + chain->jumps + !steer_chain_stays(chain);
		steer_remove_note(&outcome->stays, found, chain);
	}
}

void steer_remove_tell(const struct steer_run *run, struct text *stays)
{
	char *lines = stays->data, *line;

	while (lines && *lines) {
		line = strsep(&lines, "\n");
		steer_tell(run, NULL, "%s", line);
	}
}

/* ---- in the kernel ---- */

/* Which of the numbers somebody else listens on. */
static int read_listening(const struct steer_sweep *sweep, const struct queues *numbers, struct queues *listening)
{
	struct queues asked = *numbers;
	int err;

	for (size_t i = 0; i < sweep->own_count; i++)
		queues_set(&asked, sweep->own[i], false);
	err = queues_read(listening, &asked);
	for (size_t i = 0; i < sweep->own_count; i++)
		queues_set(listening, sweep->own[i], false);
	return err;
}

int steer_remove_find(const struct steer_run *run, struct nfv_table *table, const struct steer_sweep *sweep,
		      struct steer_found *found)
{
	struct queues listening;
	int err = steer_find(found, table, NULL);

	if (!err && found->count) {
		err = read_listening(sweep, &found->numbers, &listening);
		steer_found_free(found);
		if (err) {
			steer_tell(run, NULL, "reading who listens on queues: %s", strerror(-err));
			return err;
		}
		err = steer_find(found, table, &listening);
	}
	if (err)
		steer_tell(run, NULL, "table %s: %s", nfv_table_name(table), strerror(-err));
	return err;
}

/* One table that was just read. 0, or -errno with error; told already when that has no text. */
static int remove_from(const struct steer_run *run, struct nfv_table *table, struct steer_sweep *sweep, enum removal how,
		       struct nfv_rules_error *error)
{
	struct outcome outcome;
	struct steer_found found;
	unsigned kept = 0;
	int err;

	*error = (struct nfv_rules_error){ 0 };
	err = steer_remove_find(run, table, sweep, &found);
	if (err)
		return err;
	if (sweep->tally)
		steer_count_found(sweep->tally, run->family, &found);
	if (choose(&found, &kept)) {
		note_outcome(&outcome, &found);
		err = change(&found, how);
		if (err)
			snprintf(error->text, sizeof(error->text), "%s", strerror(-err));
		else
			err = nfv_rules_commit(nfv_table_rules(table), error);
		if (!err && how == REMOVE) {
			steer_remove_tell(run, &outcome.stays);
			sweep->removed += (unsigned)outcome.removed;
		}
		text_free(&outcome.stays);
	}
	if (!err && how == REMOVE)
		sweep->kept += kept;
	steer_found_free(&found);
	return err;
}

static int try_remove(const struct steer_run *run, const char *name, struct steer_sweep *sweep, enum removal how,
		      struct nfv_rules_error *error)
{
	struct nfv_rules *rules = nfv_live_read(run->live, run->family, name, error);
	struct nfv_table *table = rules ? nfv_rules_table(rules, name) : NULL;
	int err = rules ? 0 : -errno;

	if (table)
		err = remove_from(run, table, sweep, how, error);
	nfv_rules_free(rules);
	return err;
}

static int remove_from_table(const struct steer_run *run, const char *name, struct steer_sweep *sweep)
{
	struct nfv_rules_error error, second;
	int err = -EAGAIN;

	for (int i = 0; i < TRIES && (err == -EAGAIN || err == -EINVAL); i++)
		err = try_remove(run, name, sweep, REMOVE, &error);
	if (!err || !*error.text)
		return err;
	if (!try_remove(run, name, sweep, EMPTY, &second))
		steer_tell(run, NULL, "table %s: removing our rules: %s; our chains were emptied", name, error.text);
	else
		steer_tell(run, NULL, "table %s: removing our rules: %s; emptying our chains: %s", name, error.text,
			   second.text);
	return err;
}

static bool holds_ours(const struct nfv_table *table)
{
	for (size_t c = 0; c < nfv_table_chain_count(table); c++)
		if (!strncmp(nfv_chain_name(nfv_table_chain_at(table, c)), STEER_PREFIX, strlen(STEER_PREFIX)))
			return true;
	return false;
}

/* A table that fails does not keep the others from being cleaned. */
int steer_remove(const struct steer_run *run, struct steer_sweep *sweep)
{
	struct nfv_rules_error error;
	struct nfv_rules *rules = nfv_live_read(run->live, run->family, NULL, &error);
	int err = 0;

	if (!rules) {
		err = -errno;
		run->tell(run->context, NULL, error.text);
		return err;
	}
	for (size_t t = 0; t < nfv_rules_table_count(rules); t++) {
		const struct nfv_table *table = nfv_rules_table_at(rules, t);
		int table_err = holds_ours(table) ? remove_from_table(run, nfv_table_name(table), sweep) : 0;

		err = err ? err : table_err;
	}
	nfv_rules_free(rules);
	return err;
}
