/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/daemon-ask.h"

#include <errno.h>

static void collect(void *context, json_t *line)
{
	json_array_append(context, line);
}

bool ask_daemon(struct ask *ask, const struct arguments *arguments, int quiet_s)
{
	const char *path = arguments->socket ? arguments->socket : CONTROL_SOCKET;

	say_init(&ask->say, arguments);
	ask->lines = json_array();
	if (!ask->lines || (arguments->given & ARG_JSON && !ask->say.list)) {
		ask->err = -ENOMEM;
		snprintf(ask->answer.why, sizeof(ask->answer.why), "no memory");
		ask->answer.exit = CONTROL_UNREACHABLE;
		return false;
	}
	ask->err = control_client_ask(path, &ask->request, quiet_s, collect, ask->lines, &ask->answer);
	return ask->err == 0 && ask->answer.done;
}

json_t *ask_document(const struct ask *ask)
{
	json_t *document = json_object(), *queues = json_array(), *steered = json_array();
	const json_t *line;
	size_t i;

	json_array_foreach(ask->lines, i, line) {
		json_t *daemon = json_object_get(line, "daemon");

		if (daemon)
			json_object_set(document, "daemon", daemon);
		json_array_append(queues, json_object_get(line, "queue")); /* NULL is not added */
		json_array_append(steered, json_object_get(line, "steered"));
	}
	json_object_set_new(document, "queues", queues);
	if (json_array_size(steered) > 0)
		json_object_set(document, "steered", steered);
	json_decref(steered);
	return document;
}

int ask_end(struct ask *ask, json_t *outcome)
{
	int status = ask->answer.exit;

	if (ask->err == 0 && ask->answer.done && control_client_lacks_memory()) {
		ask->err = -ENOMEM; /* what was made of its lines is not whole */
		snprintf(ask->answer.why, sizeof(ask->answer.why), "no memory to tell what was answered");
		status = CONTROL_UNREACHABLE;
	}
	if (ask->err == 0 && ask->answer.done) {
		status = say_outcome(&ask->say, outcome, (enum tool_exit)status);
	} else {
		json_decref(outcome);
		status = say_failure(&ask->say, (enum tool_exit)status, ask->err ? ask->err : -EINVAL, "%s: %s",
				     ask->say.arguments->command->name, ask->answer.why);
	}
	say_end(&ask->say);
	json_decref(ask->lines);
	return status;
}
