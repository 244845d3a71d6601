/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON loses nothing: rulesets go there and back. Also the examples of the manual. */
#include "rules/model.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- there and back ---- */

/* True when the text can be read as a ruleset; fails when JSON loses something of it. */
static bool round_trip(const char *text, size_t len, enum nfv_family family, const char *name)
{
	const unsigned flags = NFV_PRINT_COUNTERS | NFV_PRINT_ANNOTATED;
	struct nfv_rules *rules = nfv_rules_new(family), *back;
	struct nfv_read_options options = { .file = name };
	struct nfv_rules_error error;
	char *json, *before, *after, *again;
	size_t json_len;

	if (nfv_rules_read(rules, text, len, &options, NULL)) {
		nfv_rules_free(rules);
		return false;
	}
	json = nfv_rules_to_json(rules, &json_len);
	assert_non_null(json);
	assert_int_equal(strlen(json), json_len);
	back = nfv_rules_from_json(json, json_len, "json", &error);
	if (!back)
		fail_msg("%s: %s\n%s", name, error.text, json);
	assert_int_equal(nfv_rules_family(back), family);
	before = nfv_rules_print(rules, flags, NULL);
	after = nfv_rules_print(back, flags, NULL);
	if (strcmp(before, after) != 0)
		fail_msg("%s: \"%s\" is not \"%s\"", name, after, before);
	again = nfv_rules_to_json(back, NULL);
	assert_string_equal(again, json);
	free(before);
	free(after);
	free(again);
	free(json);
	nfv_rules_free(back);
	nfv_rules_free(rules);
	return true;
}

/* Rules that are written as nobody prints them, or that hold what JSON cannot. */
static const char *const odd_rules[] = {
	"",
	"-j ACCEPT",
	"-g web",
	"-p tcp --dport 22 -j ACCEPT",
	"-p tcp -m tcp ! --dport 22 ! -s 10.0.0.1 -j ACCEPT",
	"! -s 10.0.0.0/8 ! -d 10.0.0.0/255.0.0.0 ! -i eth+ ! -o lo ! -p 6 ! -f -j DROP",
	"-j ACCEPT -s 10.0.0.1",
	"--source=10.0.0.1 --jump DROP",
	"-m mark --mark 1 -m mark ! --mark 2",
	"-m set ! --match-set bad src,dst -m set --match-set good dst",
	"-m comment --comment \"it\\'s a \\\"quote\\\" \\\\ $x `y`\" -j DROP",
	"-m comment --comment 'single -j DROP",
	"-m comment --comment \"\"",
	"-m comment --comment \"caf\xc3\xa9 \xe2\x82\xac\"",
	"-m comment --comment \"caf\xe9 \xff\x80\"",
	"-m comment --comment\t\"a\tb\"",
	"-j LOG --log-prefix \"x: \" --log-level debug --log-uid",
	"-j LOG --log-prefix bare",
	"-m odd --odd-mode 3 4 --odd-flag -j ODD --what \"a b\" c",
	"-m recent --set --name x",
	"-m u32 --u32 \"0x0&0xff=0x1:0x2\"",
	"-p icmp -m icmp --icmp-type echo-request -j ACCEPT",
	"-m multiport --dports 22,80 -j ACCEPT",
	"-i \"eth0\" -j \"ACCEPT\"",
	"  -p udp   -j  ACCEPT",
	"-4 -j ACCEPT",
	"-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j REJECT --reject-with tcp-reset",
	"-j DNAT --to-destination 10.0.0.1:80-90 --random --persistent",
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_round_trip(void **state)
{
	size_t taken = 0;
	char text[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(odd_rules); i++) {
		int len = snprintf(text, sizeof(text),
				   "*filter\n:INPUT DROP [1:18446744073709551615]\n:web - [0:0]\n"
				   "[9223372036854775808:7] -A INPUT %s\n-A web -j RETURN\nCOMMIT\n",
				   odd_rules[i]);

		if (!round_trip(text, (size_t)len, NFV_FAMILY_IPV4, odd_rules[i]))
			fail_msg("not read: %s", odd_rules[i]);
		taken++;
	}
	assert_int_equal(taken, COUNT(odd_rules));
}

static void test_round_trip_rulesets(void **state)
{
	static const char *const texts[] = {
		"",
		"*filter\nCOMMIT\n",
		"*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n*filter\n:INPUT ACCEPT [5:6]\n:a-b_c - [0:0]\nCOMMIT\n",
		"*filter\n:INPUT ACCEPT [5:6]\n:x - [7:8]\n-A INPUT -j x\n[3:4] -A x -j RETURN\nCOMMIT\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_true(round_trip(texts[i], strlen(texts[i]), NFV_FAMILY_IPV4, texts[i]));
		assert_true(round_trip(texts[i], strlen(texts[i]), NFV_FAMILY_IPV6, texts[i]));
	}
}

/* Notes, origins, and rules that the kernel's tools printed though they are none. */
static void test_round_trip_rest(void **state)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4), *back;
	struct nfv_table *table = nfv_rules_add_table(rules, "filter");
	struct nfv_chain *chain = nfv_table_chain(table, "INPUT");
	struct nfv_rules_error error;
	struct nfv_rule *rule = nfv_rule_new();
	char *json, *text;
	unsigned line;

	(void)state;
	nfv_table_set_note(table, "two\nlines \xff");
	nfv_chain_set_note(chain, "of a chain");
	nfv_chain_append_text(chain, "-j ACCEPT", NULL);
	nfv_rule_set_note(nfv_chain_rule(chain, 0), "of a rule");
	nfv_rule_set_origin(nfv_chain_rule(chain, 0), "fire\xe9.c", 12);
	assert_int_equal(rule_set_spec(rule, spec_new("-m \"odd", 7)), 0);
	assert_int_equal(nfv_chain_append(chain, rule), 0);
	json = nfv_rules_to_json(rules, NULL);
	back = nfv_rules_from_json(json, strlen(json), NULL, &error);
	if (!back)
		fail_msg("%s", error.text);
	assert_string_equal(nfv_table_note(nfv_rules_table(back, "filter")), "two\nlines \xff");
	chain = nfv_table_chain(nfv_rules_table(back, "filter"), "INPUT");
	assert_string_equal(nfv_chain_note(chain), "of a chain");
	assert_string_equal(nfv_rule_note(nfv_chain_rule(chain, 0)), "of a rule");
	assert_string_equal(nfv_rule_origin(nfv_chain_rule(chain, 0), &line), "fire\xe9.c");
	assert_int_equal(line, 12);
	text = nfv_rule_print(nfv_chain_rule(chain, 1), 0);
	assert_string_equal(text, "-m \"odd");
	free(text);
	free(json);
	nfv_rules_free(back);
	nfv_rules_free(rules);
}

/* ---- the examples of the manual ---- */

/* The next text between .EX and .EE, as man shows it; NULL behind the last. To be freed. */
static char *next_example(const char **page)
{
	const char *begin = strstr(*page, "\n.EX\n"), *end = begin ? strstr(begin, "\n.EE\n") : NULL;
	char *text, *to;

	if (!end)
		return NULL;
	begin += 5;
	*page = end;
	text = strndup(begin, (size_t)(end - begin));
	to = text;
	for (const char *from = text; *from; from++) {
		if (*from != '\\')
			*to++ = *from;
		else
			*to++ = *++from == 'e' ? '\\' : '-';
	}
	*to = '\0';
	return text;
}

static char *read_page(void)
{
	const char *top = getenv("top_srcdir");
	char path[4096], *page = calloc(1, 65536);
	FILE *file;

	snprintf(path, sizeof(path), "%s/rules/nfvrules-json.5", top ? top : ".");
	file = fopen(path, "r");
	if (!file)
		fail_msg("%s: %s", path, strerror(errno));
	assert_true(fread(page, 1, 65535, file) > 0);
	fclose(file);
	return page;
}

static void test_manual(void **state)
{
	char *page = read_page(), *text;
	unsigned rules = 0, rulesets = 0;
	struct nfv_rules_error error;

	(void)state;
	for (const char *at = page; (text = next_example(&at)); free(text)) {
		if (!strncmp(text, "{\"family", 8)) {
			struct nfv_rules *ruleset = nfv_rules_from_json(text, strlen(text), "manual", &error);

			if (!ruleset)
				fail_msg("%s: %s", error.text, text);
			nfv_rules_free(ruleset);
			rulesets++;
		} else if (*text == '{' || *text == '"') {
			struct nfv_rule *rule = nfv_rule_from_json(text, strlen(text), &error);

			if (!rule)
				fail_msg("%s: %s", error.text, text);
			nfv_rule_free(rule);
			rules++;
		}
	}
	free(page);
	assert_int_equal(rulesets, 2);
	assert_int_equal(rules, 4);
}

/* ---- dumps: our own, and a corpus of rulesets, if there is one ---- */

struct corpus {
	size_t read, files;
};
static struct corpus corpus; /* nftw() gives its function no context */

static int visit(const char *path, const struct stat *status, int type, struct FTW *place)
{
	FILE *file = type == FTW_F ? fopen(path, "r") : NULL;
	size_t len;
	char *text;

	(void)place;
	if (!file)
		return 0;
	text = malloc((size_t)status->st_size + 1);
	len = fread(text, 1, (size_t)status->st_size, file);
	fclose(file);
	corpus.files++;
	for (int family = NFV_FAMILY_IPV4; family <= NFV_FAMILY_IPV6; family++)
		corpus.read += round_trip(text, len, (enum nfv_family)family, path);
	free(text);
	return 0;
}

static void test_dumps(void **state)
{
	const char *folder = getenv("NFV_CORPUS"), *top = getenv("top_srcdir");
	char path[4096];

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/rules/dumps", top ? top : ".");
	nftw(path, visit, 16, FTW_PHYS);
	assert_true(corpus.read >= 6);
	if (!folder)
		snprintf(path, sizeof(path), "%s/../shared/corpus", top ? top : ".");
	nftw(folder ? folder : path, visit, 16, FTW_PHYS);
	print_message("%zu rulesets of %zu files\n", corpus.read, corpus.files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),      cmocka_unit_test(test_round_trip_rulesets),
		cmocka_unit_test(test_round_trip_rest), cmocka_unit_test(test_manual),
		cmocka_unit_test(test_dumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
