/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/extension.h"

#include "rules/protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void every_extension_is_found_by_its_name(void **state)
{
	const struct extension *extension;
	size_t count = 0;

	(void)state;
	for (; (extension = extension_at(count)); count++) {
		if (extension->families & EXTENSION_IPV4)
			assert_ptr_equal(extension_find(extension->name, extension->is_target, NFV_FAMILY_IPV4), extension);
		if (extension->families & EXTENSION_IPV6)
			assert_ptr_equal(extension_find(extension->name, extension->is_target, NFV_FAMILY_IPV6), extension);
		assert_null(extension_find(extension->name, !extension->is_target, NFV_FAMILY_IPV4));
		if (count > 0)
			assert_true(strcmp(extension_at(count - 1)->name, extension->name) <= 0);
	}
	assert_true(count > 100);
}

static void options_are_well_formed(void **state)
{
	(void)state;
	for (size_t i = 0; extension_at(i); i++) {
		const struct extension *extension = extension_at(i);

		for (const struct extension_option *o = extension->options; o && o->name; o++) {
			assert_ptr_equal(extension_option_exact(extension, o->name), o);
			if (o->alias)
				assert_ptr_equal(extension_option_find(extension, o->alias), o);
			if (o->as) {
				assert_non_null(extension_option_exact(extension, o->as));
				assert_null(extension_option_exact(extension, o->as)->as);
			}
			if (o->kind == VALUE_NAME || o->kind == VALUE_NAMES)
				assert_non_null(o->names);
			if (o->values == 0)
				assert_true(o->kind == VALUE_WORD && !(o->flags & OPTION_OPTIONAL));
		}
	}
}

static void names_are_those_of_the_family(void **state)
{
	(void)state;
	assert_non_null(extension_find("icmp", false, NFV_FAMILY_IPV4));
	assert_null(extension_find("icmp", false, NFV_FAMILY_IPV6));
	assert_null(extension_find("icmp6", false, NFV_FAMILY_IPV4));
	assert_string_equal(extension_find("icmpv6", false, NFV_FAMILY_IPV6)->name, "icmp6");
	assert_string_equal(extension_find("ipv6-icmp", false, NFV_FAMILY_IPV6)->name, "icmp6");
	assert_int_equal(extension_find("REJECT", true, NFV_FAMILY_IPV4)->families, EXTENSION_IPV4);
	assert_int_equal(extension_find("REJECT", true, NFV_FAMILY_IPV6)->families, EXTENSION_IPV6);
	assert_ptr_not_equal(extension_find("mark", false, NFV_FAMILY_IPV4), extension_find("MARK", true, NFV_FAMILY_IPV4));
	assert_null(extension_find("", false, NFV_FAMILY_IPV4));
	assert_null(extension_find("Tcp", false, NFV_FAMILY_IPV4));
	assert_null(extension_find("zzz", false, NFV_FAMILY_IPV4));
}

static void an_option_may_be_cut_short(void **state)
{
	const struct extension *tcp = extension_find("tcp", false, NFV_FAMILY_IPV4);
	const struct extension *recent = extension_find("recent", false, NFV_FAMILY_IPV4);

	(void)state;
	assert_string_equal(extension_option_find(tcp, "destination-port")->name, "dport");
	assert_string_equal(extension_option_find(tcp, "dest")->name, "dport");
	assert_string_equal(extension_option_find(tcp, "sy")->name, "syn");
	assert_null(extension_option_find(tcp, "s"));
	assert_null(extension_option_find(tcp, "tcp-"));
	assert_null(extension_option_find(tcp, ""));
	assert_null(extension_option_find(tcp, "dports"));
	assert_null(extension_option_exact(tcp, "sy"));
	/* "set" is whole, though "seconds" begins alike. */
	assert_string_equal(extension_option_find(recent, "set")->name, "set");
	assert_null(extension_option_find(recent, "se"));
	assert_null(extension_option_find(extension_find("ACCEPT", true, NFV_FAMILY_IPV4), "random"));
}

static void options_know_how_many_values_they_take(void **state)
{
	static const struct {
		const char *extension, *option;
		unsigned values;
		bool optional;
	} cases[] = {
		{ "tcp", "syn", 0, false }, { "tcp", "tcp-flags", 2, false }, { "tcp", "dport", 1, false },
		{ "set", "match-set", 2, false }, { "SET", "add-set", 2, false }, { "sctp", "chunk-types", 2, false },
		{ "rateest", "rateest-bps", 1, true }, { "NFQUEUE", "queue-bypass", 0, false },
		{ "socket", "transparent", 0, false },
		{ "comment", "comment", 1, false }, { "connlabel", "set", 0, false }, { "recent", "name", 1, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool is_target = cases[i].extension[0] < 'a';
		const struct extension *extension = extension_find(cases[i].extension, is_target, NFV_FAMILY_IPV4);
		const struct extension_option *option = extension_option_exact(extension, cases[i].option);

		assert_int_equal(option->values, cases[i].values);
		assert_int_equal((option->flags & OPTION_OPTIONAL) != 0, cases[i].optional);
	}
}

static void a_protocol_opens_its_match(void **state)
{
	(void)state;
	assert_string_equal(extension_of_protocol("tcp", NFV_FAMILY_IPV4), "tcp");
	assert_string_equal(extension_of_protocol("6", NFV_FAMILY_IPV6), "tcp");
	assert_string_equal(extension_of_protocol("UDP", NFV_FAMILY_IPV4), "udp");
	assert_string_equal(extension_of_protocol("icmpv6", NFV_FAMILY_IPV6), "icmp6");
	assert_string_equal(extension_of_protocol("58", NFV_FAMILY_IPV6), "icmp6");
	assert_string_equal(extension_of_protocol("mh", NFV_FAMILY_IPV6), "mh");
	/* Its match has another name than the protocol. */
	assert_null(extension_of_protocol("mobility-header", NFV_FAMILY_IPV6));
	assert_null(extension_of_protocol("icmp", NFV_FAMILY_IPV6));
	assert_null(extension_of_protocol("icmpv6", NFV_FAMILY_IPV4));
	assert_null(extension_of_protocol("udplite", NFV_FAMILY_IPV4));
	assert_null(extension_of_protocol("nothing", NFV_FAMILY_IPV4));
	assert_null(extension_of_protocol("256", NFV_FAMILY_IPV4));
}

static void protocols_have_names_and_numbers(void **state)
{
	(void)state;
	assert_int_equal(protocol_number("tcp"), 6);
	assert_int_equal(protocol_number("TCP"), 6);
	assert_int_equal(protocol_number("0x11"), 17);
	assert_int_equal(protocol_number("all"), 0);
	assert_int_equal(protocol_number("icmpv6"), 58);
	assert_int_equal(protocol_number("6x"), -1);
	assert_int_equal(protocol_number("256"), -1);
	assert_int_equal(protocol_number(""), -1);
	assert_string_equal(protocol_name(58), "ipv6-icmp");
	assert_string_equal(protocol_name(136), "udplite");
	assert_null(protocol_name(0));
	assert_null(protocol_name(255));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_extension_is_found_by_its_name),
		cmocka_unit_test(options_are_well_formed),
		cmocka_unit_test(names_are_those_of_the_family),
		cmocka_unit_test(an_option_may_be_cut_short),
		cmocka_unit_test(options_know_how_many_values_they_take),
		cmocka_unit_test(a_protocol_opens_its_match),
		cmocka_unit_test(protocols_have_names_and_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
