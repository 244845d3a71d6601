/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfverdict rules show: rules for people. */
#include "daemon/tool/input.h"
#include "daemon/tool/rulesets-print.h"
#include "daemon/tool/paint.h"
#include "daemon/tool/rules.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TARGET_WIDTH_MAX 28

/* One rule as it is shown. */
struct show_line {
	char *text; /* whole, as iptables-save prints it */
	char *matches; /* its part before the target */
	const char *target; /* NULL: none. Belongs to the rule */
	const char *options; /* of the target: behind it in text; "" */
	bool is_goto;
	uint64_t packets, bytes;
};

struct show {
	bool color, counters;
};

/* 1234567 as "1235K", so that columns stay narrow; as iptables -L does. */
static const char *short_number(uint64_t number, char *text, size_t size)
{
	static const char units[] = "KMGTPE";
	int unit = -1;

	while (number > 99999 && units[unit + 1]) {
		number = (number + 500) / 1000;
		unit++;
	}
	if (unit < 0)
		snprintf(text, size, "%" PRIu64, number);
	else
		snprintf(text, size, "%" PRIu64 "%c", number, units[unit]);
	return text;
}

/* 0 or -ENOMEM. */
static int line_make(struct show_line *line, const struct nfv_rule *rule)
{
	const struct nfv_extension *target = nfv_rule_target(rule);
	struct nfv_rule *copy = nfv_rule_copy(rule);
	size_t len;

	*line = (struct show_line){ .text = nfv_rule_print(rule, NFV_PRINT_CANONICAL), .options = "" };
	nfv_rule_counters(rule, &line->packets, &line->bytes);
	if (copy) {
		nfv_rule_set_jump(copy, NULL);
		line->matches = nfv_rule_print(copy, NFV_PRINT_CANONICAL);
	}
	nfv_rule_free(copy);
	if (!line->text || !line->matches)
		return -ENOMEM;
	if (!target)
		return 0;
	/* The target stands last, as iptables-save has it: what is before it is the same with and without it. */
	len = strlen(line->matches);
	if (strncmp(line->text, line->matches, len) != 0)
		return 0;
	line->options = line->text + len + strspn(line->text + len, " ");
	if (strncmp(line->options, "-j ", 3) != 0 && strncmp(line->options, "-g ", 3) != 0) {
		line->options = "";
		return 0;
	}
	line->options += 3;
	line->options += strcspn(line->options, " ");
	line->options += strspn(line->options, " ");
	line->target = nfv_extension_name(target);
	line->is_goto = nfv_rule_is_goto(rule);
	return 0;
}

static void line_free(struct show_line *line)
{
	free(line->text);
	free(line->matches);
}

static void print_line(const struct show *show, const struct show_line *line, size_t number, int number_width,
		       int target_width)
{
	enum paint paint = paint_of_target(line->target);
	char packets[24], bytes[24];
	int used = 0;

	printf("  %s%*s%zu%s ", paint_on(PAINT_DIM, show->color), number_width - snprintf(NULL, 0, "%zu", number), "#",
	       number, paint_off(PAINT_DIM, show->color));
	if (show->counters)
		printf("%s%7s %7s%s ", paint_on(PAINT_DIM, show->color),
		       short_number(line->packets, packets, sizeof(packets)),
		       short_number(line->bytes, bytes, sizeof(bytes)), paint_off(PAINT_DIM, show->color));
	fputs(paint_on(paint, show->color), stdout);
	if (line->target) {
		if (line->is_goto)
			used += printf("goto ");
		paint_safely(stdout, line->target);
		used += (int)paint_width(line->target);
	} else {
		used += printf("-");
	}
	fputs(paint_off(paint, show->color), stdout);
	if (line->matches[0] || line->options[0])
		printf("%*s", target_width - used > 0 ? target_width - used + 1 : 1, "");
	paint_safely(stdout, line->target ? line->matches : line->text);
	if (line->options[0]) {
		fputs(line->matches[0] ? "  " : "", stdout);
		fputs(paint_on(paint, show->color), stdout);
		paint_safely(stdout, line->options);
		fputs(paint_off(paint, show->color), stdout);
	}
	putchar('\n');
}

static void print_chain_head(const struct show *show, const struct nfv_chain *chain, size_t references)
{
	const char *policy = nfv_chain_policy(chain);
	uint64_t packets, bytes;

	fputs(paint_on(PAINT_CHAIN, show->color), stdout);
	paint_safely(stdout, nfv_chain_name(chain));
	fputs(paint_off(PAINT_CHAIN, show->color), stdout);
	if (policy) {
		enum paint paint = paint_of_target(policy);

		printf("  policy %s%s%s", paint_on(paint, show->color), policy, paint_off(paint, show->color));
		nfv_chain_counters(chain, &packets, &bytes);
		if (show->counters)
			printf("  %" PRIu64 " packet%s, %" PRIu64 " bytes", packets, packets == 1 ? "" : "s", bytes);
	} else {
		printf("  %zu reference%s", references, references == 1 ? "" : "s");
	}
	if (nfv_chain_count(chain) == 0)
		printf("  %sno rules%s", paint_on(PAINT_DIM, show->color), paint_off(PAINT_DIM, show->color));
	putchar('\n');
}

static int print_chain(const struct show *show, const struct nfv_chain *chain, size_t references)
{
	size_t count = nfv_chain_count(chain), made = 0;
	struct show_line *lines = calloc(count ? count : 1, sizeof(*lines));
	int target_width = 0, number_width = snprintf(NULL, 0, "%zu", count) + 1, err = lines ? 0 : -ENOMEM;

	for (; err == 0 && made < count; made++) {
		int width;

		err = line_make(&lines[made], nfv_chain_rule(chain, made));
		width = lines[made].target ? (int)paint_width(lines[made].target) + (lines[made].is_goto ? 5 : 0) : 1;
		if (width > target_width)
			target_width = width < TARGET_WIDTH_MAX ? width : TARGET_WIDTH_MAX;
	}
	if (err == 0) {
		print_chain_head(show, chain, references);
		for (size_t i = 0; i < count; i++)
			print_line(show, &lines[i], i + 1, number_width, target_width);
	}
	for (size_t i = 0; i < made; i++)
		line_free(&lines[i]);
	free(lines);
	return err;
}

static bool has_counters(const struct nfv_rules *rules)
{
	for (size_t t = 0; t < nfv_rules_table_count(rules); t++) {
		const struct nfv_table *table = nfv_rules_table_at(rules, t);

		for (size_t c = 0; c < nfv_table_chain_count(table); c++) {
			const struct nfv_chain *chain = nfv_table_chain_at(table, c);
			uint64_t packets, bytes, seen;

			nfv_chain_counters(chain, &packets, &bytes);
			seen = packets | bytes;
			for (size_t r = 0; !seen && r < nfv_chain_count(chain); r++) {
				nfv_rule_counters(nfv_chain_rule(chain, r), &packets, &bytes);
				seen = packets | bytes;
			}
			if (seen)
				return true;
		}
	}
	return false;
}

/* How many rules lead to each chain of a table. All at once: asked for one by one, every rule is looked at for each. */
struct reference {
	const struct nfv_chain *chain;
	size_t count;
};

static int by_chain(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct reference *)a)->chain, y = (uintptr_t)((const struct reference *)b)->chain;

	return (x > y) - (x < y);
}

static size_t *references_to(struct reference *references, size_t count, const struct nfv_chain *chain)
{
	const struct reference wanted = { .chain = chain };

	return &((struct reference *)bsearch(&wanted, references, count, sizeof(wanted), by_chain))->count;
}

/* Counts what the rules of a chain lead to. -ENOMEM: what one leads to cannot be told. */
static int count_targets(const struct nfv_table *table, const struct nfv_chain *chain, struct reference *references)
{
	for (size_t r = 0; r < nfv_chain_count(chain); r++) {
		const struct nfv_extension *target;
		const struct nfv_chain *to;

		errno = 0;
		target = nfv_rule_target(nfv_chain_rule(chain, r));
		if (!target && errno == ENOMEM)
			return -ENOMEM;
		to = target ? nfv_table_chain(table, nfv_extension_name(target)) : NULL;
		if (to)
			++*references_to(references, nfv_table_chain_count(table), to);
	}
	return 0;
}

/* NULL: no memory. */
static struct reference *references_of(const struct nfv_table *table)
{
	size_t count = nfv_table_chain_count(table);
	struct reference *references = calloc(count ? count : 1, sizeof(*references));

	if (!references)
		return NULL;
	for (size_t c = 0; c < count; c++)
		references[c].chain = nfv_table_chain_at(table, c);
	qsort(references, count, sizeof(*references), by_chain);
	for (size_t c = 0; c < count; c++) {
		if (count_targets(table, nfv_table_chain_at(table, c), references)) {
			free(references);
			return NULL;
		}
	}
	return references;
}

static int print_table(const struct show *show, const struct nfv_table *table)
{
	struct reference *references = references_of(table);
	int err = references ? 0 : -ENOMEM;

	for (size_t c = 0; err == 0 && c < nfv_table_chain_count(table); c++) {
		const struct nfv_chain *chain = nfv_table_chain_at(table, c);

		err = print_chain(show, chain, *references_to(references, nfv_table_chain_count(table), chain));
	}
	free(references);
	return err;
}

static int print_rules(const struct show *show, const struct nfv_rules *rules, bool *any)
{
	int err = 0;

	for (size_t t = 0; err == 0 && t < nfv_rules_table_count(rules); t++) {
		const struct nfv_table *table = nfv_rules_table_at(rules, t);

		printf("%s%s%s, %s%s\n", *any ? "\n" : "", paint_on(PAINT_TABLE, show->color), nfv_table_name(table),
		       rulesets_family_title(nfv_rules_family(rules)), paint_off(PAINT_TABLE, show->color));
		*any = true;
		err = print_table(show, table);
	}
	return err;
}

static int show_for_people(struct say *say, const struct rulesets *rulesets)
{
	bool any = false;

	for (int family = 0; family < 2; family++) {
		const struct nfv_rules *rules = rulesets->of[family];
		struct show show = { .color = paint_wanted(say->arguments->color, stdout) };
		int err;

		if (!rules)
			continue;
		show.counters = say->arguments->given & ARG_COUNTERS || has_counters(rules);
		err = print_rules(&show, rules, &any);
		if (err)
			return say_failure(say, TOOL_ERROR, err, "%s", strerror(-err));
	}
	if (!any)
		say_hint(say, "there are no rules");
	return TOOL_OK;
}

int tool_show(const struct arguments *arguments)
{
	struct rulesets rulesets;
	struct say say;
	int result;

	say_init(&say, arguments);
	result = input_read_path(&say, arguments->word_count ? arguments->words[0] : "live", &rulesets);
	if (result != TOOL_OK)
		return result;
	if (arguments->given & ARG_JSON)
		result = rulesets_print_json(&say, &rulesets);
	else if (arguments->given & ARG_TEXT)
		result = rulesets_print_text(&say, &rulesets, arguments->given & ARG_COUNTERS ? NFV_PRINT_COUNTERS : 0);
	else
		result = show_for_people(&say, &rulesets);
	rulesets_free(&rulesets);
	say_end(&say);
	return result;
}
