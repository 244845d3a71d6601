/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of options in the spelling of iptables-save. Pure, but that names of services, users and groups are asked of the
 * system, as the tool does. Functions that return false met a value that the tool would not take: it stays as written, and
 * what they may have added to out is void. spell_option() takes that away itself.
 */
#ifndef RULES_SPELL_H
#define RULES_SPELL_H

#include "rules/extension.h"

/* By the option's own function or its kind. There are option->values values. */
bool spell_option(const struct extension_option *option, const char *const *values, enum nfv_family family,
		  struct text *out);

/* ---- pieces ---- */

/* A whole number of any base that the tool reads, at most max. */
bool spell_parse(const char *text, uint64_t max, uint64_t *number);
/* The same for the first len bytes of text. */
bool spell_parse_part(const char *text, size_t len, uint64_t max, uint64_t *number);
/* The value of that name in a table, in any case; begin: the first that begins so. */
bool spell_find_name(const struct value_name *names, const char *name, size_t len, bool begin, uint32_t *number);
/* A port, by number or as the name of a service. */
bool spell_parse_port(const char *text, size_t len, uint64_t *port);
/* 5/sec as the time for one in units of 1/scale s, and what iptables-save makes of that. per_second: the unit's seconds. */
bool spell_parse_rate(const char *text, uint64_t scale, uint64_t *period, unsigned *seconds, uint64_t *count);
unsigned spell_add_rate(struct text *out, uint64_t scale, uint64_t period);

/* A time with its unit, and back: 250.0ms. */
bool spell_parse_time(const char *text, double *microseconds);
void spell_print_time(char *value, size_t size, double microseconds);

void spell_add(struct text *out, const char *string);
void spell_decimal(struct text *out, uint64_t number);
void spell_hex(struct text *out, uint64_t number, unsigned width);
/* In quotes always, with a backslash before " and \. */
void spell_quoted(struct text *out, const char *bytes, size_t len);

/* Is a string of the match of that name printed as hexadecimal? */
bool spell_needs_hex(const char *value, bool is_hex_string);

enum address_style {
	ADDRESS_PREFIX = 1 << 0, /* the prefix length is always there */
	ADDRESS_MASKED = 1 << 1, /* bits outside of the mask are cleared */
	ADDRESS_HOST = 1 << 2,   /* a mask is not allowed */
	ADDRESS_FILL = 1 << 3,   /* 10.1 is 10.1.0.0; else it is 10.0.0.1 */
};
bool spell_address(const char *value, size_t len, enum nfv_family family, unsigned style, struct text *out);

/* ---- functions of options ---- */

typedef bool spell_fn(const struct spelling *s);

spell_fn spell_tcp_flags, spell_tcp_syn, spell_sctp_chunks, spell_icmp_type, spell_icmp6_type, spell_mh_type,
	spell_strip_options, spell_header_options, spell_ipv6_headers;
spell_fn spell_address_range, spell_address_list, spell_nat_to, spell_nat_ports, spell_mac_upper, spell_user, spell_group,
	spell_group_mark;
spell_fn spell_set_mark, spell_and_mark, spell_or_mark, spell_xor_mark, spell_node, spell_tos, spell_and_tos, spell_or_tos,
	spell_xor_tos, spell_dscp_class, spell_class;
spell_fn spell_connbytes, spell_label, spell_limit, spell_probability, spell_bps, spell_interval, spell_prefix_length;
spell_fn spell_log_prefix, spell_nflog_prefix, spell_log_level, spell_in_quotes, spell_led_delay, spell_nfacct_name;
spell_fn spell_daytime, spell_date, spell_monthdays, spell_weekdays;
spell_fn spell_string, spell_hex_string, spell_u32, spell_bytecode;

#endif
