/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command has to tell: findings, an error, an outcome; for people on standard error, as JSON on standard output. */
#ifndef TOOL_SAY_H
#define TOOL_SAY_H

#include "daemon/tool/arguments.h"

#include <jansson.h>

struct say {
	const struct arguments *arguments;
	bool color; /* of standard error */
	size_t findings; /* told until now */
	json_t *list; /* of findings, when JSON is wanted */
};

void say_init(struct say *say, const struct arguments *arguments);

/* Frees what is left when a command ended without one of the ends below. */
void say_end(struct say *say);

/* A finding: an nfv_rules_report_fn, its context a struct say. */
void say_finding(void *context, const struct nfv_rules_error *error);

/* The exit code that stands for -errno. */
enum tool_exit say_exit_of(int code);

/*
 * The end of a command that failed: prints the error, unless it was told as a finding already, and returns `status`. With
 * --json prints {"ok": false, "error": …, "findings": …}.
 */
int say_error(struct say *say, const struct nfv_rules_error *error, enum tool_exit status);

/* The same with a text of the tool. */
int say_failure(struct say *say, enum tool_exit status, int code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * The end of a command that did what it should. With --json prints `outcome`, which is given away, with "ok": true and
 * the findings in it; else nothing. Returns status.
 */
int say_outcome(struct say *say, json_t *outcome, enum tool_exit status);

/* A hint for people, "nfverdict: …" on standard error; nothing with --json. */
void say_hint(const struct say *say, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A log function of the library; its context a struct say. */
void say_log(void *context, enum nfv_rules_level level, const char *text);

/* A text as JSON: rulesets may hold bytes that are no UTF-8, which become question marks. */
json_t *say_text(const char *text);

/* Prints a value with two blanks of indent, and frees it. False after a word on stderr: there was no memory for it. */
bool say_json(json_t *value);

#endif
