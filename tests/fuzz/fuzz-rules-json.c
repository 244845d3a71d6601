/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON of rulesets and rules: what is taken comes back the same from its own JSON, and prints the same text. */
#include <nfverdict/rules.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes both. */
static void same(char *a, char *b)
{
	if (!a || !b || strcmp(a, b) != 0)
		abort();
	free(a);
	free(b);
}

static void judge_rules(const struct nfv_rules *rules)
{
	size_t len;
	char *json = nfv_rules_to_json(rules, &len);
	struct nfv_rules *back = json ? nfv_rules_from_json(json, len, NULL, NULL) : NULL;

	if (!back)
		abort();
	same(nfv_rules_print(rules, NFV_PRINT_COUNTERS, NULL), nfv_rules_print(back, NFV_PRINT_COUNTERS, NULL));
	same(json, nfv_rules_to_json(back, NULL));
	nfv_rules_free(back);
}

static void judge_rule(const struct nfv_rule *rule)
{
	char *json = nfv_rule_to_json(rule);
	struct nfv_rule *back = json ? nfv_rule_from_json(json, strlen(json), NULL) : NULL;

	if (!back)
		abort();
	same(nfv_rule_print(rule, 0), nfv_rule_print(back, 0));
	same(json, nfv_rule_to_json(back));
	nfv_rule_free(back);
}

/* An error has one line and a code. */
static void judge_error(const struct nfv_rules_error *error)
{
	if (!error->code || !*error->text || strchr(error->text, '\n') || strchr(error->shown, '\n'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nfv_rules_error error = { 0 };
	struct nfv_rules *rules = nfv_rules_from_json((const char *)data, size, "fuzz", &error);
	struct nfv_rule *rule;

	if (rules)
		judge_rules(rules);
	else
		judge_error(&error);
	nfv_rules_free(rules);
	rule = nfv_rule_from_json((const char *)data, size, &error);
	if (rule)
		judge_rule(rule);
	else
		judge_error(&error);
	nfv_rule_free(rule);
	return 0;
}
