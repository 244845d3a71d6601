/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every option, as data. */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include "daemon/tool/arguments.h"

/* What an option's value is. */
enum option_kind {
	OPTION_FLAG,
	OPTION_IPV4,
	OPTION_IPV6,
	OPTION_FAMILY,
	OPTION_COLOR,
	OPTION_BACKEND,
	OPTION_CONFIRM,
	OPTION_IDLE_EXIT,
	OPTION_USERS,
	OPTION_VERBOSE,
	OPTION_TABLE,
	OPTION_OWNER,
	OPTION_CHAIN,
	OPTION_SERVER,
	OPTION_SOCKET,
	OPTION_TOOLS,
	OPTION_STATE,
};

struct option_row {
	const char *name; /* without dashes; NULL ends the table */
	char letter; /* 0: none */
	enum option_kind kind;
	const char *value; /* what to call the value in help; NULL: it has none */
	unsigned bit;
	const char *help;
};

extern const struct option_row options_rows[];

#endif
