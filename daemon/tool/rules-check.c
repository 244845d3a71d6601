/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfverdict rules check: every mistake in a file. */
#include "daemon/tool/declared.h"
#include "daemon/tool/input.h"
#include "daemon/tool/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Our own checks, over the kernel's ruleset with --live. 0 or -errno. */
static int check_rules(struct say *say, const struct rulesets *rulesets, const struct rulesets *kernel)
{
	int result = 0;

	for (int family = 0; family < 2; family++) {
		int err;

		if (!rulesets->of[family])
			continue;
		if (declared_check(rulesets->of[family], kernel->of[family], say_finding, say))
			result = result ? result : -EINVAL;
		err = nfv_rules_check(rulesets->of[family], kernel->of[family], say_finding, say);
		if (err && (!result || err != -EINVAL))
			result = err;
	}
	return result;
}

/* The tool's own --test. What it finds is told as a finding. 0 or -errno. */
static int check_with_tool(struct say *say, struct nfv_live *live, const struct rulesets *rulesets)
{
	const struct nfv_commit_options options = { .dry_run = true };
	const struct nfv_rules *wanted[2];
	struct nfv_rules_error error = { 0 };
	size_t count = 0;
	int err;

	for (int family = 0; family < 2; family++) {
		if (rulesets->of[family])
			wanted[count++] = rulesets->of[family];
	}
	err = nfv_live_apply(live, wanted, count, NFV_DIFF_NAMED_ONLY, &options, NULL, &error);
	if (err < 0 && error.code) {
		input_show_line(&rulesets->source, &error);
		say_finding(say, &error);
	}
	return err;
}

static int check(struct say *say, const struct rulesets *rulesets)
{
	bool test = say->arguments->given & ARG_TEST, families[2] = { rulesets->of[0] != NULL, rulesets->of[1] != NULL };
	struct rulesets kernel = { 0 };
	struct nfv_live *live = NULL;
	int result, err;

	if (say->arguments->given & (ARG_LIVE | ARG_TEST)) {
		result = input_open_live(say, &live);
		if (result == TOOL_OK && say->arguments->given & ARG_LIVE)
			result = input_read_live(say, live, families, &kernel);
		if (result != TOOL_OK) {
			nfv_live_close(live);
			return result;
		}
	}
	err = check_rules(say, rulesets, &kernel);
	if (err == 0 && test)
		err = check_with_tool(say, live, rulesets);
	rulesets_free(&kernel);
	nfv_live_close(live);
	if (err && !say->findings)
		return say_failure(say, TOOL_ERROR, err, "%s", strerror(-err));
	return say_outcome(say, NULL, say->findings ? TOOL_NO : TOOL_OK);
}

/* ---- a text with lines that cannot be read ---- */

/* The text is read again without them, for what is wrong with the others. */
struct rest {
	struct say *say; /* NULL: nothing more is told */
	struct input *input;
	struct nfv_rules_error first;
	unsigned *lines; /* that cannot be read */
	size_t count;
	bool blanked;
};

/* A line becomes blanks. A table's first line takes those behind it along: they belong to no other table. */
static void blank(struct rest *rest, unsigned number)
{
	char *line = rest->input->text, *end = line + rest->input->len;
	bool table = false;

	for (unsigned at = 1; line < end; at++) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		char *line_end = newline ? newline : end;

		if (at > number && (!table || *line == '*' || *line == 'C'))
			return;
		if (at >= number) {
			table = table || *line == '*';
			for (; line < line_end; line++) {
				rest->blanked = rest->blanked || *line != ' ';
				*line = ' ';
			}
		}
		line = line_end + 1;
	}
}

static void bad_line(void *context, const struct nfv_rules_error *error)
{
	struct rest *rest = context;
	unsigned *lines;

	if (!rest->first.code)
		rest->first = *error;
	if (rest->say)
		say_finding(rest->say, error);
	lines = error->line ? reallocarray(rest->lines, rest->count + 1, sizeof(*lines)) : NULL;
	if (!lines)
		return;
	rest->lines = lines;
	lines[rest->count++] = error->line;
}

/* Reads one family until nothing is wrong any more. NULL: that does not come. */
static struct nfv_rules *read_rest(struct rest *rest, struct say *say, enum nfv_family family)
{
	const struct nfv_read_options options = { .table = say->arguments->table, .report = bad_line, .context = rest };
	struct nfv_rules *rules = nfv_rules_new(family);
	int err = -EINVAL;

	rest->say = say;
	do {
		rest->blanked = false;
		err = rules ? input_apply(rest->input, rules, say->arguments->table, &options, NULL) : -ENOMEM;
		rest->say = NULL;
		while (rest->count > 0)
			blank(rest, rest->lines[--rest->count]);
	} while (err && rest->blanked);
	if (!err)
		return rules;
	nfv_rules_free(rules);
	/* Never without a reason: what was not read was not checked. */
	if (!rest->first.code)
		rest->first = (struct nfv_rules_error){ .code = -err, .text = "the text could not be read" };
	return NULL;
}

/* Takes the input. */
static int check_text(struct say *say, struct input *input)
{
	struct rest rest = { .input = input };
	struct rulesets rulesets = { 0 }, kernel = { 0 };
	int result;

	for (int family = 0; family < 2; family++) {
		if (input->families[family])
			rulesets.of[family] = read_rest(&rest, say, (enum nfv_family)family);
	}
	free(rest.lines);
	rulesets.source = *input;
	if (!rest.first.code) {
		result = check(say, &rulesets);
	} else {
		check_rules(say, &rulesets, &kernel);
		result = say_error(say, &rest.first, TOOL_ERROR);
	}
	rulesets_free(&rulesets);
	return result;
}

int tool_check(const struct arguments *arguments)
{
	struct rulesets rulesets;
	struct input input;
	struct say say;
	int result;

	say_init(&say, arguments);
	if (strcmp(arguments->words[0], "live") == 0) {
		result = input_read_path(&say, arguments->words[0], &rulesets);
	} else {
		result = input_load(&say, arguments->words[0], &input);
		if (result != TOOL_OK)
			return result;
		if (!input.json && !(input.commands && arguments->table))
			return check_text(&say, &input);
		result = input.json ? input_read_json(&say, &input, &rulesets) : input_read(&say, &input, &rulesets);
		input_free(&input);
	}
	if (result != TOOL_OK)
		return result;
	result = check(&say, &rulesets);
	rulesets_free(&rulesets);
	return result;
}
