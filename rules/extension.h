/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the tool's matches and targets: their options, how many values each takes, what kind these are, what is
 * there by default, and the order in which iptables-save prints them. Data (extension-*.c) and the search in it. Pure.
 */
#ifndef RULES_EXTENSION_H
#define RULES_EXTENSION_H

#include <nfverdict/rules.h>

#include "rules/text.h"

/* What a value is, and so how it is spelt and quoted. */
enum value_kind {
	VALUE_WORD,      /* printed as it is */
	VALUE_STRING,    /* quoted as iptables-save quotes */
	VALUE_NUMBER,    /* decimal */
	VALUE_HEX,       /* 0x2a */
	VALUE_MARK,      /* 0x2a/0xff; an all-ones mask is left out or not, by the option */
	VALUE_RANGE,     /* 1:5 */
	VALUE_PORTS,     /* 22, 1024:65535, names */
	VALUE_ADDRESS,   /* with mask */
	VALUE_OTHER,     /* brought into form by the option's own function */
};

struct extension_option {
	const char *name;            /* as iptables-save prints it, without dashes */
	const char *aliases[4];
	char letter;                 /* one-letter form, 0: none */
	unsigned values;             /* how many; 0: a flag */
	enum value_kind kind;
	const char *without;         /* value that is not printed, because it is the default; NULL: always printed */
	/* Adds the canonical spelling of the values; false: leave them as they are. NULL: by kind. */
	bool (*spell)(char *const *values, size_t count, enum nfv_family family, struct text *out);
};

struct extension {
	const char *name;
	bool is_target;
	unsigned families;           /* 1: IPv4, 2: IPv6 */
	const char *aliases[4];      /* other names: "icmpv6" of ipv6's protocol, "state" is its own */
	const char *tables;          /* the only tables that have it: "nat"; NULL: any */
	const struct extension_option *options; /* in the order of iptables-save; NULL name ends */
	/* More that the table cannot say: defaults that are printed though not written, options turned into others. */
	void (*complete)(struct nfv_extension *extension, enum nfv_family family);
};

/* NULL: not known. */
const struct extension *extension_find(const char *name, bool is_target, enum nfv_family family);
/* By name, alias, or a beginning that fits one alone, as the tool takes it. */
const struct extension_option *extension_option_find(const struct extension *extension, const char *name);
/* The match that a protocol opens: "tcp" for tcp and 6; NULL: none. */
const char *extension_of_protocol(const char *protocol, enum nfv_family family);

#endif
