/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	table filter, chain INPUT (policy ACCEPT → DROP)
 *	        4  -i lo -j ACCEPT
 *	-       5  -p tcp -m tcp --dport 23 -j ACCEPT
 *	+       5  -p tcp -m tcp --dport 22 -j ACCEPT  (rules.txt:12)
 *	        …
 *
 * Positions count from 1 as iptables -L --line-numbers does: the old ones of rules that go, the new ones of all others.
 */
#include "rules/diff.h"

#include "rules/script-plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT 2 /* rules that stay, shown on each side of what changes */

struct show {
	struct text *text;
	bool colour;
	bool counters;
	const struct script_plan *plan;
	uint32_t *moved_to; /* by place in `from`: 1 + place in `to`; 0: it does not move */
	const char *table;
	const char *note;   /* of the chain's head */
};

enum paint { PAINT_PLAIN, PAINT_HEAD, PAINT_GONE, PAINT_COME, PAINT_OTHER };

static void paint(struct show *show, enum paint paint)
{
	static const char *const codes[] = { "\033[0m", "\033[1m", "\033[31m", "\033[32m", "\033[36m" };

	if (show->colour)
		text_add(show->text, codes[paint], strlen(codes[paint]));
}

/* A byte that moves a terminal's cursor is shown as a question mark. */
static void add_safe(struct text *text, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		text_add(text, byte == '\t' ? " " : byte < ' ' || byte == 0x7f ? "?" : &bytes[i], 1);
	}
}

/* ---- lines ---- */

static void head(struct show *show, const char *name)
{
	paint(show, PAINT_HEAD);
	text_printf(show->text, "table %s, chain ", show->table);
	add_safe(show->text, name, strlen(name));
	text_printf(show->text, "%s", show->note);
	paint(show, PAINT_PLAIN);
	text_add(show->text, "\n", 1);
}

static void origin(struct show *show, const struct nfv_rule *rule)
{
	if (!rule || !rule->file || !rule->line)
		return;
	text_add(show->text, "  (", 3);
	add_safe(show->text, rule->file->bytes, rule->file->len);
	text_printf(show->text, ":%u)", (unsigned)rule->line);
}

static void body(struct show *show, char sign, size_t position, const struct spec *spec)
{
	text_printf(show->text, "%c%8zu  ", sign, position + 1);
	if (!spec)
		show->text->failed = true;
	else if (spec->len)
		add_safe(show->text, spec->bytes, spec->len);
	else
		text_add(show->text, "(any packet)", 12);
}

static void gone(struct show *show, size_t from)
{
	uint32_t to = show->moved_to[from];

	paint(show, to ? PAINT_OTHER : PAINT_GONE);
	body(show, '-', from, script_side_spec(&show->plan->from, from));
	if (to)
		text_printf(show->text, "  (moves to %u)", (unsigned)to);
	paint(show, PAINT_PLAIN);
	text_add(show->text, "\n", 1);
}

static void come(struct show *show, size_t to)
{
	long source = script_plan_source(show->plan, to);

	paint(show, source >= 0 ? PAINT_OTHER : PAINT_COME);
	body(show, '+', to, script_side_spec(&show->plan->to, to));
	if (source >= 0)
		text_printf(show->text, "  (moved from %ld)", source + 1);
	else
		origin(show, script_side_rule(&show->plan->to, to));
	paint(show, PAINT_PLAIN);
	text_add(show->text, "\n", 1);
}

static void add_change(struct text *text, struct script_counters old, struct script_counters new)
{
	text_printf(text, "counters [%" PRIu64 ":%" PRIu64 "] → [%" PRIu64 ":%" PRIu64 "]", old.packets, old.bytes,
		    new.packets, new.bytes);
}

/* A rule that stays. True: its counters are to be others. */
static bool counted_anew(const struct show *show, const struct script_pair *pair)
{
	return show->counters && !script_counters_same(script_side_counters(&show->plan->from, pair->from),
						       script_side_counters(&show->plan->to, pair->to));
}

static void stays(struct show *show, const struct script_pair *pair)
{
	bool anew = counted_anew(show, pair);

	if (anew)
		paint(show, PAINT_OTHER);
	body(show, anew ? '*' : ' ', pair->to, script_side_spec(&show->plan->to, pair->to));
	if (anew) {
		text_add(show->text, "  (", 3);
		add_change(show->text, script_side_counters(&show->plan->from, pair->from),
			   script_side_counters(&show->plan->to, pair->to));
		text_add(show->text, ")", 1);
		paint(show, PAINT_PLAIN);
	}
	text_add(show->text, "\n", 1);
}

/* ---- chains ---- */

/* Rules that stay between two hunks: those near one of them, and those that are counted anew. */
static void show_kept(struct show *show, const struct script_pair *pairs, size_t count, bool is_first, bool is_last)
{
	bool left_out = false, begun = !is_first;

	for (size_t i = 0; i < count; i++) {
		bool near = (!is_first && i < CONTEXT) || (!is_last && count - i <= CONTEXT);

		if (!near && !counted_anew(show, &pairs[i])) {
			left_out = begun;
			continue;
		}
		if (left_out)
			text_printf(show->text, "        …\n");
		left_out = false;
		begun = true;
		stays(show, &pairs[i]);
	}
}

static int find_moves(struct show *show)
{
	const struct script_plan *plan = show->plan;
	struct script_walk walk = { 0 };
	struct script_hunk hunk;

	show->moved_to = calloc(plan->from_count + 1, sizeof(*show->moved_to));
	if (!show->moved_to)
		return -ENOMEM;
	while (script_plan_next(plan, &walk, &hunk)) {
		for (size_t j = hunk.to; j < hunk.to_end; j++) {
			long source = script_plan_source(plan, j);

			if (source >= 0)
				show->moved_to[source] = (uint32_t)j + 1;
		}
	}
	return 0;
}

static int show_rules(struct show *show)
{
	const struct script_plan *plan = show->plan;
	size_t count = plan->prefix + plan->kept_count + plan->suffix, at = 0;
	struct script_pair *pairs = calloc(count + 1, sizeof(*pairs));
	struct script_walk walk = { 0 };
	struct script_hunk hunk;
	bool first = true;

	if (!pairs || find_moves(show)) {
		free(pairs);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		script_plan_next_kept(plan, &walk, &pairs[i]);
	walk = (struct script_walk){ 0 };
	while (script_plan_next(plan, &walk, &hunk)) {
		size_t end = at;

		while (end < count && pairs[end].from < hunk.from)
			end++;
		show_kept(show, pairs + at, end - at, first, false);
		first = false;
		at = end;
		for (size_t i = hunk.from; i < hunk.from_end; i++)
			gone(show, i);
		for (size_t j = hunk.to; j < hunk.to_end; j++)
			come(show, j);
	}
	show_kept(show, pairs + at, count - at, first, true);
	free(show->moved_to);
	free(pairs);
	return 0;
}

/* What is said of the chain itself: " (new)", " (policy ACCEPT → DROP)". */
static void note_chain(const struct script_chain *chain, const struct script_plan *plan, unsigned flags, struct text *note)
{
	const char *old = script_side_policy(&plan->from), *new = script_side_policy(&plan->to);
	struct script_counters counted = script_side_policy_counters(&plan->from);
	struct script_counters counters = script_side_policy_counters(&plan->to);

	text_add(note, "", 0);
	if (!chain->builtin) {
		if (!script_side_exists(&plan->from))
			text_printf(note, " (new)");
		else if (!script_side_exists(&plan->to))
			text_printf(note, " (removed)");
		return;
	}
	old = old ? old : "ACCEPT";
	new = new ? new : "ACCEPT";
	if (!chain->keep_policy && strcmp(old, new) != 0)
		text_printf(note, " (policy %s → %s)", old, new);
	if (flags & NFV_DIFF_COUNTERS && !chain->keep_policy && script_side_exists(&plan->to) &&
	    !script_counters_same(counted, counters)) {
		text_printf(note, " (policy's ");
		add_change(note, counted, counters);
		text_add(note, ")", 1);
	}
}

static bool changes_rules(const struct script_plan *plan, const struct show *show)
{
	struct script_walk walk = { 0 };
	struct script_pair pair;
	struct script_hunk hunk;

	if (script_plan_next(plan, &walk, &hunk))
		return true;
	walk = (struct script_walk){ 0 };
	while (show->counters && script_plan_next_kept(plan, &walk, &pair))
		if (counted_anew(show, &pair))
			return true;
	return false;
}

static int show_chain(struct text *text, const char *table, const struct script_chain *chain, enum nfv_family family,
		      unsigned flags, bool colour)
{
	const struct script_side from = { .chain = chain->from_chain, .base = chain->from_base, .family = family };
	const struct script_side to = { .chain = chain->to_chain, .base = chain->to_base, .family = family };
	struct text note = { 0 };
	struct script_plan plan;
	struct show show = { .text = text, .colour = colour, .counters = flags & NFV_DIFF_COUNTERS, .plan = &plan,
			     .table = table };
	int err = script_plan_make(&plan, &from, &to, flags & NFV_DIFF_COUNTERS);

	if (err)
		return err;
	note_chain(chain, &plan, flags, &note);
	err = note.failed ? -ENOMEM : 0;
	show.note = note.data;
	if (!err && (note.len || changes_rules(&plan, &show))) {
		head(&show, script_side_name(script_side_exists(&to) ? &to : &from));
		err = changes_rules(&plan, &show) ? show_rules(&show) : 0;
	}
	text_free(&note);
	script_plan_free(&plan);
	return err;
}

char *nfv_rules_diff_show(const struct nfv_rules *from, const struct nfv_rules *to, unsigned flags, bool colour, size_t *len)
{
	struct diff_tables tables;
	struct text text = { 0 };
	int err;

	if (from->family != to->family) {
		errno = EINVAL;
		return NULL;
	}
	err = diff_pair(&tables, from, to, flags);
	for (size_t t = 0; !err && t < tables.count; t++)
		for (size_t c = 0; !err && c < tables.items[t].count; c++)
			err = show_chain(&text, tables.items[t].name, &tables.items[t].chains[c], to->family, flags, colour);
	text_add(&text, "", 0);
	if (!err && text.failed)
		err = -ENOMEM;
	diff_free(&tables);
	if (err) {
		text_free(&text);
		errno = -err;
		return NULL;
	}
	if (len)
		*len = text.len;
	return text.data;
}
