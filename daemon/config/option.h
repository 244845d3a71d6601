/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One option of a table: what its field is in memory, and how a scalar gets into it. Inside daemon/config only. */
#ifndef CONFIG_OPTION_H
#define CONFIG_OPTION_H

#include "daemon/config/memory.h"
#include "daemon/config/scalar.h"

/* Bytes and alignment of the field. 0 for a type that does not exist. */
size_t option_size(const struct nfv_option *option);
size_t option_align(const struct nfv_option *option);

/* The same of one item, for an option with NFV_OPT_LIST. */
size_t option_item_size(const struct nfv_option *option);

/* True for the three types that hold mappings. */
bool option_is_group(const struct nfv_option *option);

/*
 * Writes the value of a text to a field, or an item, of a scalar type. What is pointed to comes from the arena. Returns
 * 0, or -errno with the cause.
 */
int option_set(const struct nfv_option *option, const char *text, bool quoted, void *field, struct arena *arena,
	       struct why *why);

#endif
