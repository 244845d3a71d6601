/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that ask the daemon. Each returns an exit code. */
#ifndef TOOL_DAEMON_H
#define TOOL_DAEMON_H

#include "daemon/tool/arguments.h"

int daemon_status(const struct arguments *arguments);
int daemon_stats(const struct arguments *arguments);
int daemon_reload(const struct arguments *arguments);
int daemon_upgrade(const struct arguments *arguments);
int daemon_release(const struct arguments *arguments);
int daemon_stop(const struct arguments *arguments);

#endif
