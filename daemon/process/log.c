/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <syslog.h>
#undef LOG_SYSLOG /* a facility that nobody here uses; the target of that name is ours */

#include "daemon/process/log.h"
#include "daemon/process/output.h"
#include "daemon/process/syslog-socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#define KEPT_BYTES (64 * 1024) /* of lines that stderr does not take at once */

static struct {
	enum log_target target;
	enum nfv_log_level level;
	const char *ident;
	bool journal; /* stderr is the journal's stream: it takes the priority from "<4>" and knows the name itself */
	log_redirect_fn *redirect;
	void *redirect_context;
	bool never_wait;
	struct syslog_socket syslog;
	struct output output; /* stderr, once a write to it must not wait */
} state = { .target = LOG_STDERR, .level = NFV_LOG_NOTICE, .ident = "nfverdictd", .syslog.fd = -1 };

static char kept[KEPT_BYTES];

static const struct {
	const char *name;
	int priority; /* of syslog and journal */
} levels[] = {
	[NFV_LOG_ERROR] = { "error", LOG_ERR },
	[NFV_LOG_WARNING] = { "warning", LOG_WARNING },
	[NFV_LOG_NOTICE] = { "notice", LOG_NOTICE },
	[NFV_LOG_INFO] = { "info", LOG_INFO },
	[NFV_LOG_DEBUG] = { "debug", LOG_DEBUG },
};

/* A plugin may pass any number: what is no level is an error, so that it is seen. */
static enum nfv_log_level known(enum nfv_log_level level)
{
	return (unsigned)level < sizeof(levels) / sizeof(levels[0]) ? level : NFV_LOG_ERROR;
}

const char *log_level_name(enum nfv_log_level level)
{
	return levels[known(level)].name;
}

enum nfv_log_level log_level(void)
{
	return state.level;
}

/*
 * systemd sets JOURNAL_STREAM=device:inode of the stream; it is inherited, so it counts only when stderr still is that
 * stream.
 */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
		return false;
	return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_open(enum log_target target, enum nfv_log_level level, const char *ident)
{
	state.target = target;
	state.level = known(level);
	state.ident = ident ? ident : "nfverdictd";
	state.journal = stderr_is_journal();
	syslog_socket_close(&state.syslog);
	if (target == LOG_SYSLOG)
		syslog_socket_open(&state.syslog, SYSLOG_SOCKET_PATH);
}

void log_limit(enum nfv_log_level level)
{
	state.level = known(level);
}

void log_redirect(log_redirect_fn *fn, void *context)
{
	state.redirect = fn;
	state.redirect_context = context;
}

/*
 * Copies text with control characters made visible, for a packet's or plugin's bytes end up in lines too and must not
 * forge others or drive a terminal. Bytes from 0x80 pass: they may be UTF-8.
 */
static size_t make_visible(char *out, size_t size, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t used = 0;

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		char shown[5] = { (char)byte };
		size_t len = 1;

		if (byte == '\n' || byte == '\t' || byte == '\r') {
			shown[0] = '\\';
			shown[1] = byte == '\n' ? 'n' : byte == '\t' ? 't' : 'r';
			len = 2;
		} else if (byte < 0x20 || byte == 0x7f) {
			memcpy(shown, (char[]){ '\\', 'x', hex[byte >> 4], hex[byte & 15] }, 4);
			len = 4;
		}
		if (len >= size - used) {
			memcpy(out + size - 4, "...", 4);
			return size - 1;
		}
		memcpy(out + used, shown, len);
		used += len;
	}
	out[used] = '\0';
	return used;
}

/* An ident of absurd length cuts the line. */
static void format_line(char *line, size_t size, enum nfv_log_level level, const char *text)
{
	if (state.journal)
		snprintf(line, size, "<%d>%s", levels[level].priority, text);
	else
		snprintf(line, size, "%s: %s: %s", state.ident, levels[level].name, text);
}

static void write_waiting(char *line)
{
	size_t len = strlen(line);
	ssize_t done;

	line[len] = '\n'; /* in one write with the rest */
	do {
		done = write(STDERR_FILENO, line, len + 1);
	} while (done < 0 && errno == EINTR);
}

/* Says how many lines are missing where they are missing: behind those that were kept, before the next. */
static void tell_lost(void)
{
	unsigned long long lost = state.output.lost;
	char line[LOG_LINE_MAX + 128], text[64];

	if (!lost)
		return;
	snprintf(text, sizeof(text), "%llu log lines lost: the reader is too slow", lost);
	format_line(line, sizeof(line), NFV_LOG_WARNING, text);
	state.output.lost = 0;
	if (!output_line(&state.output, line))
		state.output.lost = lost; /* without this one, which is told again */
}

static void write_stderr(enum nfv_log_level level, const char *text)
{
	char line[LOG_LINE_MAX + 128];

	format_line(line, sizeof(line), level, text);
	if (!state.never_wait) {
		write_waiting(line);
		return;
	}
	tell_lost();
	(void)output_line(&state.output, line);
	(void)output_flush(&state.output);
}

void log_never_wait(void)
{
	output_init(&state.output, STDERR_FILENO, output_own(STDERR_FILENO), kept, sizeof(kept));
	state.never_wait = true;
}

bool log_flush(void)
{
	if (!state.never_wait)
		return true;
	if (!output_flush(&state.output))
		return false;
	tell_lost();
	return output_flush(&state.output);
}

void log_drain(int limit_ms)
{
	if (!state.never_wait)
		return;
	(void)log_flush();
	output_drain(&state.output, limit_ms);
	(void)log_flush();
}

void log_vwrite(enum nfv_log_level level, const char *format, va_list args)
{
	char raw[LOG_LINE_MAX], text[LOG_LINE_MAX];
	log_redirect_fn *redirect = state.redirect;
	int saved_errno = errno;

	level = known(level);
	if (level > state.level)
		return;
	if (vsnprintf(raw, sizeof(raw), format, args) < 0)
		snprintf(raw, sizeof(raw), "(a line that cannot be formatted: %.100s)", format);
	else if (memchr(raw, '\0', sizeof(raw)) == raw + sizeof(raw) - 1)
		memcpy(raw + sizeof(raw) - 4, "...", 4); /* cut, or just as long: not worth telling apart */
	make_visible(text, sizeof(text), raw);

	if (redirect) {
		state.redirect = NULL;
		redirect(state.redirect_context, level, text);
		state.redirect = redirect;
	} else if (state.target == LOG_SYSLOG) {
		syslog_socket_line(&state.syslog, levels[level].priority, state.ident, text);
	} else {
		write_stderr(level, text);
	}
	errno = saved_errno;
}

void log_write(enum nfv_log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vwrite(level, format, args);
	va_end(args);
}
