/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/tree-text.h"

#include <stdint.h>
#include <string.h>

/* Bytes of the UTF-8 character at p, 0 when it is none: overlong forms and surrogates are none. */
static size_t decode(const unsigned char *p, size_t left, uint32_t *code)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0x80 ? 1 : (p[0] & 0xe0) == 0xc0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : (p[0] & 0xf8) == 0xf0 ? 4 : 0;

	if (!len || len > left)
		return 0;
	*code = len == 1 ? p[0] : p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	if (*code < lowest[len] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

/* What YAML allows to stand in a file. */
static bool is_allowed(uint32_t code)
{
	if (code < 0x20)
		return code == '\t' || code == '\n' || code == '\r';
	if (code >= 0x7f && code <= 0x9f)
		return code == 0x85;
	return code != 0xfffe && code != 0xffff;
}

static bool is_utf16(const unsigned char *p, size_t len)
{
	return len >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff));
}

/* True, with the words for it, when the character of n bytes at p must not stand in a file. */
static bool refuse_character(const unsigned char *p, size_t n, uint32_t code, char *out, size_t size)
{
	if (!n)
		snprintf(out, size, "byte 0x%02x is not valid UTF-8, expected UTF-8 text", p[0]);
	else if (!code)
		snprintf(out, size, "found a NUL byte, expected text");
	else if (!is_allowed(code))
		snprintf(out, size, "found the control character 0x%02x, expected text", (unsigned)code);
	else
		return false;
	return true;
}

bool tree_text_check(const char *file, const char *text, size_t len, struct report *report)
{
	const unsigned char *p = (const unsigned char *)text;
	struct place place = { file, 1, 1 };
	uint32_t code = 0;
	char words[64];
	size_t n;

	if (is_utf16(p, len)) {
		report_add(report, place, NULL, "the file is UTF-16, expected UTF-8");
		return false;
	}
	for (size_t i = 0; i < len; i += n) {
		n = decode(p + i, len - i, &code);
		if (refuse_character(p + i, n, code, words, sizeof(words))) {
			report_add(report, place, NULL, "%s", words);
			return false;
		}
		if (code == '\n' || (code == '\r' && (i + 1 == len || p[i + 1] != '\n'))) {
			place.line++;
			place.column = 1;
		} else {
			place.column++;
		}
	}
	return true;
}

#define TAG_WORDS "found a tag ('!'), which is not taken: a value that begins with ! must be put in quotes"

/*
 * libyaml's words and ours. With at_context, the place where the thing began tells more than the one where the parser
 * gave up.
 */
static const struct explanation {
	const char *problem; /* NULL: any */
	const char *context; /* NULL: any */
	const char *words;
	bool at_context;
} explanations[] = {
	{ "mapping values are not allowed in this context", NULL,
	  "found a ':' that does not belong here, expected one key on a line, or quotes around a text that has ': ' in it",
	  false },
	{ "could not find expected ':'", NULL, "expected a ':' and a blank behind the key that stands here", true },
	{ "mapping keys are not allowed in this context", NULL, "found a '?' that does not belong here, expected a key",
	  false },
	{ "block sequence entries are not allowed in this context", NULL,
	  "found a '-' that does not belong here, expected list items on lines of their own", false },
	{ "did not find expected '-' indicator", NULL,
	  "found something at the wrong indentation, expected '- ' in line with the list items above it", false },
	{ "did not find expected ',' or ']'", NULL, "expected ',' or ']' in the list that began", false },
	{ "did not find expected ',' or '}'", NULL, "expected ',' or '}' in the mapping that began", false },
	{ "did not find expected node content", NULL, "expected a value here", false },
	{ "found unexpected end of stream", "while scanning a quoted scalar",
	  "the file ends inside this text, expected its closing quote", true },
	{ "found unexpected document indicator", "while scanning a quoted scalar",
	  "found '---' or '...' inside this text, expected its closing quote", true },
	{ "found unknown escape character", NULL,
	  "found a '\\' with a letter that YAML does not know, expected '\\\\', or single quotes around the text", false },
	{ "did not find expected hexdecimal number", NULL, "expected hexadecimal digits behind '\\x' or '\\u'", false },
	{ "found invalid Unicode character escape code", NULL, "expected the code of a valid character", false },
	{ "found a tab character that violates indentation", NULL, "found a tab, expected blanks for indentation", false },
	{ "found a tab character where an indentation space is expected", NULL,
	  "found a tab, expected blanks for indentation", false },
	{ "did not find expected comment or line break", NULL, "expected the end of the line or a comment", false },
	{ "found an indentation indicator equal to 0", NULL, "expected a number from 1 to 9 behind '|' or '>'", false },
	{ "did not find expected <document start>", NULL,
	  "expected one document, with one mapping of keys, and nothing behind it", false },
	{ "did not find expected alphabetic or numeric character", NULL,
	  "found '*' or '&' (aliases are not taken), expected quotes around a text that begins so", true },
	{ "found undefined tag handle", NULL, TAG_WORDS, false },
	{ NULL, "while scanning a tag", TAG_WORDS, true },
	{ NULL, "while parsing a tag", TAG_WORDS, true },
	{ "found unexpected ':'", "while scanning a plain scalar",
	  "found a ':' that no blank follows, expected a blank behind the ':' of a key, or quotes around a text that holds "
	  "one",
	  false },
	{ "found unknown directive name", NULL, "found '%', expected a key: directives other than %YAML are not taken",
	  false },
	{ "found incompatible YAML document", NULL, "expected YAML version 1.1 or 1.2", false },
};

static size_t offset_of(const char *text, size_t len, const yaml_mark_t *mark)
{
	size_t at = mark->index, start;

	/* index counts characters, not bytes: walk. */
	for (start = 0; start < len && at; start++) {
		if (start + 1 >= len || (text[start + 1] & 0xc0) != 0x80)
			at--;
	}
	return start;
}

/* The one problem whose cause depends on the character that stands there. */
static void explain_character(const char *text, size_t len, const yaml_mark_t *mark, char *out, size_t size)
{
	size_t at = offset_of(text, len, mark);

	if (at < len && text[at] == '\t')
		snprintf(out, size, "found a tab, expected blanks for indentation");
	else if (at < len && text[at] > ' ')
		snprintf(out, size, "found '%c', expected a key or a value: put a text that begins so in quotes", text[at]);
	else
		snprintf(out, size, "expected a key or a value here");
}

/* Either the indentation is wrong, or a value has ended and something follows on its line. */
static void explain_missing_key(const char *text, size_t len, const yaml_mark_t *mark, char *out, size_t size)
{
	size_t at = offset_of(text, len, mark), start = at;

	while (start > 0 && text[start - 1] != '\n' && text[start - 1] != '\r')
		start--;
	if (start + strspn(text + start, " ") < at)
		snprintf(out, size, "found more behind a value, expected the end of the line");
	else if (at < len && strchr(":]},", text[at]))
		snprintf(out, size, "found '%c', expected a key", text[at]);
	else
		snprintf(out, size,
			 "found something at the wrong indentation, expected a key in line with the keys above it");
}

static const struct explanation *find_explanation(const char *problem, const char *context)
{
	for (size_t i = 0; i < sizeof(explanations) / sizeof(explanations[0]); i++) {
		const struct explanation *e = &explanations[i];

		if ((!e->problem || !strcmp(e->problem, problem)) &&
		    (!e->context || (context && !strcmp(e->context, context))))
			return e;
	}
	return NULL;
}

void tree_text_explain(const yaml_parser_t *parser, const char *file, const char *text, size_t len, struct report *report)
{
	const char *problem = parser->problem ? parser->problem : "unreadable";
	const struct explanation *e = find_explanation(problem, parser->context);
	const yaml_mark_t *mark = e && e->at_context && parser->context ? &parser->context_mark : &parser->problem_mark;
	struct place place = { file, (unsigned)mark->line + 1, (unsigned)mark->column + 1 };
	char words[128];

	if (parser->error == YAML_MEMORY_ERROR) {
		report_add(report, place, NULL, "out of memory");
	} else if (!strcmp(problem, "found character that cannot start any token")) {
		explain_character(text, len, mark, words, sizeof(words));
		report_add(report, place, NULL, "%s", words);
	} else if (!strcmp(problem, "did not find expected key")) {
		explain_missing_key(text, len, mark, words, sizeof(words));
		report_add(report, place, NULL, "%s", words);
	} else if (e && parser->context && strstr(e->words, "that began")) {
		report_add(report, place, NULL, "%s at line %zu, column %zu", e->words, parser->context_mark.line + 1,
			   parser->context_mark.column + 1);
	} else if (e) {
		report_add(report, place, NULL, "%s", e->words);
	} else {
		report_add(report, place, NULL, "%s%s%s, expected valid YAML", parser->context ? parser->context : "",
			   parser->context ? ": " : "", problem);
	}
}
