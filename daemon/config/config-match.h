/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The `match` of a steer entry, judged as iptables-restore would read it. Pure. */
#ifndef CONFIG_CONFIG_MATCH_H
#define CONFIG_CONFIG_MATCH_H

#include "daemon/config/scalar.h"

/*
 * 0, or -EINVAL with the cause: a match says which packets, so anything that would make it a command, another table, a
 * target, or that would swallow what is written behind it, is refused. Whether the rest is right is the tool's to tell.
 */
int config_match_check(const char *text, struct why *why);

#endif
