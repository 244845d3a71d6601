/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files read*.c share: the reader's state. Pure. */
#ifndef RULES_READ_PRIVATE_H
#define RULES_READ_PRIVATE_H

#include "rules/model.h"
#include "rules/read-undo.h"
#include "rules/text.h"

#define READ_SHAPES       1024
#define READ_SCAN_OPTIONS 256

/* Bytes of the text. */
struct read_span {
	const char *at, *end;
};

/* What a long option is, by its hash: looked at once for each name. */
struct read_scan_option {
	uint64_t hash; /* 0: empty */
	uint8_t before;
	bool command;
};

struct reader {
	struct nfv_rules *rules;
	struct read_undo undo;
	const char *file_name;
	struct spec *file; /* origin of the rules; NULL: none */
	unsigned flags; /* enum nfv_read_flags */
	bool live; /* what iptables-save prints: kept, however odd */
	nfv_rules_report_fn *report;
	void *context;

	struct read_span line; /* under the reader's eye, without its newline */
	unsigned line_number;
	struct nfv_table *table; /* that lines go to; NULL: none */
	const char *default_table; /* of lines before the first `*table`; NULL: none */
	bool open; /* a `*table` waits for its COMMIT */
	bool begun; /* a `*table` was there */
	struct nfv_chain *chain; /* of the rule before: the next one is mostly of the same */
	bool chain_undoable; /* it was given to read_undo_touch() */

	int err; /* the first error's code */
	struct nfv_rules_error *error;
	bool stop; /* no line after this one is read */
	struct read_scan_option options[READ_SCAN_OPTIONS];
	uint64_t shapes[READ_SHAPES]; /* forms of rules that were looked at and found right */
};

/* Tells of an error at a place of the line. Returns code. */
int read_fail(struct reader *reader, int code, const char *at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Out of memory. */
int read_fail_memory(struct reader *reader);

static inline size_t read_span_len(struct read_span span)
{
	return (size_t)(span.end - span.at);
}

#endif
