/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/input.h"

#include "daemon/tool/input-text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX ((size_t)1 << 30)
#define TRIES_MAX 20 /* after the first: others may change the same chains all the time */

void rulesets_free(struct rulesets *rulesets)
{
	for (int family = 0; family < 2; family++)
		nfv_rules_free(rulesets->of[family]);
	input_free(&rulesets->source);
	*rulesets = (struct rulesets){ 0 };
}

const char *rulesets_family_name(enum nfv_family family)
{
	return family == NFV_FAMILY_IPV6 ? "ipv6" : "ipv4";
}

const char *rulesets_family_title(enum nfv_family family)
{
	return family == NFV_FAMILY_IPV6 ? "IPv6" : "IPv4";
}

void input_families(const struct arguments *arguments, const bool automatic[2], bool families[2])
{
	families[NFV_FAMILY_IPV4] = arguments->family == ARGUMENTS_IPV4 || arguments->family == ARGUMENTS_BOTH;
	families[NFV_FAMILY_IPV6] = arguments->family == ARGUMENTS_IPV6 || arguments->family == ARGUMENTS_BOTH;
	if (arguments->family == ARGUMENTS_AUTO)
		memcpy(families, automatic, 2 * sizeof(families[0]));
}

/* 0 or -errno. */
static int load_stream(FILE *file, struct input *input)
{
	size_t size = 0, got;

	do {
		if (input->len == size) {
			char *more;

			size = size ? size * 2 : 65536;
			if (size > INPUT_MAX)
				return -EFBIG;
			more = realloc(input->text, size);
			if (!more)
				return -ENOMEM;
			input->text = more;
		}
		got = fread(input->text + input->len, 1, size - input->len, file);
		input->len += got;
	} while (got > 0);
	return ferror(file) ? -(errno ? errno : EIO) : 0;
}

static void look(const struct arguments *arguments, struct input *input)
{
	struct input_text found;
	size_t at = 0;

	while (at < input->len && strchr(" \t\r\n", input->text[at]))
		at++;
	input->json = at < input->len && (input->text[at] == '{' || (input->text[at] == '[' && at + 1 < input->len &&
								     strchr(" \t\r\n{]", input->text[at + 1])));
	input_text_look(&found, input->text, input->len);
	if (!found.families[0] && !found.families[1])
		found.families[NFV_FAMILY_IPV4] = true;
	input->commands = found.commands;
	input->split = found.sections;
	input_families(arguments, found.families, input->families);
}

int input_load(struct say *say, const char *path, struct input *input)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "re");
	int err;

	*input = (struct input){ .name = standard ? "standard input" : path };
	if (!file)
		return say_failure(say, TOOL_ERROR, errno, "%s: %s", path, strerror(errno));
	errno = 0;
	err = load_stream(file, input);
	if (!standard)
		fclose(file);
	if (err) {
		input_free(input);
		return say_failure(say, TOOL_ERROR, err, "%s: %s", path, strerror(-err));
	}
	look(say->arguments, input);
	return TOOL_OK;
}

void input_free(struct input *input)
{
	free(input->text);
	input->text = NULL;
}

void input_show_line(const struct input *input, struct nfv_rules_error *error)
{
	const char *line = input->text, *end = line ? line + input->len : NULL, *newline;
	size_t len;

	if (!input->name || !line || input->json || !error->line || error->column || strcmp(error->file, input->name) != 0)
		return;
	for (unsigned number = 1; number < error->line; number++) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			return;
		line = newline + 1;
	}
	newline = memchr(line, '\n', (size_t)(end - line));
	len = (size_t)((newline ? newline : end) - line);
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len > 0)
		snprintf(error->shown, sizeof(error->shown), "%.*s", len < sizeof(error->shown) ? (int)len : 255, line);
	error->shown_column = 0;
}

int input_apply(const struct input *input, struct nfv_rules *rules, const char *only_table,
		const struct nfv_read_options *options, struct nfv_rules_error *error)
{
	struct nfv_read_options mine = *options;
	char *part;
	size_t part_len;
	int err;

	mine.file = input->name;
	if (input->commands)
		mine.flags |= NFV_READ_COMMANDS;
	if (!input->split && !only_table)
		return nfv_rules_read(rules, input->text, input->len, &mine, error);
	part = input_text_part(input->text, input->len, nfv_rules_family(rules), only_table, &part_len);
	if (!part)
		return -ENOMEM;
	err = nfv_rules_read(rules, part, part_len, &mine, error);
	free(part);
	return err;
}

int input_read(struct say *say, const struct input *input, struct rulesets *rulesets)
{
	struct nfv_read_options options = { .table = say->arguments->table, .report = say_finding, .context = say };
	struct nfv_rules_error error = { 0 };

	*rulesets = (struct rulesets){ 0 };
	if (input->commands && say->arguments->table)
		return say_failure(say, TOOL_ERROR, EINVAL, "%s: --table does not go with a file of commands", input->name);
	for (int family = 0; family < 2; family++) {
		int err;

		if (!input->families[family])
			continue;
		rulesets->of[family] = nfv_rules_new((enum nfv_family)family);
		err = rulesets->of[family]
			      ? input_apply(input, rulesets->of[family], say->arguments->table, &options, &error)
			      : -ENOMEM;
		if (err) {
			rulesets_free(rulesets);
			return error.code ? say_error(say, &error, TOOL_ERROR)
					  : say_failure(say, TOOL_ERROR, err, "%s: %s", input->name, strerror(-err));
		}
	}
	return TOOL_OK;
}

int input_read_path(struct say *say, const char *path, struct rulesets *rulesets)
{
	static const bool both[2] = { true, true };
	struct input input;
	int result;

	if (strcmp(path, "live") == 0) {
		struct nfv_live *live;
		bool families[2];

		input_families(say->arguments, both, families);
		result = input_open_live(say, &live);
		if (result != TOOL_OK)
			return result;
		result = input_read_live(say, live, families, rulesets);
		nfv_live_close(live);
		return result;
	}
	result = input_load(say, path, &input);
	if (result != TOOL_OK)
		return result;
	result = input.json ? input_read_json(say, &input, rulesets) : input_read(say, &input, rulesets);
	if (result == TOOL_OK && !input.json)
		rulesets->source = input;
	else
		input_free(&input);
	return result;
}

int input_open_live(struct say *say, struct nfv_live **live)
{
	const struct arguments *arguments = say->arguments;
	const struct nfv_live_options options = {
		.backend = arguments->backend,
		.tool_folder = arguments->tools,
		.state_folder = arguments->state,
		.server = arguments->server,
		.owner = arguments->owner,
		.max_retries = TRIES_MAX,
		.log = say_log,
		.log_context = say,
	};
	struct nfv_rules_error error = { 0 };
	int err = nfv_live_open(live, &options, &error);

	if (err == 0)
		return TOOL_OK;
	*live = NULL;
	return error.code ? say_error(say, &error, TOOL_ERROR) : say_failure(say, TOOL_ERROR, err, "%s", strerror(-err));
}

int input_read_live(struct say *say, struct nfv_live *live, const bool families[2], struct rulesets *rulesets)
{
	struct nfv_rules_error error = { 0 };

	*rulesets = (struct rulesets){ 0 };
	for (int family = 0; family < 2; family++) {
		if (!families[family])
			continue;
		rulesets->of[family] = nfv_live_read(live, (enum nfv_family)family, say->arguments->table, &error);
		if (!rulesets->of[family]) {
			int err = errno;

			rulesets_free(rulesets);
			if (error.code)
				return say_error(say, &error, TOOL_ERROR);
			return say_failure(say, TOOL_ERROR, err, "%s", strerror(err));
		}
	}
	return TOOL_OK;
}
