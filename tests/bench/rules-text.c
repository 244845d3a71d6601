/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast rulesets are read and printed, and what they take: `rules-text [RULES [RUNS]]` makes the text of a cluster's
 * table nat with as many rules (50,000), reads and prints it RUNS times (15) and prints what the median run gave; then the
 * same with JSON. Times are the processor's, so that a machine that is busy tells nearly the same. Memory is what malloc()
 * holds for the ruleset that was read, chains and its own overhead included.
 */
#include <nfverdict/rules.h>

#include "measure.h"
#include "rules/text.h"

#include <err.h>
#include <malloc.h>
#include <string.h>

#define RULES_OF_SERVICE 10

/* Sixteen letters that look like the hash of a service. */
static const char *hash(unsigned number, char salt)
{
	static char text[17];
	uint64_t value = ((uint64_t)number + 1) * 0x9e3779b97f4a7c15u + (uint64_t)salt * 0xbf58476d1ce4e5b9u;

	for (int i = 0; i < 16; i++, value = value / 31 * 7 + value * 0x2545f4914f6cdd1du)
		text[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[value >> 59];
	return text;
}

static void chains(struct text *text, unsigned services)
{
	text_printf(text, "*nat\n:PREROUTING ACCEPT [12:720]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [7:420]\n"
			  ":POSTROUTING ACCEPT [7:420]\n:KUBE-SERVICES - [0:0]\n:KUBE-MARK-MASQ - [0:0]\n");
	for (unsigned i = 0; i < services; i++) {
		text_printf(text, ":KUBE-SVC-%s - [0:0]\n", hash(i, 's'));
		for (char end = '1'; end <= '3'; end++)
			text_printf(text, ":KUBE-SEP-%s - [0:0]\n", hash(i, end));
	}
}

static const char *name_of(unsigned i)
{
	static const char *const names[] = { "shop/cart:http", "shop/catalogue:grpc", "monitoring/metrics:web",
					     "default/db:sql" };

	return names[i % 4];
}

/* The way to the service: one of its ten rules. */
static void way(struct text *text, unsigned i)
{
	text_printf(text,
		    "-A KUBE-SERVICES -d 10.%u.%u.%u/32 -p tcp -m comment --comment \"%s cluster IP\" -m tcp --dport %u "
		    "-j KUBE-SVC-%s\n",
		    96 + i / 65536, i / 256 % 256, i % 256, name_of(i), 8000 + i % 1000, hash(i, 's'));
}

/* The choice among its three ends, and each end. */
static void service(struct text *text, unsigned i)
{
	for (unsigned end = 1; end <= 3; end++) {
		text_printf(text, "-A KUBE-SVC-%s -m comment --comment \"%s\"", hash(i, 's'), name_of(i));
		if (end < 3)
			text_printf(text, " -m statistic --mode random --probability %s",
				    end == 1 ? "0.33333333349" : "0.50000000000");
		text_printf(text, " -j KUBE-SEP-%s\n", hash(i, (char)('0' + end)));
	}
	for (unsigned end = 1; end <= 3; end++) {
		const char *chain = hash(i, (char)('0' + end));

		text_printf(text, "-A KUBE-SEP-%s -s 10.244.%u.%u/32 -m comment --comment \"%s\" -j KUBE-MARK-MASQ\n", chain,
			    i % 256, end, name_of(i));
		text_printf(text,
			    "-A KUBE-SEP-%s -p tcp -m comment --comment \"%s\" -m tcp -j DNAT --to-destination "
			    "10.244.%u.%u:8080\n",
			    chain, name_of(i), i % 256, end);
	}
}

static void generate(struct text *text, unsigned rules)
{
	unsigned services = rules / RULES_OF_SERVICE;

	chains(text, services);
	for (unsigned i = 0; i < services; i++)
		way(text, i);
	for (unsigned i = 0; i < services; i++)
		service(text, i);
	text_printf(text, "COMMIT\n");
	if (text->failed)
		errx(1, "out of memory");
}

static size_t held(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static struct nfv_rules *read_text(const struct text *text)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	const struct nfv_read_options options = { .file = "cluster.rules" };
	struct nfv_rules_error error;
	char shown[1024];

	if (!rules)
		errx(1, "out of memory");
	if (nfv_rules_read(rules, text->data, text->len, &options, &error)) {
		nfv_rules_error_print(&error, shown, sizeof(shown));
		errx(1, "%s", shown);
	}
	return rules;
}

struct figures {
	double *parse, *print, *to_json, *from_json; /* ms, of each run */
	size_t memory;
};

static char *checked(char *printed, size_t len, const struct text *text)
{
	if (!printed || len != text->len || memcmp(printed, text->data, len) != 0)
		errx(1, "what is printed is not what was read");
	return printed;
}

static void run_text(const struct text *text, struct figures *figures, size_t i)
{
	size_t before = held(), len;
	double began = cpu_ms();
	struct nfv_rules *rules = read_text(text);
	char *printed;

	figures->parse[i] = cpu_ms() - began;
	figures->memory = held() - before;
	began = cpu_ms();
	printed = nfv_rules_print(rules, 0, &len);
	figures->print[i] = cpu_ms() - began;
	free(checked(printed, len, text));
	nfv_rules_free(rules);
}

static void run_json(const struct text *text, struct figures *figures, size_t i)
{
	struct nfv_rules *rules = read_text(text), *again;
	struct nfv_rules_error error;
	double began = cpu_ms();
	size_t len;
	char *json = nfv_rules_to_json(rules, &len);

	figures->to_json[i] = cpu_ms() - began;
	if (!json)
		errx(1, "no JSON");
	began = cpu_ms();
	again = nfv_rules_from_json(json, len, NULL, &error);
	figures->from_json[i] = cpu_ms() - began;
	if (!again)
		errx(1, "%s", error.text);
	free(json);
	json = nfv_rules_print(again, 0, &len);
	free(checked(json, len, text));
	nfv_rules_free(again);
	nfv_rules_free(rules);
}

int main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 50000;
	size_t runs = argc > 2 ? (size_t)atoi(argv[2]) : 15;
	double *room = calloc(4 * runs + 1, sizeof(double)), parse, print, kilobytes;
	struct figures figures = { room, room + runs, room + 2 * runs, room + 3 * runs, 0 };
	const size_t json_runs = runs < 5 ? runs : 5; /* they take long */
	struct text text = { 0 };

	if (count < RULES_OF_SERVICE || !runs || !room)
		errx(2, "usage: %s [RULES [RUNS]]", argv[0]);
	count -= count % RULES_OF_SERVICE;
	generate(&text, count);
	for (size_t i = 0; i < runs; i++)
		run_text(&text, &figures, i);
	for (size_t i = 0; i < json_runs; i++)
		run_json(&text, &figures, i);
	parse = median(figures.parse, runs);
	print = median(figures.print, runs);
	kilobytes = (double)text.len / 1e3; /* in a millisecond: MB/s */
	printf("rules=%u megabytes=%.1f runs=%zu", count, kilobytes / 1e3, runs);
	printf(" parse_mb_s=%.1f print_mb_s=%.1f", kilobytes / parse, kilobytes / print);
	printf(" parse_print_mb_s=%.1f", kilobytes / (parse + print));
	printf(" bytes_a_rule=%.1f", (double)figures.memory / count);
	printf(" to_json_ms=%.0f from_json_ms=%.0f\n", median(figures.to_json, json_runs), median(figures.from_json, json_runs));
	text_free(&text);
	free(room);
	return 0;
}
