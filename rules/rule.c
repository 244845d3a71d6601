/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule as a whole: its life, place, counters, note and origin. What it says is in rule-field.c and rule-extension.c. */
#include "rules/rule.h"

#include "rules/error.h"
#include "rules/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- changes ---- */

struct view *rule_change(struct nfv_rule *rule, int *err)
{
	struct view *view = rule_view(rule);

	*err = view ? rule_touch(rule) : errno == EINVAL ? -EINVAL : -ENOMEM;
	return *err ? NULL : view;
}

int rule_changed(struct nfv_rule *rule)
{
	struct nfv_chain *chain = rule->chain;

	return chain && chain->table ? rules_changed_now(chain->table->rules) : 0;
}

int rule_view_done(struct nfv_rule *rule, int err)
{
	if (err)
		return err;
	rule_view_changed(rule);
	return rule_changed(rule);
}

bool rule_text_ok(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len > max)
		return false;
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			return false;
	return true;
}

/* ---- life ---- */

struct nfv_rule *nfv_rule_new(void)
{
	return calloc(1, sizeof(struct nfv_rule));
}

/* Counters that stand in the text become those of the rule, as the tool would have it. */
static void settle_text(struct nfv_rule *rule)
{
	struct view *view = rule->view;

	if (view->counters) {
		rule->packets = view->packets;
		rule->bytes = view->bytes;
		view->counters = false;
		view->respell = true;
	}
	if (view->respell)
		rule_view_changed(rule);
	view->respell = false;
}

struct nfv_rule *rule_from_text(const char *text, size_t len, struct nfv_rules_error *error)
{
	struct nfv_rule *rule = nfv_rule_new();

	if (!rule) {
		error_set(error, -ENOMEM, "out of memory");
		return NULL;
	}
	if (view_parse(&rule->view, rule, text, len, error)) {
		int err = errno;

		nfv_rule_free(rule);
		errno = err;
		return NULL;
	}
	rule->spec = spec_new(text, len);
	if (!rule->spec) {
		nfv_rule_free(rule);
		error_set(error, -ENOMEM, "out of memory");
		errno = ENOMEM;
		return NULL;
	}
	settle_text(rule);
	return rule;
}

struct nfv_rule *nfv_rule_parse(const char *text, struct nfv_rules_error *error)
{
	size_t begin = strspn(text, " \t"), len = strlen(text);
	struct nfv_rule *rule;

	while (len > begin && strchr(" \t", text[len - 1]))
		len--;
	rule = rule_from_text(text + begin, len - begin, error);
	if (!rule && error && error->code == EINVAL) {
		unsigned column = error->column ? error->column + (unsigned)begin : 0;

		error_place(error, "", 1, column);
		error_show(error, text, strlen(text), column);
		errno = EINVAL;
	}
	return rule;
}

struct nfv_rule *nfv_rule_copy(const struct nfv_rule *rule)
{
	struct nfv_rule *copy = nfv_rule_new();

	if (!copy)
		return NULL;
	/* The text alone: who wants a view of the copy gets a new one. */
	copy->spec = spec_ref((struct spec *)(uintptr_t)rule_spec(rule));
	copy->note = rule->note ? strdup(rule->note) : NULL;
	if ((!copy->spec && (rule->spec || rule->view)) || (rule->note && !copy->note)) {
		nfv_rule_free(copy);
		errno = ENOMEM;
		return NULL;
	}
	copy->packets = rule->packets;
	copy->bytes = rule->bytes;
	copy->file = spec_ref(rule->file);
	copy->line = rule->line;
	return copy;
}

/* Out of its chain, as a change of the chain. */
static int leave_chain(struct nfv_rule *rule)
{
	struct nfv_chain *chain = rule->chain;
	long position;
	int err;

	if (!chain)
		return 0;
	err = chain_touch(chain);
	if (err)
		return err;
	position = nfv_rule_position(rule);
	if (position >= 0)
		chain_pull(chain, (size_t)position);
	/* Refused or not, the rule is the caller's and goes. */
	if (chain->table)
		rules_changed_now(chain->table->rules);
	return 0;
}

void nfv_rule_free(struct nfv_rule *rule)
{
	/* Without memory for the chain's state nothing may be changed: the rule stays and goes with its chain. */
	if (!rule || leave_chain(rule))
		return;
	view_free(rule->view);
	spec_unref(rule->spec);
	spec_unref(rule->file);
	free(rule->note);
	free(rule);
}

/* ---- place ---- */

struct nfv_chain *nfv_rule_chain(const struct nfv_rule *rule)
{
	return rule->chain;
}

long nfv_rule_position(const struct nfv_rule *rule)
{
	const struct nfv_chain *chain = rule->chain;
	struct nfv_rule *found = (struct nfv_rule *)(uintptr_t)rule;
	size_t below, above;

	if (!chain)
		return -ENOENT;
	/* Rules before it come and go: it is near the hint, on either side. */
	above = rule->hint < chain->count ? rule->hint : chain->count;
	below = above;
	while (below > 0 || above < chain->count) {
		if (above < chain->count && chain->rules[above++] == rule) {
			found->hint = (uint32_t)(above - 1);
			return (long)found->hint;
		}
		if (below > 0 && chain->rules[--below] == rule) {
			found->hint = (uint32_t)below;
			return (long)below;
		}
	}
	return -ENOENT;
}

/* ---- counters, note, origin ---- */

void nfv_rule_counters(const struct nfv_rule *rule, uint64_t *packets, uint64_t *bytes)
{
	if (packets)
		*packets = rule->packets;
	if (bytes)
		*bytes = rule->bytes;
}

int nfv_rule_set_counters(struct nfv_rule *rule, uint64_t packets, uint64_t bytes)
{
	int err = rule->chain ? chain_touch(rule->chain) : 0;

	if (err)
		return err;
	rule->packets = packets;
	rule->bytes = bytes;
	return rule_changed(rule);
}

const char *nfv_rule_note(const struct nfv_rule *rule)
{
	return rule->note;
}

int nfv_rule_set_note(struct nfv_rule *rule, const char *note)
{
	char *copy = note ? strdup(note) : NULL;

	if (note && !copy)
		return -ENOMEM;
	free(rule->note);
	rule->note = copy;
	return 0;
}

const char *nfv_rule_origin(const struct nfv_rule *rule, unsigned *line)
{
	if (line)
		*line = rule->line;
	return rule->file ? rule->file->bytes : NULL;
}

int nfv_rule_set_origin(struct nfv_rule *rule, const char *file, unsigned line)
{
	struct spec *name = file ? spec_new(file, strlen(file)) : NULL;

	if (file && !name)
		return -ENOMEM;
	spec_unref(rule->file);
	rule->file = name;
	rule->line = line;
	return 0;
}
