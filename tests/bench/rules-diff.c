/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast differences are found: `rules-diff [RULES [RUNS]]` reads two rulesets that differ in one rule of as many
 * (50,000), in one chain and in 500, RUNS times (9) anew, and prints what the median run took to find the script between
 * them. The same for a check of the whole, and for one rule of all that moves from the first place to the last. Times are
 * the processor's.
 */
#include <nfverdict/rules.h>

#include "measure.h"
#include "rules/text.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

#define RUNS_MAX 101

/* The rule at place `odd` drops, all others accept; that at place `late` comes last. */
static void write_rules(struct text *text, unsigned rules, unsigned chains, unsigned odd, unsigned late)
{
	const unsigned each = (rules + chains - 1) / chains;

	text_printf(text, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n");
	for (unsigned i = 0; i < chains; i++)
		text_printf(text, ":chain-%u - [0:0]\n", i);
	for (unsigned n = 0; n <= rules; n++) {
		unsigned i = n < rules ? n : late;

		if (n < rules ? n == late : late >= rules)
			continue;
		text_printf(text, "[%u:%u] -A chain-%u -s 10.%u.%u.%u/32 -p tcp -m tcp --dport %u -j %s\n", i % 7,
			    i % 7 * 60, i / each, i >> 16 & 255, i >> 8 & 255, i & 255, 1 + i % 65535,
			    i == odd ? "DROP" : "ACCEPT");
	}
	text_printf(text, "COMMIT\n");
}

static struct nfv_rules *make(unsigned rules, unsigned chains, unsigned odd, unsigned late)
{
	struct nfv_rules *made = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_rules_error error;
	struct text text = { 0 };

	write_rules(&text, rules, chains, odd, late);
	if (!made || text.failed)
		errx(1, "no memory");
	if (nfv_rules_read(made, text.data, text.len, NULL, &error))
		errx(1, "%s", error.text);
	text_free(&text);
	return made;
}

enum what { WHAT_ONE, WHAT_ONE_BY_VALUE, WHAT_MOVED, WHAT_CHECK };

static double run(enum what what, unsigned rules, unsigned chains)
{
	const bool moved = what == WHAT_MOVED;
	struct nfv_rules *from = make(rules, chains, rules, rules);
	struct nfv_rules *to = make(rules, chains, moved ? rules : rules / 2, moved ? 0 : rules);
	double begin = cpu_ms(), took;
	char *script = NULL;

	if (what == WHAT_CHECK) {
		if (nfv_rules_check(from, NULL, NULL, NULL))
			errx(1, "a finding");
	} else {
		script = nfv_rules_diff(from, to, what == WHAT_ONE_BY_VALUE ? NFV_DIFF_BY_VALUE : 0, NULL);
		if (!script || strlen(script) < 30 || strlen(script) > 300)
			errx(1, "not a script of one rule");
	}
	took = cpu_ms() - begin;
	free(script);
	nfv_rules_free(to);
	nfv_rules_free(from);
	return took;
}

static void measure(const char *name, enum what what, unsigned rules, unsigned chains, unsigned runs)
{
	double times[RUNS_MAX];

	for (unsigned i = 0; i < runs; i++)
		times[i] = run(what, rules, chains);
	printf(" %s_in_%u_ms=%.2f", name, chains, median(times, runs));
}

int main(int argc, char **argv)
{
	unsigned rules = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 50000;
	unsigned runs = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 9;

	if (rules < 1000 || rules > 1000000 || runs < 1 || runs > RUNS_MAX)
		errx(2, "usage: rules-diff [RULES [RUNS]]: 1000 to 1000000 rules, 1 to %d runs", RUNS_MAX);
	printf("rules=%u runs=%u", rules, runs);
	for (unsigned chains = 1; chains <= 500; chains += 499) {
		measure("one", WHAT_ONE, rules, chains, runs);
		measure("by_value", WHAT_ONE_BY_VALUE, rules, chains, runs);
		if (chains == 1)
			measure("moved", WHAT_MOVED, rules, chains, runs);
		measure("check", WHAT_CHECK, rules, chains, runs);
	}
	printf("\n");
	return 0;
}
