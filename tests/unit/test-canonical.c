/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How iptables-nft-save 1.8.9 prints rules. tests/netns/rules-cases.sh asks the tool itself. */
#include "rules/canonical.h"
#include "rules/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct pair {
	const char *written, *printed; /* NULL: as written */
};

static char *canonical(const char *rule, enum nfv_family family)
{
	struct nfv_rules rules = { .family = family };
	struct nfv_table table = { .rules = &rules };
	struct nfv_chain chain = { .table = &table };
	struct nfv_rule owner = { .chain = &chain };
	struct text out = { 0 };
	struct view *view;

	if (view_parse(&view, &owner, rule, strlen(rule), NULL))
		fail_msg("%s: is no rule", rule);
	canonical_print(view, family, &out);
	view_free(view);
	assert_false(out.failed);
	return out.data ? out.data : strdup("");
}

static void check(const struct pair *pairs, size_t count, enum nfv_family family)
{
	for (size_t i = 0; i < count; i++) {
		const char *wanted = pairs[i].printed ? pairs[i].printed : pairs[i].written;
		char *printed = canonical(pairs[i].written, family), *again;

		if (strcmp(printed, wanted) != 0)
			fail_msg("%s\n  prints %s\n  wanted %s", pairs[i].written, printed, wanted);
		again = canonical(printed, family);
		assert_string_equal(again, wanted);
		free(again);
		free(printed);
	}
}

#define CHECK(family, ...) \
	do { \
		static const struct pair pairs[] = { __VA_ARGS__ }; \
		(void)state; \
		check(pairs, sizeof(pairs) / sizeof(pairs[0]), family); \
	} while (0)
#define CHECK4(...) CHECK(NFV_FAMILY_IPV4, __VA_ARGS__)
#define CHECK6(...) CHECK(NFV_FAMILY_IPV6, __VA_ARGS__)

static void fields_stand_in_the_order_of_the_tool(void **state)
{
	CHECK4({ "-j DROP -p tcp -o eth1 -i eth0 -d 10.0.0.1 -s 10.0.0.2",
		 "-s 10.0.0.2/32 -d 10.0.0.1/32 -i eth0 -o eth1 -p tcp -j DROP" },
	       { "-f -j ACCEPT", NULL }, { "! -f -p tcp", "-p tcp ! -f" }, { "", NULL }, { "-j LOGDROP", NULL },
	       { "-g somewhere -i lo", "-i lo -g somewhere" }, { "! -i eth+ ! -o lo", NULL },
	       { "-i + -j DROP", "-j DROP" },
	       { "! -i + -j DROP", NULL });
}

static void addresses_have_one_form(void **state)
{
	CHECK4({ "-s 10.1.2.3/255.255.0.0", "-s 10.1.0.0/16" }, { "-s 10.1.2.3", "-s 10.1.2.3/32" },
	       { "-s 10/8", "-s 10.0.0.0/8" }, { "-s 10.1", "-s 10.1.0.0/32" }, { "-s 0.0.0.0/0 -j DROP", "-j DROP" },
	       { "-s 1.2.3.4/0", "" }, { "-s any/0 -d 1.2.3.256/0.0.0.0 -j DROP", "-j DROP" }, { "! -s 0.0.0.0/0", NULL },
	       { "-d 10.11.12.13/255.0.255.0", "-d 10.0.12.0/255.0.255.0" },
	       { "-s host.example", NULL }, { "-s 10.0.0.1,10.0.1.1/24", "-s 10.0.0.1/32,10.0.1.0/24" });
	CHECK6({ "-s 2001:DB8:0:0::A", "-s 2001:db8::a/128" }, { "-s ::/0 -d 0/0", "" }, { "-s dead::1/ffff::", "-s dead::/16" },
	       { "-s 1::2/ffff:0:ffff::", "-s 1::/ffff:0:ffff::" }, { "-d ::1.2.3.4", "-d ::1.2.3.4/128" },
	       { "! -d fe80::1/10", "! -d fe80::/10" });
}

static void protocols_have_names(void **state)
{
	CHECK4({ "-p 6", "-p tcp" }, { "-p TCP", "-p tcp" }, { "-p all -j DROP", "-j DROP" }, { "-p 254", NULL },
	       { "-p icmpv6", "-p ipv6-icmp" }, { "! -p 0x11", "! -p udp" }, { "-p nosuch", NULL });
	CHECK6({ "-p 58", "-p ipv6-icmp" }, { "-p mh --mh-type bu", "-p mobility-header -m mh --mh-type 5" });
}

static void ports_and_flags_are_written_out(void **state)
{
	CHECK4({ "-p tcp --dport 22", "-p tcp -m tcp --dport 22" }, { "-p 17 --sport 0x35", "-p udp -m udp --sport 53" },
	       { "-p tcp --dport :80", "-p tcp -m tcp --dport 0:80" },
	       { "-p tcp --dport 80:", "-p tcp -m tcp --dport 80:65535" },
	       { "-p tcp --dport 7:7", "-p tcp -m tcp --dport 7" }, { "-p tcp --dport 0:65535", "-p tcp -m tcp" },
	       { "-p tcp ! --dport 0:80", "-p tcp -m tcp --dport 81:65535" },
	       { "-p udp ! --dport 0:65534", "-p udp -m udp --dport 65535" },
	       { "-p tcp ! --dport 80:", "-p tcp -m tcp ! --dport 80:65535" },
	       { "-p sctp -m sctp --dport 0:65535", NULL },
	       { "-p tcp --dport 5 --sport 4 --syn",
	         "-p tcp -m tcp --sport 4 --dport 5 --tcp-flags FIN,SYN,RST,ACK SYN" },
	       { "-p tcp ! --syn", "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN" },
	       { "-p tcp --tcp-flags all none", "-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE" },
	       { "-p tcp -m multiport --destination-ports 0x16,1024:65535",
	         "-p tcp -m multiport --dports 22,1024:65535" },
	       { "-p sctp --chunk-types any INIT,DATA:ub", "-p sctp -m sctp --chunk-types any DATA:ub,INIT" },
	       { "-p icmp --icmp-type ping", "-p icmp -m icmp --icmp-type 8" },
	       { "-p icmp --icmp-type host-unreachable", "-p icmp -m icmp --icmp-type 3/1" },
	       { "-p icmp --icmp-type 255", "-p icmp -m icmp --icmp-type any" },
	       { "-p ah --ahspi 0:4294967295", "-p ah -m ah" },
	       { "-p ipcomp --compres", "-p ipcomp -m ipcomp --ipcompspi 0 --compres" });
	CHECK6({ "-p icmpv6 --icmpv6-type no-route", "-p ipv6-icmp -m icmp6 --icmpv6-type 1/0" },
	       { "-p icmpv6 -m icmpv6 --icmpv6-type ping", "-p ipv6-icmp -m icmp6 --icmpv6-type 128" },
	       { "-m ah --ahlen 0", "-m ah" }, { "-m frag --fragid 5:5", "-m frag --fragid 5" });
}

static void matches_of_one_protocol_become_one(void **state)
{
	CHECK4({ "-p tcp -m tcp --dport 1 -m mark --mark 1 -m tcp --sport 2",
	         "-p tcp -m tcp --sport 2 --dport 1 -m mark --mark 0x1" },
	       { "-p udp -m udp --dport 1 -m udp --sport 2", "-p udp -m udp --sport 2 --dport 1" },
	       /* What iptables-nft would lose stays. */
	       { "-p tcp -m tcp --dport 1 -m tcp --dport 2", NULL },
	       { "-p tcp -m tcp --tcp-option 5 -m tcp --dport 1", NULL }, { "-p tcp -m tcp -m tcp --dport 1", NULL },
	       { "-m mark --mark 0x1 -m mark --mark 0x2", NULL });
}

static void marks_are_hexadecimal_and_masked(void **state)
{
	CHECK4({ "-m mark --mark 16", "-m mark --mark 0x10" }, { "-m mark --mark 010/0xffffffff", "-m mark --mark 0x8" },
	       { "-m connmark ! --mark 5/7", "-m connmark ! --mark 0x5/0x7" },
	       { "-j MARK --set-mark 1", "-j MARK --set-xmark 0x1/0xffffffff" },
	       { "-j MARK --set-mark 0xff/0x0f", "-j MARK --set-xmark 0xff/0xff" },
	       { "-j MARK --and-mark 0xff", "-j MARK --set-xmark 0x0/0xffffff00" },
	       { "-j MARK --or-mark 5", "-j MARK --set-xmark 0x5/0x5" },
	       { "-j MARK --xor-mark 5", "-j MARK --set-xmark 0x5/0x0" },
	       { "-j CONNMARK --save-mark", "-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff" },
	       { "-j CONNMARK --restore-mark --mask 0xff", "-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff" },
	       { "-m tos --tos Minimize-Delay", "-m tos --tos 0x10/0x3f" },
	       { "-j TOS --and-tos 0x12", "-j TOS --set-tos 0x00/0xed" },
	       { "-j DSCP --set-dscp-class EF", "-j DSCP --set-dscp 0x2e" },
	       { "-j CLASSIFY --set-class 1:aB", "-j CLASSIFY --set-class 0001:00ab" },
	       { "-m devgroup --src-group 0 ! --dst-group 7", "-m devgroup --src-group default ! --dst-group 0x7" },
	       { "-m mark --mark nonsense", NULL });
}

static void rates_are_what_the_kernel_keeps(void **state)
{
	CHECK4({ "-m limit", "-m limit --limit 3/hour" },
	       { "-m limit --limit 60/minute --limit-burst 5", "-m limit --limit 1/sec" },
	       { "-m limit --limit 7000/s", "-m limit --limit 10000/sec" },
	       { "-m limit --limit 1000000/day", "-m limit --limit 694/min" },
	       { "-m hashlimit --hashlimit 1/s --hashlimit-name a",
		 "-m hashlimit --hashlimit-upto 1/sec --hashlimit-burst 5 --hashlimit-name a" },
	       { "-m hashlimit ! --hashlimit-upto 120/min --hashlimit-name a",
		 "-m hashlimit --hashlimit-above 2/sec --hashlimit-burst 5 --hashlimit-name a "
		 "--hashlimit-htable-expire 60000" },
	       { "-m hashlimit --hashlimit-above 1000b/s --hashlimit-name a",
	         "-m hashlimit --hashlimit-above 992b/s --hashlimit-name a" },
	       { "-m hashlimit --hashlimit 10/minute --hashlimit-burst 30/minute --hashlimit-name a",
		 "-m hashlimit --hashlimit-upto 10/min --hashlimit-burst 30 --hashlimit-name a" },
	       { "-m hashlimit --hashlimit-above 5kb/second --hashlimit-name a --hashlimit-srcmask 32",
		 "-m hashlimit --hashlimit-above 5kb/s --hashlimit-name a" },
	       { "-m hashlimit --hashlimit-above 3kb/s --hashlimit-burst 8kb --hashlimit-name a "
	         "--hashlimit-htable-expire 60000",
		 "-m hashlimit --hashlimit-above 3kb/s --hashlimit-burst 9kb --hashlimit-name a" },
	       { "-m hashlimit --hashlimit-upto 5/min --hashlimit-name r --hashlimit-rate-match",
		 "-m hashlimit --hashlimit-upto 5/sec --hashlimit-burst 5 --hashlimit-name r --hashlimit-htable-expire "
		 "60000 "
		 "--hashlimit-rate-match --hashlimit-rate-interval 60" },
	       { "-m statistic --mode random --probability 0.33",
	         "-m statistic --mode random --probability 0.33000000007" },
	       { "-m statistic --packet 0 --mode nth --every 3", "-m statistic --mode nth --every 3 --packet 0" },
	       { "-m rateest --rateest1 A --rateest-gt --rateest-bps2 5kbit",
	         "-m rateest --rateest A --rateest-gt --rateest-bps 5000bit" },
	       { "-m rateest --rateest1 A --rateest-lt --rateest2 B --rateest-bps1 --rateest-bps2",
		 "-m rateest --rateest1 A --rateest-lt --rateest-bps --rateest2 B" });
}

static void defaults_are_printed_or_not(void **state)
{
	CHECK4({ "-j NFQUEUE", "-j NFQUEUE --queue-num 0" },
	       { "-j REJECT", "-j REJECT --reject-with icmp-port-unreachable" },
	       { "-j REJECT --reject-with host-unreach", "-j REJECT --reject-with icmp-host-unreachable" },
	       { "-m recent --set", "-m recent --set --name DEFAULT --mask 255.255.255.255 --rsource" },
	       { "-m recent --rdest --name x --update --hitcount 0",
	         "-m recent --update --name x --mask 255.255.255.255 --rdest" },
	       { "-m connlimit ! --connlimit-above 5",
	         "-m connlimit --connlimit-upto 5 --connlimit-mask 32 --connlimit-saddr" },
	       { "-j LOG --log-level warning", "-j LOG" },
	       { "-j LOG --log-level debug --log-prefix a", "-j LOG --log-prefix a --log-level 7" },
	       { "-j NFLOG --nflog-group 0 --nflog-threshold 0", "-j NFLOG" }, { "-p tcp -j TPROXY --on-port 80",
		 "-p tcp -j TPROXY --on-port 80 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0" },
	       { "-m time --timestart 12:00 --localtz",
		 "-m time --timestart 12:00:00 --timestop 23:59:59 --datestop 2038-01-19T03:14:07 --kerneltz" },
	       { "-m time ! --weekdays Sa,7 --datestop 2037",
	         "-m time --weekdays Mon,Tue,Wed,Thu,Fri --datestop 2037-01-01T00:00:00" },
	       { "-j HMARK --hmark-tuple ct,src,proto --hmark-mod 0x10 --hmark-rnd 1",
		 "-j HMARK --hmark-src-prefix 32 --hmark-proto-mask 0xffff --hmark-rnd 0x00000001 --hmark-mod 16 "
		 "--hmark-tuple ct" });
	CHECK6({ "-j REJECT --reject-with port-unreach", "-j REJECT --reject-with icmp6-port-unreachable" },
	       { "-m recent --set",
	         "-m recent --set --name DEFAULT --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource" },
	       { "-m connlimit --connlimit-above 5",
	         "-m connlimit --connlimit-above 5 --connlimit-mask 128 --connlimit-saddr" });
}

static void translations_name_addresses_and_ports(void **state)
{
	CHECK4({ "-j DNAT --to 1.2.3.4-1.2.3.4", "-j DNAT --to-destination 1.2.3.4" },
	       { "-p tcp -j DNAT --to-destination 1.2.3.4:80-80", "-p tcp -j DNAT --to-destination 1.2.3.4:80" },
	       { "-p tcp -j DNAT --to-destination :80-90/100", NULL },
	       { "-j SNAT --random --to-source 1.2.3.4-1.2.3.9 --persistent",
	         "-j SNAT --to-source 1.2.3.4-1.2.3.9 --random --persistent" },
	       { "-p tcp -j REDIRECT --random --to-ports 0x50", "-p tcp -j REDIRECT --to-ports 80 --random" },
	       { "-j NETMAP --to 1.2.3.4/24", "-j NETMAP --to 1.2.3.0/24" });
	CHECK6({ "-j DNAT --to-destination [dead:0::1]", "-j DNAT --to-destination dead::1" },
	       { "-p tcp -j DNAT --to-destination [dead::1-dead:0::2]:80-81",
	         "-p tcp -j DNAT --to-destination [dead::1-dead::2]:80-81" },
	       { "-j SNPT --dst-pfx dead::/64 --src-pfx 1c3::1/48", "-j SNPT --src-pfx 1c3::1/48 --dst-pfx dead::/64" });
}

static void texts_are_quoted_as_the_tool_does(void **state)
{
	CHECK4({ "-m comment --comment \"abc\"", "-m comment --comment abc" },
	       { "-m comment --comment a.b", "-m comment --comment \"a.b\"" },
	       { "-m comment --comment \"\"", NULL },
	       { "-m comment --comment \"it's\"", "-m comment --comment \"it\\'s\"" },
	       { "-m string --algo bm --to 65535 --string a", "-m string --string \"a\" --algo bm" },
	       { "-m string --hex-string \"|61 62|c\" --algo kmp", "-m string --string \"abc\" --algo kmp" },
	       { "-m string --string \"\303\251\" --algo kmp", "-m string --hex-string \"|c3a9|\" --algo kmp" },
	       { "-m string --hex-string \"ab|00|\" --algo kmp", "-m string --hex-string \"|616200|\" --algo kmp" },
	       { "-m u32 --u32 \"6 & 0xFF = 1:3,5 && 0=1\"", "-m u32 --u32 \"0x6&0xff=0x1:0x3,0x5&&0x0=0x1\"" },
	       { "-m connlabel --label 3", "-m connlabel --label \"3\"" },
	       { "-j LED --led-trigger-id a", "-j LED --led-trigger-id \"a\"" });
}

static void what_is_not_known_stays(void **state)
{
	CHECK4({ "-m nosuch --foo bar ! --baz 0x10 -j NOSUCH --x", NULL }, { "-j CHAIN", NULL },
	       /* What the tool refuses has no form. */
	       { "-p tcp -m tcp --sport 0x5 --dport 1 --dport 2", NULL },
	       { "-m string --hex-string \"|00|\" --to 5 --string \"\303\251\" --algo kmp", NULL },
	       { "-m set --match-set foo src,dst --return-nomatch", NULL }, { "-m geoip --src-cc AA,BB", NULL });
}

static void elements_of_a_policy_keep_their_places(void **state)
{
	CHECK4({ "-m policy --pol ipsec --dir in --strict --mode tunnel --tunnel-src 10.1.2.3/8 --tunnel-dst 1.2.3.4 "
	  "--proto esp --next "
		 "--spi 5 ! --reqid 2",
		 "-m policy --dir in --pol ipsec --strict --proto esp --mode tunnel --tunnel-dst 1.2.3.4 --tunnel-src "
		 "10.1.2.3/8 --next "
		 "! --reqid 2 --spi 0x5" },
	       { "-m policy --dir out --pol none", NULL });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_stand_in_the_order_of_the_tool),
		cmocka_unit_test(addresses_have_one_form),
		cmocka_unit_test(protocols_have_names),
		cmocka_unit_test(ports_and_flags_are_written_out),
		cmocka_unit_test(matches_of_one_protocol_become_one),
		cmocka_unit_test(marks_are_hexadecimal_and_masked),
		cmocka_unit_test(rates_are_what_the_kernel_keeps),
		cmocka_unit_test(defaults_are_printed_or_not),
		cmocka_unit_test(translations_name_addresses_and_ports),
		cmocka_unit_test(texts_are_quoted_as_the_tool_does),
		cmocka_unit_test(what_is_not_known_stays),
		cmocka_unit_test(elements_of_a_policy_keep_their_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
