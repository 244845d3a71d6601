/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/read-scan.h"

#include <string.h>

#define PRIME 0x9e3779b97f4a7c15u

/* Bytes that end the simple part of a word. */
enum { WORD = 0, BLANK, QUOTE, CONTROL };

static const uint8_t classes[256] = {
	[0 ... '\t' - 1] = CONTROL, ['\t'] = BLANK, ['\n' ... ' ' - 1] = CONTROL,
	[' '] = BLANK,		    ['"'] = QUOTE,  [0x7f] = CONTROL,
};

/* What stands before a word, and says what the word is. */
enum before { BEFORE_OTHER, BEFORE_EXTENSION, BEFORE_TARGET, BEFORE_ADDRESS };

struct state {
	struct read_scan *scan;
	const char *text_end;
	enum before before;
	struct read_scan_option *memory;
	uint64_t target; /* of a -j: it matters only when options follow */
	size_t words;
};

#define EVERY_BYTE(value) ((uint64_t)(value)*0x0101010101010101u)

/*
 * The first byte from at on that is no plain part of a word, eight bytes at a time. Of each test only the lowest flag is
 * exact, which is all that is looked at.
 */
static inline const char *plain_end(const char *at, const char *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	while (end - at >= 8) {
		uint64_t bytes, quote, del, flags;

		memcpy(&bytes, at, 8);
		quote = bytes ^ EVERY_BYTE('"');
		del = bytes ^ EVERY_BYTE(0x7f);
		flags = (bytes - EVERY_BYTE(' ' + 1)) & ~bytes;
		flags |= (quote - EVERY_BYTE(1)) & ~quote;
		flags |= (del - EVERY_BYTE(1)) & ~del;
		flags &= EVERY_BYTE(0x80);
		if (flags)
			return at + __builtin_ctzll(flags) / 8;
		at += 8;
	}
#endif
	while (at < end && classes[(uint8_t)*at] == WORD)
		at++;
	return at;
}

static inline uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * PRIME;
	return hash ^ hash >> 29;
}

/* Up to eight bytes from at, zero behind end. */
static inline uint64_t load(const char *at, const char *end, const char *text_end)
{
	size_t len = (size_t)(end - at);
	uint64_t value = 0;

	if (__builtin_expect(text_end - at >= 8, 1)) {
		memcpy(&value, at, 8);
		return len >= 8 ? value : value & (((uint64_t)1 << 8 * len) - 1);
	}
	memcpy(&value, at, len < 8 ? len : 8);
	return value;
}

static inline uint64_t hash_word(const char *at, const char *end, const char *text_end)
{
	uint64_t hash = (uint64_t)(end - at);

	for (; at < end; at += 8)
		hash = mix(hash, load(at, end, text_end));
	return hash;
}

static bool is(const char *at, size_t len, const char *word)
{
	return strlen(word) == len && !memcmp(at, word, len);
}

static bool is_beginning(const char *at, size_t len, size_t least, const char *word)
{
	return len >= least && len <= strlen(word) && !memcmp(at, word, len);
}

/* Views look at lengths: of names of interfaces, chains and extensions, and whether there is anything. */
static inline uint64_t length_class(size_t len)
{
	return len == 0 ? 0 : len <= 15 ? 1 : len <= NFV_RULES_CHAIN_NAME_MAX ? 2 : 3;
}

/* A long option: which kind of value comes next? The tool takes beginnings that fit one option alone. */
static enum before after_long(const char *at, size_t len)
{
	if (len < 5)
		return BEFORE_OTHER;
	switch (at[2]) {
	case 's':
		return is(at, len, "--src") || is_beginning(at, len, 5, "--source") ? BEFORE_ADDRESS : BEFORE_OTHER;
	case 'd':
		return is(at, len, "--dst") || is_beginning(at, len, 5, "--destination") ? BEFORE_ADDRESS : BEFORE_OTHER;
	case 'm':
		return is_beginning(at, len, 5, "--match") ? BEFORE_EXTENSION : BEFORE_OTHER;
	case 'p':
		return is_beginning(at, len, 6, "--protocol") || is(at, len, "--proto") ? BEFORE_EXTENSION : BEFORE_OTHER;
	case 'j':
		return is_beginning(at, len, 5, "--jump") ? BEFORE_TARGET : BEFORE_OTHER;
	case 'g':
		return is_beginning(at, len, 5, "--goto") ? BEFORE_TARGET : BEFORE_OTHER;
	}
	return BEFORE_OTHER;
}

/* The long forms of what is no part of a rule. */
static bool is_command(const char *at, size_t len)
{
	static const char *const names[] = { "--append",    "--insert",       "--delete",  "--replace", "--check",
					     "--new-chain", "--set-counters", "--ipv4",    "--ipv6",    "--table",
					     "--wait",      "--verbose",      "--numeric", "--exact",   "--line-numbers" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is(at, len, names[i]))
			return true;
	return false;
}

/* What an option is depends on nothing but its name. */
static void long_option(struct state *s, const char *at, size_t len, uint64_t hash)
{
	struct read_scan_option *known = &s->memory[hash % READ_SCAN_OPTIONS];

	if (known->hash != hash) {
		/* --source=a,b */
		known->command = memchr(at, '=', len) || is_command(at, len);
		known->before = (uint8_t)after_long(at, len);
		known->hash = hash;
	}
	s->before = known->before;
	s->scan->command |= known->command;
}

static inline void option(struct state *s, const char *at, size_t len, uint64_t hash)
{
	s->before = BEFORE_OTHER;
	if (len == 2) {
		switch (at[1]) {
		case 's':
		case 'd':
			s->before = BEFORE_ADDRESS;
			return;
		case 'm':
		case 'p':
			s->before = BEFORE_EXTENSION;
			return;
		case 'j':
		case 'g':
			s->before = BEFORE_TARGET;
			return;
		case 'i':
		case 'o':
		case 'f':
			return;
		}
		s->scan->command = true;
		return;
	}
	if (len > 1 && at[1] != '-') {
		s->scan->command = true; /* -AINPUT, -jDROP */
		return;
	}
	long_option(s, at, len, hash);
}

static inline void word(struct state *s, const char *at, const char *end, bool quoted)
{
	struct read_scan *scan = s->scan;
	size_t len = (size_t)(end - at);

	if (s->target) {
		scan->shape = mix(scan->shape, s->target);
		s->target = 0;
	}
	if (!quoted && len && (*at == '-' || *at == '!')) {
		uint64_t hash = hash_word(at, end, s->text_end);

		scan->shape = mix(scan->shape, hash);
		if (*at == '-')
			option(s, at, len, hash);
		return; /* "!": what stood before it is over, or goes on behind it */
	}
	switch (s->before) {
	case BEFORE_ADDRESS:
		if (memchr(at, ',', len))
			scan->list = true;
		scan->shape = mix(scan->shape, length_class(len));
		break;
	case BEFORE_EXTENSION:
		scan->shape = mix(scan->shape, hash_word(at, end, s->text_end));
		break;
	case BEFORE_TARGET:
		s->target = hash_word(at, end, s->text_end) | 1;
		scan->shape = mix(scan->shape, 16 + length_class(len));
		break;
	case BEFORE_OTHER:
		/* A value, or `"-j A"`: an option and its value in one word. */
		scan->command |= quoted && len && *at == '-';
		scan->shape = mix(scan->shape, (quoted && len && (*at == '-' || *at == '!') ? 8 : 0) + length_class(len));
		break;
	}
	s->before = BEFORE_OTHER;
}

static bool fault(struct read_scan *scan, enum read_scan_fault fault, const char *at)
{
	scan->fault = fault;
	scan->at = at;
	return false;
}

/* The end of a quoted part, behind its closing quote; NULL after a fault. */
static const char *skip_quoted(struct read_scan *scan, const char *open, const char *end)
{
	for (const char *at = open + 1; at < end; at++) {
		if (*at == '"')
			return at + 1;
		if (*at == '\\' && at + 1 < end)
			at++;
		if (classes[(uint8_t)*at] == CONTROL) {
			fault(scan, READ_SCAN_CONTROL, at);
			return NULL;
		}
	}
	fault(scan, READ_SCAN_UNCLOSED, open);
	return NULL;
}

/* The bytes of a word without its quotes and backslashes. */
static size_t value_len(const char *at, const char *end)
{
	size_t len = 0;
	bool quoted = false;

	for (; at < end; at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (*at == '\\' && quoted && at + 1 < end)
			at++, len++;
		else
			len++;
	}
	return len;
}

/* One word, from its first byte. *at: behind it. A closing quote ends it. */
static inline bool take_word(struct state *s, const char **at, const char *end)
{
	const char *begin = *at, *c = begin;
	bool quoted = false;

	c = plain_end(c, end);
	if (c < end && __builtin_expect(classes[(uint8_t)*c] == QUOTE, 0)) {
		quoted = c == begin;
		c = skip_quoted(s->scan, c, end);
		if (!c)
			return false;
	} else if (c < end && classes[(uint8_t)*c] == CONTROL) {
		return fault(s->scan, READ_SCAN_CONTROL, c);
	}
	if (c - begin > NFV_RULES_TOKEN_MAX && value_len(begin, c) > NFV_RULES_TOKEN_MAX)
		return fault(s->scan, READ_SCAN_LONG_WORD, begin);
	if (++s->words > NFV_RULES_TOKENS_MAX)
		return fault(s->scan, READ_SCAN_MANY, begin);
	word(s, quoted ? begin + 1 : begin, quoted ? c - 1 : c, quoted);
	*at = c;
	return true;
}

void read_scan(struct read_scan *scan, struct read_span rule, size_t words, const char *text_end,
	       struct read_scan_option *memory)
{
	struct state s = { .scan = scan, .text_end = text_end, .words = words, .memory = memory };
	const char *at = rule.at;

	*scan = (struct read_scan){ .fault = READ_SCAN_FINE };
	for (;;) {
		while (at < rule.end && classes[(uint8_t)*at] == BLANK)
			at++;
		if (at == rule.end || !take_word(&s, &at, rule.end))
			break;
	}
	if (s.before != BEFORE_OTHER)
		scan->shape = mix(scan->shape, 32); /* an option without its value */
	if (!scan->shape)
		scan->shape = 1;
}
