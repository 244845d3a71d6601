/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/live-private.h"

#include "rules/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OWNER_MAX 20

struct store *live_store(const struct nfv_live *live)
{
	return live->store;
}

const struct nfv_live_options *live_options(const struct nfv_live *live)
{
	return &live->options;
}

void live_log(const struct nfv_live *live, enum nfv_rules_level level, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (!live->options.log)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	live->options.log(live->options.log_context, level, text);
}

enum nfv_backend nfv_live_backend(const struct nfv_live *live)
{
	return live->store->ops->backend(live->store);
}

/* ---- opening ---- */

static bool owner_is_valid(const char *owner)
{
	size_t len = strlen(owner);

	return len > 0 && len <= OWNER_MAX &&
	       strspn(owner, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static int set_owner(struct nfv_live *live, const char *owner, struct nfv_rules_error *error)
{
	if (!owner)
		return 0;
	if (!owner_is_valid(owner))
		return error_set(error, -EINVAL, "owner: 1 to %d letters, digits, _ and - are allowed", OWNER_MAX);
	live->owner = strdup(owner);
	live->options.owner = live->owner;
	return live->owner ? 0 : error_set(error, -ENOMEM, "%s", strerror(ENOMEM));
}

int nfv_live_open(struct nfv_live **live, const struct nfv_live_options *options, struct nfv_rules_error *error)
{
	return live_open_with(live, NULL, options, error);
}

int live_open_with(struct nfv_live **live, const struct tool *tool, const struct nfv_live_options *options,
		   struct nfv_rules_error *error)
{
	static const struct nfv_live_options none = { 0 };
	struct nfv_live *made = calloc(1, sizeof(*made));
	int err;

	*live = NULL;
	if (!made)
		return error_set(error, -ENOMEM, "%s", strerror(ENOMEM));
	made->options = options ? *options : none;
	made->options.owner = NULL;
	err = set_owner(made, options ? options->owner : NULL, error);
	if (!err)
		err = made->options.server ? store_open_server(&made->store, &made->options, error)
					   : store_open_tool_with(&made->store, tool, &made->options, error);
	/* The stores have their own copies; nothing here may look at the caller's texts later. */
	made->options.tool_folder = made->options.state_folder = NULL;
	made->options.server = made->options.server_program = NULL;
	if (err) {
		nfv_live_close(made);
		return err;
	}
	*live = made;
	return 0;
}

void nfv_live_close(struct nfv_live *live)
{
	if (!live)
		return;
	if (live->store)
		live->store->ops->close(live->store);
	free(live->owner);
	free(live);
}

/* ---- confirming ---- */

int nfv_live_confirm(struct nfv_live *live, struct nfv_rules_error *error)
{
	return live->store->ops->confirm(live->store, true, error);
}

int nfv_live_rollback(struct nfv_live *live, struct nfv_rules_error *error)
{
	return live->store->ops->confirm(live->store, false, error);
}

long nfv_live_confirm_left(struct nfv_live *live)
{
	return live->store->ops->confirm_left(live->store);
}
