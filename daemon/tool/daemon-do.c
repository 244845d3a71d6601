/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that print what the daemon says, as it says it: stats; and those that make it do something. */
#include "daemon/tool/daemon-ask.h"
#include "daemon/tool/daemon.h"
#include "daemon/tool/paint.h"

/* The texts of the answer's lines. */
static void print_texts(const struct ask *ask)
{
	size_t i;
	const json_t *line;

	if (ask->say.arguments->given & ARG_JSON)
		return;
	json_array_foreach(ask->lines, i, line) {
		const char *text = json_string_value(json_object_get(line, "text"));

		if (text)
			paint_safely(stdout, text);
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

int daemon_stop(const struct arguments *arguments)
{
	struct ask ask = { .request = { .command = CONTROL_STOP } };

	ask_daemon(&ask, arguments, ASK_LONG_S);
	return ask_end(&ask, json_object());
}
