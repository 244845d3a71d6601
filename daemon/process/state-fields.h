/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of a state, in tables that reading and writing share. Inside of these two files only. */
#ifndef PROCESS_STATE_FIELDS_H
#define PROCESS_STATE_FIELDS_H

#include "daemon/process/state.h"

#include <stddef.h>

#define STATE_DESCRIPTOR_MAX (1 << 20)
#define STATE_PID_MAX        (1 << 22)

enum field_type { FIELD_TEXT, FIELD_OWNED_TEXT, FIELD_BOOL, FIELD_U8, FIELD_U16, FIELD_U32, FIELD_U64, FIELD_DESCRIPTOR, FIELD_PID };

struct field {
	const char *name;
	enum field_type type;
	bool required;
	size_t offset;
	size_t size; /* of a FIELD_TEXT */
	uint64_t most;
};

/* Each ends with an entry without a name. */
extern const struct field state_top_fields[];
extern const struct field state_queue_fields[];
extern const struct field state_handler_fields[];

#endif
