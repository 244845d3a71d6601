/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The typed view of a rule: whose option each word is, and the text again. */
#include "rules/model.h"
#include "rules/view.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct view *parse(const char *text)
{
	struct nfv_rules_error error = { 0 };
	struct view *view = NULL;

	if (view_parse(&view, NULL, text, strlen(text), &error))
		print_error("%s: column %u: %s\n", text, error.column, error.text);
	assert_non_null(view);
	return view;
}

static void expect_print(const struct view *view, const char *wanted)
{
	struct text text = { 0 };

	view_print(view, &text);
	text_add(&text, "", 0);
	assert_false(text.failed);
	assert_string_equal(text.data, wanted);
	text_free(&text);
}

static void expect(const char *text, const char *wanted)
{
	struct view *view = parse(text), *again = parse(wanted);

	expect_print(view, wanted);
	expect_print(again, wanted);
	view_free(again);
	view_free(view);
}

static void same(const char *text)
{
	expect(text, text);
}

/* How the words were understood: "{tcp? dport=22}", "{set !match-set=foo,src}", "{>ACCEPT}", "{>>CHAIN}"; "?": implicit. */
static void show(const struct nfv_extension *extension, struct text *out)
{
	text_printf(out, "{%s%s%s",
		    extension->is_goto     ? ">>"
		    : extension->is_target ? ">"
					   : "",
		    extension->name, extension->implicit ? "?" : "");
	for (size_t i = 0; i < extension->count; i++) {
		const struct view_option *option = &extension->options[i];

		text_printf(out, " %s%s", option->negated ? "!" : "", option->name);
		for (size_t j = 0; j < option->count; j++)
			text_printf(out, "%s%s", j ? "," : "=", option->values[j]);
	}
	text_printf(out, "}");
}

static void understood(const char *text, const char *wanted)
{
	struct view *view = parse(text);
	struct text out = { 0 };

	for (size_t i = 0; i < view->match_count; i++)
		show(view->matches[i], &out);
	if (view->target)
		show(view->target, &out);
	text_add(&out, "", 0);
	assert_string_equal(out.data, wanted);
	text_free(&out);
	view_free(view);
}

static void refuse(const char *text, unsigned column, const char *cause)
{
	struct nfv_rules_error error;
	struct view *view = NULL;

	memset(&error, 0x55, sizeof(error));
	errno = 0;
	if (!view_parse(&view, NULL, text, strlen(text), &error))
		fail_msg("taken: %s", text);
	assert_null(view);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(error.code, EINVAL);
	assert_string_equal(error.text, cause);
	assert_int_equal(error.column, column);
	/* Who does not want to know why gets the same. */
	assert_int_equal(view_parse(&view, NULL, text, strlen(text), NULL), -EINVAL);
}

/* What iptables-save prints comes back byte for byte. */
static void test_save_text(void **state)
{
	(void)state;
	same("");
	same("-j ACCEPT");
	same("-g away");
	same("! -s 10.0.0.0/8 ! -d 10.1.0.0/255.255.0.255 ! -i eth+ ! -o lo ! -p tcp ! -f -j DROP");
	same("-s fe80::/10 -p ipv6-icmp -m icmp6 --icmpv6-type 133 -j ACCEPT");
	same("-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m comment --comment \"a \\\"b\\\" \\\\ \\'c\" -j LOG "
	     "--log-prefix \"x: \"");
	same("-m comment --comment \"\"");
	same("-m comment --comment \"-j\" -j ACCEPT");
	same("-m comment --comment -j -j ACCEPT");
	same("-m comment --comment \"!\" -m comment --comment two");
	same("-m set ! --match-set bad src,dst -m set --match-set good dst -j SET --add-set seen src --exist");
	same("-m recent --rcheck --seconds 60 --name a --mask 255.255.255.255 --rsource -m recent --set --name b");
	same("-m limit --limit 3/min --limit-burst 7 -j NFQUEUE --queue-balance 0:3 --queue-bypass");
	same("-m u32 --u32 \"0x0=0x0&&0x0=0x1\" -m bpf --bytecode \"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0\"");
	same("-m policy --dir in --pol ipsec --strict --reqid 1 --proto esp --next --reqid 2 -j custom");
	same("-m string --string \"caf\303\251 $x `y`\" --algo bm --to 65535 -j DROP");
}

static void test_fields(void **state)
{
	(void)state;
	expect("-j ACCEPT --proto tcp --fragments --out-interface b --in-interface a --dst 2.2.2.2 --src 1.1.1.1",
	       "-s 1.1.1.1 -d 2.2.2.2 -i a -o b -p tcp -f -j ACCEPT");
	expect("--source 1.1.1.1 --destination 2.2.2.2 --protocol udp --jump A", "-s 1.1.1.1 -d 2.2.2.2 -p udp -j A");
	expect("--source=1.1.1.1 --match=tcp --goto=chain", "-s 1.1.1.1 -m tcp -g chain");
	expect("--so 1.1.1.1 --dest 2.2.2.2 --prot udp --ma comment --ju A", "-s 1.1.1.1 -d 2.2.2.2 -p udp -m comment -j A");
	expect("-s1.1.1.1 -ieth0 -jACCEPT", "-s 1.1.1.1 -i eth0 -j ACCEPT");
	expect("-p-AINPUT -i-x", "-i \"-x\" -p \"-AINPUT\"");
	expect("-fs 1.1.1.1", "-s 1.1.1.1 -f");
	expect("\"-s\" \"1.1.1.1\" \t -j  \"ACCEPT\"", "-s 1.1.1.1 -j ACCEPT");
	expect("-v -j ACCEPT --verbose", "-j ACCEPT");
	expect("-j ACCEPT -4 -c 5 6", "-4 -c 5 6 -j ACCEPT");
	expect("-6 --set-counters 5,6", "-6 -c 5 6");
	expect("-i \"a b\" -o \"!\" -j \"a\\\"b\"", "-i \"a b\" -o \"!\" -j \"a\\\"b\"");
	expect("! -s 1.1.1.1 ! --proto udp", "! -s 1.1.1.1 ! -p udp");
}

/* An option belongs to the one that has it; whole names before beginnings, the last before the first. */
static void test_whose(void **state)
{
	(void)state;
	understood("-p tcp --dport 22", "{tcp? dport=22}");
	understood("-p 6 --dport 22 --syn", "{tcp? dport=22 syn}");
	understood("-p TCP --dp 22", "{tcp? dport=22}");
	understood("-p ipv6-icmp --icmpv6-type 1", "{icmp6? icmpv6-type=1}");
	understood("-p tcp --destination-port 22", "{tcp? destination-port=22}");
	understood("-p tcp --destination-p 22", "{tcp? destination-port=22}");
	understood("-p tcp -m tcp --dport 22", "{tcp dport=22}");
	understood("-p tcp --dport 3 -m tcp --sport 4", "{tcp? dport=3}{tcp sport=4}");
	understood("-p tcp -m comment --comment x --dport 3", "{comment comment=x}{tcp? dport=3}");
	understood("-p tcp -m multiport --dport 22,23", "{multiport dports=22,23}");
	understood("-p tcp -m tcp -m multiport --dport 22", "{tcp dport=22}{multiport}");
	understood("-m mark --mark 1 -m connmark --mark 2", "{mark mark=1}{connmark mark=2}");
	understood("-m mark -m connmark --mark 2", "{mark}{connmark mark=2}");
	understood("-m tcp --dport 1 -m comment --sport 2 --comment c --syn",
		   "{tcp dport=1 sport=2 syn}{comment comment=c}");
	understood("-j DNAT -m tcp --dport 1 --to 1.1.1.1", "{tcp dport=1}{>DNAT to-destination=1.1.1.1}");
	understood("-m recent --set --name a", "{recent set name=a}");
	understood("-m tcp --dport=22 -m comment --comment=", "{tcp dport=22}{comment comment=}");
	understood("-m set --match-set=a src ! --match-set b dst", "{set match-set=a,src !match-set=b,dst}");
	understood("-j mychain --proto tcp --dport 1", "{tcp? dport=1}{>mychain}");
	understood("-g MYCHAIN --proto tcp --dport 1", "{tcp? dport=1}{>>MYCHAIN}");
	/* More than one could be meant: the tool refuses that, and so nobody's but the last one's. */
	understood("-m mark -m connmark --mar 2", "{mark}{connmark mar=2}");
	understood("-m tcp --dest 1.1.1.1", "{tcp dest=1.1.1.1}");
}

/* What is not known is kept. */
static void test_unknown(void **state)
{
	(void)state;
	understood("-m odd --flag --one 1 --two a b -j ACCEPT", "{odd flag one=1 two=a,b}{>ACCEPT}");
	understood("-m odd --proto esp", "{odd proto=esp}");
	understood("-m odd --protocol esp", "{odd}");
	understood("-m odd --low -5 - -- --next", "{odd low=-5,-,-- next}");
	understood("-m odd --text \"--looks\" \"-j\" \"!\" -j ODD --more x", "{odd text=--looks,-j,!}{>ODD more=x}");
	understood("-m odd --a ! --b ! 3 x", "{odd a !b=!,3,x}");
	understood("-m odd --a ! --b ! -k", "{odd a !b=!,-k}");
	understood("-m odd -k 5 --y", "{odd k=5 y}");
	understood("-j ODD --proto tcp", "{>ODD proto=tcp}");
	understood("-m odd --a=b c --d= --e", "{odd a=b,c d= e}");
	/* Of a match that is known, but newer than what is known of it. */
	understood("-m tcp --dport 1 --newer 2 3 --sport 4", "{tcp dport=1 newer=2,3 sport=4}");
	understood("-p tcp --newer 2", "{tcp? newer=2}");
	understood("-p udplite --newer 2", "{udplite? newer=2}");
	understood("-m comment --comment one two \"--dport\" -j A", "{comment comment=one =two,--dport}{>A}");
	understood("-m tcp --dport 1 -5 --", "{tcp dport=1 =-5,--}");
	same("-m odd --a \"b\" c \"--d\" -1 ! --k --e=f --g=\"h i\" --j= -j ODD --k \"!\" l");
	expect("-m odd --a ! 3", "-m odd --a \"!\" 3");
	expect("-m tcp --dport 1 -j A --syn", "-m tcp --dport 1 --syn -j A");
	expect("-m comment --comment a.b", "-m comment --comment \"a.b\"");
	expect("-m comment --comment a\\b'c", "-m comment --comment \"a\\\\b\\'c\"");
	expect("-j LOG --log-prefix=\"a b\"", "-j LOG --log-prefix=\"a b\"");
}

/* Words that are nobody's are looked at in the order of the print, so that this means the same. */
static void test_order(void **state)
{
	(void)state;
	understood("-m odd --dport 1 -p tcp", "{odd}{tcp? dport=1}");
	understood("-m odd --x 1 -p tcp --y 2", "{odd x=1 y=2}");
	understood("-j LOG --dports 1 -m multiport --ports 5", "{multiport ports=5 dports=1}{>LOG}");
	expect("-j LOG --dports 1 -m multiport --ports 5", "-m multiport --ports 5 --dports 1 -j LOG");
	refuse("-m odd --tcp-flags SYN -p tcp", 0, "--tcp-flags: one of its values is missing");
}

static void test_refused(void **state)
{
	(void)state;
	refuse("-j \"ACCEPT", 4, "a quote is not closed");
	refuse("-j A\nB", 5, "holds a newline");
	refuse("-s", 1, "-s: its value is missing");
	refuse("-i eth0 --source", 9, "--source: its value is missing");
	refuse("-s -d 1.1.1.1", 1, "-s: its value is missing");
	refuse("-m --dport 1", 1, "-m: its value is missing");
	refuse("-s \"\"", 1, "-s: its value is empty");
	refuse("--protocol=", 1, "--protocol: its value is empty");
	refuse("-j \"\"", 1, "-j: its value is empty");
	refuse("-m tcp --dport", 8, "--dport: its value is missing");
	refuse("-m tcp --dport -j ACCEPT", 8, "--dport: its value is missing");
	refuse("-m tcp --tcp-flags SYN -j ACCEPT", 8, "--tcp-flags: one of its values is missing");
	refuse("-m set --match-set a", 8, "--match-set: one of its values is missing");
	refuse("-m comment --comment", 12, "--comment: its value is missing");
	refuse("-j A -j B", 6, "-j: a second target");
	refuse("-j A --goto B", 6, "--goto: a second target");
	refuse("-s 1.1.1.1 --src 2.2.2.2", 12, "--src: given twice");
	refuse("-f -f", 4, "-f: given twice");
	refuse("-f --fragments=1", 4, "--fragments: takes no value");
	refuse("-c 1 2 -c 3 4", 8, "-c: given twice");
	refuse("-c 1 -j A", 1, "-c: wants two numbers, packets and bytes");
	refuse("-c 1 18446744073709551616", 1, "-c: wants two numbers, packets and bytes");
	refuse("-4 -6", 4, "-6: -4 and -6 exclude each other");
	refuse("-j A !", 6, "!: stands before no option");
	refuse("! ! -s 1.1.1.1", 3, "!: stands there twice");
	refuse("! -j A", 1, "!: stands before no option that can be negated");
	refuse("! -m tcp", 1, "!: stands before no option that can be negated");
	refuse("! -c 1 2", 1, "!: stands before no option that can be negated");
	refuse("! -4", 1, "!: stands before no option that can be negated");
	refuse("-m tcp ! 5", 8, "!: stands before no option");
	/* The old form behind the option: the tool takes the "!" for the value. */
	refuse("-s ! 1.1.1.1", 4, "!: must stand before its option");
	refuse("-p tcp --dport ! 22", 16, "!: must stand before its option");
	refuse("! -s 1.1.1.1,2.2.2.2", 3, "-s: \"!\" does not go with several addresses");
	refuse("-A INPUT -j A", 1, "-A: belongs to a command, not to a rule");
	refuse("-j A --table nat", 6, "--table: belongs to a command, not to a rule");
	refuse("-j A --line-numbers", 6, "--line-numbers: belongs to a command, not to a rule");
	refuse("--dport 22 -p tcp", 1, "--dport: belongs to no match and to no target");
	refuse("-q", 1, "-q: belongs to no match and to no target");
	refuse("accept", 1, "accept: is no option");
	refuse("-m tcp --dport 1 -s 1.1.1.1 2.2.2.2", 29, "2.2.2.2: is no option");
	refuse("-j A --=b", 6, "--: is no option");
	refuse("-j A \"--a b\"", 6, "--a b: is no option");
	refuse("-i sixteen-bytes-xx", 1, "-i: a name of an interface has at most 15 bytes");
	refuse("-j a-name-of-twenty-nine-bytes-x", 1, "-j: a name has at most 28 bytes");
}

/* Each position of a text may be its end: there is an answer, and what is taken prints and reads again. */
static void test_cut(void **state)
{
	static const char text[] =
		"-4 -c 1 2 ! -s 1.1.1.1,2 -fi e \"-d\" 3 -p tcp ! --tcp-flags SYN \"A B\" -m odd --x -1 ! --y=\"\\\"\" "
		"-j LOG --log-prefix \"a \\\\ b\" z";
	size_t taken = 0;

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		struct view *view = NULL, *again = NULL;
		struct text once = { 0 }, twice = { 0 };
		char *cut = strndup(text, len);

		assert_non_null(cut);
		if (view_parse(&view, NULL, cut, len, NULL)) {
			free(cut);
			continue;
		}
		taken++;
		view_print(view, &once);
		assert_int_equal(view_parse(&again, NULL, once.data ? once.data : "", once.len, NULL), 0);
		view_print(again, &twice);
		assert_int_equal(once.len, twice.len);
		assert_memory_equal(once.data ? once.data : "", twice.data ? twice.data : "", once.len);
		text_free(&once);
		text_free(&twice);
		view_free(again);
		view_free(view);
		free(cut);
	}
	assert_true(taken > 1);
}

static void expanded(const char *text, const char *const *wanted)
{
	struct view *view = parse(text);
	struct spec **specs = NULL;
	size_t count = 0;

	assert_int_equal(view_expand(view, &specs, &count), 0);
	for (size_t i = 0; i < count; i++) {
		assert_non_null(wanted[i]);
		assert_string_equal(specs[i]->bytes, wanted[i]);
		spec_unref(specs[i]);
	}
	assert_null(wanted[count]);
	free(specs);
	view_free(view);
}

static void test_lists(void **state)
{
	static const char *const four[] = { "-s a -d c -p tcp --dport 1 -j A", "-s a -d d -p tcp --dport 1 -j A",
					    "-s b -d c -p tcp --dport 1 -j A", "-s b -d d -p tcp --dport 1 -j A", NULL };
	static const char *const two[] = { "-s 1.1.1.1", "-s 2.2.2.2", NULL };
	static const char *const one[] = { "! -s 1.1.1.1 -j A", NULL };
	static const char *const none[] = { "-j A", NULL };
	struct view *view;

	(void)state;
	expanded("-s a,b -d c,d -p tcp --dport 1 -j A", four);
	expanded("-s \"1.1.1.1, 2.2.2.2\"", two);
	expanded("! -s 1.1.1.1 -j A", one);
	expanded("-j A", none);
	view = parse("-s a,b");
	assert_true(view_has_list(view));
	view_free(view);
	view = parse("-d a,b");
	assert_true(view_has_list(view));
	view_free(view);
	view = parse("-s a -i a,b");
	assert_false(view_has_list(view));
	view_free(view);
}

/* What is set later lives beside the words of the text. */
static void test_changes(void **state)
{
	static const char *const values[] = { "SYN,ACK", "SYN" };
	const char *value = "a b", *empty = "";
	struct view *view = parse("-s 1.1.1.1 -p tcp -m tcp --dport 1 --syn -m odd --x y");
	struct nfv_extension *tcp = view->matches[0], *odd = view->matches[1], *added;

	(void)state;
	assert_int_equal(view_set_field(view, NFV_FIELD_SOURCE, NULL, true), 0);
	assert_int_equal(view_set_field(view, NFV_FIELD_IN, "eth0", true), 0);
	assert_int_equal(view_find_option(tcp, "destination-port", 0), 0);
	assert_int_equal(view_find_option(tcp, "dport", 1), 2);
	assert_int_equal(view_find_option(odd, "z", 0), 1);
	assert_int_equal(view_add_option(tcp, 1, "tcp-flags", true, values, 2), 0);
	view_remove_option(tcp, 2);
	/* Its own values again, and those of another. */
	assert_int_equal(view_set_option(tcp, 0, true, tcp->options[0].values, 1), 0);
	assert_int_equal(view_set_option(tcp, 0, false, tcp->options[0].values, 1), 0);
	assert_int_equal(view_set_option(odd, 0, false, tcp->options[1].values, 2), 0);
	assert_int_equal(view_add_option(odd, 1, "z", false, &empty, 1), 0);
	added = view_add_match(view, 1, "comment");
	assert_non_null(added);
	assert_int_equal(view_add_option(added, 0, "comment", false, &value, 1), 0);
	assert_ptr_equal(view->matches[2], odd);
	assert_int_equal(view_rename(odd, "even"), 0);
	assert_non_null(view_set_target(view, "CHAIN", true));
	expect_print(view, "! -i eth0 -p tcp -m tcp --dport 1 ! --tcp-flags SYN,ACK SYN -m comment --comment \"a b\" "
			   "-m even --x SYN,ACK SYN --z \"\" -g CHAIN");
	view_remove_match(view, 0);
	view_remove_match(view, 0);
	view_remove_target(view);
	expect_print(view, "! -i eth0 -p tcp -m even --x SYN,ACK SYN --z \"\"");
	view_free(view);
}

/* As many words and bytes as a line may have. */
static void test_limits(void **state)
{
	struct nfv_rules_error error;
	struct text text = { 0 };
	struct view *view = NULL;

	(void)state;
	for (int i = 0; i < 127; i++)
		text_printf(&text, "%s-m m%d", i ? " " : "", i);
	assert_int_equal(view_parse(&view, NULL, text.data, text.len, &error), 0);
	assert_int_equal(view->match_count, 127);
	expect_print(view, text.data);
	view_free(view);
	view = NULL;
	text_printf(&text, " -f");
	assert_int_equal(view_parse(&view, NULL, text.data, text.len, &error), -EINVAL);
	assert_string_equal(error.text, "too many words");
	text_free(&text);
	for (int i = 0; i < 254; i++)
		text_printf(&text, " -mx");
	assert_int_equal(view_parse(&view, NULL, text.data, text.len, &error), 0);
	assert_int_equal(view->match_count, 254);
	view_free(view);
	text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_save_text), cmocka_unit_test(test_fields),  cmocka_unit_test(test_whose),
		cmocka_unit_test(test_unknown),   cmocka_unit_test(test_refused), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_lists),     cmocka_unit_test(test_changes), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
