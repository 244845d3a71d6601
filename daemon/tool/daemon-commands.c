/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/daemon.h"

#define EVERY (ARG_HELP | ARG_SOCKET | ARG_JSON | ARG_COLOR)

const struct command daemon_commands[] = {
	{ .name = "status",
	  .usage = "",
	  .summary = "how the daemon is: its queues, workers and handlers",
	  .of_daemon = true,
	  .takes = EVERY,
	  .run = daemon_status,
	  .help = "Shows the daemon, its steering rules, and each queue number with its worker and handlers. What is wrong\n"
		  "is said in words. Exit code: 0 all is well, 1 something is wrong, 3 there is no daemon to ask.\n" },
	{ .name = "stats",
	  .usage = "",
	  .summary = "what the daemon has counted",
	  .of_daemon = true,
	  .takes = EVERY,
	  .run = daemon_stats,
	  .help = "Prints the tables of packets by queue and by handler; with --json every number that the daemon has.\n" },
	{ .name = "reload",
	  .usage = "",
	  .summary = "put the configuration's file in force",
	  .of_daemon = true,
	  .takes = EVERY,
	  .run = daemon_reload,
	  .help = "As SIGHUP: the whole of it is checked first; then new workers take over from those that serve, without\n"
		  "losing a packet. Returns when it is in force. With a mistake in it nothing is changed, and each is "
		  "told.\n" },
	{ .name = "upgrade",
	  .usage = "[BINARY]",
	  .summary = "put another nfverdictd in the daemon's place",
	  .of_daemon = true,
	  .takes = EVERY,
	  .words_max = 1,
	  .run = daemon_upgrade,
	  .help = "The daemon executes BINARY, or its own file anew, with the queues and all that was counted. One that "
		  "cannot\n"
		  "go on is left again. Returns when it is over.\n" },
	{ .name = "release",
	  .usage = "QUEUE [HANDLER] | --all",
	  .summary = "take handlers out of quarantine",
	  .of_daemon = true,
	  .takes = EVERY | ARG_ALL,
	  .words_max = 2,
	  .run = daemon_release,
	  .help = "Handlers that crashed too often are given packets again, by a new worker that takes over from the one\n"
		  "that serves. QUEUE is a queue's name, or one number. Crashes are counted anew.\n" },
	{ .name = "stop",
	  .usage = "",
	  .summary = "end the daemon, in order",
	  .of_daemon = true,
	  .takes = EVERY,
	  .run = daemon_stop,
	  .help = "As SIGTERM: steering rules go, what waits is judged, queues go. Returns when it is done.\n" },
	{ 0 },
};
