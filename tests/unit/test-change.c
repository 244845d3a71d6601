/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rules-text.h"
#include "rules/merge.h"

#include <errno.h>
#include <jansson.h>
#include <time.h>

/* As if it came from the kernel. */
static struct nfv_rules *live_of(const char *text)
{
	static char anywhere;
	struct nfv_rules *rules = rules_of(text, NFV_FAMILY_IPV4);

	rules->live = (struct nfv_live *)&anywhere;
	rules->generation = 0x8000000000000001u;
	return rules;
}

static void live_free(struct nfv_rules *rules)
{
	rules->live = NULL;
	nfv_rules_free(rules);
}

static struct nfv_chain *chain_of(struct nfv_rules *rules, const char *name)
{
	return nfv_table_chain(nfv_rules_table(rules, "filter"), name);
}

static void make(struct change *change, struct nfv_rules *rules, unsigned flags)
{
	struct nfv_rules_error error;
	int err = change_make(change, &rules, 1, flags, &error);

	if (err)
		fail_msg("%d: %s", err, error.text);
}

/* The change as it was sent and received. */
static void send(const struct change *change, struct change *received)
{
	json_t *json = change_to_json(change), *read;
	struct nfv_rules_error error;
	char *text;

	assert_non_null(json);
	text = json_dumps(json, 0);
	assert_non_null(text);
	read = json_loads(text, 0, NULL);
	assert_non_null(read);
	if (change_from_json(received, read, &error))
		fail_msg("%s\n%s", error.text, text);
	json_decref(read);
	free(text);
	json_decref(json);
}

static void apply(struct nfv_rules *rules, const struct script *script)
{
	put_text(rules, script->text.data);
}

#define START                                                                                                    \
	"*filter\n:INPUT ACCEPT [5:50]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:U - [0:0]\n:V - [0:0]\n"     \
	"[1:10] -A INPUT -i a\n[2:20] -A INPUT -j U\n[3:30] -A U -i b\n-A V -i c\nCOMMIT\n"

/* Changes a live ruleset in some way. */
typedef void change_fn(struct nfv_rules *rules);

/* The kernel's ruleset before, after and back again, as the received change sees it. */
static void judge(change_fn *fn, unsigned flags, const char *forward, const char *back)
{
	struct nfv_rules *rules = live_of(START), *kernel = rules_of(START, NFV_FAMILY_IPV4), *wanted;
	struct change change, received;
	struct nfv_rules_error error;

	fn(rules);
	make(&change, rules, flags);
	assert_int_equal(change.count, 1);
	assert_string_equal(change.parts[0].forward.text.data, forward);
	assert_string_equal(change.parts[0].back.text.data, back);
	send(&change, &received);
	assert_int_equal(received.count, 1);
	assert_string_equal(received.parts[0].table, "filter");
	assert_string_equal(received.parts[0].forward.text.data, forward);
	assert_string_equal(received.parts[0].back.text.data, back);
	assert_int_equal(received.parts[0].forward.line_count, change.parts[0].forward.line_count);
	assert_int_equal(received.parts[0].forward.edits, change.parts[0].forward.edits);
	assert_true(received.parts[0].generation == 0x8000000000000001u);
	assert_int_equal(received.parts[0].chain_count, change.parts[0].chain_count);

	assert_int_equal(change_part_state(&received.parts[0], kernel), CHANGE_BEFORE);
	assert_int_equal(change_part_conflict(&received.parts[0], kernel, &error), 0);
	apply(kernel, &received.parts[0].forward);
	assert_int_equal(change_part_state(&received.parts[0], kernel), CHANGE_AFTER);
	assert_int_equal(change_part_conflict(&received.parts[0], kernel, &error), -EAGAIN);
	wanted = nfv_rules_copy(rules);
	assert_true(nfv_rules_equal(kernel, wanted));
	apply(kernel, &received.parts[0].back);
	assert_int_equal(change_part_state(&received.parts[0], kernel), CHANGE_BEFORE);
	nfv_rules_free(wanted);
	wanted = rules_of(START, NFV_FAMILY_IPV4);
	assert_true(nfv_rules_equal(kernel, wanted));
	nfv_rules_free(wanted);
	change_free(&received);
	change_free(&change);
	nfv_rules_free(kernel);
	live_free(rules);
}

static void append(struct nfv_rules *rules)
{
	assert_int_equal(nfv_chain_append_text(chain_of(rules, "INPUT"),
					       "-p tcp --dport 22 -m comment --comment \"\xff\xc3\xa9\"", NULL),
			 0);
}

static void add_chain(struct nfv_rules *rules)
{
	struct nfv_chain *chain = nfv_table_add_chain(nfv_rules_table(rules, "filter"), "new");

	assert_int_equal(nfv_chain_append_text(chain, "-j ACCEPT", NULL), 0);
	assert_int_equal(nfv_chain_append_text(chain_of(rules, "U"), "-j new", NULL), 0);
}

static void remove_chain(struct nfv_rules *rules)
{
	assert_int_equal(nfv_chain_remove(chain_of(rules, "V")), 0);
}

static void rename_chain(struct nfv_rules *rules)
{
	assert_int_equal(nfv_chain_rename(chain_of(rules, "V"), "W"), 0);
}

/* U goes, and V takes its name: the kernel's U gets other rules, and its V goes. */
static void take_name(struct nfv_rules *rules)
{
	assert_int_equal(nfv_chain_delete(chain_of(rules, "INPUT"), 1), 0);
	assert_int_equal(nfv_chain_remove(chain_of(rules, "U")), 0);
	assert_int_equal(nfv_chain_rename(chain_of(rules, "V"), "U"), 0);
}

static void set_policy(struct nfv_rules *rules)
{
	assert_int_equal(nfv_chain_set_policy(chain_of(rules, "FORWARD"), "DROP"), 0);
}

static void test_changes(void **state)
{
	(void)state;
	judge(append, 0, "*filter\n-A INPUT -p tcp --dport 22 -m comment --comment \"\xff\xc3\xa9\"\nCOMMIT\n",
	      "*filter\n-D INPUT 3\nCOMMIT\n");
	judge(append, NFV_DIFF_BY_VALUE,
	      "*filter\n-A INPUT -p tcp --dport 22 -m comment --comment \"\xff\xc3\xa9\"\nCOMMIT\n",
	      "*filter\n-D INPUT -p tcp --dport 22 -m comment --comment \"\xff\xc3\xa9\"\nCOMMIT\n");
	judge(add_chain, 0, "*filter\n:new - [0:0]\n-A new -j ACCEPT\n-A U -j new\nCOMMIT\n",
	      "*filter\n-D U 2\n-F new\n-X new\nCOMMIT\n");
	judge(remove_chain, 0, "*filter\n-F V\n-X V\nCOMMIT\n", "*filter\n:V - [0:0]\n-A V -i c\nCOMMIT\n");
	judge(rename_chain, 0, "*filter\n:W - [0:0]\n-A W -i c\n-F V\n-X V\nCOMMIT\n",
	      "*filter\n:V - [0:0]\n-A V -i c\n-F W\n-X W\nCOMMIT\n");
	judge(take_name, 0, "*filter\n-D INPUT 2\n-R U 1 -i c\n-F V\n-X V\nCOMMIT\n",
	      "*filter\n:V - [0:0]\n-A V -i c\n[2:20] -A INPUT -j U\n[3:30] -R U 1 -i b\nCOMMIT\n");
	judge(set_policy, 0, "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n", "*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n");
	judge(set_policy, NFV_DIFF_LEGACY,
	      "*filter\n:FORWARD DROP [0:0]\n:INPUT ACCEPT [5:50]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n",
	      "*filter\n:FORWARD ACCEPT [0:0]\n:INPUT ACCEPT [5:50]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n");
}

static void test_nothing(void **state)
{
	struct nfv_rules *rules = live_of(START);
	struct change change;

	(void)state;
	make(&change, rules, 0);
	assert_int_equal(change.count, 0);
	append(rules);
	assert_int_equal(nfv_chain_delete(chain_of(rules, "INPUT"), 2), 0);
	make(&change, rules, NFV_DIFF_LEGACY);
	assert_int_equal(change.count, 0);
	live_free(rules);
}

static void test_conflicts(void **state)
{
	struct nfv_rules *rules = live_of(START), *kernel = rules_of(START, NFV_FAMILY_IPV4);
	struct nfv_rules_error error;
	struct change change;

	(void)state;
	append(rules);
	chain_of(rules, "V")->watched = true;
	nfv_table_add_chain(nfv_rules_table(rules, "filter"), "mine");
	make(&change, rules, 0);
	assert_int_equal(change.parts[0].chain_count, 3);
	/* Chains that nobody asked for, and counters, may change. */
	put_text(kernel, "*filter\n:INPUT ACCEPT [9:9]\n-A OUTPUT -o x\n-A U -i x\nCOMMIT\n");
	assert_int_equal(change_part_conflict(&change.parts[0], kernel, &error), 0);
	put_text(kernel, "*filter\n-A V -i x\nCOMMIT\n");
	assert_int_equal(change_part_conflict(&change.parts[0], kernel, &error), -EAGAIN);
	assert_string_equal(error.text, "chain V of table filter was changed by somebody else");
	assert_int_equal(change_part_state(&change.parts[0], kernel), CHANGE_BEFORE);
	put_text(kernel, "*filter\n-D V -i x\n-N mine\nCOMMIT\n");
	assert_int_equal(change_part_conflict(&change.parts[0], kernel, &error), -EAGAIN);
	assert_string_equal(error.text, "chain mine of table filter was made by somebody else");
	assert_int_equal(change_part_state(&change.parts[0], kernel), CHANGE_NEITHER);
	put_text(kernel, "*filter\n-X mine\n-F V\n-X V\nCOMMIT\n");
	assert_int_equal(change_part_conflict(&change.parts[0], kernel, &error), -EAGAIN);
	assert_string_equal(error.text, "chain V of table filter was removed by somebody else");
	change_free(&change);
	nfv_rules_free(kernel);
	live_free(rules);
}

/* Only watched: a part without text. */
static void test_watched(void **state)
{
	struct nfv_rules *rules = live_of(START), *kernel = rules_of(START, NFV_FAMILY_IPV4);
	struct change change, received;

	(void)state;
	chain_of(rules, "V")->watched = true;
	make(&change, rules, 0);
	send(&change, &received);
	assert_int_equal(received.count, 1);
	assert_int_equal(received.parts[0].forward.text.len, 0);
	assert_int_equal(received.parts[0].chain_count, 1);
	assert_true(received.parts[0].chains[0].watched);
	assert_int_equal(change_part_state(&received.parts[0], kernel), CHANGE_AFTER);
	assert_int_equal(change_part_conflict(&received.parts[0], kernel, NULL), 0);
	put_text(kernel, "*filter\n-A V -i x\nCOMMIT\n");
	assert_int_equal(change_part_conflict(&received.parts[0], kernel, NULL), -EAGAIN);
	change_free(&received);
	change_free(&change);
	nfv_rules_free(kernel);
	live_free(rules);
}

/* A table that the kernel does not show until something is in it. */
static void test_new_table(void **state)
{
	struct nfv_rules *rules = live_of(""), *kernel = nfv_rules_new(NFV_FAMILY_IPV4);
	struct change change;

	(void)state;
	assert_int_equal(nfv_chain_append_text(nfv_table_chain(nfv_rules_add_table(rules, "filter"), "INPUT"), "-i a", NULL),
			 0);
	make(&change, rules, 0);
	assert_int_equal(change.count, 1);
	assert_int_equal(change_part_state(&change.parts[0], kernel), CHANGE_BEFORE);
	assert_int_equal(change_part_conflict(&change.parts[0], kernel, NULL), 0);
	apply(kernel, &change.parts[0].forward);
	assert_int_equal(change_part_state(&change.parts[0], kernel), CHANGE_AFTER);
	change_free(&change);
	nfv_rules_free(kernel);
	live_free(rules);
}

static void test_blame(void **state)
{
	struct nfv_rules *rules = live_of(START);
	struct nfv_rules_error error;
	struct nfv_rule *rule;
	struct change change;

	(void)state;
	append(rules);
	rule = nfv_chain_rule(chain_of(rules, "INPUT"), 2);
	assert_int_equal(rule_set_spec(rule, spec_new("-i \"a\nb\"", 8)), 0);
	assert_int_equal(nfv_rule_set_origin(rule, "my.c", 7), 0);
	assert_int_equal(change_make(&change, &rules, 1, 0, &error), -EINVAL);
	assert_string_equal(error.text, "a rule's text holds a newline: iptables-restore cannot be given it");
	assert_string_equal(error.file, "my.c");
	assert_int_equal(error.line, 7);
	assert_ptr_equal(error.rule, rule);
	live_free(rules);
}

/* What a stranger sends is looked at. */
static void test_strangers(void **state)
{
	static const char *const good =
		"{\"version\":1,\"parts\":[{\"family\":4,\"table\":\"filter\",\"generation\":\"1\",\"forward\":%s,\"back\":"
		"\"\","
		"\"edits\":[1,1],\"chains\":[{\"name\":\"A\",\"was\":true,\"is\":true,\"watched\":false,\"before\":\"1f\","
		"\"after\":\"2\",\"rules\":\"0123abcd\",\"ranges\":%s}]}]}";
	static const struct {
		const char *forward, *ranges;
		bool fine;
	} cases[] = {
		{ "\"*filter\\n-A A\\nCOMMIT\\n\"", "[]", true },
		{ "{\"bytes\":\"*filter\\n-A A\\u00ff\\nCOMMIT\\n\"}", "[[0,1,false],[1,2,true]]", true },
		{ "\"\"", "[]", true },
		{ "\"*nat\\n-A A\\nCOMMIT\\n\"", "[]", false },
		{ "\"*filter\\n-A A\\nCOMMIT\"", "[]", false },
		{ "\"*filter\\n-A A\\n\"", "[]", false },
		{ "\"*filter\\n-A A\\nCOMMIT\\n*nat\\n-F\\nCOMMIT\\n\"", "[]", false },
		{ "\"*filter\\n-A A\\n*nat\\nCOMMIT\\n\"", "[]", false },
		{ "{\"bytes\":\"*filter\\n\\u0100\\nCOMMIT\\n\"}", "[]", false },
		{ "7", "[]", false },
		{ "\"\"", "{}", false },
		{ "\"\"", "[[0,2,false],[1,2,false]]", false },
		{ "\"\"", "[[-1,2,false]]", false },
		{ "\"\"", "[[0,0,false]]", false },
		{ "\"\"", "[[0,4294967296,false]]", false },
	};
	static const char *const bad[] = { "[]", "{}", "{\"version\":2,\"parts\":[]}", "{\"version\":1}",
					   "{\"version\":1,\"parts\":[{}]}", "{\"version\":1,\"parts\":[7]}" };
	struct nfv_rules_error error;
	struct change change;
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *json;

		snprintf(text, sizeof(text), good, cases[i].forward, cases[i].ranges);
		json = json_loads(text, 0, NULL);
		assert_non_null(json);
		assert_int_equal(change_from_json(&change, json, &error), cases[i].fine ? 0 : -EINVAL);
		if (cases[i].fine)
			change_free(&change);
		else
			assert_memory_equal(error.text, "not a change: ", 14);
		json_decref(json);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *json = json_loads(bad[i], 0, NULL);

		assert_non_null(json);
		assert_int_equal(change_from_json(&change, json, &error), -EINVAL);
		json_decref(json);
	}
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* One rule into 50,000 of 500 chains: the time must be that of one chain. */
static void test_time(void **state)
{
	struct nfv_rules *rules = live_of("*filter\nCOMMIT\n");
	struct text text = { 0 };
	struct change change;
	double best = 1e9;

	(void)state;
	text_printf(&text, "*filter\n");
	for (unsigned i = 0; i < 500; i++)
		text_printf(&text, ":c%u - [0:0]\n", i);
	for (unsigned i = 0; i < 50000; i++)
		text_printf(&text, "-A c%u -s 10.0.%u.%u/32 -p tcp -m tcp --dport 22 -j ACCEPT\n", i / 100, i >> 8, i & 255);
	text_printf(&text, "COMMIT\n");
	rules->live = NULL;
	put_text(rules, text.data);
	rules->live = (struct nfv_live *)&text;
	assert_int_equal(nfv_chain_append_text(chain_of(rules, "c250"), "-i lo", NULL), 0);
	for (unsigned i = 0; i < 5; i++) {
		double begin = now_ms(), took;

		make(&change, rules, NFV_DIFF_BY_VALUE);
		took = now_ms() - begin;
		best = took < best ? took : best;
		assert_int_equal(change.parts[0].forward.line_count, 3);
		change_free(&change);
	}
	print_message("%.3f ms\n", best);
	assert_true(best < 20); /* a machine under load, with sanitizers; the whole ruleset would take longer */
	text_free(&text);
	live_free(rules);
}

/* One rule that only we put in, and one that others may put in, too. */
static void add_two(struct nfv_rules *rules)
{
	assert_int_equal(nfv_chain_append_text(chain_of(rules, "U"), "-i mine -j ACCEPT", NULL), 0);
	assert_int_equal(nfv_chain_append_text(chain_of(rules, "V"), "-i anybody -j ACCEPT", NULL), 0);
}

static void assert_found(const struct change_part *part, const char *since, enum change_state state, bool others,
			 bool partly)
{
	struct nfv_rules *now = rules_of(START, NFV_FAMILY_IPV4);
	struct merge_finding finding;

	put_text(now, since);
	assert_int_equal(merge_look(part, now, NULL, &finding), 0);
	assert_int_equal(finding.state, state);
	assert_int_equal(finding.others, others);
	assert_int_equal(finding.partly, partly);
	nfv_rules_free(now);
}

static void test_partly(void **state)
{
	struct nfv_rules *rules = live_of(START);
	struct change change;

	(void)state;
	add_two(rules);
	make(&change, rules, 0);
	assert_found(&change.parts[0], "*filter\n-A U -i mine -j ACCEPT\n-A V -i anybody -j ACCEPT\nCOMMIT\n", CHANGE_AFTER,
		     false, false);
	assert_found(&change.parts[0],
		     "*filter\n-A U -i theirs\n-A U -i mine -j ACCEPT\n-A V -i anybody -j ACCEPT\nCOMMIT\n", CHANGE_AFTER,
		     true, false);
	assert_found(&change.parts[0], "*filter\n-A U -i theirs\n-A V -i anybody -j ACCEPT\nCOMMIT\n", CHANGE_AFTER, true,
		     true);
	/* Without a tool to ask, it might be ours in another spelling. */
	assert_found(&change.parts[0], "*filter\n-A U -i theirs\nCOMMIT\n", CHANGE_NEITHER, true, false);
	change_free(&change);
	live_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_watched),
		cmocka_unit_test(test_new_table),
		cmocka_unit_test(test_blame),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_partly),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
