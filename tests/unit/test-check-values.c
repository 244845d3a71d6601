/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "check-findings.h"

#include <errno.h>

static void test_numbers(void **state)
{
	(void)state;
	V4("filter", "INPUT", "-p tcp --dport 99999", "--dport: 99999 is above 65535");
	V4("filter", "INPUT", "-p sctp --sport 5:65536", "--sport: 65536 is above 65535");
	/* The tool takes it, and keeps 16 bits. */
	V4("filter", "INPUT", "-p udp --sport 65536", "");
	V4("mangle", "PREROUTING", "-p tcp -j TPROXY --on-port 65536", "");
	V4("filter", "INPUT", "-p udp -m udp --sport -1",
	   "--sport: '-1' is no port, and no service that is known here");
	V4("filter", "INPUT", "-p udp -m udp --sport asdf",
	   "--sport: 'asdf' is no port, and no service that is known here");
	V4("filter", "INPUT", "-p tcp --dport 5:3", "--dport: in 5:3 a range ends before it begins");
	V4("filter", "INPUT", "-p udp --dport 5:3", "");
	V4("filter", "INPUT", "-p tcp --dport +5", "");
	V4("filter", "INPUT", "-p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16",
	   "--dports: 16 ports are too many: 15 are taken, and a range is two");
	V4("filter", "INPUT", "-p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14:15", "");
	V4("filter", "INPUT", "-m mark --mark 0xffffffffff", "--mark: 0xffffffffff is above 4294967295");
	V4("filter", "INPUT", "-m mark --mark 0xffffffff/0x0", "");
	V4("filter", "INPUT", "-m quota --quota 18446744073709551616",
	   "--quota: '18446744073709551616' is no number");
	V4("filter", "INPUT", "-m quota --quota 18446744073709551615", "");
	V4("mangle", "INPUT", "-j TTL --ttl-dec 0", "--ttl-dec: '0' is no value that it takes");
	V4("mangle", "INPUT", "-j TOS --set-tos 0x1234", "--set-tos: '0x1234' is no value that it takes");
}

static void test_names(void **state)
{
	(void)state;
	V4("filter", "INPUT", "-m conntrack --ctstate FOO", "--ctstate: 'FOO' is no value that it takes");
	V4("filter", "INPUT", "-m conntrack --ctstate EST,REL", "");
	V4("filter", "INPUT", "-m state --state BLA", "--state: 'BLA' is no value that it takes");
	V4("filter", "INPUT", "-m mac --mac-source zz", "--mac-source: 'zz' is no MAC address");
	V4("filter", "INPUT", "-j REJECT --reject-with foo", "--reject-with: 'foo' is no value that it takes");
	V4("filter", "INPUT", "-j REJECT --reject-with icmp6-no-route",
	   "--reject-with: 'icmp6-no-route' is no value that it takes");
	V6("filter", "INPUT", "-j REJECT --reject-with icmp6-no-route", "");
	V4("filter", "INPUT", "-j REJECT --reject-with 3", "--reject-with: '3' is no value that it takes");
	V4("filter", "INPUT", "-p tcp --tcp-flags SYN FOO", "--tcp-flags: 'SYN FOO' is no value that it takes");
	V4("filter", "INPUT", "-m limit --limit asdf", "--limit: 'asdf' is no value that it takes");
	V4("filter", "INPUT", "-m limit --limit 0/s", "--limit: '0/s' is no value that it takes");
	V4("filter", "INPUT", "-m limit --limit 5x/s", "");
	V4("nat", "PREROUTING", "-p tcp -j REDIRECT --to-ports 2345-1234",
	   "--to-ports: '2345-1234' is no value that it takes");
	V4("nat", "PREROUTING", "-j DNAT --to-destination 10.0.0.256",
	   "--to-destination: '10.0.0.256' is no value that it takes");
	V4("filter", "INPUT", "-p nosuch-protocol", "-p nosuch-protocol: is no protocol");
	/* The tool cuts it. */
	V4("filter", "INPUT", "-j LOG --log-prefix 123456789012345678901234567890123", "");
	/* Names of another system. */
	V4("filter", "OUTPUT", "-m owner --uid-owner nobody-of-ours -m devgroup --dst-group dmz", "");
	V4("mangle", "PREROUTING", "-j TEE --gateway host.example", "");
}

static void test_needs(void **state)
{
	(void)state;
	V4("filter", "INPUT", "-m comment", "match comment needs --comment");
	V4("filter", "INPUT", "-m string --string a", "match string needs --algo");
	V4("filter", "INPUT", "-m addrtype", "match addrtype needs --src-type or --dst-type");
	V4("filter", "INPUT", "-m recent --name a", "match recent needs one of its options set,rcheck,update,remove");
	V4("mangle", "INPUT", "-j MARK",
	   "target MARK needs one of its options set-xmark,set-mark,and-mark,or-mark,xor-mark");
	V4("filter", "INPUT", "-m ttl --ttl-eq 5 --ttl-gt 3",
	   "match ttl takes only one of its options ttl-eq,ttl-lt,ttl-gt");
	V4("filter", "INPUT", "-m multiport --ports 5", "match multiport needs -p tcp, udp, udplite, sctp or dccp");
	V4("nat", "POSTROUTING", "-j MASQUERADE --to-ports 5", "--to-ports needs -p tcp, udp, sctp or dccp");
	V4("nat", "POSTROUTING", "-j SNAT --to-source 10.0.0.1:5", "--to-source needs -p tcp, udp, sctp or dccp");
	V6("nat", "POSTROUTING", "-j SNAT --to-source fe80::1", "");
	V4("filter", "INPUT", "-m limit -m socket -m rpfilter-of-ours", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
