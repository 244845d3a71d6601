/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libnfvrules: iptables rulesets as objects.
 *
 * Reads what iptables-save prints and what iptables-restore accepts, changes it, compares it, prints it, and commits the
 * difference to the kernel with `iptables-restore --noflush`, so that rules of others are never touched and no packet that
 * waits in a queue is lost. Needs nothing of nfverdictd. nfvrules(3) shows each use as a whole program.
 *
 * Conventions, for every function here:
 *  - int results: 0 or more is success, -errno failure. Pointer results: NULL is failure, and errno says which.
 *  - Objects belong to the object that holds them: a rule to its chain, a chain to its table, a table to its ruleset. The
 *    functions say where that differs. Free functions take NULL.
 *  - Texts that are given are copied. Texts that are returned belong to their object and last until it changes.
 *  - Objects of one ruleset are used by one thread at a time; there is no state outside of objects.
 *  - `error`, where there is one, may be NULL. It is filled on failure only.
 *  - Positions count from 0. (iptables counts from 1.)
 *  - Functions that put an object in own it. When an autocommit is refused (nfv_live_read()), the objects are as they were
 *    before it; rules of chains that it had changed, and such chains if they were new or removed, are other objects then.
 */
#ifndef NFVERDICT_RULES_H
#define NFVERDICT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* a function and a struct of one name, as stat() has */
#endif
#endif

#if defined(__GNUC__)
#define NFV_RULES_API __attribute__((visibility("default")))
#define NFV_RULES_SENTINEL __attribute__((sentinel))
#else
#define NFV_RULES_API
#define NFV_RULES_SENTINEL
#endif

/* Of the library; see also nfv_rules_version(). */
#define NFV_RULES_VERSION_MAJOR 0
#define NFV_RULES_VERSION_MINOR 1

/* From xtables of iptables 1.8.9: what the tools take. */
#define NFV_RULES_CHAIN_NAME_MAX 28    /* bytes of a chain's name */
#define NFV_RULES_TOKEN_MAX 1023       /* bytes of one word of a rule */
#define NFV_RULES_TOKENS_MAX 254       /* words of a line */
#define NFV_RULES_LINE_MAX 10239       /* bytes of a line */

struct nfv_rules;       /* a ruleset: the tables of one family */
struct nfv_table;
struct nfv_chain;
struct nfv_rule;
struct nfv_extension;   /* a match of a rule, or its target */
struct nfv_live;        /* the way to the kernel's rulesets */
struct nfv_transaction;

enum nfv_family { NFV_FAMILY_IPV4, NFV_FAMILY_IPV6 };

/* The version of the library that runs: "0.1.0". */
NFV_RULES_API const char *nfv_rules_version(void);

/* ---- errors ---- */

/* What went wrong and where. */
struct nfv_rules_error {
	int code;               /* errno, positive */
	char text[512];         /* the cause: one line, no place in it, no full stop */
	char file[256];         /* where the thing was written: a file's name, "" when not known */
	unsigned line, column;  /* in it, from 1; 0: not known */
	char shown[256];        /* the line itself, or its part around the column; "" when there is none */
	unsigned shown_column;  /* of the culprit in shown, from 1 */
	struct nfv_rule *rule;  /* the caller's rule that is to blame, NULL: none, or it is gone */
};

/* Told of each finding by functions that report more than one. */
typedef void nfv_rules_report_fn(void *context, const struct nfv_rules_error *error);

/* "file:line:column: text", and when there is one the line and a caret below it. Returns what snprintf() would. */
NFV_RULES_API int nfv_rules_error_print(const struct nfv_rules_error *error, char *text, size_t size);

/* ---- rulesets ---- */

NFV_RULES_API struct nfv_rules *nfv_rules_new(enum nfv_family family);

/* Frees the ruleset and all that it holds. */
NFV_RULES_API void nfv_rules_free(struct nfv_rules *rules);

/* A copy that another thread may use. It knows no kernel: it is not committed, also when the original could be. */
NFV_RULES_API struct nfv_rules *nfv_rules_copy(const struct nfv_rules *rules);

NFV_RULES_API enum nfv_family nfv_rules_family(const struct nfv_rules *rules);

/* Adds the tables that the family has by default (filter, nat, mangle, raw, security), with their built-in chains. */
NFV_RULES_API int nfv_rules_add_default_tables(struct nfv_rules *rules);

NFV_RULES_API size_t nfv_rules_table_count(const struct nfv_rules *rules);
NFV_RULES_API struct nfv_table *nfv_rules_table_at(const struct nfv_rules *rules, size_t position);
/* NULL with errno ENOENT when there is none. */
NFV_RULES_API struct nfv_table *nfv_rules_table(const struct nfv_rules *rules, const char *name);
/* The table, made with its built-in chains when it is not there. EINVAL: no table of iptables has that name. */
NFV_RULES_API struct nfv_table *nfv_rules_add_table(struct nfv_rules *rules, const char *name);

/* True when both hold the same: tables, chains, policies, rules in their order, seen through spelling; counters apart. */
NFV_RULES_API bool nfv_rules_equal(const struct nfv_rules *a, const struct nfv_rules *b);

/* ---- reading text ---- */

enum nfv_read_flags {
	NFV_READ_COMMANDS = 1 << 0,   /* lines are iptables commands, quoted as for a shell: `iptables -t nat -A …` */
	NFV_READ_DECLARED = 1 << 1,   /* a chain must be declared (`:NAME` or -N) before rules are put in or lead to it */
	NFV_READ_NO_FLUSH_ON_DECLARE = 1 << 2, /* `:NAME - [0:0]` does not empty a chain that is there */
};

struct nfv_read_options {
	const char *file;             /* the text's name in errors and origins; NULL: "" */
	const char *table;            /* of lines before the first `*table`; NULL: such lines are errors */
	unsigned flags;               /* enum nfv_read_flags */
	nfv_rules_report_fn *report;  /* told of every error in the text, not only the first; NULL: not told */
	void *context;                /* for report */
};

/*
 * Reads a text as `iptables-restore --noflush` would, line by line into the ruleset: what iptables-save prints, -A -I -D -R
 * -N -P -F -X -Z -E, counters, lines with -4 or -6 (skipped by the other family), lines of iptables commands. Into a new
 * ruleset this gives the state that the text describes; into one that was read from the kernel the state that the text
 * would make. Each rule remembers file and line. On failure the ruleset is as it was: nothing is half applied.
 * Strict where the tool would do something else than what is written: -EINVAL for a quote that is not closed, for NUL and
 * other control characters, for lines, words and names that are too long, for options without their value, for a policy of
 * a chain that is not built in (iptables-nft ignores it, iptables-legacy refuses it). A `#` may have blanks before it.
 * options NULL: all zero.
 */
NFV_RULES_API int nfv_rules_read(struct nfv_rules *rules, const char *text, size_t len,
				 const struct nfv_read_options *options, struct nfv_rules_error *error);

/* Likewise from a file; path "-": standard input. options->file NULL: path. */
NFV_RULES_API int nfv_rules_read_file(struct nfv_rules *rules, const char *path, const struct nfv_read_options *options,
				      struct nfv_rules_error *error);

/* ---- printing ---- */

enum nfv_print_flags {
	NFV_PRINT_COUNTERS = 1 << 0,   /* of rules, as iptables-save -c */
	NFV_PRINT_CANONICAL = 1 << 1,  /* rules as iptables-save would print them; else as they were read or set */
	NFV_PRINT_ANNOTATED = 1 << 2,  /* notes and origins as # lines before tables, chains and rules; "# no rules" */
	NFV_PRINT_COMMANDS = 1 << 3,   /* as iptables commands for a shell */
	NFV_PRINT_ZERO_POLICY = 1 << 4, /* policy counters as [0:0] */
};

/*
 * The text for iptables-restore. What was read from iptables-save and not changed is printed byte for byte, but for lines
 * with #. Returns a text to be freed with free(), its length in *len (NULL: not wanted).
 */
NFV_RULES_API char *nfv_rules_print(const struct nfv_rules *rules, unsigned flags, size_t *len);
NFV_RULES_API char *nfv_table_print(const struct nfv_table *table, unsigned flags, size_t *len);

/* One rule without its chain: "-s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT". To be freed with free(). */
NFV_RULES_API char *nfv_rule_print(const struct nfv_rule *rule, unsigned flags);

/* One rule as a command for a shell: `iptables -t filter -A INPUT …`. It must be in a chain. To be freed with free(). */
NFV_RULES_API char *nfv_rule_command(const struct nfv_rule *rule);

/*
 * JSON, lossless: what is printed and read back is equal and prints the same bytes. nfvrules-json(5) tells the form.
 * The result is to be freed with free().
 */
NFV_RULES_API char *nfv_rules_to_json(const struct nfv_rules *rules, size_t *len);
NFV_RULES_API char *nfv_rule_to_json(const struct nfv_rule *rule);
/* The family is the text's. NULL with errno and error on failure. */
NFV_RULES_API struct nfv_rules *nfv_rules_from_json(const char *text, size_t len, const char *file,
						    struct nfv_rules_error *error);
NFV_RULES_API struct nfv_rule *nfv_rule_from_json(const char *text, size_t len, struct nfv_rules_error *error);

/* ---- tables ---- */

NFV_RULES_API const char *nfv_table_name(const struct nfv_table *table);
NFV_RULES_API struct nfv_rules *nfv_table_rules(const struct nfv_table *table);
NFV_RULES_API size_t nfv_table_chain_count(const struct nfv_table *table);
NFV_RULES_API struct nfv_chain *nfv_table_chain_at(const struct nfv_table *table, size_t position);
/* NULL with errno ENOENT when there is none. */
NFV_RULES_API struct nfv_chain *nfv_table_chain(const struct nfv_table *table, const char *name);
/* A new chain of the user. EEXIST: it is there; EINVAL: not a name for a chain, or that of a target; ENAMETOOLONG. */
NFV_RULES_API struct nfv_chain *nfv_table_add_chain(struct nfv_table *table, const char *name);
/* The chain, made when it is not there; also a built-in one that the table lacks. */
NFV_RULES_API struct nfv_chain *nfv_table_ensure_chain(struct nfv_table *table, const char *name);
/* Empties every chain and removes those of the user. Policies stay. */
NFV_RULES_API int nfv_table_flush(struct nfv_table *table);
/* A note for annotated printing: any text, lines are kept. NULL: none. */
NFV_RULES_API int nfv_table_set_note(struct nfv_table *table, const char *note);
NFV_RULES_API const char *nfv_table_note(const struct nfv_table *table);

/* ---- chains ---- */

NFV_RULES_API const char *nfv_chain_name(const struct nfv_chain *chain);
NFV_RULES_API struct nfv_table *nfv_chain_table(const struct nfv_chain *chain);
NFV_RULES_API bool nfv_chain_is_builtin(const struct nfv_chain *chain);
/* True when it was made or declared (`:NAME`, -N, -P for a policy); false when only rules of a text name it. */
NFV_RULES_API bool nfv_chain_is_declared(const struct nfv_chain *chain);
/* "ACCEPT" or "DROP"; NULL for a chain of the user. */
NFV_RULES_API const char *nfv_chain_policy(const struct nfv_chain *chain);
/* -EINVAL for a chain of the user, and for anything but ACCEPT and DROP. */
NFV_RULES_API int nfv_chain_set_policy(struct nfv_chain *chain, const char *policy);
/* Of the policy. */
NFV_RULES_API void nfv_chain_counters(const struct nfv_chain *chain, uint64_t *packets, uint64_t *bytes);
NFV_RULES_API int nfv_chain_set_counters(struct nfv_chain *chain, uint64_t packets, uint64_t bytes);
/* How many rules of the table lead to the chain. */
NFV_RULES_API size_t nfv_chain_references(const struct nfv_chain *chain);
/* Removes a chain of the user, with its rules. -EBUSY: rules of other chains lead to it. -EINVAL: built in. */
NFV_RULES_API int nfv_chain_remove(struct nfv_chain *chain);
/* Gives it another name; rules that lead to it lead to the new name. -EEXIST, -EINVAL, -ENAMETOOLONG. */
NFV_RULES_API int nfv_chain_rename(struct nfv_chain *chain, const char *name);
/* Removes all rules. */
NFV_RULES_API int nfv_chain_flush(struct nfv_chain *chain);
/* Counters of all its rules, and of the policy, become 0. */
NFV_RULES_API int nfv_chain_zero(struct nfv_chain *chain);
NFV_RULES_API int nfv_chain_set_note(struct nfv_chain *chain, const char *note);
NFV_RULES_API const char *nfv_chain_note(const struct nfv_chain *chain);

NFV_RULES_API size_t nfv_chain_count(const struct nfv_chain *chain);
/* NULL with errno ENOENT behind the last. */
NFV_RULES_API struct nfv_rule *nfv_chain_rule(const struct nfv_chain *chain, size_t position);

/*
 * Put a rule into a chain, which then owns it: also on failure, when it is freed. So a rule that is built in the call needs
 * no other care, and a NULL rule is -ENOMEM. With lists of addresses (`-s a,b`) it becomes several rules, in the order that
 * iptables makes; the one given is the first, and its extensions are others then. -EBUSY: the rule is in a chain (copy it
 * first; it is not freed). -ENOENT: chain is NULL, as nfv_table_chain() may have given it.
 */
NFV_RULES_API int nfv_chain_append(struct nfv_chain *chain, struct nfv_rule *rule);
/* Position at most nfv_chain_count(), else -ERANGE. */
NFV_RULES_API int nfv_chain_insert(struct nfv_chain *chain, size_t position, struct nfv_rule *rule);
/*
 * Several at once, all or none, and all are freed on failure: for what needs more than one rule, as to log and drop. The
 * macro is for C: NFV_CHAIN_APPEND_ALL(chain, NFV_RULE_LOG("log-prefix", "no: "), NFV_RULE_DROP("proto", "tcp")).
 */
NFV_RULES_API int nfv_chain_append_all(struct nfv_chain *chain, struct nfv_rule *const *rules, size_t count);
#define NFV_CHAIN_APPEND_ALL(chain, ...) \
	nfv_chain_append_all(chain, (struct nfv_rule *[]){ __VA_ARGS__ }, \
			     sizeof((struct nfv_rule *[]){ __VA_ARGS__ }) / sizeof(struct nfv_rule *))
/* The rule that was there is freed. The new one starts with its own counters. -ERANGE: no rule stands there. */
NFV_RULES_API int nfv_chain_replace(struct nfv_chain *chain, size_t position, struct nfv_rule *rule);
NFV_RULES_API int nfv_chain_delete(struct nfv_chain *chain, size_t position);
/* Deletes the first rule that is equal. -ENOENT: none is. Lists of addresses: each rule that they stand for, or none. */
NFV_RULES_API int nfv_chain_delete_equal(struct nfv_chain *chain, const struct nfv_rule *rule);
/* Within the chain: the rule at `from` stands at `to` afterwards. */
NFV_RULES_API int nfv_chain_move(struct nfv_chain *chain, size_t from, size_t to);
/* The position of the first equal rule from `start` on, or -ENOENT. */
NFV_RULES_API long nfv_chain_find(const struct nfv_chain *chain, const struct nfv_rule *rule, size_t start);
/* Takes a rule out of its chain: the caller owns it, also when an autocommit is refused and the chain has its like again. */
NFV_RULES_API int nfv_rule_take(struct nfv_rule *rule);

/* Put rules into a chain as text: "-p tcp --dport 22 -j ACCEPT". */
NFV_RULES_API int nfv_chain_append_text(struct nfv_chain *chain, const char *text, struct nfv_rules_error *error);
NFV_RULES_API int nfv_chain_insert_text(struct nfv_chain *chain, size_t position, const char *text,
					struct nfv_rules_error *error);

/* ---- rules ---- */

/* A rule without anything: it matches every packet and does nothing. */
NFV_RULES_API struct nfv_rule *nfv_rule_new(void);
/*
 * A rule from what follows `-A CHAIN`. It keeps the text as it is, but for options in one word with their value (`-ieth0`,
 * which iptables 1.8.9 takes for an interface "-ieth0") and for `-c packets bytes`, which become its counters. Matches,
 * targets and options that are not known are kept. NULL with errno EINVAL and error when it is none.
 */
NFV_RULES_API struct nfv_rule *nfv_rule_parse(const char *text, struct nfv_rules_error *error);
/* A copy, in no chain, with counters, note and origin. */
NFV_RULES_API struct nfv_rule *nfv_rule_copy(const struct nfv_rule *rule);
/* Takes it out of its chain first, if it is in one. */
NFV_RULES_API void nfv_rule_free(struct nfv_rule *rule);

NFV_RULES_API struct nfv_chain *nfv_rule_chain(const struct nfv_rule *rule);
/* The position in its chain, or -ENOENT. */
NFV_RULES_API long nfv_rule_position(const struct nfv_rule *rule);

/*
 * True when iptables would keep the same of both: the same matches in the same order, the same target, through spelling
 * (`/255.255.0.0` is `/16`, the order of options within a match, `icmpv6` is `ipv6-icmp`, `-p tcp --dport 1` has `-m tcp`).
 * Counters, notes and origins do not matter.
 */
NFV_RULES_API bool nfv_rule_equal(const struct nfv_rule *a, const struct nfv_rule *b);

/* What a rule says without an extension. */
enum nfv_field {
	NFV_FIELD_SOURCE,       /* -s: "10.0.0.0/8", "10.0.0.0/255.0.0.0", "fe80::/10" */
	NFV_FIELD_DESTINATION,  /* -d */
	NFV_FIELD_IN,           /* -i: "eth0", "eth+" */
	NFV_FIELD_OUT,          /* -o */
	NFV_FIELD_PROTOCOL,     /* -p: "tcp", "17" */
	NFV_FIELD_FRAGMENT,     /* -f: no value; "" when present; IPv4 only */
};
#define NFV_FIELD_COUNT 6

/* The value as it was read or set; NULL when the rule does not say. *negated (NULL: not wanted) is true after a "!". */
NFV_RULES_API const char *nfv_rule_get(const struct nfv_rule *rule, enum nfv_field field, bool *negated);
/*
 * Sets, or with NULL removes. -EINVAL when the value cannot be one: an address that is none or not of the family, an
 * interface of 16 bytes, a list of addresses in a rule that is in a chain. Names of hosts are taken, and not looked up.
 * With another protocol its match changes too, if that has the same options: `-p tcp -m tcp --dport 1` becomes
 * `-p udp -m udp --dport 1`. If not, the match stays as it is.
 */
NFV_RULES_API int nfv_rule_set(struct nfv_rule *rule, enum nfv_field field, const char *value, bool negated);

/* Of the rule, not of the kernel: what was read, and what a commit sends with the rule. */
NFV_RULES_API void nfv_rule_counters(const struct nfv_rule *rule, uint64_t *packets, uint64_t *bytes);
NFV_RULES_API int nfv_rule_set_counters(struct nfv_rule *rule, uint64_t packets, uint64_t bytes);

/* The value of its first `-m comment`, NULL: none. Setting adds, changes or with NULL removes it. */
NFV_RULES_API const char *nfv_rule_comment(const struct nfv_rule *rule);
NFV_RULES_API int nfv_rule_set_comment(struct nfv_rule *rule, const char *comment);

/* A note for annotated printing; never reaches the kernel. */
NFV_RULES_API const char *nfv_rule_note(const struct nfv_rule *rule);
NFV_RULES_API int nfv_rule_set_note(struct nfv_rule *rule, const char *note);

/* Where it was written. *line 0 and NULL: not known. Errors of a commit name this place. */
NFV_RULES_API const char *nfv_rule_origin(const struct nfv_rule *rule, unsigned *line);
NFV_RULES_API int nfv_rule_set_origin(struct nfv_rule *rule, const char *file, unsigned line);
/* Puts the origin into the kernel too: `-m comment --comment "file:line"`, behind a comment that is there. */
NFV_RULES_API int nfv_rule_set_origin_comment(struct nfv_rule *rule);

/* ---- matches and targets ---- */

NFV_RULES_API size_t nfv_rule_match_count(const struct nfv_rule *rule);
NFV_RULES_API struct nfv_extension *nfv_rule_match_at(const struct nfv_rule *rule, size_t position);
/* The nth match (from 0) of that name, which may be an alias; NULL with ENOENT. `-p tcp --dport 1` has a match "tcp" too. */
NFV_RULES_API struct nfv_extension *nfv_rule_match(const struct nfv_rule *rule, const char *name, size_t nth);
/* Adds one behind the others; the same may be there more than once. */
NFV_RULES_API struct nfv_extension *nfv_rule_add_match(struct nfv_rule *rule, const char *name);
NFV_RULES_API int nfv_rule_remove_match(struct nfv_rule *rule, struct nfv_extension *match);

/* The target; NULL when there is none. */
NFV_RULES_API struct nfv_extension *nfv_rule_target(const struct nfv_rule *rule);
/* -j NAME. A target that was there goes with its options. NULL: no target. NULL result with errno 0 then. */
NFV_RULES_API struct nfv_extension *nfv_rule_set_jump(struct nfv_rule *rule, const char *name);
/* -g CHAIN. */
NFV_RULES_API struct nfv_extension *nfv_rule_set_goto(struct nfv_rule *rule, const char *chain);
NFV_RULES_API bool nfv_rule_is_goto(const struct nfv_rule *rule);

NFV_RULES_API const char *nfv_extension_name(const struct nfv_extension *extension);
NFV_RULES_API size_t nfv_extension_option_count(const struct nfv_extension *extension);

/* One option: `! --match-set name src,dst` is "match-set", negated, two values. */
struct nfv_extension_option {
	const char *name;          /* without dashes; "" for values that belong to no option */
	bool negated;
	const char *const *values; /* value_count of them; a flag has none */
	size_t value_count;
};
/* -ERANGE behind the last. What is filled lasts until the rule is changed. */
NFV_RULES_API int nfv_extension_option_at(const struct nfv_extension *extension, size_t position,
					  struct nfv_extension_option *option);
/* -ENOENT when it is not there. Aliases are seen through: "destination-port" finds --dport. */
NFV_RULES_API int nfv_extension_option(const struct nfv_extension *extension, const char *name,
				       struct nfv_extension_option *option);
/* The first value; "" for a flag; NULL when the option is not there. */
NFV_RULES_API const char *nfv_extension_get(const struct nfv_extension *extension, const char *name);

/*
 * Set an option: the one of that name is changed in its place, or added behind the others. "!name" negates. value NULL: a
 * flag, also "" if the option is known as one. Several values may stand in one text: "name src,dst". Unknown options are
 * taken as they are. -EINVAL: not a name, one of the tool's own (source, jump …), a value with a newline or another control character but
 * tab, or not as many values as the option takes. A match that was not written, of `-p tcp --dport 1`, is from now on.
 */
NFV_RULES_API int nfv_extension_set(struct nfv_extension *extension, const char *name, const char *value);
NFV_RULES_API int nfv_extension_set_values(struct nfv_extension *extension, const char *name, const char *const *values,
					   size_t count);
/* Adds one even when one of that name is there. */
NFV_RULES_API int nfv_extension_add(struct nfv_extension *extension, const char *name, const char *const *values,
				    size_t count);
NFV_RULES_API int nfv_extension_remove(struct nfv_extension *extension, const char *name);
/* Removes all. */
NFV_RULES_API void nfv_extension_clear(struct nfv_extension *extension);

/* ---- one rule, one statement ---- */

/* A match or target as a constant: NFV_MATCH("tcp", "dport", "22"), NFV_MATCH("set", "!match-set", "bad src"). */
#define NFV_EXTENSION_WORDS 16
struct nfv_extension_spec {
	const char *name;
	const char *words[NFV_EXTENSION_WORDS]; /* option, value, option, value, …; NULL ends. Value "" of a flag */
};
#define NFV_MATCH(...) { .name = NFV_RULES_FIRST_(__VA_ARGS__), .words = { NFV_RULES_REST_(__VA_ARGS__) } }
#define NFV_TARGET(...) NFV_MATCH(__VA_ARGS__)
#define NFV_RULES_FIRST_(...) NFV_RULES_FIRST__(__VA_ARGS__, NULL)
#define NFV_RULES_FIRST__(first, ...) first
#define NFV_RULES_REST_(...) NFV_RULES_REST__(__VA_ARGS__, NULL)
#define NFV_RULES_REST__(first, ...) __VA_ARGS__

#define NFV_RULE_MATCHES 12
struct nfv_rule_spec {
	/* A "!" before the value negates: .source = "! 10.0.0.0/8". */
	const char *source, *destination, *in, *out, *protocol, *fragment;
	struct nfv_extension_spec matches[NFV_RULE_MATCHES]; /* a NULL name ends */
	struct nfv_extension_spec target;
	const char *jump;       /* short for a target without options; */
	const char *go_to;      /* the same for -g */
	const char *options;    /* more, as text: "--dport 22 -m limit --limit 1/s" */
	const char *comment;    /* -m comment */
	const char *note;
	const char *file;       /* origin: NFV_RULE() fills both */
	unsigned line;
};
/*
 * NULL with errno: EINVAL for what cannot be, as two targets. An option of several values has them with blanks between, as
 * in NFV_MATCH("set", "match-set", "bad src"). What follows NFV_RULE() is C alone; in C++ fill the struct.
 */
NFV_RULES_API struct nfv_rule *nfv_rule_from_spec(const struct nfv_rule_spec *spec);
/* nfv_chain_append(chain, NFV_RULE(.protocol = "tcp", .matches = { NFV_MATCH("tcp", "dport", "22") }, .jump = "ACCEPT")) */
#define NFV_RULE(...) nfv_rule_from_spec(&(struct nfv_rule_spec){ .file = __FILE__, .line = __LINE__, __VA_ARGS__ })

/*
 * Key and value in turn, NULL at the end: nfv_rule_build("proto", "tcp", "dport", "22", "jump", "ACCEPT", NULL).
 *  - "source", "destination", "in-interface", "out-interface", "protocol" and "fragment" are the rule's own, also as "src",
 *    "dst", "in", "out", "proto", and as the tool's single letters. Their values may begin with "!".
 *  - "jump" and "goto" (also "j" and "g") are the target, "comment" is -m comment, "note" is nfv_rule_set_note().
 *  - "match" (also "m") opens a match.
 *  - All others are options by the names that iptables has for them, long and without dashes. An option goes to the match or
 *    target that was opened last if that has it, else to another one of the rule, else it opens the match of the
 *    protocol, as iptables does: "dport" opens -m tcp in a rule with "proto", "tcp", in whatever order the keys stand.
 *    EINVAL when none has it; a match that the library does not know takes any that no other has.
 *  - `_` may be written for `-`. "!" before a key, or "__not" behind it, negates.
 *  - The value of a flag is "". An option of several values has them with blanks between: "tcp-flags", "SYN,ACK SYN".
 */
NFV_RULES_API struct nfv_rule *nfv_rule_build(const char *key, ...) NFV_RULES_SENTINEL;
/*
 * A rule as template: a copy with these keys changed or added. A NULL value removes: ("dport", NULL, NULL); a match that has
 * lost its last option goes with it. "match" is the rule's match of that name, when it has one. When the protocol becomes
 * another one, its match does too: a template for tcp and a port can be specialised for udp.
 */
NFV_RULES_API struct nfv_rule *nfv_rule_specialise(const struct nfv_rule *template_rule, const char *key, ...)
	NFV_RULES_SENTINEL;
/* The same with the words in an array, count of them. A value that is NULL removes: in a new rule it is as if not given. */
NFV_RULES_API struct nfv_rule *nfv_rule_build_words(const char *const *words, size_t count);
NFV_RULES_API struct nfv_rule *nfv_rule_specialise_words(const struct nfv_rule *template_rule, const char *const *words,
							 size_t count);
/* Sets the origin and returns the rule, also NULL. */
NFV_RULES_API struct nfv_rule *nfv_rule_at(struct nfv_rule *rule, const char *file, unsigned line);

#ifdef __cplusplus
} /* the words of the macros below as an array: C++ has no constants for that */
struct nfv_rules_words_ {
	template <size_t count> static struct nfv_rule *build(const char *const (&words)[count])
	{
		return nfv_rule_build_words(words, count);
	}
	template <size_t count>
	static struct nfv_rule *specialise(const struct nfv_rule *rule, const char *const (&words)[count])
	{
		return nfv_rule_specialise_words(rule, words, count);
	}
};
extern "C" {
#define NFV_RULES_BUILD_(...) nfv_rules_words_::build({ __VA_ARGS__ })
#define NFV_RULES_SPECIALISE_(rule, ...) nfv_rules_words_::specialise(rule, { __VA_ARGS__ })
#else
#define NFV_RULES_WORDS_(...) (const char *const[]){ __VA_ARGS__ }
#define NFV_RULES_COUNT_(...) (sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))
#define NFV_RULES_BUILD_(...) nfv_rule_build_words(NFV_RULES_WORDS_(__VA_ARGS__), NFV_RULES_COUNT_(__VA_ARGS__))
#define NFV_RULES_SPECIALISE_(rule, ...) \
	nfv_rule_specialise_words(rule, NFV_RULES_WORDS_(__VA_ARGS__), NFV_RULES_COUNT_(__VA_ARGS__))
#endif

/* As nfv_rule_build() and nfv_rule_specialise(), with the place where they stand as the origin, and no NULL at the end. */
#define NFV_RULE_KEYS(...) nfv_rule_at(NFV_RULES_BUILD_(__VA_ARGS__), __FILE__, __LINE__)
#define NFV_RULE_LIKE(template_rule, ...) nfv_rule_at(NFV_RULES_SPECIALISE_(template_rule, __VA_ARGS__), __FILE__, __LINE__)

/*
 * Rules that everybody needs. More keys follow as in NFV_RULE_KEYS: NFV_RULE_ACCEPT("proto", "tcp", "dport", "22"). Those
 * that need a value have it first: NFV_RULE_JUMP("web", "in", "eth0"), NFV_RULE_MARK("0x1/0xff"),
 * NFV_RULE_REDIRECT("8080", "proto", "tcp", "dport", "80"), NFV_RULE_QUEUE("5"), NFV_RULE_DNAT("10.0.0.2:80", …).
 */
#define NFV_RULE_ACCEPT(...) NFV_RULE_KEYS("jump", "ACCEPT", __VA_ARGS__)
#define NFV_RULE_DROP(...) NFV_RULE_KEYS("jump", "DROP", __VA_ARGS__)
#define NFV_RULE_RETURN(...) NFV_RULE_KEYS("jump", "RETURN", __VA_ARGS__)
#define NFV_RULE_REJECT(...) NFV_RULE_KEYS("jump", "REJECT", __VA_ARGS__)
#define NFV_RULE_LOG(...) NFV_RULE_KEYS("jump", "LOG", __VA_ARGS__)
#define NFV_RULE_MASQUERADE(...) NFV_RULE_KEYS("jump", "MASQUERADE", __VA_ARGS__)
#define NFV_RULE_JUMP(...) NFV_RULE_KEYS("jump", __VA_ARGS__)
#define NFV_RULE_GOTO(...) NFV_RULE_KEYS("goto", __VA_ARGS__)
#define NFV_RULE_MARK(...) NFV_RULE_KEYS("jump", "MARK", "set-xmark", __VA_ARGS__)
#define NFV_RULE_REDIRECT(...) NFV_RULE_KEYS("jump", "REDIRECT", "to-ports", __VA_ARGS__)
#define NFV_RULE_QUEUE(...) NFV_RULE_KEYS("jump", "NFQUEUE", "queue-num", __VA_ARGS__)
#define NFV_RULE_DNAT(...) NFV_RULE_KEYS("jump", "DNAT", "to-destination", __VA_ARGS__)
#define NFV_RULE_SNAT(...) NFV_RULE_KEYS("jump", "SNAT", "to-source", __VA_ARGS__)

/* ---- checking ---- */

/*
 * Finds what the tools would refuse only at commit, or not at all: jumps to chains that are not there, loops, names that
 * are too long, a built-in chain as a jump's target, targets and matches that the table or family has not, -o in INPUT,
 * values that no option takes, options that are missing, and the like. `kernel` (NULL: none) is the ruleset that this one will be committed over: its chains count as there.
 * 0, or -EINVAL after telling each finding.
 */
NFV_RULES_API int nfv_rules_check(const struct nfv_rules *rules, const struct nfv_rules *kernel, nfv_rules_report_fn *report,
				  void *context);

/* ---- differences ---- */

enum nfv_diff_flags {
	NFV_DIFF_NAMED_ONLY = 1 << 0, /* tables and chains that `to` does not name stay as they are */
	NFV_DIFF_COUNTERS = 1 << 1,   /* set counters where they differ */
	NFV_DIFF_LEGACY = 1 << 2,     /* for the legacy backend, which zeroes policy counters with every commit: give them */
	NFV_DIFF_BY_VALUE = 1 << 3,   /* delete rules by what they are, never by number: safe beside other writers */
};

/*
 * The smallest script for `iptables-restore --noflush` that makes `from` into `to`: per chain the cheaper of edits and
 * refill. Empty when they are equal. Run it with --counters: rules that stay, stay in the kernel with their counters, and
 * those that are put in again bring theirs. To be freed with free().
 */
NFV_RULES_API char *nfv_rules_diff(const struct nfv_rules *from, const struct nfv_rules *to, unsigned flags, size_t *len);

/* The same for a person: chains and rules with + and - before them, with place and colour (ANSI) if wanted. */
NFV_RULES_API char *nfv_rules_diff_show(const struct nfv_rules *from, const struct nfv_rules *to, unsigned flags,
					bool colour, size_t *len);

/* ---- the kernel ---- */

enum nfv_backend { NFV_BACKEND_AUTO, NFV_BACKEND_NFT, NFV_BACKEND_LEGACY };

enum nfv_rules_level { NFV_RULES_DEBUG, NFV_RULES_INFO, NFV_RULES_WARNING, NFV_RULES_ERROR };
typedef void nfv_rules_log_fn(void *context, enum nfv_rules_level level, const char *text);

enum nfv_verify { NFV_VERIFY_AUTO, NFV_VERIFY_ALWAYS, NFV_VERIFY_NEVER };

/* How the kernel is reached. All zero is right for most. */
struct nfv_live_options {
	enum nfv_backend backend;  /* AUTO: what `iptables` is; a warning is logged when the other one holds rules too */
	const char *tool_folder;   /* of iptables-restore and kin; NULL: as configured when built */
	const char *state_folder;  /* for the lock and the journal; NULL: /run/nfverdict, or for a user other than root
	                            * $XDG_RUNTIME_DIR/nfverdict */
	const char *server;        /* path of a server's socket; NULL: no server */
	bool start_server;         /* when nobody answers there, start `nfverdict rules serve`, which ends when idle for a minute */
	const char *server_program; /* that is started; NULL: the nfverdict that was installed with the library */
	int timeout_ms;            /* of one run of a tool; 0: 30,000 */
	int lock_wait_ms;          /* for other writers; 0: 10,000 */
	enum nfv_verify verify;    /* read again after a commit; AUTO: only if others may have changed something meanwhile */
	bool autocommit;           /* see nfv_live_read() */
	const char *owner;         /* tag of what this user of the library owns: 1 to 20 of [A-Za-z0-9_-]. NULL: no tags */
	int max_retries;           /* of a transaction after a conflict; 0: 5, -1: none */
	nfv_rules_log_fn *log;
	void *log_context;
};

NFV_RULES_API int nfv_live_open(struct nfv_live **live, const struct nfv_live_options *options,
				struct nfv_rules_error *error);
/* Gives leases back, and frees. Rulesets read through it must have been freed or are no longer committed. */
NFV_RULES_API void nfv_live_close(struct nfv_live *live);
NFV_RULES_API enum nfv_backend nfv_live_backend(const struct nfv_live *live);

/*
 * Reads a family's ruleset from the kernel; table NULL: all of them. The ruleset remembers what the kernel had, so that
 * nfv_live_commit() sends only what was changed. With autocommit each change of an object commits at once; a change that
 * the kernel refuses is undone in the object too.
 * Also finishes or undoes what a writer that died left in the journal.
 */
NFV_RULES_API struct nfv_rules *nfv_live_read(struct nfv_live *live, enum nfv_family family, const char *table,
					      struct nfv_rules_error *error);
/* Reads again; changes that were not committed are lost. Pointers to its objects are void. */
NFV_RULES_API int nfv_live_refresh(struct nfv_rules *rules, struct nfv_rules_error *error);
/* Reads again and puts the changes that were not committed on top. -EAGAIN: somebody else changed the same chains. */
NFV_RULES_API int nfv_live_resync(struct nfv_rules *rules, struct nfv_rules_error *error);
NFV_RULES_API bool nfv_rules_changed(const struct nfv_rules *rules); /* since it was read or committed */
NFV_RULES_API void nfv_rules_set_autocommit(struct nfv_rules *rules, bool on);

struct nfv_commit_options {
	/*
	 * Rolled back by itself after so many seconds unless nfv_live_confirm() comes; 0: no. A process of its own waits for
	 * that, apart from the caller's terminal; should it be killed, the next use of the library rolls back. Until then
	 * commits to the same tables, and others that are to be confirmed, get -EBUSY. What others changed with the tools
	 * meanwhile stays.
	 */
	unsigned confirm_s;
	bool dry_run;             /* check, and let the tool read the text with --test; change nothing */
	nfv_rules_report_fn *report; /* told of every finding of the checks */
	void *context;
};

/*
 * Commits what was changed in rulesets that nfv_live_read() gave, all or nothing also over several tables and families:
 * checks, then applies table by table, then verifies; when a later table is refused, those before are undone. A journal
 * lets the next start finish that if this process dies in the middle. -EAGAIN: somebody else changed the same chains
 * meanwhile (read again, or use a transaction). error names the caller's rule and its origin. Rules that were put in say
 * afterwards what iptables-save says of them.
 *
 * Packets that wait in a queue are not lost. The kernel would drop them when the last rule that needs connection tracking
 * goes: while a queue is bound in the network namespace, `table ip nfverdict-keep` (or ip6) of nf_tables holds on to it.
 * It sees no packet, and goes with the first commit after the queues.
 */
NFV_RULES_API int nfv_live_commit(struct nfv_live *live, struct nfv_rules *const *rules, size_t count,
				  const struct nfv_commit_options *options, struct nfv_rules_error *error);
NFV_RULES_API int nfv_rules_commit(struct nfv_rules *rules, struct nfv_rules_error *error);

/*
 * Makes the kernel's ruleset what `wanted` says, as nfv_rules_diff() with these flags (enum nfv_diff_flags) would, in a
 * transaction. `shown` (NULL: not wanted) gets the difference for a person, to be freed with free().
 */
NFV_RULES_API int nfv_live_apply(struct nfv_live *live, const struct nfv_rules *const *wanted, size_t count, unsigned flags,
				 const struct nfv_commit_options *options, char **shown, struct nfv_rules_error *error);

/* Keeps what was committed with confirm_s, by whatever process. -ENOENT: nothing waits. */
NFV_RULES_API int nfv_live_confirm(struct nfv_live *live, struct nfv_rules_error *error);
/* Rolls it back now. */
NFV_RULES_API int nfv_live_rollback(struct nfv_live *live, struct nfv_rules_error *error);
/* Seconds until that happens by itself, or -ENOENT. */
NFV_RULES_API long nfv_live_confirm_left(struct nfv_live *live);

/* ---- transactions ---- */

/*
 * The work of a transaction. Called with a snapshot of the kernel's rulesets, and again from the start when somebody else
 * changed what it touched. 0 or more: commit, and this is what nfv_rules_transaction() returns; negative: abort with it.
 */
typedef int nfv_transaction_fn(struct nfv_transaction *transaction, void *context);

/*
 * Runs fn. Only chains that it changed, or marked with nfv_transaction_watch(), count as touched. After each conflict it
 * waits a little, longer each time and never two processes the same, and from the second try on keeps other users of this
 * library out meanwhile. Returns what fn returned, -EAGAIN after options->max_retries conflicts, -ECANCELED after
 * nfv_transaction_abort(), or another -errno with error.
 */
NFV_RULES_API int nfv_rules_transaction(nfv_transaction_fn *fn, void *context, const struct nfv_live_options *options,
					struct nfv_rules_error *error);
/* The same with a way that is open already. */
NFV_RULES_API int nfv_live_transaction(struct nfv_live *live, nfv_transaction_fn *fn, void *context,
				       struct nfv_rules_error *error);

/*
 * Inside fn. The snapshot of a family, read when first asked for. NULL: fn should return -errno. Belongs to the
 * transaction.
 */
NFV_RULES_API struct nfv_rules *nfv_transaction_rules(struct nfv_transaction *transaction, enum nfv_family family);
/*
 * Commits what was changed until now; that stays also if fn aborts later. -EAGAIN: conflict, return it: fn is called
 * again. It then finds what it committed before in its new snapshot, perhaps changed by others: a function that commits in
 * between looks first.
 */
NFV_RULES_API int nfv_transaction_commit(struct nfv_transaction *transaction);
/* Marks that nothing more is to be committed. Returns -ECANCELED, for fn to return. */
NFV_RULES_API int nfv_transaction_abort(struct nfv_transaction *transaction);
/* The result depends on this chain: its change by somebody else is a conflict too. */
NFV_RULES_API int nfv_transaction_watch(struct nfv_transaction *transaction, const struct nfv_chain *chain);
/* How often fn was called before: 0, 1, … */
NFV_RULES_API unsigned nfv_transaction_try(const struct nfv_transaction *transaction);
/* The last error inside the transaction, for a message. */
NFV_RULES_API const struct nfv_rules_error *nfv_transaction_error(const struct nfv_transaction *transaction);

/* ---- leases, through a server ---- */

enum nfv_lease_flags {
	/* When the holder is gone without giving it back: remove the chain and rules that lead to it. */
	NFV_LEASE_REMOVE_CHAIN = 1 << 0,
};
/*
 * Nobody else may change this chain until it is given back or the holder is gone. -EBUSY: somebody has it. -ENOTCONN: no
 * server.
 */
NFV_RULES_API int nfv_live_lease(struct nfv_live *live, enum nfv_family family, const char *table, const char *chain,
				 unsigned flags, struct nfv_rules_error *error);
NFV_RULES_API int nfv_live_release(struct nfv_live *live, enum nfv_family family, const char *table, const char *chain,
				   struct nfv_rules_error *error);

/* ---- ownership ---- */

/* Tags the rule as the owner's: a comment `nfv:<owner>:<hash of the rule without it>`, behind a comment that is there. */
NFV_RULES_API int nfv_rule_set_owner(struct nfv_rule *rule, const char *owner);
/*
 * The owner's name in text (size bytes), or -ENOENT. *intact (NULL: not wanted): the hash fits, nobody changed the rule.
 * (It does not fit either when the tool prints a value in a form that this library does not know for the same.)
 */
NFV_RULES_API int nfv_rule_owner(const struct nfv_rule *rule, char *text, size_t size, bool *intact);
/*
 * Removes the owner's rules, and the chains that begin with prefix (NULL: no chains), hold nothing else, and that no rule
 * of others leads to. Returns how many rules and chains that were.
 */
NFV_RULES_API int nfv_rules_sweep(struct nfv_rules *rules, const char *owner, const char *prefix);
/*
 * Makes the owner's rules in `rules` those of `wanted`, which are tagged: in each chain of `wanted` they stand together
 * where the first of them stood, else at the chain's begin (`first`) or end. Rules of others stay where they are. Chains
 * of the user in `wanted` that are not in `rules` are made. Returns 0 or -errno.
 */
NFV_RULES_API int nfv_rules_put_owned(struct nfv_rules *rules, const struct nfv_rules *wanted, const char *owner,
				      bool first);

/* Watches that what an owner put into the kernel stays there. */
struct nfv_guard;
struct nfv_guard_counters {
	uint64_t checks;   /* looks at the ruleset */
	uint64_t flushes;  /* times that something of the owner was found gone or changed */
	uint64_t repairs;  /* times that it was put back */
	uint64_t failures; /* times that it could not be */
};
/*
 * wanted[i] as for nfv_rules_put_owned(); copied. They should be in the kernel already: what is there with the same tags
 * counts as in order, and is put back later where it stands now.
 */
NFV_RULES_API int nfv_guard_new(struct nfv_guard **guard, struct nfv_live *live, const struct nfv_rules *const *wanted,
				size_t count, const char *owner, struct nfv_rules_error *error);
NFV_RULES_API void nfv_guard_free(struct nfv_guard *guard);
/* A descriptor that becomes readable when the ruleset may have changed, or -ENOTSUP (legacy): then check now and then. */
NFV_RULES_API int nfv_guard_fd(const struct nfv_guard *guard);
/*
 * Looks if the generation changed, and puts back what is gone; after each repair it waits longer before the next (1 s to
 * 60 s), so that two that fight do not eat the machine. Returns milliseconds until it should be called again, or -errno.
 */
NFV_RULES_API long nfv_guard_check(struct nfv_guard *guard, struct nfv_rules_error *error);
NFV_RULES_API void nfv_guard_counters(const struct nfv_guard *guard, struct nfv_guard_counters *counters);

/* ---- a server ---- */

struct nfv_server_options {
	const char *path;       /* of the Unix socket, made with mode 0600 */
	int listen_fd;          /* a socket that listens already (path is then not used); 0: none */
	unsigned idle_exit_s;   /* end after so long without a client; 0: never */
	int stop_fd;            /* readable: end; 0: none */
	const uint32_t *users;  /* that may connect beside root and the server's own user, if the socket's mode lets them */
	size_t user_count;
	struct nfv_live_options live; /* how the kernel is reached; server must be NULL */
};
/* Serves until it is stopped, or idle. 0 or -errno. */
NFV_RULES_API int nfv_rules_serve(const struct nfv_server_options *options, struct nfv_rules_error *error);

#ifdef __cplusplus
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
}
#endif
#endif
