/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One nfverdictd executes another one in its place: same process, same children, same descriptors. What belongs to what goes
 * over as a state (state.h) in a memfd, whose number stands in the environment.
 */
#ifndef PROCESS_UPGRADE_H
#define PROCESS_UPGRADE_H

#include "daemon/process/state.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef NFV_OTHER_VERSION
#define UPGRADE_PROGRAM PACKAGE_STRING "-other"
#else
#define UPGRADE_PROGRAM PACKAGE_STRING
#endif

#define UPGRADE_VARIABLE "NFVERDICTD_STATE"
#define UPGRADE_BACK     "NFVERDICTD_BACK" /* the executable to go back to, when not even the state can be read */

/* What an executable says, on a line of its own, that can take another one's place. */
#define UPGRADE_GOOD "takes over from nfverdictd"

/*
 * Remembers how this program was started, and opens its executable. folder: where its predecessor was; NULL: the working
 * folder.
 */
void upgrade_remember(int argc, char **argv, const char *folder);

/* The executable's file, as it was named at the start, and where the daemon was started. */
const char *upgrade_path(void);
const char *upgrade_folder(void);
int upgrade_executable(void);

/*
 * What a predecessor left in our place. 1 and the state; 0: this is an ordinary start; -errno with why: there is one that
 * cannot be read. Takes it out of the environment.
 */
int upgrade_inherit(struct state *state, char *why, size_t why_size);

/*
 * All descriptors but the standard ones and those of the state are closed, those of the state are from now on for us alone.
 */
int upgrade_keep_descriptors(const struct state *state);

/* Writes the state into memory that a program which is executed next inherits. Its descriptor or -errno. */
int upgrade_write(const struct state *state);

/* Executes an executable in our place, with our arguments. Returns only when that fails: -errno; nothing is changed then. */
int upgrade_execute(const struct state *state, int executable);

/* The same in a child, to check: with --check in front of our arguments. */
void upgrade_execute_check(int state_fd, int executable);

/* Back to whom we came from, who finds in the state why. Returns only when that fails. */
int upgrade_back(struct state *state, const char *why);

/* False when SIGTERM or SIGINT has come instead; both are blocked, and those that wait to be taken count. */
bool upgrade_pause(unsigned milliseconds);

/*
 * When it could, but the configuration cannot be used: back, or, in the one that was gone back to, after a pause again, and
 * again when that fails. Returns only when SIGTERM or SIGINT, which are blocked, have come.
 */
void upgrade_failed(struct state *state, const char *why);

/* When the state could not be read: back to whom the environment names, with our arguments. Returns as the one above. */
int upgrade_back_unread(char **argv, const char *why);

#endif
