/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of rules/from-python.md that need no kernel, each with what the call of the table gives. tests/check-from-python.sh sees
 * to it that every row of the table is here or in tests/rules/from-python-live.c.
 */
#include <nfverdict/rules.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What follows is row `id` of the table. */
static void row(const char *id)
{
	print_message("row %s\n", id);
}

static void prints(const struct nfv_rule *rule, const char *wanted)
{
	char *text = nfv_rule_print(rule, 0);

	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
}

/* The same as the kernel would keep it. */
static void prints_canonical(const struct nfv_rule *rule, const char *wanted)
{
	char *text = nfv_rule_print(rule, NFV_PRINT_CANONICAL);

	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
}

static struct nfv_rule *parsed(const char *text)
{
	struct nfv_rules_error error = { 0 };
	struct nfv_rule *rule = nfv_rule_parse(text, &error);

	if (!rule)
		fail_msg("%s: %s", text, error.text);
	return rule;
}

static void chain_is(const struct nfv_chain *chain, const char *wanted)
{
	char got[1024] = "";
	size_t used = 0;

	for (size_t i = 0; i < nfv_chain_count(chain); i++) {
		char *text = nfv_rule_print(nfv_chain_rule(chain, i), 0);

		assert_non_null(text);
		used += (size_t)snprintf(got + used, sizeof(got) - used, "%s%s", i ? "; " : "", text);
		free(text);
	}
	assert_string_equal(got, wanted);
}

/* A ruleset of the table filter with INPUT: ACCEPT tcp; DROP. */
struct fixture {
	struct nfv_rules *rules;
	struct nfv_table *table;
	struct nfv_chain *chain;
};

static void setup(struct fixture *f)
{
	f->rules = nfv_rules_new(NFV_FAMILY_IPV4);
	assert_non_null(f->rules);
	f->table = nfv_rules_add_table(f->rules, "filter");
	f->chain = nfv_table_chain(f->table, "INPUT");
	assert_non_null(f->chain);
	assert_int_equal(nfv_chain_append_text(f->chain, "-p tcp -j ACCEPT", NULL), 0);
	assert_int_equal(nfv_chain_append_text(f->chain, "-j DROP", NULL), 0);
}

static void test_tables(void **state)
{
	static const char *const all[] = { "filter", "mangle", "raw", "nat", "security" };
	struct nfv_rules_error error = { .code = EINVAL, .text = "no such thing", .file = "f", .line = 3, .column = 2 };
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
static size_t findings_of(const char *text)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_table *table = nfv_rules_add_table(rules, "filter");
	int err;

	assert_int_equal(nfv_chain_append_text(nfv_table_chain(table, "INPUT"), text, NULL), 0);
	findings = 0;
	err = nfv_rules_check(rules, NULL, count_finding, NULL);
	assert_int_equal(err, findings > 0 ? -EINVAL : 0);
	nfv_rules_free(rules);
	return findings;
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
	row("m9");
	assert_string_equal(nfv_extension_name(match), "tcp");
	assert_string_equal(nfv_extension_name(target), "REJECT");
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
	struct nfv_rule *rule = parsed("-p tcp -j ACCEPT");
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
	assert_int_equal(nfv_chain_append_text(user, "-j A", NULL), 0);
	assert_int_equal(nfv_chain_insert(user, 1 - 1, parsed("-j B")), 0);
	assert_int_equal(nfv_chain_insert(user, nfv_chain_count(user) - 1, parsed("-j C")), 0); /* position -1 */
	chain_is(user, "-j B; -j C; -j A");
	row("e8");
	assert_int_equal(nfv_chain_insert(user, 0, parsed("-j D")), 0);
	row("e14");
	assert_int_equal(nfv_chain_replace(f.chain, (size_t)nfv_chain_find(f.chain, rule, 0), parsed("-p udp -j ACCEPT")), 0);
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
	row("e18");
	assert_int_equal(nfv_chain_set_policy(f.chain, "DROP"), 0);
	assert_string_equal(nfv_chain_policy(f.chain), "DROP");
	row("e19");
	json = nfv_rules_to_json(f.rules, &len);
	assert_non_null(json);
	assert_int_equal(strlen(json), len);
	free(json);
	row("e23");
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

/* Appends to a chain, compares what is printed, and empties the chain. */
static void made(struct nfv_chain *chain, struct nfv_rule *rule, const char *wanted)
{
	assert_non_null(rule);
	prints_canonical(rule, wanted);
	assert_int_equal(nfv_chain_append(chain, rule), 0);
	assert_int_equal(nfv_chain_flush(chain), 0);
}

static void test_pyptables_rules(void **state)
{
	struct nfv_rule *rule, *other;
	struct nfv_chain *chain;
	struct fixture f;
	unsigned line;

	(void)state;
	setup(&f);
	chain = nfv_table_add_chain(f.table, "test");
	row("p9");
	made(chain, NFV_RULE_KEYS("proto", "tcp", "dport", "22", "jump", "ACCEPT"), "-p tcp -m tcp --dport 22 -j ACCEPT");
	row("p10");
	made(chain, NFV_RULE_KEYS("destination__not", "10.0.0.1"), "! -d 10.0.0.1/32");
	made(chain, NFV_RULE_KEYS("!destination", "10.0.0.1"), "! -d 10.0.0.1/32");
	row("p11");
	rule = nfv_rule_build("proto", "tcp", "jump", "REJECT", NULL);
	other = nfv_rule_specialise(rule, "dport", "80", NULL);
	prints_canonical(rule, "-p tcp -j REJECT --reject-with icmp-port-unreachable");
	made(chain, other, "-p tcp -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable");
	nfv_rule_free(rule);
	row("p12");
	made(chain, NFV_RULE_ACCEPT("proto", "tcp"), "-p tcp -j ACCEPT");
	made(chain, NFV_RULE_DROP(), "-j DROP");
	made(chain, NFV_RULE_RETURN(), "-j RETURN");
	made(chain, NFV_RULE_LOG("log-prefix", "IN x "), "-j LOG --log-prefix \"IN x \"");
	made(chain, NFV_RULE_REJECT(), "-j REJECT --reject-with icmp-port-unreachable");
	made(chain, NFV_RULE_REDIRECT("8080", "proto", "tcp"), "-p tcp -j REDIRECT --to-ports 8080");
	row("p13");
	made(chain, NFV_RULE_JUMP("web"), "-j web");
	made(chain, NFV_RULE_GOTO("web"), "-g web");
	row("p14");
	rule = parsed("-s 10.0.0.1 -j ACCEPT");
	assert_int_equal(nfv_rule_set_comment(rule, "say \"so\""), 0);
	prints_canonical(rule, "-s 10.0.0.1/32 -m comment --comment \"say \\\"so\\\"\" -j ACCEPT");
	row("p27");
	prints(rule, "-s 10.0.0.1 -m comment --comment \"say \\\"so\\\"\" -j ACCEPT");
	nfv_rule_free(rule);
	row("p15");
	assert_int_equal(nfv_chain_append_text(chain, "-s 1.1.1.1,2.2.2.2 -j DROP", NULL), 0);
	assert_int_equal(nfv_chain_count(chain), 2);
	assert_int_equal(nfv_chain_flush(chain), 0);
	row("p16");
	made(chain, NFV_RULE_KEYS("jump", "DROP", "comment", "A Rule"), "-m comment --comment \"A Rule\" -j DROP");
	row("p17");
	made(chain, NFV_RULE(.matches = { NFV_MATCH("conntrack", "ctstate", "NEW") }, .jump = "DROP"),
	     "-m conntrack --ctstate NEW -j DROP");
	made(chain, NFV_RULE_DROP("match", "conntrack", "ctstate", "NEW"), "-m conntrack --ctstate NEW -j DROP");
	row("p18");
	made(chain, NFV_RULE_MARK("0x5"), "-j MARK --set-xmark 0x5/0xffffffff");
	made(chain, NFV_RULE_DROP("match", "mark", "mark", "0x5"), "-m mark --mark 0x5 -j DROP");
	row("p23");
	rule = NFV_RULE(.jump = "DROP");
	assert_non_null(strstr(nfv_rule_origin(rule, &line), "test-from-python.c"));
	assert_int_equal(line, __LINE__ - 2);
	assert_int_equal(nfv_rule_set_origin_comment(rule), 0);
	assert_non_null(strstr(nfv_rule_comment(rule), "test-from-python.c:"));
	nfv_rule_free(rule);
	nfv_rules_free(f.rules);
}

/* Zones, hosts and channels are templates that are specialised. */
static void test_pyptables_routes(void **state)
{
	static const char *const sources[] = { "1.1.1.1", "2.2.2.0/24" };
	static const char *const set[] = { "a_set", "dst" };
	struct nfv_rule *tcp, *zone, *rule;
	struct nfv_chain *chain;
	struct fixture f;

	(void)state;
	setup(&f);
	chain = nfv_table_add_chain(f.table, "test");
	row("p19");
	tcp = NFV_RULE_KEYS("proto", "tcp", "match", "multiport", "dports", "80:90");
	prints_canonical(tcp, "-p tcp -m multiport --dports 80:90");
	row("p20");
	rule = NFV_RULE(.matches = { NFV_MATCH("iprange", "src-range", "1.1.1.1-2.2.2.2") }, .jump = "DROP");
	assert_int_equal(nfv_extension_set_values(nfv_rule_add_match(rule, "set"), "match-set", set, 2), 0);
	made(chain, rule, "-m iprange --src-range 1.1.1.1-2.2.2.2 -m set --match-set a_set dst -j DROP");
	assert_int_equal(nfv_chain_append(chain, NFV_RULE(.source = "1.1.1.1,2.2.2.2", .jump = "DROP")), 0);
	assert_int_equal(nfv_chain_count(chain), 2);
	assert_int_equal(nfv_chain_flush(chain), 0);
	row("p21");
	zone = NFV_RULE_KEYS("in-interface", "br0", "match", "physdev", "physdev-in", "eth0");
	made(chain, nfv_rule_specialise(zone, "jump", "DROP", NULL), "-i br0 -m physdev --physdev-in eth0 -j DROP");
	row("p22");
	for (int i = 0; i < 2; i++)
		assert_int_equal(nfv_chain_append(chain, nfv_rule_specialise(tcp, "source", sources[i], "jump", "ACCEPT", NULL)), 0);
	prints_canonical(nfv_chain_rule(chain, 0), "-s 1.1.1.1/32 -p tcp -m multiport --dports 80:90 -j ACCEPT");
	prints_canonical(nfv_chain_rule(chain, 1), "-s 2.2.2.0/24 -p tcp -m multiport --dports 80:90 -j ACCEPT");
	nfv_rule_free(tcp);
	nfv_rule_free(zone);
	nfv_rules_free(f.rules);
}

static void test_pyptables_tables(void **state)
{
	static const char wanted[] = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:test - [0:0]\n"
				     "-A INPUT -j test\n-A test -s 1.1.1.1/32 -j ACCEPT\nCOMMIT\n";
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_chain *chain, *input;
	struct nfv_rule *taken;
	char *text;
	size_t len;

	(void)state;
	row("p2");
	assert_non_null(nfv_rules_add_table(rules, "filter"));
	assert_non_null(nfv_rules_table(rules, "filter"));
	assert_null(nfv_rules_table(rules, "nat"));
	row("p3");
	row("p6");
	chain = nfv_table_add_chain(nfv_rules_table(rules, "filter"), "test");
	assert_int_equal(nfv_chain_set_note(chain, "A user chain"), 0);
	row("p5");
	input = nfv_table_chain(nfv_rules_table(rules, "filter"), "INPUT");
	assert_int_equal(nfv_chain_set_policy(input, "DROP"), 0);
	row("p7");
	assert_int_equal(nfv_chain_append(input, NFV_RULE_JUMP("test")), 0);
	assert_int_equal(nfv_chain_insert(chain, 0, NFV_RULE(.source = "1.1.1.1/32", .jump = "ACCEPT")), 0);
	row("p4");
	text = nfv_rules_print(rules, 0, &len);
	assert_string_equal(text, wanted);
	assert_int_equal(len, sizeof(wanted) - 1);
	free(text);
	text = nfv_table_print(nfv_rules_table(rules, "filter"), 0, NULL);
	assert_non_null(strstr(text, "-A INPUT -j test\n"));
	free(text);
	row("p24");
	assert_int_equal(nfv_table_set_note(nfv_rules_table(rules, "filter"), "the banner"), 0);
	assert_int_equal(nfv_rule_set_note(nfv_chain_rule(input, 0), "a note"), 0);
	text = nfv_rules_print(rules, NFV_PRINT_ANNOTATED, NULL);
	assert_non_null(strstr(text, "# the banner\n"));
	assert_non_null(strstr(text, "# A user chain\n"));
	assert_non_null(strstr(text, ": a note\n"));
	assert_non_null(strstr(text, "# no rules"));
	free(text);
	row("p8");
	assert_int_equal(nfv_chain_append_text(input, "-j DROP", NULL), 0);
	assert_int_equal(nfv_chain_move(input, 1, 0), 0);
	chain_is(input, "-j DROP; -j test");
	taken = nfv_chain_rule(input, 0);
	assert_int_equal(nfv_rule_take(taken), 0);
	chain_is(input, "-j test");
	nfv_rule_free(taken);
	row("p1");
	assert_int_equal(nfv_rules_add_default_tables(rules), 0);
	assert_non_null(nfv_rules_table(rules, "mangle"));
	row("p26");
	text = nfv_rules_diff_show(rules, rules, 0, true, &len);
	assert_non_null(text);
	assert_int_equal(len, 0); /* nothing differs, nothing is painted */
	free(text);
	nfv_rules_free(rules);
}

static void test_pytables(void **state)
{
	struct nfv_chain *chain;
	struct fixture f;
	char *text;

	(void)state;
	setup(&f);
	row("t5");
	chain = nfv_table_ensure_chain(f.table, "test");
	assert_int_equal(nfv_chain_set_policy(chain, "DROP"), -EINVAL); /* only built-in chains have one */
	row("t1");
	made(chain, NFV_RULE(.source = "10.0.0.0/8", .protocol = "tcp"), "-s 10.0.0.0/8 -p tcp");
	row("t2");
	made(chain, NFV_RULE(.protocol = "udp", .matches = { NFV_MATCH("udp", "dport", "1024:2048", "!sport", "53") }),
	     "-p udp -m udp ! --sport 53 --dport 1024:2048");
	row("t3");
	made(chain, NFV_RULE(.target = NFV_TARGET("DNAT", "to-destination", "10.0.0.1")), "-j DNAT --to-destination 10.0.0.1");
	row("t4");
	made(chain, NFV_RULE(.go_to = "chain"), "-g chain");
	row("t6");
	assert_int_equal(nfv_chain_append(chain, NFV_RULE_DROP()), 0);
	assert_int_equal(nfv_chain_insert(chain, 1 - 1, NFV_RULE_ACCEPT("proto", "tcp")), 0);
	assert_int_equal(nfv_chain_delete(chain, 2 - 1), 0);
	chain_is(chain, "-p tcp -j ACCEPT");
	row("t7");
	prints(nfv_chain_rule(chain, 0), "-p tcp -j ACCEPT");
	text = nfv_table_print(f.table, 0, NULL);
	assert_non_null(strstr(text, "-A test -p tcp -j ACCEPT\n"));
	free(text);
	nfv_rules_free(f.rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_rules),		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_easy),		cmocka_unit_test(test_pyptables_rules),
		cmocka_unit_test(test_pyptables_routes), cmocka_unit_test(test_pyptables_tables),
		cmocka_unit_test(test_pytables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
