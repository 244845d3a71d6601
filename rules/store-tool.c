/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/store-tool.h"

#include "rules/error.h"
#include "rules/live.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCK_WAIT_MS 10000

void store_tool_log(const struct store_tool *st, enum nfv_rules_level level, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (!st->log)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	st->log(st->log_context, level, text);
}

struct journal_place store_tool_place(const struct store_tool *st)
{
	return (struct journal_place){ &st->folder, &st->space, st->backend };
}

const char *store_tool_family(enum nfv_family family)
{
	return family == NFV_FAMILY_IPV4 ? "iptables" : "ip6tables";
}

static struct store_tool *of(struct store *store)
{
	return (struct store_tool *)store;
}

/* ---- locks ---- */

static int open_folder(struct store_tool *st, struct nfv_rules_error *error)
{
	int err = st->folder.fd >= 0 ? 0 : lock_folder_open(&st->folder, st->wanted_folder, error);

	if (!err && !*st->tools_lock)
		snprintf(st->tools_lock, sizeof(st->tools_lock), "%s/xtables-%llu", st->folder.path,
			 (unsigned long long)st->space.inode);
	return err;
}

static int take_lock(struct store_tool *st, struct nfv_rules_error *error)
{
	int err = open_folder(st, error);

	if (!err)
		err = lock_take(&st->lock_fd, &st->folder, &st->space, st->lock_wait_ms, error);
	if (err != -ENOENT || st->folder.fd < 0)
		return err;
	/* Somebody removed the folder since it was opened: others make it anew, and so does this one. */
	lock_folder_close(&st->folder);
	err = open_folder(st, error);
	return err ? err : lock_take(&st->lock_fd, &st->folder, &st->space, st->lock_wait_ms, error);
}

/*
 * The tools keep a lock open as well: should this process be killed, the lock lasts until its tool is gone too, and nobody
 * looks at a table that is just about to be changed.
 */
int store_tool_enter(struct store_tool *st, struct nfv_rules_error *error)
{
	int err = st->held ? 0 : take_lock(st, error);

	if (err)
		return err;
	st->tool.keep_fd = st->lock_fd;
	if (st->backend != NFV_BACKEND_LEGACY)
		return 0;
	err = lock_take_xtables(&st->xtables_fd, st->lock_wait_ms, error);
	if (err) {
		store_tool_leave(st);
		return err;
	}
	st->tool.keep_fd = st->xtables_fd;
	st->tool.lock_file = st->tools_lock;
	return 0;
}

void store_tool_leave(struct store_tool *st)
{
	st->tool.lock_file = NULL;
	st->tool.keep_fd = 0;
	lock_drop(&st->xtables_fd);
	if (!st->held)
		lock_drop(&st->lock_fd);
}

static int op_lock(struct store *store, struct nfv_rules_error *error)
{
	struct store_tool *st = of(store);
	int err = take_lock(st, error);

	/* On legacy the tool of one who died keeps only the other lock: what it was doing is to be over. */
	if (!err && st->backend == NFV_BACKEND_LEGACY) {
		err = lock_take_xtables(&st->xtables_fd, st->lock_wait_ms, error);
		lock_drop(&st->xtables_fd);
		if (err)
			lock_drop(&st->lock_fd);
	}
	st->held = !err;
	return err;
}

static void op_unlock(struct store *store)
{
	struct store_tool *st = of(store);

	st->held = false;
	lock_drop(&st->lock_fd);
}

/* ---- reading ---- */

static int recover_first(struct store_tool *st, struct nfv_rules_error *error)
{
	int err;

	/* Who may not even open the folder may not change anything either. */
	if (open_folder(st, NULL) || !store_tool_recovers(st))
		return 0;
	err = store_tool_enter(st, error);
	if (err)
		return err;
	err = store_tool_recover(st, error);
	store_tool_leave(st);
	return err;
}

static int op_read(struct store *store, enum nfv_family family, const char *table, bool counters, char **text, size_t *len,
		   uint64_t *generation, struct nfv_rules_error *error)
{
	struct store_tool *st = of(store);
	struct tool_result result = { 0 };
	int err = recover_first(st, error);

	/* The generation from before the text: should the text be newer, the next commit compares once too often. */
	for (int turn = 0; !err && turn < 3; turn++) {
		tool_result_free(&result);
		*generation = store_tool_generation(st);
		err = store_tool_text(st, family, table, counters, &result, error);
		if (err || store_tool_generation(st) == *generation)
			break;
	}
	if (err)
		return err;
	*text = result.out;
	*len = result.out_len;
	result.out = NULL;
	tool_result_free(&result);
	return 0;
}

static uint64_t op_generation(struct store *store)
{
	return store_tool_generation(of(store));
}

static enum nfv_backend op_backend(const struct store *store)
{
	return ((const struct store_tool *)store)->backend;
}

static int op_lease(struct store *store, enum nfv_family family, const char *table, const char *chain, bool give_back,
		    unsigned flags, struct nfv_rules_error *error)
{
	(void)store;
	(void)family;
	(void)give_back;
	(void)flags;
	return error_set(error, -ENOTCONN, "table %s: chain %s: leases need a server, and none is configured", table, chain);
}

/* ---- opening ---- */

static void op_close(struct store *store)
{
	struct store_tool *st = of(store);

	lock_drop(&st->xtables_fd);
	lock_drop(&st->lock_fd);
	lock_folder_close(&st->folder);
	generation_close(st->generation);
	free(st->wanted_folder);
	free(st->tool_folder);
	free(st);
}

static const struct store_ops ops = {
	.read = op_read,
	.submit = store_tool_submit,
	.lock = op_lock,
	.unlock = op_unlock,
	.generation = op_generation,
	.confirm = confirm_end,
	.confirm_left = confirm_left,
	.lease = op_lease,
	.backend = op_backend,
	.close = op_close,
};

/* nft or legacy, if the tools leave that open. */
static int find_backend(struct store_tool *st, enum nfv_backend backend, struct nfv_rules_error *error)
{
	enum tool_backend kind;
	int err = 0;

	st->backend = backend;
	if (backend != NFV_BACKEND_AUTO)
		return 0;
	err = tool_kind(&st->tool, &kind);
	if (err)
		return error_set(error, err, "%s does not tell its backend", st->tool.restore[TOOL_IPV4]);
	st->backend = kind == TOOL_LEGACY ? NFV_BACKEND_LEGACY : NFV_BACKEND_NFT;
	return 0;
}

static int find_tools(struct store_tool *st, enum nfv_backend backend, struct nfv_rules_error *error)
{
	static const enum tool_backend kinds[] = {
		[NFV_BACKEND_AUTO] = TOOL_AUTO, [NFV_BACKEND_NFT] = TOOL_NFT, [NFV_BACKEND_LEGACY] = TOOL_LEGACY
	};
	char why[STORE_TOOL_CAUSE_MAX];
	int timeout_ms = st->tool.timeout_ms;
	int err = tool_find_in(&st->tool, st->tool_folder, kinds[backend], why, sizeof(why));

	if (err)
		return error_set(error, err, "%s", why);
	if (timeout_ms > 0)
		st->tool.timeout_ms = timeout_ms;
	return find_backend(st, backend, error);
}

static int use_tool(struct store_tool *st, const struct tool *tool, struct nfv_rules_error *error)
{
	static const enum nfv_backend backends[] = {
		[TOOL_AUTO] = NFV_BACKEND_AUTO, [TOOL_NFT] = NFV_BACKEND_NFT, [TOOL_LEGACY] = NFV_BACKEND_LEGACY
	};

	st->tool = *tool;
	return find_backend(st, backends[tool->backend], error);
}

/* Whole: the tools and the process that rolls back work in another folder. */
static int copy_path(char **copy, const char *path)
{
	char *here;

	*copy = NULL;
	if (!path)
		return 0;
	if (*path == '/') {
		*copy = strdup(path);
		return *copy ? 0 : -ENOMEM;
	}
	here = getcwd(NULL, 0);
	if (!here)
		return -errno;
	if (asprintf(copy, "%s/%s", here, path) < 0)
		*copy = NULL;
	free(here);
	return *copy ? 0 : -ENOMEM;
}

int store_open_tool(struct store **store, const struct nfv_live_options *options, struct nfv_rules_error *error)
{
	return store_open_tool_with(store, NULL, options, error);
}

int store_open_tool_with(struct store **store, const struct tool *tool, const struct nfv_live_options *options,
			 struct nfv_rules_error *error)
{
	struct store_tool *st = calloc(1, sizeof(*st));
	int err;

	if (!st)
		return error_set(error, -ENOMEM, "%s", strerror(ENOMEM));
	st->store.ops = &ops;
	st->folder.fd = st->lock_fd = st->xtables_fd = -1;
	st->verify = options->verify;
	st->lock_wait_ms = options->lock_wait_ms > 0 ? options->lock_wait_ms : LOCK_WAIT_MS;
	st->tool.timeout_ms = options->timeout_ms;
	st->log = options->log;
	st->log_context = options->log_context;
	err = copy_path(&st->wanted_folder, options->state_folder);
	if (!err)
		err = copy_path(&st->tool_folder, options->tool_folder);
	if (err)
		error_set(error, err, "%s", strerror(-err));
	if (!err)
		err = lock_namespace_get(&st->space, error);
	if (!err && tool)
		err = use_tool(st, tool, error);
	else if (!err)
		err = find_tools(st, options->backend, error);
	if (!err && st->backend == NFV_BACKEND_NFT) {
		err = generation_open(&st->generation);
		if (err)
			error_set(error, err, "netlink socket: %s", strerror(-err));
	}
	if (err) {
		op_close(&st->store);
		return err;
	}
	store_tool_look_at_other(st);
	*store = &st->store;
	return 0;
}
