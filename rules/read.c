/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfv_rules_read(), nfv_rules_read_file() and the telling of errors. */
#include "rules/error.h"
#include "rules/read-line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- errors ---- */

/* The place in a line that goes on in the next ones: the physical line around it. */
static struct read_span line_around(const struct reader *reader, const char *at, unsigned *number)
{
	struct read_span line = reader->line;

	*number = reader->line_number;
	if (at > line.end)
		at = line.end;
	for (const char *c = line.at; c < at; c++) {
		if (*c == '\n') {
			++*number;
			line.at = c + 1;
		}
	}
	for (const char *c = at; c < line.end; c++)
		if (*c == '\n')
			line.end = c;
	return line;
}

int read_fail(struct reader *reader, int code, const char *at, const char *format, ...)
{
	struct nfv_rules_error error;
	struct read_span line;
	unsigned number, column;
	char text[sizeof(error.text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	line = line_around(reader, at, &number);
	column = (unsigned)((at < line.end ? at : line.end) - line.at) + 1;
	error_set(&error, code, "%s", text);
	error_place(&error, reader->file_name, number, column);
	error_show(&error, line.at, read_span_len(line), column);
	if (!reader->err) {
		reader->err = code;
		if (reader->error)
			*reader->error = error;
	}
	if (reader->report)
		reader->report(reader->context, &error);
	return code;
}

int read_fail_memory(struct reader *reader)
{
	reader->stop = true;
	return read_fail(reader, -ENOMEM, reader->line.at, "out of memory");
}

/* ---- texts ---- */

static struct reader *reader_new(struct nfv_rules *rules, const struct nfv_read_options *options,
				 struct nfv_rules_error *error)
{
	static const struct nfv_read_options defaults;
	struct reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	if (!options)
		options = &defaults;
	reader->rules = rules;
	reader->file_name = options->file ? options->file : "";
	reader->file = spec_new(reader->file_name, strlen(reader->file_name));
	reader->flags = options->flags;
	reader->report = options->report;
	reader->context = options->context;
	reader->default_table = options->table;
	reader->error = error;
	if (!reader->file) {
		free(reader);
		return NULL;
	}
	read_undo_begin(&reader->undo, rules, false);
	return reader;
}

int nfv_rules_read(struct nfv_rules *rules, const char *text, size_t len, const struct nfv_read_options *options,
		   struct nfv_rules_error *error)
{
	struct reader *reader = reader_new(rules, options, error);
	int err;

	if (!reader)
		return error_set(error, -ENOMEM, "out of memory");
	read_lines(reader, text, len);
	err = reader->err;
	if (err)
		read_undo_back(&reader->undo);
	else
		read_undo_keep(&reader->undo);
	spec_unref(reader->file);
	free(reader);
	return err ? err : rules_changed_now(rules);
}

/* ---- files ---- */

static int read_all(int fd, struct text *text)
{
	char *buffer = malloc(65536);
	ssize_t got = buffer ? 1 : -1;
	int err;

	while (got > 0 && !text->failed) {
		got = read(fd, buffer, 65536);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			text_add(text, buffer, (size_t)got);
	}
	err = got < 0 ? -errno : text->failed ? -ENOMEM : 0;
	free(buffer);
	return err;
}

int nfv_rules_read_file(struct nfv_rules *rules, const char *path, const struct nfv_read_options *options,
			struct nfv_rules_error *error)
{
	struct nfv_read_options with_name = options ? *options : (struct nfv_read_options){ 0 };
	bool standard = !strcmp(path, "-");
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC), err;
	struct text text = { 0 };

	if (!with_name.file)
		with_name.file = path;
	err = fd < 0 ? -errno : read_all(fd, &text);
	if (fd >= 0 && !standard)
		close(fd);
	if (err) {
		error_set(error, err, "read: %s", strerror(-err));
		error_place(error, with_name.file, 0, 0);
	} else {
		err = nfv_rules_read(rules, text.data ? text.data : "", text.len, &with_name, error);
	}
	text_free(&text);
	return err;
}
