/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the tool's matches and targets: their options, how many values each takes, what kind these are, what is
 * there by default, and the order in which iptables-save prints them. Data (extension-*.c) and the search in it. Pure.
 */
#ifndef RULES_EXTENSION_H
#define RULES_EXTENSION_H

#include <nfverdict/rules.h>

#include "rules/text.h"

struct form;

/* What a value is, and so how it is spelt and quoted. */
enum value_kind {
	VALUE_WORD,      /* printed as it is */
	VALUE_STRING,    /* quoted as iptables-save quotes */
	VALUE_NUMBER,    /* decimal, at most `max` */
	VALUE_HEX,       /* 0x2a, at least `width` digits */
	VALUE_MARK,      /* 0x2a/0xff: value and mask; an all-ones mask is left out */
	VALUE_MARK_FULL, /* the same; the mask is always printed */
	VALUE_RANGE,     /* 1:5; an open end is 0 or `max`; 3:3 is 3 */
	VALUE_PORTS,     /* the same of ports, with names */
	VALUE_PORT_LIST, /* 22,1024:65535 */
	VALUE_PORT,      /* one */
	VALUE_ADDRESS,   /* with mask as prefix length; the host's own is left out */
	VALUE_NET,       /* the same, always with the prefix length; width: bits outside of the mask are cleared */
	VALUE_HOST,      /* an address alone */
	VALUE_PROTOCOL,  /* its number */
	VALUE_MAC,       /* 01:AB:… */
	VALUE_NAME,      /* one of `names`, or a number: printed as the first name of that number */
	VALUE_NAMES,     /* bits by `names`, printed with commas in their order */
	VALUE_OTHER,     /* brought into form by the option's own function */
};

/* In a table of names the first one of a number is the one that is printed. */
struct value_name {
	const char *name;
	uint32_t number;
};

enum option_flags {
	OPTION_NEGATED = 1 << 0,  /* may stand behind "!" */
	OPTION_OPTIONAL = 1 << 1, /* its value may be missing: the next word is one unless it begins with "-" or is "!" */
	OPTION_REPEATED = 1 << 2, /* may be there more than once in one match */
	OPTION_FULL = 1 << 3,     /* a range from 0 to max vanishes, unless it is negated */
	OPTION_BEGIN = 1 << 4,    /* one of names may be cut short: the first that begins so is meant */
};

struct extension_option;

/* Values to be brought into the tool's form; spell.h has the functions. */
struct spelling {
	const struct extension_option *option;
	const char *const *values; /* option->values of them */
	enum nfv_family family;
	struct text *out;
};

struct extension_option {
	const char *name;            /* as iptables-save prints it, without dashes */
	const char *alias;           /* another name; NULL */
	unsigned char values;        /* how many; 0: a flag */
	unsigned char flags;         /* enum option_flags */
	unsigned char width;         /* see kind */
	enum value_kind kind;
	uint64_t max;                /* of a number; 0: 32 bits */
	const char *as;              /* iptables-save prints it as this option; NULL: as itself */
	const char *without;         /* value that is not printed, because it is the default; NULL: always printed */
	const struct value_name *names; /* see kind; ends with a NULL name */
	bool (*spell)(const struct spelling *s); /* NULL: by kind */
};

#define EXTENSION_IPV4 1u
#define EXTENSION_IPV6 2u
#define EXTENSION_BOTH 3u

struct extension {
	const char *name;
	bool is_target;
	unsigned families;           /* EXTENSION_… */
	const char *tables;          /* the only tables that have it, with commas: "nat"; NULL: any */
	const struct extension_option *options; /* in the order of iptables-save; NULL name ends. NULL: none */
	/* More that the table cannot say: defaults that are printed though not written, options turned into others. */
	void (*complete)(struct form *form);
};

/* By name as it is written; aliases of names (icmpv6 for icmp6) are seen through. NULL: not known. */
const struct extension *extension_find(const char *name, bool is_target, enum nfv_family family);

/* By name, alias, or a beginning that fits one alone, as the tool takes it. NULL: it has none such. */
const struct extension_option *extension_option_find(const struct extension *extension, const char *name);
/* By name or alias alone. The tool looks for a whole name in all open extensions before it takes a beginning. */
const struct extension_option *extension_option_exact(const struct extension *extension, const char *name);

/* The match that a protocol opens: "tcp" for tcp and 6; NULL: none. */
const char *extension_of_protocol(const char *protocol, enum nfv_family family);

/* For walks over all: the extension at that position; NULL behind the last. */
const struct extension *extension_at(size_t position);

#endif
