/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of `nfverdict rules`. Each returns an exit code. */
#ifndef TOOL_RULES_H
#define TOOL_RULES_H

#include "daemon/tool/arguments.h"

int tool_show(const struct arguments *arguments);
int tool_format(const struct arguments *arguments);
int tool_export(const struct arguments *arguments);
int tool_check(const struct arguments *arguments);
int tool_diff(const struct arguments *arguments);
int tool_apply(const struct arguments *arguments);
int tool_import(const struct arguments *arguments);
int tool_confirm(const struct arguments *arguments);
int tool_rollback(const struct arguments *arguments);
int tool_delete(const struct arguments *arguments);
int tool_transaction(const struct arguments *arguments);
int tool_serve(const struct arguments *arguments);

#endif
