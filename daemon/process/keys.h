/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfverdictd --keys: the reference of the daemon's own keys, and of the options of the plugins that can be found. */
#ifndef PROCESS_KEYS_H
#define PROCESS_KEYS_H

#include "daemon/config/trust.h"

#include <stddef.h>

/* Prints to standard output. Plugins are loaded in unprivileged children, one each. Exit status. */
int keys_print(const char *const *folders, size_t count, struct trust *trust);

#endif
