/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What checking, installing and removing share: one family with one tool, and telling what is found. */
#ifndef RULES_STEER_RUN_H
#define RULES_STEER_RUN_H

#include <nfverdict/rules.h>

#include "rules/steer.h"

/* A run over one family's ruleset with one tool. */
struct steer_run {
	const struct tool *tool;
	struct nfv_live *live; /* through that tool; NULL when nothing is read or changed */
	enum nfv_family family;
	steer_error_fn *tell;
	void *context;
};

#define STEER_MESSAGE_MAX 512

/* "iptables" or "ip6tables". */
const char *steer_family_name(enum nfv_family family);

/* False when the kernel has no IPv6 at all: it is then left out. */
bool steer_family_there(enum nfv_family family);

/* Tells "iptables: …". */
void steer_tell(const struct steer_run *run, const void *origin, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Opens the way to the kernel through the run's tool, with its time limits. 0 or -errno, told. */
int steer_open(struct steer_run *run);

#endif
