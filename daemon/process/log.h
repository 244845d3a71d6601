/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's log. One process-wide state, as a log is: the only global of this folder. A line is formatted on the
 * stack and leaves whole, so that lines of several processes do not mix; nothing is allocated.
 */
#ifndef PROCESS_LOG_H
#define PROCESS_LOG_H

#include <nfverdict/plugin.h>

#include <stdarg.h>
#include <stdbool.h>

enum log_target { LOG_STDERR, LOG_SYSLOG };

#define LOG_LINE_MAX 2048 /* bytes of a line's text as it leaves; a longer one is cut and ends in "..." */

/*
 * Levels above `level` are not written. ident is kept by reference. May be called again to change any of them. Before
 * the first call lines go to stderr as nfverdictd, up to NFV_LOG_NOTICE.
 */
void log_open(enum log_target target, enum nfv_log_level level, const char *ident);

/*
 * From here on no line to stderr waits for its reader: what does not go at once leaves with the next line or with
 * log_flush(), and lines beyond some 64 KiB are lost. Their number is told once there is room again. stderr gets a
 * description of its own if need be.
 */
void log_never_wait(void);

/* Writes what goes. True when nothing is left. */
bool log_flush(void);

/* At the end: waits for a slow reader up to a limit. */
void log_drain(int limit_ms);

/* Another level, and the same target. */
void log_limit(enum nfv_log_level level);

enum nfv_log_level log_level(void);
const char *log_level_name(enum nfv_log_level level);

/*
 * Writes a line; no newline at the end of format. Keeps errno. Control characters are made visible: \n as "\n", others
 * as "\x1b".
 */
void log_write(enum nfv_log_level level, const char *format, ...) NFV_PRINTF(2, 3);
void log_vwrite(enum nfv_log_level level, const char *format, va_list args) NFV_PRINTF(2, 0);

#define log_error(...)   log_write(NFV_LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(NFV_LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_write(NFV_LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_write(NFV_LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(NFV_LOG_DEBUG, __VA_ARGS__)

/*
 * In a worker: lines that pass the level go to fn, with their text already made visible and cut, instead of the target. NULL
 * takes it back. A line that fn itself logs goes to the target, not to fn again.
 */
typedef void log_redirect_fn(void *context, enum nfv_log_level level, const char *text);
void log_redirect(log_redirect_fn *fn, void *context);

#endif
