/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that print what the daemon says, as it says it: stats; and those that make it do something. */
#include "daemon/tool/daemon-ask.h"
#include "daemon/tool/daemon.h"
#include "daemon/tool/paint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The texts of the answer's lines. */
static void print_texts(const struct ask *ask)
{
	size_t i;
	const json_t *line;

	if (ask->say.arguments->given & ARG_JSON)
		return;
	json_array_foreach(ask->lines, i, line) {
		const char *text = json_string_value(json_object_get(line, "text"));

		if (!text)
			continue;
		paint_safely(stdout, text);
		if (!text[0] || text[strlen(text) - 1] != '\n')
			putchar('\n');
	}
}

int daemon_stats(const struct arguments *arguments)
{
	struct ask ask = { .request = { .command = CONTROL_STATS, .text = !(arguments->given & ARG_JSON) } };

	if (!ask_daemon(&ask, arguments, ASK_SOON_S))
		return ask_end(&ask, NULL);
	print_texts(&ask);
	return ask_end(&ask, ask_document(&ask));
}

/* "file:line:column: cause": what stands in front of the cause is taken apart. */
static void take_place(struct nfv_rules_error *error, const char *text)
{
	for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':')) {
		unsigned line, column;
		int len = 0;

		if (sscanf(colon, ":%7u:%7u: %n", &line, &column, &len) != 2 || len == 0 ||
		    (size_t)(colon - text) >= sizeof(error->file))
			continue;
		snprintf(error->file, sizeof(error->file), "%.*s", (int)(colon - text), text);
		error->line = line;
		error->column = column;
		text = colon + len;
		break;
	}
	snprintf(error->text, sizeof(error->text), "%s", text);
}

/* Each line of a refusal is a mistake. */
static void tell_mistakes(struct ask *ask)
{
	size_t i;
	const json_t *line;

	json_array_foreach(ask->lines, i, line) {
		const char *text = json_string_value(json_object_get(line, "text"));
		struct nfv_rules_error error = { .code = EINVAL };

		if (!text)
			continue;
		take_place(&error, text);
		say_finding(&ask->say, &error);
	}
}

/* Asks for something that takes its time, and says in the daemon's words what came of it. */
static int ask_change(struct ask *ask, const struct arguments *arguments)
{
	if (!ask_daemon(ask, arguments, ASK_LONG_S)) {
		tell_mistakes(ask);
		return ask_end(ask, NULL);
	}
	print_texts(ask);
	return ask_end(ask, json_pack("{s:O}", "said", json_object_get(json_array_get(ask->lines, 0), "text")));
}

int daemon_reload(const struct arguments *arguments)
{
	struct ask ask = { .request = { .command = CONTROL_RELOAD } };

	return ask_change(&ask, arguments);
}

/* The daemon is somewhere else: a path is told from the root on. 0 or -errno. */
static int take_path(char *place, size_t size, const char *name)
{
	int len;

	if (name[0] == '/') {
		len = snprintf(place, size, "%s", name);
	} else {
		if (!getcwd(place, size))
			return -errno;
		len = (int)strlen(place);
		len += snprintf(place + len, size - (size_t)len, "/%s", name);
	}
	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

int daemon_upgrade(const struct arguments *arguments)
{
	struct ask ask = { .request = { .command = CONTROL_UPGRADE } };
	int err = 0;

	if (arguments->word_count)
		err = take_path(ask.request.binary, sizeof(ask.request.binary), arguments->words[0]);
	if (!err)
		return ask_change(&ask, arguments);
	fprintf(stderr, "nfverdict: upgrade: %s: %s\n", arguments->words[0], strerror(-err));
	return TOOL_ERROR;
}

static int wrong_usage(const struct arguments *arguments, const char *cause)
{
	fprintf(stderr, "nfverdict: %s: %s: nfverdict %s %s\n", arguments->command->name, cause, arguments->command->name,
		arguments->command->usage);
	return TOOL_ERROR;
}

/* A word that goes into the request; false when it does not fit. */
static bool take_word(char *place, size_t size, const char *word)
{
	if (!word[0] || strlen(word) >= size)
		return false;
	strcpy(place, word);
	return true;
}

static void print_released(const json_t *lines, bool done)
{
	size_t i;
	const json_t *line;

	json_array_foreach(lines, i, line) {
		const json_t *released = json_object_get(line, "released");
		const char *queue = json_string_value(json_object_get(released, "queue"));
		const char *handler = json_string_value(json_object_get(released, "handler"));

		if (!queue || !handler)
			continue;
		printf("queue %s, number %lld: handler %s is released\n", queue,
		       (long long)json_integer_value(json_object_get(released, "number")), handler);
	}
	if (done && json_array_size(lines) == 0)
		printf("nothing is in quarantine\n");
}

static json_t *released_list(const json_t *lines)
{
	json_t *list = json_array();
	size_t i;
	json_t *line;

	json_array_foreach(lines, i, line) {
		json_t *released = json_object_get(line, "released");

		if (released)
			json_array_append(list, released);
	}
	return list;
}

int daemon_release(const struct arguments *arguments)
{
	struct ask ask = { .request = { .command = CONTROL_RELEASE, .all = arguments->given & ARG_ALL } };
	char **words = arguments->words;
	bool done;

	if (ask.request.all == (arguments->word_count > 0))
		return wrong_usage(arguments, "either a queue or --all");
	if (arguments->word_count > 0 && !take_word(ask.request.queue, sizeof(ask.request.queue), words[0]))
		return wrong_usage(arguments, "there is no such queue");
	if (arguments->word_count > 1 && !take_word(ask.request.handler, sizeof(ask.request.handler), words[1]))
		return wrong_usage(arguments, "there is no such handler");
	done = ask_daemon(&ask, arguments, ASK_LONG_S);
	if (!(arguments->given & ARG_JSON))
		print_released(ask.lines, done);
	if (!done) {
		tell_mistakes(&ask);
		return ask_end(&ask, NULL);
	}
	return ask_end(&ask, json_pack("{s:o}", "released", released_list(ask.lines)));
}

int daemon_stop(const struct arguments *arguments)
{
	struct ask ask = { .request = { .command = CONTROL_STOP } };

	ask_daemon(&ask, arguments, ASK_LONG_S);
	return ask_end(&ask, json_object());
}
