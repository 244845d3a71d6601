/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfverdict rules serve: the server through which programs change rules. */
#include "daemon/tool/rules.h"
#include "daemon/tool/say.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Signals that end the server become a descriptor. -1 with errno. */
static int open_stop(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -1;
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

int tool_serve(const struct arguments *arguments)
{
	struct nfv_rules_error error = { 0 };
	struct nfv_server_options options = {
		.path = arguments->socket,
		.idle_exit_s = arguments->idle_exit_s,
		.users = arguments->users,
		.user_count = arguments->user_count,
		.live = { .backend = arguments->backend, .tool_folder = arguments->tools, .state_folder = arguments->state },
	};
	struct say say;
	int err;

	say_init(&say, arguments);
	if (!arguments->socket)
		return say_failure(&say, TOOL_ERROR, EINVAL, "serve: which socket? --socket PATH");
	options.live.log = say_log;
	options.live.log_context = &say;
	options.stop_fd = open_stop();
	if (options.stop_fd < 0)
		return say_failure(&say, TOOL_ERROR, errno, "signalfd: %s", strerror(errno));
	err = nfv_rules_serve(&options, &error);
	close(options.stop_fd);
	if (err < 0)
		return error.code ? say_error(&say, &error, TOOL_ERROR)
				  : say_failure(&say, TOOL_ERROR, err, "%s", strerror(-err));
	return say_outcome(&say, NULL, TOOL_OK);
}
