/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of nfverdictd. */
#ifndef PROCESS_OPTIONS_H
#define PROCESS_OPTIONS_H

#include "daemon/config/trust.h"

#include <stdbool.h>
#include <stdio.h>

struct options {
	const char *config_file;  /* never NULL: the default when -c was not given; points into argv */
	bool config_given;        /* with -c */
	bool foreground;
	bool check;               /* check the configuration, print every mistake, exit */
	bool version;
	bool help;
	bool keys;                /* print the reference of all configuration keys, exit */
	bool cleanup;             /* remove what a dead daemon left in the ruleset, exit */
	bool allow_unsafe_files;
};

/*
 * Fills every field. 0, or -EINVAL after a line on stderr that names what was wrong and points at --help: the exit code is 2
 * then. Errors are only written, not logged: the log is not open yet.
 */
int options_parse(struct options *options, int argc, char **argv);

/* Which files are believed. */
struct trust options_trust(const struct options *options);

void options_print_help(FILE *out);

/* Version, plugin ABI, and the libraries of this process. */
void options_print_version(FILE *out);

#endif
