/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs iptables-restore, iptables-save and their IPv6 kin: by path, text through pipes, with a time limit. */
#ifndef RULES_TOOL_H
#define RULES_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum tool_backend { TOOL_AUTO, TOOL_NFT, TOOL_LEGACY };
enum tool_family { TOOL_IPV4, TOOL_IPV6 };

struct tool {
	char restore[2][256]; /* absolute paths, by family */
	char save[2][256];
	int timeout_ms;       /* after which a run is killed: 30,000 */
	int64_t deadline_ms;  /* of CLOCK_MONOTONIC, for all runs together; 0: none */
	int interrupt_fd;     /* readable: a run is killed, -EINTR. 0: none */
	enum tool_backend backend; /* as asked for */
	int keep_fd;          /* see struct tool_limits */
	bool scratch;
	const char *lock_file;
};

struct tool_result {
	int status;  /* exit status, 128 + signal, or -errno when it could not be run (-ETIMEDOUT: killed by a time limit) */
	int limit_ms; /* the time limit of this run; 0: the deadline was over, nothing ran */
	char *out;   /* standard output, terminated; owned by the result; NULL without memory */
	size_t out_len;
	char *err;   /* standard error, likewise */
};

/* Finds the tools of a backend. 0, or -ENOENT with the missing one named in why. */
int tool_find(struct tool *tool, enum tool_backend backend, char *why, size_t why_size);
/* The same in a folder (NULL: the configured one), an absolute path. */
int tool_find_in(struct tool *tool, const char *folder, enum tool_backend backend, char *why, size_t why_size);
/* Which backend the tools work with. 0, or -errno when they do not tell. */
int tool_kind(const struct tool *tool, enum tool_backend *kind);

/* Finds the tools of the backend that `tool` does not use. 0, or -ENOENT when there are none. */
int tool_other(const struct tool *tool, struct tool *other);

/*
 * iptables-restore --noflush -w 5, with --test when asked. Fills result in every case; 0 when the status is 0, -EPERM
 * when the tool says that it may not, -ETIMEDOUT, -EINTR, -ENOMEM, -EINVAL when it refused the text, else -errno.
 */
int tool_restore(const struct tool *tool, enum tool_family family, const char *text, int test, struct tool_result *result);

/* Likewise with flags. */
enum tool_flags {
	TOOL_TEST = 1 << 0,     /* --test */
	TOOL_COUNTERS = 1 << 1, /* --counters; of tool_save_with(): -c */
};
int tool_restore_with(const struct tool *tool, enum tool_family family, const char *text, unsigned flags,
		      struct tool_result *result);
int tool_save_with(const struct tool *tool, enum tool_family family, const char *table, unsigned flags,
		   struct tool_result *result);
/* What became of a run, for a person. Returns the number of the line that the tool blames, 0: none. */
unsigned tool_cause(const struct tool_result *result, char *text, size_t size);

/* iptables-save [-t table], table NULL for all. Likewise. */
int tool_save(const struct tool *tool, enum tool_family family, const char *table, struct tool_result *result);

void tool_result_free(struct tool_result *result);

#endif
