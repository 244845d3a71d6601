/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/merge-private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

const char *merge_policy(const char *script, const char *chain)
{
	const size_t len = strlen(chain);

	for (const char *line = script; *line; line = next_line(line))
		if (*line == ':' && !strncmp(line + 1, chain, len) && line[1 + len] == ' ' && line[2 + len] != '-')
			return line + 2 + len;
	return NULL;
}

/* "[1:2] " in front of a line. */
static const char *take_counters(const char *line, uint64_t counters[2])
{
	int len = 0;

	counters[0] = counters[1] = 0;
	if (*line == '[' && sscanf(line, "[%" SCNu64 ":%" SCNu64 "] %n", &counters[0], &counters[1], &len) == 2 && len > 0)
		return line + len;
	return line;
}

/* A number in front of the rule: rules themselves begin with an option or "!". */
static const char *take_number(const char *at, const char *end, size_t *number)
{
	const char *digits = at;

	*number = 0;
	for (; at < end && *at >= '0' && *at <= '9'; at++)
		*number = *number * 10 + (size_t)(*at - '0');
	if (at == digits || (at < end && *at != ' ')) {
		*number = 0;
		return digits;
	}
	return at < end ? at + 1 : at;
}

bool merge_next_line(const char **script, struct merge_line *line)
{
	for (; **script; *script = next_line(*script)) {
		const char *at = take_counters(*script, line->counters), *end = *script + strcspn(*script, "\n");

		if (*at == ':')
			line->command = *at++;
		else if (*at == '-' && at[1] && at[2] == ' ')
			line->command = at[1], at += 3;
		else
			continue;
		line->chain = at;
		line->chain_len = strcspn(at, " \n");
		at += line->chain_len;
		line->rule = take_number(at < end ? at + 1 : at, end, &line->number);
		line->rule_len = (size_t)(end - line->rule);
		*script = next_line(*script);
		return true;
	}
	return false;
}

static int add_rule(struct nfv_chain *chain, const struct merge_line *line)
{
	struct nfv_rule *rule = calloc(1, sizeof(*rule));

	if (!rule)
		return -ENOMEM;
	rule->packets = line->counters[0];
	rule->bytes = line->counters[1];
	rule->spec = spec_new(line->rule, line->rule_len);
	if (!rule->spec || chain_put(chain, chain->count, rule)) {
		spec_unref(rule->spec);
		free(rule);
		return -ENOMEM;
	}
	return 0;
}

int merge_read_script(struct nfv_rules *rules, const char *name, const char *script)
{
	struct nfv_table *table = table_new(rules, name, strlen(name));
	struct merge_line line;
	int err = table ? 0 : -ENOMEM;

	while (!err && merge_next_line(&script, &line)) {
		struct nfv_chain *chain;

		if (!strchr("AIR", line.command))
			continue;
		chain = table_find_chain(table, line.chain, line.chain_len);
		if (!chain)
			chain = chain_new(table, line.chain, line.chain_len);
		err = chain ? add_rule(chain, &line) : -ENOMEM;
	}
	return err;
}
