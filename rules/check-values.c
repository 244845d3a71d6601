/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values that the tool would refuse. What may depend on another system, or on a version of the tool, is not told of: names
 * of hosts, users and labels, and kinds of values where the tool takes more than is described.
 */
#include "rules/check-values.h"

#include "rules/extension.h"
#include "rules/spell.h"
#include "rules/view.h"

#include <ctype.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MULTIPORT_MAX 15 /* a range takes two */

static bool begins_as_number(const char *value)
{
	return isdigit((unsigned char)*value) || *value == '-';
}

/* ---- kinds that are judged ---- */

/* Functions that refuse no more than the tool does. */
static bool is_strict(spell_fn *spell)
{
	static spell_fn *const strict[] = {
		spell_tcp_flags, spell_sctp_chunks, spell_icmp_type, spell_strip_options, spell_mh_type, spell_address_range,
		spell_nat_to, spell_nat_ports, spell_set_mark, spell_and_mark, spell_or_mark, spell_xor_mark, spell_node,
		spell_tos, spell_and_tos, spell_or_tos, spell_xor_tos, spell_dscp_class, spell_connbytes, spell_probability,
		spell_log_level,
	};

	for (size_t i = 0; i < sizeof(strict) / sizeof(strict[0]); i++)
		if (spell == strict[i])
			return true;
	return false;
}

/* A newer tool knows more names, and a system may have its own. */
static bool is_strict_for_numbers(spell_fn *spell)
{
	return spell == spell_icmp6_type || spell == spell_group_mark || spell == spell_label;
}

/* The tool reads as many digits as there are, and goes by what follows the slash. */
static bool is_judged_rate(const char *value)
{
	size_t digits = strspn(value, "0123456789");

	return digits == 0 || (digits < 10 && (value[digits] == '/' || !value[digits]));
}

static bool is_judged_address(const char *value, enum nfv_family family)
{
	return family == NFV_FAMILY_IPV6 ? strchr(value, ':') != NULL : !value[strspn(value, "0123456789./")];
}

/*
 * The name of a service may begin with a digit. Where the tool leaves numbers to the C library it takes any, and keeps 16
 * bits of them.
 */
static bool is_judged_port(const struct nfv_extension *extension, const char *value)
{
	static const char *const checked[] = { "tcp", "sctp", "multiport" };
	bool digit = isdigit((unsigned char)*value);

	if (!value[strspn(value, "0123456789:")]) {
		for (size_t i = 0; i < sizeof(checked) / sizeof(checked[0]); i++)
			if (!strcmp(extension->known->name, checked[i]))
				return true;
		return false;
	}
	return !digit || !strncasecmp(value, "0x", 2) || !value[strspn(value, "0123456789:,")];
}

static bool is_judged_function(spell_fn *spell, const char *value)
{
	if (spell == spell_limit)
		return is_judged_rate(value);
	if (spell == spell_string)
		return *value != '\0';
	return is_strict(spell) || (is_strict_for_numbers(spell) && begins_as_number(value));
}

static bool has_empty_piece(const char *value)
{
	return strstr(value, ",,") || *value == ',' || (*value && value[strlen(value) - 1] == ',');
}

static bool is_judged(const struct nfv_extension *extension, const struct extension_option *option, const char *value,
		      enum nfv_family family)
{
	bool is_list = option->spell || option->kind == VALUE_NAMES || option->kind == VALUE_PORT_LIST;

	/* The tools keep a few bits of the length of a mask. */
	if (!strcmp(option->name, "hashlimit-srcmask") || !strcmp(option->name, "hashlimit-dstmask"))
		return false;
	/* The tools skip blanks and a sign before a number; some skip what is empty in a list. */
	if (option->spell != spell_string && (strpbrk(value, "+ \t\n\v\f\r") || (is_list && has_empty_piece(value))))
		return false;
	if (option->spell)
		return is_judged_function(option->spell, value);
	switch (option->kind) {
	case VALUE_NUMBER:
	case VALUE_HEX:
	case VALUE_MARK:
	case VALUE_MARK_FULL:
	case VALUE_RANGE:
	case VALUE_NAMES:
	case VALUE_MAC:
		return true;
	case VALUE_PORTS:
	case VALUE_PORT_LIST:
	case VALUE_PORT:
		return is_judged_port(extension, value);
	case VALUE_ADDRESS:
	case VALUE_NET:
	case VALUE_HOST:
		return is_judged_address(value, family);
	case VALUE_PROTOCOL:
		return begins_as_number(value);
	case VALUE_NAME: /* policy takes any protocol */
		return strcmp(option->name, "proto") != 0;
	case VALUE_WORD:
	case VALUE_STRING:
	case VALUE_OTHER:
		break;
	}
	return false;
}

/* ---- words for it ---- */

static const char *what_is_wanted(const struct extension_option *option)
{
	switch (option->kind) {
	case VALUE_NUMBER:
	case VALUE_HEX:
		return "number";
	case VALUE_MARK:
	case VALUE_MARK_FULL:
		return "mark of 32 bits";
	case VALUE_RANGE:
		return "number or range of them";
	case VALUE_PORTS:
	case VALUE_PORT_LIST:
	case VALUE_PORT:
		return "port, and no service that is known here";
	case VALUE_ADDRESS:
	case VALUE_NET:
	case VALUE_HOST:
		return "address of this family";
	case VALUE_PROTOCOL:
		return "protocol";
	case VALUE_MAC:
		return "MAC address";
	default:
		return "value that it takes";
	}
}

static uint64_t max_of(const struct extension_option *option)
{
	if (option->spell)
		return option->spell == spell_nat_ports ? 65535 : 0;
	switch (option->kind) {
	case VALUE_NUMBER:
	case VALUE_HEX:
	case VALUE_RANGE:
	case VALUE_MARK:
	case VALUE_MARK_FULL:
		return option->max ? option->max : UINT32_MAX;
	case VALUE_PORTS:
	case VALUE_PORT_LIST:
	case VALUE_PORT:
		return 65535;
	default:
		return 0;
	}
}

/* The part of the value that is too large, if that is what is wrong. */
static bool find_large(const char *value, uint64_t max, char *part, size_t size)
{
	while (max) {
		size_t len = strcspn(value, ":,/-");
		uint64_t number;

		if (spell_parse_part(value, len, UINT64_MAX, &number) && number > max && len < size) {
			memcpy(part, value, len);
			part[len] = '\0';
			return true;
		}
		if (!value[len])
			return false;
		value += len + 1;
	}
	return false;
}

static void tell_refused(const struct check_values *check, const struct extension_option *known,
			 const struct view_option *option)
{
	uint64_t max = max_of(known);
	char part[32];

	if (find_large(option->values[0], max, part, sizeof(part)))
		check_tell(check->table->check, check->node->chain, check->rule, "--%s: %s is above %llu", option->name,
			   part, (unsigned long long)max);
	else
		check_tell(check->table->check, check->node->chain, check->rule, "--%s: '%s%s%s' is no %s", option->name,
			   option->values[0], option->count > 1 ? " " : "", option->count > 1 ? option->values[1] : "",
			   what_is_wanted(known));
}

/* ---- more than one number ---- */

/* In the form of iptables-save: 5:3 among others. */
static bool has_reversed(const char *spelt)
{
	for (const char *at = spelt; at; at = strchr(at, ',')) {
		char *end;
		unsigned long long low;

		at += *at == ',';
		low = strtoull(at, &end, 10);
		if (*end == ':' && strtoull(end + 1, NULL, 10) < low)
			return true;
	}
	return false;
}

/* The other matches take a range whose end is before its begin. */
static bool is_ordered(const char *extension)
{
	return !strcmp(extension, "tcp") || !strcmp(extension, "multiport") || !strcmp(extension, "tcpmss") ||
	       !strcmp(extension, "NFQUEUE") || !strcmp(extension, "sctp");
}

static void check_list(const struct check_values *check, const struct nfv_extension *extension,
		       const struct extension_option *known, const struct view_option *option, const char *spelt)
{
	size_t ports = 1;

	for (const char *at = spelt; *at; at++)
		ports += *at == ',' || *at == ':';
	if (known->kind == VALUE_PORT_LIST && ports > MULTIPORT_MAX)
		check_tell(check->table->check, check->node->chain, check->rule,
			   "--%s: %zu ports are too many: %d are taken, and a range is two", option->name, ports,
			   MULTIPORT_MAX);
	else if (is_ordered(extension->known->name) && has_reversed(spelt))
		check_tell(check->table->check, check->node->chain, check->rule, "--%s: in %s a range ends before it begins",
			   option->name, option->values[0]);
}

/* ---- one option ---- */

/* Many names of bits and things may be cut short. */
static bool is_taken(const struct extension_option *known, const struct view_option *option, enum nfv_family family,
		     struct text *out)
{
	struct extension_option begun = *known;

	if (known->kind == VALUE_NAMES || known->kind == VALUE_NAME)
		begun.flags |= OPTION_BEGIN;
	return spell_option(&begun, option->values, family, out);
}

static bool is_bad_hashlimit(const struct extension_option *known, const char *value)
{
	return (!strcmp(known->name, "hashlimit-upto") || !strcmp(known->name, "hashlimit-above")) &&
	       isalpha((unsigned char)*value);
}

/* What a function or kind that others share would take. */
static bool is_refused_here(const struct nfv_extension *extension, const struct extension_option *known, const char *value)
{
	const char *name = extension->known->name, *slash = strchr(value, '/');
	uint64_t number;

	if (!strcmp(name, "TTL") || !strcmp(name, "HL"))
		return strstr(known->name, "-set") == NULL && spell_parse(value, 255, &number) && number == 0;
	if (!strcmp(name, "REDIRECT"))
		return slash != NULL;
	if (known->kind == VALUE_NAME && !known->max && strcmp(known->name, "proto") != 0)
		return isdigit((unsigned char)*value);
	return known->spell == spell_nat_to && slash && spell_parse(slash + 1, 65535, &number) && number == 0;
}

void check_value(const struct check_values *check, const struct nfv_extension *extension,
		 const struct extension_option *known, const struct view_option *option)
{
	enum nfv_family family = check->table->check->family;
	struct text spelt = { 0 };

	if (known->values == 0 || option->count != known->values)
		return;
	if (is_bad_hashlimit(known, option->values[0]) || is_refused_here(extension, known, option->values[0])) {
		check_tell(check->table->check, check->node->chain, check->rule, "--%s: '%s' is no value that it takes",
			   option->name, option->values[0]);
		return;
	}
	if (!is_judged(extension, known, option->values[0], family))
		return;
	if (!is_taken(known, option, family, &spelt)) {
		/* Without memory nothing is known of the value. */
		if (spelt.failed)
			check->table->check->no_memory = true;
		else
			tell_refused(check, known, option);
	} else if (known->kind == VALUE_PORTS || known->kind == VALUE_PORT_LIST || known->kind == VALUE_RANGE) {
		text_add(&spelt, "", 1);
		if (spelt.failed)
			check->table->check->no_memory = true;
		else
			check_list(check, extension, known, option, spelt.data);
	}
	text_free(&spelt);
}
