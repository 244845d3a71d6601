/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A filter of system calls, made by libseccomp and checked before the kernel gets it: where memory is missing, libseccomp 2.5
 * may leave out rules, or jump past them, and call that a success. A sandbox must not have holes that nobody knows of.
 */
#ifndef PROCESS_FILTER_H
#define PROCESS_FILTER_H

#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_RULES_MAX 256
#define FILTER_ARGUMENTS 2

struct filter_rule {
	uint32_t action;
	int call;
	unsigned count; /* of arguments, all of which must be so */
	struct scmp_arg_cmp arguments[FILTER_ARGUMENTS];
};

struct filter {
	scmp_filter_ctx made;
	uint32_t otherwise; /* the action without a rule */
	struct filter_rule rules[FILTER_RULES_MAX];
	size_t count;
};

/* 0 or -ENOMEM. Calls of another architecture kill the process in any case. */
int filter_open(struct filter *filter, uint32_t otherwise);

/* As seccomp_rule_add_array(); EQ and MASKED_EQ alone. A call that the architecture does not have is no mistake. */
int filter_add(struct filter *filter, uint32_t action, int call, unsigned count, const struct scmp_arg_cmp *arguments);

/* Puts it on this process, or on all of its threads, for good. 0 or -errno with a text. */
int filter_load(const struct filter *filter, bool all_threads, char *why, size_t why_size);

void filter_close(struct filter *filter);

/* Whether a program does what the rules say; for filter_load(), and tests. 0; -EBADMSG: it does not. */
int filter_check(const struct filter *filter, const struct sock_filter *program, size_t len);

#endif
