/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of rules/from-python.md that need no kernel, each with what the call of the table gives: those of python-iptables
 * and iptc.easy. tests/check-from-python.sh sees to it that every row of the table has a test.
 */
#include "tests/unit/from-python.h"

static void test_tables(void **state)
{
	static const char *const all[] = { "filter", "mangle", "raw", "nat", "security" };
	struct nfv_rules_error error;
	char text[256];
	struct fixture f;
	struct nfv_chain *user;

	(void)state;
	setup(&f);
	row("i4");
	assert_int_equal(nfv_rules_add_default_tables(f.rules), 0);
	assert_int_equal(nfv_rules_table_count(f.rules), 5);
	for (int i = 0; i < 5; i++)
		assert_non_null(nfv_rules_table(f.rules, all[i]));
	row("i9");
	assert_int_equal(nfv_table_chain_count(f.table), 3);
	assert_string_equal(nfv_chain_name(nfv_table_chain_at(f.table, 0)), "INPUT");
	row("i10");
	assert_non_null(nfv_table_chain(f.table, "INPUT"));
	assert_null(nfv_table_chain(f.table, "nothing"));
	row("i12");
	user = nfv_table_add_chain(f.table, "user");
	assert_non_null(user);
	assert_null(nfv_table_add_chain(f.table, "user")); /* python-iptables: IPTCError "File exists" */
	assert_int_equal(errno, EEXIST);
	assert_ptr_equal(nfv_table_ensure_chain(f.table, "user"), user);
	row("i11");
	assert_true(nfv_chain_is_builtin(f.chain));
	assert_false(nfv_chain_is_builtin(user));
	row("i14");
	assert_int_equal(nfv_chain_append(f.chain, NFV_RULE_JUMP("user")), 0);
	assert_int_equal(nfv_chain_rename(user, "guests"), 0);
	chain_is(f.chain, "-p tcp -j ACCEPT; -j DROP; -j guests");
	row("i13");
	assert_int_equal(nfv_chain_remove(user), -EBUSY); /* python-iptables: "Directory not empty", "Too many links" */
	assert_int_equal(nfv_chain_delete(f.chain, 2), 0);
	assert_int_equal(nfv_chain_remove(user), 0);
	row("i17");
	assert_string_equal(nfv_chain_policy(f.chain), "ACCEPT");
	assert_int_equal(nfv_chain_set_policy(f.chain, "DROP"), 0);
	assert_int_equal(nfv_chain_set_counters(f.chain, 7, 8), 0);
	assert_string_equal(nfv_chain_policy(f.chain), "DROP");
	row("i19");
	prints(nfv_chain_rule(f.chain, 0), "-p tcp -j ACCEPT");
	prints(nfv_chain_rule(f.chain, 1), "-j DROP");
	assert_null(nfv_chain_rule(f.chain, 2));
	row("i20");
	assert_string_equal(nfv_extension_name(nfv_rule_target(nfv_chain_rule(f.chain, 1))), "DROP");
	row("i16");
	assert_int_equal(nfv_rule_set_counters(nfv_chain_rule(f.chain, 0), 1, 2), 0);
	assert_int_equal(nfv_chain_zero(f.chain), 0);
	row("i15");
	assert_int_equal(nfv_chain_flush(f.chain), 0);
	assert_int_equal(nfv_chain_count(f.chain), 0);
	row("i21");
	user = nfv_table_add_chain(f.table, "user");
	assert_int_equal(nfv_chain_append(f.chain, NFV_RULE_JUMP("user")), 0);
	assert_int_equal(nfv_table_flush(f.table), 0);
	assert_int_equal(nfv_table_chain_count(f.table), 3);
	assert_string_equal(nfv_chain_policy(f.chain), "DROP");
	row("i23");
	error = (struct nfv_rules_error){ .code = EINVAL, .text = "no such thing", .file = "f", .line = 3, .column = 2 };
	assert_true(nfv_rules_error_print(&error, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "f:3:2: no such thing"));
	row("i24");
	assert_string_equal(nfv_table_name(f.table), "filter");
	nfv_rules_free(f.rules);
}

static void test_chains(void **state)
{
	uint64_t packets = 9, bytes = 9;
	struct fixture f;
	struct nfv_chain *user;
	struct nfv_rule *rule;

	(void)state;
	setup(&f);
	row("c1");
	assert_ptr_equal(nfv_table_chain(f.table, "INPUT"), f.chain);
	row("c3");
	assert_int_equal(nfv_chain_set_counters(f.chain, 3, 4), 0);
	nfv_chain_counters(f.chain, &packets, &bytes);
	assert_int_equal(packets, 3);
	assert_int_equal(nfv_chain_zero(f.chain), 0);
	nfv_chain_counters(f.chain, &packets, &bytes);
	assert_int_equal(packets + bytes, 0);
	row("c4");
	assert_int_equal(nfv_chain_set_policy(f.chain, "DROP"), 0);
	assert_string_equal(nfv_chain_policy(f.chain), "DROP");
	assert_int_equal(nfv_chain_set_policy(f.chain, "RETURN"), -EINVAL);
	row("c5");
	assert_true(nfv_chain_is_builtin(f.chain));
	assert_string_equal(nfv_chain_name(f.chain), "INPUT");
	row("c6");
	assert_int_equal(nfv_chain_append(f.chain, NFV_RULE(.protocol = "4", .jump = "DROP")), 0);
	assert_int_equal(nfv_chain_delete(f.chain, 2), 0);
	assert_int_equal(nfv_chain_append_text(f.chain, "-p udp -j DROP", NULL), 0);
	row("c7");
	assert_int_equal(nfv_chain_insert(f.chain, 0, parsed("-i lo -j ACCEPT")), 0);
	row("c8");
	assert_int_equal(nfv_chain_replace(f.chain, 1, parsed("-p 99 -j ACCEPT")), 0);
	chain_is(f.chain, "-i lo -j ACCEPT; -p 99 -j ACCEPT; -j DROP; -p udp -j DROP");
	row("c12");
	rule = parsed("-p 17 -j DROP"); /* udp, spelt otherwise */
	assert_int_equal(nfv_chain_find(f.chain, rule, 0), 3);
	row("c9");
	assert_int_equal(nfv_chain_delete_equal(f.chain, rule), 0);
	assert_int_equal(nfv_chain_find(f.chain, rule, 0), -ENOENT);
	assert_int_equal(nfv_chain_delete_equal(f.chain, rule), -ENOENT);
	nfv_rule_free(rule);
	assert_int_equal(nfv_chain_delete(f.chain, 1), 0);
	chain_is(f.chain, "-i lo -j ACCEPT; -j DROP");
	row("i18");
	assert_int_equal(nfv_chain_append(f.chain, parsed("-j LOG")), 0);
	row("c10");
	assert_string_equal(nfv_extension_name(nfv_rule_target(nfv_chain_rule(f.chain, 2))), "LOG");
	row("c11");
	assert_int_equal(nfv_chain_count(f.chain), 3);
	prints(nfv_chain_rule(f.chain, 1), "-j DROP");
	row("c13");
	assert_ptr_equal(nfv_chain_table(f.chain), f.table);
	row("c2");
	user = nfv_table_add_chain(f.table, "one");
	assert_int_equal(nfv_chain_append_text(user, "-j DROP", NULL), 0);
	assert_int_equal(nfv_chain_rename(user, "two"), 0);
	assert_int_equal(nfv_chain_flush(user), 0);
	assert_int_equal(nfv_chain_remove(user), 0);
	assert_null(nfv_table_chain(f.table, "two"));
	nfv_rules_free(f.rules);
}

/* A field is set, negated, read and removed. */
static void try_field(enum nfv_field field, const char *value, const char *text, const char *negated_text)
{
	struct nfv_rule *rule = nfv_rule_new();
	bool negated = true;

	assert_non_null(rule);
	assert_int_equal(nfv_rule_set(rule, field, value, false), 0);
	assert_string_equal(nfv_rule_get(rule, field, &negated), value);
	assert_false(negated);
	prints(rule, text);
	assert_int_equal(nfv_rule_set(rule, field, value, true), 0);
	assert_non_null(nfv_rule_get(rule, field, &negated));
	assert_true(negated);
	prints(rule, negated_text);
	assert_int_equal(nfv_rule_set(rule, field, NULL, false), 0);
	prints(rule, "");
	nfv_rule_free(rule);
}

static size_t findings;

static void count_finding(void *context, const struct nfv_rules_error *error)
{
	(void)context;
	(void)error;
	findings++;
}

/* How many findings the checks have in a ruleset whose INPUT is this one rule. */
static size_t findings_in(const char *table_name, const char *chain, const char *text)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_table *table = nfv_rules_add_table(rules, table_name);
	int err;

	assert_int_equal(nfv_chain_append_text(nfv_table_ensure_chain(table, chain), text, NULL), 0);
	findings = 0;
	err = nfv_rules_check(rules, NULL, count_finding, NULL);
	assert_int_equal(err, findings > 0 ? -EINVAL : 0);
	nfv_rules_free(rules);
	return findings;
}

static size_t findings_of(const char *text)
{
	return findings_in("filter", "INPUT", text);
}

/* What test_match() and test_target() say false to; beside each one that is right. */
static void try_bad_values(void)
{
	static const char *const pairs[][2] = {
		{ "-p udp -m udp --sport asdf", "-p udp -m udp --sport 53" },
		{ "-p udp -m udp --sport -1", "-p udp -m udp --sport 0" },
		{ "-m mark --mark 0xffffffffff", "-m mark --mark 0xffffffff" },
		{ "-m limit --limit asdf", "-m limit --limit 1/s" },
		{ "-m conntrack --ctstate FOO", "-m conntrack --ctstate NEW" },
		{ "-m mac --mac-source zz", "-m mac --mac-source 02:00:00:00:00:01" },
	}, *const targets[][4] = {
		{ "nat", "PREROUTING", "-p tcp -j REDIRECT --to-ports 2345-1234",
		  "-p tcp -j REDIRECT --to-ports 1234-2345" },
		{ "mangle", "PREROUTING", "-j TOS --set-tos 0x1234", "-j TOS --set-tos 0x12" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_int_equal(findings_of(pairs[i][0]), 1);
		assert_int_equal(findings_of(pairs[i][1]), 0);
	}
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		assert_int_equal(findings_in(targets[i][0], targets[i][1], targets[i][2]), 1);
		assert_int_equal(findings_in(targets[i][0], targets[i][1], targets[i][3]), 0);
	}
}

static void test_rules(void **state)
{
	uint64_t packets, bytes;
	struct nfv_rule *rule, *other;
	struct nfv_extension *match;
	struct fixture f;

	(void)state;
	setup(&f);
	row("r1");
	rule = nfv_rule_new();
	prints(rule, "");
	nfv_rule_free(rule);
	rule = NFV_RULE(.protocol = "tcp", .jump = "ACCEPT");
	prints(rule, "-p tcp -j ACCEPT");
	row("r16");
	assert_true(nfv_rule_equal(rule, nfv_chain_rule(f.chain, 0)));
	assert_false(nfv_rule_equal(rule, nfv_chain_rule(f.chain, 1)));
	row("r2");
	assert_ptr_equal(nfv_rule_chain(nfv_chain_rule(f.chain, 0)), f.chain);
	assert_null(nfv_rule_chain(rule));
	row("i22");
	other = nfv_rule_new();
	assert_false(nfv_rule_equal(rule, other));
	nfv_rule_free(other);
	other = parsed("-p 6 -j ACCEPT");
	assert_true(nfv_rule_equal(rule, other));
	nfv_rule_free(other);
	row("r3");
	try_field(NFV_FIELD_SOURCE, "10.0.0.0/8", "-s 10.0.0.0/8", "! -s 10.0.0.0/8");
	row("r4");
	try_field(NFV_FIELD_DESTINATION, "10.0.0.1", "-d 10.0.0.1", "! -d 10.0.0.1");
	row("r5");
	try_field(NFV_FIELD_IN, "eth+", "-i eth+", "! -i eth+");
	row("r6");
	try_field(NFV_FIELD_OUT, "eth0", "-o eth0", "! -o eth0");
	row("r7");
	try_field(NFV_FIELD_PROTOCOL, "udp", "-p udp", "! -p udp");
	row("r8");
	try_field(NFV_FIELD_FRAGMENT, "", "-f", "! -f");
	row("r9");
	assert_int_equal(nfv_rule_set_counters(rule, 1, 2), 0);
	nfv_rule_counters(rule, &packets, &bytes);
	assert_int_equal(packets, 1);
	assert_int_equal(bytes, 2);
	row("r10");
	match = nfv_rule_add_match(rule, "tcp");
	assert_int_equal(nfv_extension_set(match, "dport", "80"), 0);
	prints(rule, "-p tcp -m tcp --dport 80 -j ACCEPT");
	row("r12");
	assert_int_equal(nfv_rule_match_count(rule), 1);
	assert_ptr_equal(nfv_rule_match_at(rule, 0), match);
	assert_ptr_equal(nfv_rule_match(rule, "tcp", 0), match);
	row("r11");
	assert_int_equal(nfv_rule_remove_match(rule, match), 0);
	prints(rule, "-p tcp -j ACCEPT");
	row("r13");
	assert_non_null(nfv_rule_set_jump(rule, "DROP"));
	prints(rule, "-p tcp -j DROP");
	row("r15");
	assert_string_equal(nfv_extension_name(nfv_rule_target(rule)), "DROP");
	row("r14");
	assert_false(nfv_rule_is_goto(rule));
	assert_non_null(nfv_rule_set_goto(rule, "web"));
	assert_true(nfv_rule_is_goto(rule));
	row("r18");
	prints(rule, "-p tcp -g web");
	row("r17");
	assert_int_equal(findings_of("-p tcp -m tcp --dport 80 -j ACCEPT"), 0);
	assert_true(findings_of("-p tcp -m tcp --dport 80 -j nowhere") > 0);
	nfv_rule_free(rule);
	nfv_rules_free(f.rules);
}

static void test_matches(void **state)
{
	static const char *const set[] = { "name", "src" };
	static const char *const port[] = { "443" };
	struct nfv_extension_option option;
	struct nfv_extension *match, *target;
	struct nfv_rule *rule = nfv_rule_new(), *other;

	(void)state;
	assert_int_equal(nfv_rule_set(rule, NFV_FIELD_PROTOCOL, "tcp", false), 0);
	row("m1");
	match = nfv_rule_add_match(rule, "tcp");
	assert_non_null(match);
	row("m2");
	assert_non_null(nfv_rule_set_goto(rule, "chain"));
	prints(rule, "-p tcp -m tcp -g chain");
	target = nfv_rule_set_jump(rule, "REJECT");
	assert_non_null(target);
	row("m3");
	assert_int_equal(nfv_extension_set(match, "dport", "80"), 0);
	assert_int_equal(nfv_extension_set(target, "reject-with", "tcp-reset"), 0);
	prints(rule, "-p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset");
	row("m6");
	assert_string_equal(nfv_extension_get(match, "dport"), "80");
	assert_string_equal(nfv_extension_get(match, "destination-port"), "80");
	assert_null(nfv_extension_get(match, "sport"));
	row("m4");
	assert_int_equal(nfv_extension_set(match, "!dport", "80"), 0);
	prints(rule, "-p tcp -m tcp ! --dport 80 -j REJECT --reject-with tcp-reset");
	row("m7");
	assert_int_equal(nfv_extension_option_count(match), 1);
	assert_int_equal(nfv_extension_option_at(match, 0, &option), 0);
	assert_string_equal(option.name, "dport");
	assert_true(option.negated);
	assert_int_equal(option.value_count, 1);
	assert_int_equal(nfv_extension_option(match, "dport", &option), 0);
	assert_int_equal(nfv_extension_option(match, "sport", &option), -ENOENT);
	row("m11");
	assert_string_equal(nfv_extension_get(target, "reject-with"), "tcp-reset");
	prints(rule, "-p tcp -m tcp ! --dport 80 -j REJECT --reject-with tcp-reset");
	row("m9");
	assert_string_equal(nfv_extension_name(match), "tcp");
	assert_string_equal(nfv_extension_name(target), "REJECT");
	other = nfv_rule_new();
	assert_string_equal(nfv_extension_name(nfv_rule_set_jump(other, "ACCEPT")), "ACCEPT");
	nfv_rule_free(other);
	row("m8");
	assert_int_equal(nfv_extension_remove(match, "dport"), 0);
	nfv_extension_clear(target);
	prints(rule, "-p tcp -m tcp -j REJECT");
	row("m5");
	match = nfv_rule_add_match(rule, "set");
	assert_int_equal(nfv_extension_set_values(match, "match-set", set, 2), 0);
	prints(rule, "-p tcp -m tcp -m set --match-set name src -j REJECT");
	row("m14");
	match = nfv_rule_add_match(rule, "tcp");
	assert_int_equal(nfv_extension_add(match, "sport", port, 1), 0);
	prints(rule, "-p tcp -m tcp -m set --match-set name src -m tcp --sport 443 -j REJECT");
	assert_ptr_equal(nfv_rule_match(rule, "tcp", 1), match);
	row("m10");
	other = parsed("-p tcp -m tcp -m set --match-set name src -m tcp --source-port 443 -j REJECT");
	assert_true(nfv_rule_equal(rule, other));
	nfv_rule_free(other);
	row("m12");
	assert_true(findings_of("-p tcp -j DNAT --to-destination 10.0.0.1") > 0); /* not in table filter */
	row("m13"); /* no counterpart: a target of which nothing is known is kept as it is written */
	other = parsed("-p tcp -m unheard --of 1 2 -j THING --x");
	prints(other, "-p tcp -m unheard --of 1 2 -j THING --x");
	nfv_rule_free(other);
	nfv_rule_free(rule);
}

/* What python-iptables does with dictionaries is done with JSON: there and back. */
static void try_json(const struct nfv_rule *rule)
{
	char *json = nfv_rule_to_json(rule);
	struct nfv_rule *back;

	assert_non_null(json);
	back = nfv_rule_from_json(json, strlen(json), NULL);
	assert_non_null(back);
	assert_true(nfv_rule_equal(rule, back));
	nfv_rule_free(back);
	free(json);
}

static void test_easy(void **state)
{
	struct nfv_rules_error error;
	uint64_t packets, bytes;
	struct nfv_rule *rule = parsed("-p tcp -j ACCEPT"), *other;
	struct nfv_chain *user;
	struct fixture f;
	char *json;
	size_t len;

	(void)state;
	setup(&f);
	row("e3");
	assert_int_equal(nfv_rule_set_counters(nfv_chain_rule(f.chain, 0), 1, 2), 0);
	assert_int_equal(nfv_chain_zero(f.chain), 0);
	nfv_rule_counters(nfv_chain_rule(f.chain, 0), &packets, &bytes);
	assert_int_equal(packets + bytes, 0);
	row("e4");
	assert_non_null(nfv_table_chain(f.table, "INPUT"));
	row("e5");
	assert_true(nfv_chain_find(f.chain, rule, 0) >= 0);
	row("e16");
	assert_int_equal(nfv_chain_find(f.chain, rule, 0), 0);
	assert_int_equal(nfv_rule_position(nfv_chain_rule(f.chain, 1)), 1);
	row("e15");
	assert_int_equal(nfv_rule_set_counters(nfv_chain_rule(f.chain, 0), 5, 6), 0);
	nfv_rule_counters(nfv_chain_rule(f.chain, 0), &packets, &bytes);
	assert_int_equal(packets, 5);
	row("e6");
	user = nfv_table_add_chain(f.table, "user");
	assert_non_null(user);
	row("e7");
	assert_int_equal(nfv_chain_append(user, parsed("-j A")), 0);
	assert_int_equal(nfv_chain_insert(user, 1 - 1, parsed("-j B")), 0);
	assert_int_equal(nfv_chain_insert(user, nfv_chain_count(user) - 1, parsed("-j C")), 0); /* position -1 */
	chain_is(user, "-j B; -j C; -j A");
	row("e8");
	assert_int_equal(nfv_chain_insert(user, 0, parsed("-j D")), 0);
	row("e14");
	assert_int_equal(nfv_chain_replace(f.chain, (size_t)nfv_chain_find(f.chain, rule, 0), parsed("-p udp -j ACCEPT")),
			 0);
	chain_is(f.chain, "-p udp -j ACCEPT; -j DROP");
	row("e10");
	assert_int_equal(nfv_chain_delete_equal(f.chain, rule), -ENOENT);
	assert_int_equal(nfv_chain_append(f.chain, rule), 0);
	rule = parsed("--protocol tcp --jump ACCEPT");
	assert_int_equal(nfv_chain_delete_equal(f.chain, rule), 0);
	row("e11");
	assert_int_equal(nfv_rules_table_count(f.rules), 1);
	assert_ptr_equal(nfv_rules_table_at(f.rules, 0), f.table);
	row("e12");
	assert_int_equal(nfv_table_chain_count(f.table), 4);
	assert_ptr_equal(nfv_table_chain_at(f.table, 3), user);
	row("e9");
	assert_int_equal(nfv_chain_remove(user), 0);
	row("e13");
	try_json(nfv_chain_rule(f.chain, 1 - 1));
	row("e17");
	assert_null(nfv_rule_parse("-p tcp --dport", &error));
	assert_int_equal(error.code, EINVAL);
	assert_int_equal(findings_of("-p tcp --dport 80 -j ACCEPT"), 0);
	try_bad_values();
	row("e18");
	assert_int_equal(nfv_chain_set_policy(f.chain, "DROP"), 0);
	assert_string_equal(nfv_chain_policy(f.chain), "DROP");
	row("e19");
	json = nfv_rules_to_json(f.rules, &len);
	assert_non_null(json);
	assert_int_equal(strlen(json), len);
	free(json);
	row("e23");
	json = nfv_rule_to_json(rule);
	other = nfv_rule_from_json(json, strlen(json), &error);
	assert_non_null(other);
	assert_true(nfv_rule_equal(rule, other));
	nfv_rule_free(other);
	assert_null(nfv_rule_from_json("{]", 2, &error));
	free(json);
	row("e24");
	try_json(rule);
	row("e21");
	assert_non_null(nfv_table_ensure_chain(f.table, "a"));
	assert_non_null(nfv_table_ensure_chain(f.table, "a"));
	assert_int_equal(nfv_chain_remove(nfv_table_chain(f.table, "a")), 0);
	row("e22");
	assert_int_equal(nfv_chain_append(f.chain, nfv_rule_copy(rule)), 0);
	assert_int_equal(nfv_chain_delete_equal(f.chain, rule), 0);
	row("e2");
	assert_int_equal(nfv_chain_flush(f.chain), 0);
	assert_int_equal(nfv_table_flush(f.table), 0);
	row("e1");
	for (size_t i = 0; i < nfv_rules_table_count(f.rules); i++)
		assert_int_equal(nfv_table_flush(nfv_rules_table_at(f.rules, i)), 0);
	nfv_rule_free(rule);
	nfv_rules_free(f.rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),  cmocka_unit_test(test_chains), cmocka_unit_test(test_rules),
		cmocka_unit_test(test_matches), cmocka_unit_test(test_easy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
