/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules in one statement. */
#include <nfverdict/rules.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Takes the rule. */
static void expect_at(struct nfv_rule *rule, const char *wanted, int line)
{
	char *text;

	if (!rule)
		fail_msg("line %d: no rule: %s", line, strerror(errno));
	text = nfv_rule_print(rule, 0);
	if (strcmp(text, wanted) != 0)
		fail_msg("line %d: \"%s\" is not \"%s\"", line, text, wanted);
	free(text);
	nfv_rule_free(rule);
}
#define EXPECT(wanted, ...) expect_at(__VA_ARGS__, wanted, __LINE__)

static void refuse_at(struct nfv_rule *rule, int line)
{
	int code = errno;

	if (rule || code != EINVAL)
		fail_msg("line %d: %s", line, rule ? "taken" : strerror(code));
	errno = 0;
}
#define REFUSE(...) refuse_at(__VA_ARGS__, __LINE__)

static void test_fields(void **state)
{
	(void)state;
	EXPECT("", nfv_rule_build_words(NULL, 0));
	EXPECT("-s 10.0.0.0/8 -d 10.1.0.0/16 -i eth+ -o lo -p udp -f",
	       nfv_rule_build("fragment", "", "protocol", "udp", "out-interface", "lo", "in_interface", "eth+",
			      "destination", "10.1.0.0/16", "source", "10.0.0.0/8", NULL));
	EXPECT("-s 10.0.0.1 -d 10.0.0.2 -i a -o b -p tcp",
	       nfv_rule_build("src", "10.0.0.1", "dst", "10.0.0.2", "in", "a", "out", "b", "proto", "tcp", NULL));
	EXPECT("-s 10.0.0.1 -d 10.0.0.2 -i a -o b -p tcp",
	       nfv_rule_build("s", "10.0.0.1", "d", "10.0.0.2", "i", "a", "o", "b", "p", "tcp", NULL));
	EXPECT("! -s 10.0.0.1 ! -d 10.0.0.2 ! -i lo ! -p tcp ! -f",
	       nfv_rule_build("!source", "10.0.0.1", "destination__not", "10.0.0.2", "in", "! lo", "! proto", "tcp", "!f",
			      "", NULL));
	REFUSE(nfv_rule_build("!source", "! 10.0.0.1", NULL));
	REFUSE(nfv_rule_build("!source__not", "10.0.0.1", NULL));
	REFUSE(nfv_rule_build("source", "10.0.0.1.2/8/8", NULL));
	REFUSE(nfv_rule_build("in", "an-interface-of-16", NULL));
}

static void test_options(void **state)
{
	(void)state;
	/* In whatever order the keys stand. */
	EXPECT("-p tcp -m tcp --dport 22 -j ACCEPT", nfv_rule_build("proto", "tcp", "dport", "22", "jump", "ACCEPT", NULL));
	EXPECT("-p tcp -m tcp --dport 22 -j ACCEPT", nfv_rule_build("jump", "ACCEPT", "dport", "22", "proto", "tcp", NULL));
	EXPECT("-p tcp -m tcp ! --sport 1:1023 --syn -j DROP",
	       nfv_rule_build("proto", "tcp", "!sport", "1:1023", "syn", "", "j", "DROP", NULL));
	EXPECT("-p tcp -m tcp --dport 22", nfv_rule_build("p", "tcp", "destination-port", "22", NULL));
	EXPECT("-p tcp -m tcp --tcp-flags SYN,ACK SYN", nfv_rule_build("p", "tcp", "tcp_flags", "SYN,ACK SYN", NULL));
	EXPECT("-p ipv6-icmp -m icmp6 --icmpv6-type 128", nfv_rule_build("p", "ipv6-icmp", "icmpv6_type", "128", NULL));
	EXPECT("-m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT",
	       nfv_rule_build("match", "conntrack", "ctstate", "NEW,ESTABLISHED", "jump", "ACCEPT", NULL));
	EXPECT("-m set ! --match-set bad src,dst", nfv_rule_build("match", "set", "match_set__not", "bad src,dst", NULL));
	/* What was opened last has it first. */
	EXPECT("-m mark --mark 0x1 -m connmark ! --mark 0x2 -j MARK --set-xmark 0x3",
	       nfv_rule_build("match", "mark", "mark", "0x1", "match", "connmark", "!mark", "0x2", "jump", "MARK",
			      "set_xmark", "0x3", NULL));
	EXPECT("-m mark --mark 0x1 -m mark --mark 0x2",
	       nfv_rule_build("match", "mark", "mark", "0x1", "match", "mark", "mark", "0x2", NULL));
	EXPECT("-p tcp -m policy --dir in --proto esp",
	       nfv_rule_build("p", "tcp", "m", "policy", "dir", "in", "proto", "esp", NULL));
	EXPECT("-p udp -m policy --dir in", nfv_rule_build("m", "policy", "dir", "in", "protocol", "udp", NULL));
	EXPECT("-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080 --random",
	       nfv_rule_build("jump", "REDIRECT", "to-ports", "8080", "proto", "tcp", "dport", "80", "random", "", NULL));
	EXPECT("-m comment --comment \"two words\" -j LOG --log-prefix \"in: \" --log-level debug",
	       nfv_rule_build("comment", "two words", "jump", "LOG", "log-prefix", "in: ", "log-level", "debug", NULL));
	/* Nobody knows this match, so it takes what no other has. */
	EXPECT("-p tcp -m odd --odd-mode 3 --odd-flag -m tcp --dport 1",
	       nfv_rule_build("p", "tcp", "match", "odd", "odd-mode", "3", "odd-flag", "", "dport", "1", NULL));
	EXPECT("-g web", nfv_rule_build("goto", "web", NULL));
	EXPECT("-p tcp -m tcp --dport 1 -j REJECT", nfv_rule_build("j", "REJECT", "p", "tcp", "dpor", "1", NULL));
}

static void test_refused(void **state)
{
	(void)state;
	REFUSE(nfv_rule_build("proto", NULL));
	REFUSE(nfv_rule_build("proto", "tcp", "dport", NULL));
	REFUSE(nfv_rule_build("dport", "22", NULL));
	REFUSE(nfv_rule_build("!proto", "tcp", "dport", "22", NULL));
	REFUSE(nfv_rule_build("proto", "tcp", "dprot", "22", NULL));
	REFUSE(nfv_rule_build("proto", "tcp", "syn", "yes", NULL));
	REFUSE(nfv_rule_build("match", "set", "match-set", "bad", NULL));
	REFUSE(nfv_rule_build("match", "", NULL));
	REFUSE(nfv_rule_build("!match", "tcp", NULL));
	REFUSE(nfv_rule_build("!jump", "DROP", NULL));
	REFUSE(nfv_rule_build("--proto", "tcp", NULL));
	REFUSE(nfv_rule_build("", "tcp", NULL));
	REFUSE(nfv_rule_build("jump", "web", "log-prefix", "x", NULL));
	REFUSE(nfv_rule_build("comment", "two\nlines", NULL));
	REFUSE(nfv_rule_build("jump", "two words", NULL));
	REFUSE(nfv_rule_build_words((const char *[]){ NULL, "x" }, 2));
	REFUSE(nfv_rule_specialise(NULL, "proto", "tcp", NULL));
	EXPECT("-p tcp", nfv_rule_build_words((const char *[]){ "proto", "tcp", "dport", NULL, "jump", NULL }, 6));
}

static void test_templates(void **state)
{
	struct nfv_rule *ssh = nfv_rule_build("proto", "tcp", "dport", "22", "match", "conntrack", "ctstate", "NEW", "jump",
					      "ACCEPT", NULL);

	(void)state;
	EXPECT("-s 10.0.0.0/8 -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT",
	       nfv_rule_specialise(ssh, "source", "10.0.0.0/8", NULL));
	EXPECT("-p tcp -m tcp --dport 2222 -m conntrack --ctstate NEW -j DROP",
	       nfv_rule_specialise(ssh, "dport", "2222", "jump", "DROP", NULL));
	EXPECT("-p tcp -m tcp ! --dport 22 -m conntrack --ctstate NEW -j ACCEPT",
	       nfv_rule_specialise(ssh, "!dport", "22", NULL));
	EXPECT("-p tcp -m tcp --dport 22 --sport 1 -m conntrack --ctstate INVALID -j ACCEPT",
	       nfv_rule_specialise(ssh, "sport", "1", "match", "conntrack", "ctstate", "INVALID", NULL));
	/* What has lost its last option goes. */
	EXPECT("-p tcp -m conntrack --ctstate NEW -j ACCEPT", nfv_rule_specialise(ssh, "dport", NULL, NULL));
	EXPECT("-p tcp -m tcp --dport 22", nfv_rule_specialise(ssh, "ctstate", NULL, "jump", NULL, NULL));
	EXPECT("-m conntrack --ctstate NEW -j ACCEPT", nfv_rule_specialise(ssh, "dport", NULL, "proto", NULL, NULL));
	EXPECT("-p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT",
	       nfv_rule_specialise(ssh, "sport", NULL, NULL));
	/* Another protocol. */
	EXPECT("-p udp -m udp --dport 22 -m conntrack --ctstate NEW -j ACCEPT",
	       nfv_rule_specialise(ssh, "proto", "udp", NULL));
	EXPECT("-p icmp -m conntrack --ctstate NEW -m icmp --icmp-type 8 -j ACCEPT",
	       nfv_rule_specialise(ssh, "proto", "icmp", "dport", NULL, "icmp-type", "8", NULL));
	REFUSE(nfv_rule_specialise(ssh, "proto", "icmp", NULL));
	REFUSE(nfv_rule_specialise(ssh, "proto", NULL, NULL));
	REFUSE(nfv_rule_specialise(ssh, "dprot", NULL, NULL));
	EXPECT("-p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m comment --comment ssh -j ACCEPT",
	       nfv_rule_specialise(ssh, "comment", "ssh", NULL));
	EXPECT("-p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT", ssh);
}

static void test_macros(void **state)
{
	struct nfv_rule *rule = NFV_RULE_KEYS("proto", "tcp", "dport", "22", "note", "for people"), *like;
	int line = __LINE__ - 1; /* of the statement above */
	unsigned found = 0;

	(void)state;
	assert_non_null(rule);
	assert_string_equal(nfv_rule_origin(rule, &found), __FILE__);
	assert_int_equal(found, line);
	assert_string_equal(nfv_rule_note(rule), "for people");
	like = NFV_RULE_LIKE(rule, "dport", "23", "note", (const char *)NULL);
	line = __LINE__ - 1;
	assert_string_equal(nfv_rule_origin(like, &found), __FILE__);
	assert_int_equal(found, line);
	assert_null(nfv_rule_note(like));
	EXPECT("-p tcp -m tcp --dport 23", like);
	nfv_rule_free(rule);
	EXPECT("-j ACCEPT", NFV_RULE_ACCEPT());
	EXPECT("-p tcp -m tcp --dport 22 -j ACCEPT", NFV_RULE_ACCEPT("proto", "tcp", "dport", "22"));
	EXPECT("-i eth0 -j DROP", NFV_RULE_DROP("in", "eth0"));
	EXPECT("-j RETURN", NFV_RULE_RETURN());
	EXPECT("-j REJECT --reject-with tcp-reset", NFV_RULE_REJECT("reject-with", "tcp-reset"));
	EXPECT("-j LOG --log-prefix \"no: \"", NFV_RULE_LOG("log-prefix", "no: "));
	EXPECT("-o eth0 -j MASQUERADE", NFV_RULE_MASQUERADE("out", "eth0"));
	EXPECT("-j web", NFV_RULE_JUMP("web"));
	EXPECT("-p tcp -g web", NFV_RULE_GOTO("web", "proto", "tcp"));
	EXPECT("-m mark --mark 0x2 -j MARK --set-xmark 0x1/0xff", NFV_RULE_MARK("0x1/0xff", "match", "mark", "mark", "0x2"));
	EXPECT("-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080",
	       NFV_RULE_REDIRECT("8080", "proto", "tcp", "dport", "80"));
	EXPECT("-j NFQUEUE --queue-num 5 --queue-bypass", NFV_RULE_QUEUE("5", "queue-bypass", ""));
	EXPECT("-j DNAT --to-destination 10.0.0.2:80", NFV_RULE_DNAT("10.0.0.2:80"));
	EXPECT("-j SNAT --to-source 10.0.0.1", NFV_RULE_SNAT("10.0.0.1"));
	assert_null(nfv_rule_at(NULL, "x", 1));
}

static void test_specs(void **state)
{
	struct nfv_rule *rule = NFV_RULE(.comment = "why", .note = "for people");
	const unsigned here = __LINE__ - 1;
	unsigned line;

	(void)state;
	assert_string_equal(nfv_rule_origin(rule, &line), __FILE__);
	assert_int_equal(line, here);
	assert_string_equal(nfv_rule_note(rule), "for people");
	EXPECT("-m comment --comment why", rule);
	EXPECT("", NFV_RULE());
	EXPECT("-s 10.0.0.0/8 ! -i lo -p tcp -m tcp --dport 22 -j ACCEPT",
	       NFV_RULE(.protocol = "tcp", .source = "10.0.0.0/8", .in = "! lo",
			.matches = { NFV_MATCH("tcp", "dport", "22") }, .jump = "ACCEPT"));
	EXPECT("-m socket -m set ! --match-set bad src -m mark --mark 0x1 -m mark ! --mark 0x2 -g web",
	       NFV_RULE(.matches = { NFV_MATCH("socket"), NFV_MATCH("set", "!match-set", "bad src"),
				     NFV_MATCH("mark", "mark", "0x1"), NFV_MATCH("mark", "mark__not", "0x2") },
			.go_to = "web"));
	EXPECT("-j DNAT --to-destination 10.0.0.2 --random",
	       NFV_RULE(.target = NFV_TARGET("DNAT", "to_destination", "10.0.0.2", "random", "")));
	EXPECT("-f -m limit --limit 1/s -m comment --comment \"a b\" -j DROP",
	       NFV_RULE(.fragment = "", .options = "-m limit --limit 1/s", .comment = "a b", .jump = "DROP"));
	EXPECT("-p tcp --dport 22 -m limit --limit 1/s -j DROP",
	       NFV_RULE(.protocol = "tcp", .options = "--dport 22 -m limit --limit 1/s -j DROP"));
	EXPECT("-m odd --odd-mode 3 -j ODD --more \"x y\"",
	       NFV_RULE(.matches = { NFV_MATCH("odd", "odd-mode", "3") }, .target = NFV_TARGET("ODD", "more", "x y")));
	REFUSE(NFV_RULE(.jump = "ACCEPT", .go_to = "web"));
	REFUSE(NFV_RULE(.jump = "ACCEPT", .options = "-j DROP"));
	REFUSE(NFV_RULE(.options = "--comment \"x"));
	REFUSE(NFV_RULE(.source = "10.0.0.1.1"));
	REFUSE(NFV_RULE(.matches = { NFV_MATCH("tcp", "dport") }));
	REFUSE(NFV_RULE(.matches = { NFV_MATCH("tcp", "--dport", "1") }));
	REFUSE(NFV_RULE(.matches = { NFV_MATCH("two words") }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),    cmocka_unit_test(test_options), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_templates), cmocka_unit_test(test_macros),  cmocka_unit_test(test_specs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
