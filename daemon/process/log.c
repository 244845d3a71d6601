/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <syslog.h>
#undef LOG_SYSLOG /* a facility that nobody here uses; the target of that name is ours */

#include "daemon/process/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

static struct {
	enum log_target target;
	enum nfv_log_level level;
	const char *ident;
	bool journal; /* stderr is the journal's stream: it takes the priority from "<4>" and knows the name itself */
	log_redirect_fn *redirect;
	void *redirect_context;
} state = { .target = LOG_STDERR, .level = NFV_LOG_NOTICE, .ident = "nfverdictd" };

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

/* systemd sets JOURNAL_STREAM=device:inode of the stream; it is inherited, so it counts only when stderr still is that stream. */
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
	if (target == LOG_SYSLOG)
		openlog(state.ident, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	else
		closelog();
}

void log_redirect(log_redirect_fn *fn, void *context)
{
	state.redirect = fn;
	state.redirect_context = context;
}

/*
 * Copies text with control characters made visible, for a packet's or plugin's bytes end up in lines too and must not forge others
 * or drive a terminal. Bytes from 0x80 pass: they may be UTF-8.
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

static void write_stderr(enum nfv_log_level level, const char *text)
{
	char line[LOG_LINE_MAX + 128];
	int len;
	ssize_t done;

	if (state.journal)
		len = snprintf(line, sizeof(line), "<%d>%s\n", levels[level].priority, text);
	else
		len = snprintf(line, sizeof(line), "%s: %s: %s\n", state.ident, levels[level].name, text);
	if (len >= (int)sizeof(line)) { /* an ident of absurd length */
		len = sizeof(line) - 1;
		line[len - 1] = '\n';
	}
	do {
		done = write(STDERR_FILENO, line, (size_t)len);
	} while (done < 0 && errno == EINTR);
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
		syslog(levels[level].priority, "%s", text);
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
