/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ordered rules: a filter expression, and what becomes of the packets that it matches. */
#include "../common/expression.h"

#include <nfverdict/plugin.h>

#include <inttypes.h>
#include <stdlib.h>

#define NAME_SIZE 48 /* a counter's name is as long */

struct rule_options {
	char whole; /* nothing; its address stands for the rule as a whole */
	const char *name;
	const char *match;
	nfv_verdict verdict;
	struct nfv_mark mark;
};

struct filter_options {
	struct nfv_list rules; /* of struct rule_options */
};

static const struct nfv_option rule_table[] = {
	{ .name = "name",
	  .type = NFV_OPT_STRING,
	  .offset = offsetof(struct rule_options, name),
	  .min = 1,
	  .max = NAME_SIZE - 1,
	  .help = "What its hits are counted under; `rule N` when absent." },
	{ .name = "match",
	  .type = NFV_OPT_STRING,
	  .offset = offsetof(struct rule_options, match),
	  .help = "A pcap-filter(7) expression over packets that begin at their IP header; absent: every packet." },
	{ .name = "verdict",
	  .type = NFV_OPT_VERDICT,
	  .offset = offsetof(struct rule_options, verdict),
	  .fallback = "continue",
	  .help = "What becomes of a matching packet; with continue the next rule is asked." },
	{ .name = "mark",
	  .type = NFV_OPT_MARK,
	  .offset = offsetof(struct rule_options, mark),
	  .help = "Bits of the mark that a matching packet gets." },
	{ .name = NULL },
};

static const struct nfv_option filter_table[] = {
	{ .name = "rules",
	  .type = NFV_OPT_GROUPS,
	  .flags = NFV_OPT_REQUIRED,
	  .offset = offsetof(struct filter_options, rules),
	  .group = rule_table,
	  .group_size = sizeof(struct rule_options),
	  .help = "Asked in order; the first that matches with a verdict other than continue ends." },
	{ .name = NULL },
};

struct rule {
	struct expression *expression; /* NULL: every packet */
	nfv_verdict verdict;
	struct nfv_mark mark;
	uint64_t *hits;
	char name[NAME_SIZE];
};

struct filter {
	uint64_t uncounted; /* hits of rules for which there was no counter */
	size_t count;
	struct rule rules[];
};

/* ---- Checking ---- */

static int check_mark(const struct nfv_host *host, const struct rule_options *o)
{
	if (o->mark.mask & ~host->mark_mask)
		return host->error(host, &o->mark,
				   "0x%" PRIx32 "/0x%" PRIx32 " has bits outside the queue's mark-mask 0x%" PRIx32,
				   o->mark.value, o->mark.mask, host->mark_mask);
	return 0;
}

static int check_verdict(const struct nfv_host *host, const struct rule_options *o)
{
	if (o->verdict == NFV_CONTINUE && !o->mark.mask)
		return host->error(host, &o->whole, "does nothing: it has neither a mark nor a verdict other than continue");
	if (o->verdict == NFV_REPEAT && !o->mark.mask)
		return host->error(host, &o->verdict, "repeat without a mark would bring the packet back for ever");
	return 0;
}

static int check_name(const struct nfv_host *host, const struct filter *filter, size_t index, const struct rule_options *o)
{
	for (size_t i = 0; i < index; i++) {
		if (!strcmp(filter->rules[i].name, filter->rules[index].name))
			return host->error(host, o->name ? (const void *)&o->name : &o->whole,
					   "the name %s is taken by rule %zu", filter->rules[index].name, i + 1);
	}
	return 0;
}

static int compile(const struct nfv_host *host, struct rule *rule, const struct rule_options *o)
{
	char why[512];

	if (!o->match)
		return 0;
	if (expression_compile(&rule->expression, o->match, why, sizeof(why)))
		return host->error(host, &o->match, "%s", why);
	host->need(host, expression_needs_bytes(rule->expression), 0);
	return 0;
}

/*
 * To send a packet where it is already would bring it back for ever: there the rule lets it go on. In an entry with
 * several queue numbers this is what one means, and only the worker of that number meets it.
 */
static void stay_in_queue(const struct nfv_host *host, struct rule *rule)
{
	if (rule->verdict != NFV_QUEUE(host->queue))
		return;
	rule->verdict = NFV_CONTINUE;
	host->log(host, NFV_LOG_WARNING, "%s: in queue %u already: packets go on to the next rule", rule->name, host->queue);
}

/* One that decides every packet leaves nothing for those behind it: probably not what was meant, and no mistake. */
static void warn_unreachable(const struct nfv_host *host, const struct filter *filter)
{
	for (size_t i = 0; i + 1 < filter->count; i++) {
		const struct rule *rule = &filter->rules[i];

		if (rule->expression || rule->verdict == NFV_CONTINUE)
			continue;
		host->log(host, NFV_LOG_WARNING, "%s decides every packet: the rules behind it, from %s on, are never asked",
			  rule->name, filter->rules[i + 1].name);
		return;
	}
}

/* What holds for all workers alike is said once. */
static void warn(const struct nfv_host *host, const struct filter *filter)
{
	if (filter->rules[filter->count - 1].hits == &filter->uncounted)
		host->log(host, NFV_LOG_NOTICE, "there are counters for 64 rules: the hits of later ones are not counted");
	warn_unreachable(host, filter);
}

/* ---- An instance ---- */

static void filter_close(void *state)
{
	struct filter *filter = state;

	for (size_t i = 0; i < filter->count; i++)
		expression_free(filter->rules[i].expression);
	free(filter);
}

static int fill_rule(const struct nfv_host *host, struct filter *filter, size_t index, const struct rule_options *o)
{
	struct rule *rule = &filter->rules[index];
	int err;

	rule->verdict = o->verdict;
	rule->mark = o->mark;
	if (o->name)
		snprintf(rule->name, sizeof(rule->name), "%s", o->name);
	else
		snprintf(rule->name, sizeof(rule->name), "rule %zu", index + 1);
	err = check_name(host, filter, index, o);
	err |= compile(host, rule, o);
	err |= check_mark(host, o);
	err |= check_verdict(host, o);
	if (err)
		return -EINVAL;
	stay_in_queue(host, rule);
	rule->hits = host->counter(host, rule->name);
	if (!rule->hits)
		rule->hits = &filter->uncounted;
	return 0;
}

static int filter_open(const struct nfv_host *host, const void *options, void **state)
{
	const struct filter_options *o = options;
	const struct rule_options *rules = o->rules.items;
	struct filter *filter;
	int err = 0;

	if (!o->rules.count)
		return host->error(host, &o->rules, "there is no rule");
	filter = calloc(1, sizeof(*filter) + o->rules.count * sizeof(filter->rules[0]));
	if (!filter)
		return -ENOMEM;
	filter->count = o->rules.count;
	for (size_t i = 0; i < filter->count; i++)
		err |= fill_rule(host, filter, i, &rules[i]);
	if (err) {
		filter_close(filter);
		return -EINVAL;
	}
	if (host->checking)
		warn(host, filter);
	*state = filter;
	return 0;
}

static nfv_verdict filter_packet(void *state, struct nfv_packet *p)
{
	struct filter *filter = state;

	for (size_t i = 0; i < filter->count; i++) {
		const struct rule *rule = &filter->rules[i];

		if (rule->expression && !expression_match(rule->expression, p))
			continue;
		++*rule->hits;
		if (rule->mark.mask)
			nfv_set_mark(p, rule->mark.value, rule->mark.mask);
		if (rule->verdict != NFV_CONTINUE)
			return rule->verdict;
	}
	return NFV_CONTINUE;
}

static void filter_stats(void *state, FILE *out)
{
	const struct filter *filter = state;

	for (size_t i = 0; i < filter->count; i++) {
		if (filter->rules[i].hits != &filter->uncounted)
			fprintf(out, "%s: %" PRIu64 "\n", filter->rules[i].name, *filter->rules[i].hits);
	}
}

NFV_PLUGIN(.needs_bytes = NFV_NEEDS_NOTHING, .may = NFV_MAY_DROP | NFV_MAY_MARK | NFV_MAY_REPEAT | NFV_MAY_QUEUE,
	   .name = "filter", .version = "1.0", .licence = "GPL-2.0-or-later",
	   .description = "Ordered rules of pcap-filter expressions with verdicts and marks", .options = filter_table,
	   .options_size = sizeof(struct filter_options), .open = filter_open, .packet = filter_packet,
	   .stats = filter_stats, .close = filter_close);
