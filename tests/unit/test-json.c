/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON of rules and rulesets: what is written, what is taken, and what is not. */
#include "rules/json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- what is written ---- */

static void expect_json(const char *text, const char *wanted)
{
	struct nfv_rule *rule = nfv_rule_parse(text, NULL);
	char *json = nfv_rule_to_json(rule);

	assert_string_equal(json, wanted);
	free(json);
	nfv_rule_free(rule);
}

static void test_form(void **state)
{
	(void)state;
	expect_json("", "{}");
	expect_json("-c 1 2 ! -s 10.0.0.0/8 -p tcp -m tcp --dport 22 --syn -m set ! --match-set bad src -j LOG --log-prefix "
		    "\"a b\"",
		    "{\"packets\": 1, \"bytes\": 2, \"source\": {\"value\": \"10.0.0.0/8\", \"not\": true}, "
		    "\"protocol\": {\"value\": \"tcp\"}, \"matches\": [{\"name\": \"tcp\", \"options\": ["
		    "{\"name\": \"dport\", \"values\": [\"22\"]}, {\"name\": \"syn\", \"values\": []}]}, "
		    "{\"name\": \"set\", \"options\": [{\"name\": \"match-set\", \"not\": true, \"values\": [\"bad\", "
		    "\"src\"]}]}], "
		    "\"target\": {\"name\": \"LOG\", \"options\": [{\"name\": \"log-prefix\", \"values\": [\"a b\"]}]}}");
	expect_json("-f -g web",
		    "{\"fragment\": {\"value\": \"\"}, \"target\": {\"name\": \"web\", \"goto\": true, \"options\": []}}");
	/* Other words than the typed part gives. */
	expect_json("-j ACCEPT  -p tcp",
		    "{\"protocol\": {\"value\": \"tcp\"}, \"target\": {\"name\": \"ACCEPT\", \"options\": []}, "
		    "\"text\": \"-j ACCEPT  -p tcp\"}");
	expect_json("-m comment --comment \"\xe9\"",
		    "{\"matches\": [{\"name\": \"comment\", \"options\": [{\"name\": \"comment\", "
		    "\"values\": [{\"latin1\": \"\xc3\xa9\"}]}]}]}");
}

/* ---- what is read ---- */

static void expect_text(const char *json, const char *wanted)
{
	struct nfv_rules_error error;
	struct nfv_rule *rule = nfv_rule_from_json(json, strlen(json), &error);
	char *text;

	if (!rule)
		fail_msg("%s: %s", json, error.text);
	text = nfv_rule_print(rule, 0);
	if (strcmp(text, wanted) != 0)
		fail_msg("%s: \"%s\" is not \"%s\"", json, text, wanted);
	free(text);
	nfv_rule_free(rule);
}

static void test_short_forms(void **state)
{
	(void)state;
	expect_text("{\"protocol\":\"tcp\",\"matches\":[{\"name\":\"tcp\",\"options\":{\"dport\":\"22\"}}],\"target\":"
		    "\"ACCEPT\"}",
		    "-p tcp -m tcp --dport 22 -j ACCEPT");
	expect_text("\"-p tcp --dport 22 -j ACCEPT\"", "-p tcp --dport 22 -j ACCEPT");
	expect_text("{\"text\":\"-p tcp --dport 22 -j ACCEPT\"}", "-p tcp --dport 22 -j ACCEPT");
	expect_text("{\"src\":\"! "
		    "10.0.0.0/8\",\"dst\":\"10.0.0.1\",\"in-interface\":\"a\",\"out-interface\":\"b\",\"protocol\":17}",
		    "! -s 10.0.0.0/8 -d 10.0.0.1 -i a -o b -p 17");
	expect_text("{\"fragment\":true}", "-f");
	expect_text("{\"fragment\":{\"value\":\"\",\"not\":true}}", "! -f");
	expect_text("{\"matches\":{\"tcp\":{\"!dport\":22,\"syn\":true,\"fin\":\"\"},\"socket\":{}}}",
		    "-m tcp ! --dport 22 --syn --fin -m socket");
	expect_text("{\"matches\":[\"socket\",{\"name\":\"set\",\"options\":{\"match-set\":\"bad src\"}}]}",
		    "-m socket -m set --match-set bad src");
	expect_text("{\"matches\":[{\"name\":\"set\",\"options\":[{\"name\":\"match-set\",\"not\":true,\"value\":\"bad "
		    "src\"}]}]}",
		    "-m set ! --match-set bad src");
	expect_text("{\"target\":{\"name\":\"REDIRECT\",\"options\":[{\"name\":\"to-ports\",\"values\":[80]},\"random\"]}}",
		    "-j REDIRECT --to-ports 80 --random");
	expect_text("{\"target\":{\"name\":\"web\",\"goto\":true},\"comment\":\"to the web\"}",
		    "-m comment --comment \"to the web\" -g web");
	expect_text("{\"comment\":{\"latin1\":\"\\u00ff\"}}", "-m comment --comment \"\xff\"");
	expect_text("{\"target\":{\"name\":\"LOG\",\"options\":{\"log-prefix\":\"x -j DROP\"}}}",
		    "-j LOG --log-prefix \"x -j DROP\"");
	/* The text is used while it says the same; else the typed part wins. */
	expect_text("{\"protocol\":\"tcp\",\"text\":\"-p  tcp\"}", "-p  tcp");
	expect_text("{\"protocol\":\"udp\",\"text\":\"-p  tcp\"}", "-p udp");
	expect_text("{\"protocol\":\"udp\",\"text\":\"-p \\\"tcp\"}", "-p udp");
}

static void refuse_rule(const char *json, const char *wanted)
{
	struct nfv_rules_error error = { 0 };
	struct nfv_rule *rule;

	errno = 0;
	rule = nfv_rule_from_json(json, strlen(json), &error);
	if (rule || errno != EINVAL || error.code != EINVAL)
		fail_msg("%s: %s", json, rule ? "taken" : strerror(errno));
	if (strcmp(error.text, wanted) != 0)
		fail_msg("%s: \"%s\" is not \"%s\"", json, error.text, wanted);
	assert_null(nfv_rule_from_json(json, strlen(json), NULL));
}

static void test_refused_rules(void **state)
{
	(void)state;
	refuse_rule("[]", "should be an object, or a rule's text");
	refuse_rule("{\"sauce\":\"x\"}", "unknown key \"sauce\"");
	refuse_rule("{\"source\":1.5}", "source: should be a string");
	refuse_rule("{\"source\":{\"value\":\"10.0.0.1\",\"no\":true}}", "source: unknown key \"no\"");
	refuse_rule("{\"source\":{\"not\":true}}", "source: has no \"value\"");
	refuse_rule("{\"source\":{\"value\":\"10.0.0.1\",\"not\":1}}", "source.not: should be true or false");
	refuse_rule("{\"source\":\"10.0.0.1\",\"src\":\"10.0.0.1\"}", "src: given twice");
	refuse_rule("{\"source\":\"10.0.0.1.1\"}", "source: \"10.0.0.1.1\" cannot be its value");
	refuse_rule("{\"in\":\"\"}", "in: \"\" cannot be its value");
	refuse_rule("{\"in\":\"a b\"}", "in: \"a b\" cannot be its value");
	refuse_rule("{\"packets\":-1}", "packets: should be a number from 0 on");
	refuse_rule("{\"packets\":\"18446744073709551616\"}", "packets: should be a number below 2^64");
	refuse_rule("{\"matches\":1}", "matches: should be an array or an object");
	refuse_rule("{\"matches\":[1]}", "matches[0]: should be a name or an object");
	refuse_rule("{\"matches\":[{}]}", "matches[0]: has no \"name\"");
	refuse_rule("{\"matches\":[{\"name\":\"tcp\",\"goto\":true}]}", "matches[0]: unknown key \"goto\"");
	refuse_rule("{\"matches\":[{\"name\":\"tcp\",\"options\":1}]}",
		    "matches[0].options: should be an object or an array");
	refuse_rule("{\"matches\":[{\"name\":\"tcp\",\"options\":[{\"values\":[]}]}]}",
		    "matches[0].options[0]: has no \"name\"");
	refuse_rule("{\"matches\":[{\"name\":\"tcp\",\"options\":[{\"name\":\"dport\",\"values\":\"1\"}]}]}",
		    "matches[0].options[0].values: should be an array");
	refuse_rule("{\"matches\":[{\"name\":\"tcp\",\"options\":[{\"name\":\"dport\",\"value\":1,\"values\":[1]}]}]}",
		    "matches[0].options[0]: has \"value\" and \"values\"");
	refuse_rule("{\"matches\":[{\"name\":\"tcp\",\"options\":{\"dport\":null}}]}",
		    "matches[0].options.dport: should be a string");
	refuse_rule("{\"matches\":{\"comment\":{}},\"comment\":\"x\"}", "comment: there is a match \"comment\" too");
	refuse_rule("{\"target\":null}", "target: should be a name or an object");
	refuse_rule("{\"target\":{\"name\":\"web\",\"goto\":1}}", "target.goto: should be true or false");
	refuse_rule("{\"origin\":{\"line\":1}}", "origin: has no \"file\"");
	refuse_rule("{\"origin\":{\"file\":\"a\",\"line\":4294967296}}", "origin: \"line\" is too large");
	refuse_rule("{\"comment\":{\"latin1\":\"\\u0100\"}}", "comment: \"latin1\" holds a character above U+00FF");
	refuse_rule("{\"text\":\"-p \\\"tcp\"}", "text: a quote is not closed");
	refuse_rule("\"-p\"", "-p: its value is missing");
}

/* What would become another rule as text. */
static void test_smuggled(void **state)
{
	static const char *const jsons[] = {
		"{\"matches\":{\"tcp\":{\"dport\":[\"22\",\"-j\",\"DROP\"]}}}",
		"{\"matches\":{\"tcp\":{\"dport 22 -j\":\"DROP\"}}}",
		"{\"matches\":{\"tcp\":[{\"name\":\"\",\"values\":[\"-j\",\"DROP\"]}]}}",
		"{\"matches\":{\"comment\":{\"comment\":\"a\\nb\"}}}",
		"{\"comment\":\"a\\nb\"}",
		"{\"target\":{\"name\":\"LOG\",\"options\":{\"log-prefix\":[]}}}",
		"{\"target\":\"\"}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(jsons); i++) {
		struct nfv_rules_error error = { 0 };

		if (nfv_rule_from_json(jsons[i], strlen(jsons[i]), &error))
			fail_msg("taken: %s", jsons[i]);
		assert_int_equal(error.code, EINVAL);
		assert_null(strchr(error.text, '\n'));
		assert_null(strchr(error.shown, '\n'));
	}
}

static void test_dictionaries(void **state)
{
	static const char json[] = "{\"family\":\"ipv6\",\"tables\":{\"filter\":{\"chains\":{\"INPUT\":[\"-p tcp -j web\","
				   "{\"target\":\"DROP\"}],\"web\":{\"rules\":[\"-s ::1,::2 -j ACCEPT\"]},"
				   "\"FORWARD\":{\"policy\":\"DROP\",\"packets\":1,\"bytes\":\"2\"}}}}}";
	struct nfv_rules_error error;
	struct nfv_rules *rules = nfv_rules_from_json(json, strlen(json), NULL, &error);
	char *text;

	(void)state;
	if (!rules)
		fail_msg("%s", error.text);
	text = nfv_rules_print(rules, 0, NULL);
	/* Of INPUT nothing is said but its rules. */
	assert_string_equal(text, "*filter\n:web - [0:0]\n:FORWARD DROP [1:2]\n-A web -s ::1 -j ACCEPT\n"
				  "-A web -s ::2 -j ACCEPT\n-A INPUT -p tcp -j web\n-A INPUT -j DROP\nCOMMIT\n");
	assert_true(nfv_chain_is_builtin(nfv_table_chain(nfv_rules_table(rules, "filter"), "INPUT")));
	free(text);
	nfv_rules_free(rules);
}

static void refuse(const char *json, const char *wanted)
{
	struct nfv_rules_error error = { 0 };

	errno = 0;
	if (nfv_rules_from_json(json, strlen(json), "x.json", &error) || errno != EINVAL)
		fail_msg("%s: %s", json, errno ? strerror(errno) : "taken");
	assert_string_equal(error.file, "x.json");
	if (strcmp(error.text, wanted) != 0)
		fail_msg("%s: \"%s\" is not \"%s\"", json, error.text, wanted);
	assert_null(nfv_rules_from_json(json, strlen(json), NULL, NULL));
}

#define IN_FILTER(chains) "{\"family\":\"ipv4\",\"tables\":[{\"name\":\"filter\",\"chains\":" chains "}]}"

static void test_refused_rulesets(void **state)
{
	(void)state;
	refuse("[]", "a ruleset should be an object");
	refuse("{}", "family: should be \"ipv4\" or \"ipv6\"");
	refuse("{\"family\":\"ipv5\"}", "family: should be \"ipv4\" or \"ipv6\"");
	refuse("{\"family\":\"ipv4\",\"more\":1}", "unknown key \"more\"");
	refuse("{\"family\":\"ipv4\",\"tables\":1}", "tables: should be an array or an object");
	refuse("{\"family\":\"ipv4\",\"tables\":[{}]}", "tables[0]: has no \"name\"");
	refuse("{\"family\":\"ipv4\",\"tables\":[{\"name\":\"a b\"}]}", "tables[0]: not a name for a table");
	refuse("{\"family\":\"ipv4\",\"tables\":[{\"name\":\"raw\"},{\"name\":\"raw\"}]}",
	       "tables[1]: table \"raw\" is there twice");
	refuse("{\"family\":\"ipv4\",\"tables\":{\"raw\":{\"name\":\"raw\"}}}", "tables.raw: has two names");
	refuse("{\"family\":\"ipv4\",\"tables\":{\"raw\":{\"chain\":[]}}}", "tables.raw: unknown key \"chain\"");
	refuse(IN_FILTER("[{\"name\":\"a\"},{\"name\":\"a\"}]"), "tables[0].chains[1]: chain \"a\" is there twice");
	refuse(IN_FILTER("[{\"name\":\"-a\"}]"), "tables[0].chains[0]: not a name for a chain");
	refuse(IN_FILTER("[{\"name\":\"12345678901234567890123456789\"}]"),
	       "tables[0].chains[0]: a chain's name of more than 28 bytes");
	refuse(IN_FILTER("[{\"name\":\"a\",\"policy\":\"DROP\"}]"),
	       "tables[0].chains[0].policy: a chain of the user has no policy");
	refuse(IN_FILTER("[{\"name\":\"INPUT\",\"policy\":\"REJECT\"}]"),
	       "tables[0].chains[0].policy: should be \"ACCEPT\" or \"DROP\"");
	refuse(IN_FILTER("[{\"name\":\"a\",\"rules\":{}}]"), "tables[0].chains[0].rules: should be an array");
	refuse(IN_FILTER("[{\"name\":\"a\",\"rule\":[]}]"), "tables[0].chains[0]: unknown key \"rule\"");
	refuse(IN_FILTER("[{\"name\":\"a\",\"declared\":1}]"), "tables[0].chains[0].declared: should be true or false");
	refuse(IN_FILTER("{\"a\":[\"-j b\",{\"sauce\":1}]}"), "tables[0].chains.a[1]: unknown key \"sauce\"");
	refuse(IN_FILTER("[{\"name\":\"a\",\"rules\":[\"\",\"-p\"]}]"),
	       "tables[0].chains[0].rules[1]: -p: its value is missing");
}

static void test_syntax(void **state)
{
	static const char json[] = "{\"family\": \"ipv4\",\n \"tables\": [}\n}";
	struct nfv_rules_error error;
	char *deep = malloc(100001);

	(void)state;
	assert_null(nfv_rules_from_json(json, strlen(json), "x.json", &error));
	assert_int_equal(error.line, 2);
	assert_int_equal(error.column, 13);
	assert_string_equal(error.shown, " \"tables\": [}");
	assert_null(nfv_rules_from_json("{\"family\":\"ipv4\",\"family\":\"ipv6\"}", 33, NULL, &error));
	assert_null(nfv_rules_from_json("", 0, NULL, &error));
	assert_null(nfv_rules_from_json("{\"family\":\"ipv4\"} x", 19, NULL, &error));
	assert_null(nfv_rule_from_json("\"a\\u0000b\"", 10, &error));
	memset(deep, '[', 100000);
	assert_null(nfv_rules_from_json(deep, 100000, NULL, &error));
	errno = 0;
	assert_null(nfv_rules_from_json(deep, RULEJSON_LEN_MAX + 1, "x.json", &error));
	assert_int_equal(errno, E2BIG);
	assert_int_equal(error.code, E2BIG);
	free(deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),          cmocka_unit_test(test_short_forms),
		cmocka_unit_test(test_refused_rules), cmocka_unit_test(test_smuggled),
		cmocka_unit_test(test_dictionaries),  cmocka_unit_test(test_refused_rulesets),
		cmocka_unit_test(test_syntax),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
