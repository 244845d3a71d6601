/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/store-server.h"

#include "rules/error.h"
#include "rules/read.h"
#include "rules/store-tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 5 /* with servers that are lost one after the other */

static void take_answer(const struct wire_message *answer, struct store_submit *submit)
{
	const json_t *json = answer->json;

	submit->generation[NFV_FAMILY_IPV4] = (uint64_t)json_integer_value(json_object_get(json, "generation4"));
	submit->generation[NFV_FAMILY_IPV6] = (uint64_t)json_integer_value(json_object_get(json, "generation6"));
	submit->blame_line = (unsigned)json_integer_value(json_object_get(json, "blame_line"));
	submit->blame_part = (size_t)json_integer_value(json_object_get(json, "blame_part"));
}

static int send_once(struct server_store *server, const struct wire_request *request, struct store_submit *submit,
		     struct nfv_rules_error *error)
{
	struct wire_message answer = { 0 };
	int err = server->fd < 0 ? store_server_connect(server, error) : 0;

	if (err)
		return err;
	err = store_server_exchange(server, request, &answer, error);
	if (answer.json)
		take_answer(&answer, submit);
	wire_message_free(&answer);
	return err;
}

/* ---- a server that went away in the middle ---- */

static int state_of(struct server_store *server, const struct change_part *part, enum change_state *state,
		    struct nfv_rules_error *error)
{
	struct nfv_rules *rules = nfv_rules_new(part->family);
	struct merge_finding finding;
	uint64_t generation;
	char *text = NULL;
	size_t len;
	int err;

	if (!rules)
		return error_set(error, -ENOMEM, "no memory for a ruleset");
	err = store_server_read(&server->store, part->family, part->table, false, &text, &len, &generation, error);
	if (!err)
		err = read_live(rules, text, len, error);
	if (!err) {
		finding = store_tool_look_at(NULL, part, rules);
		/* Others go on between the old server and the new one, and may have put in a rule equal to one of ours. */
		*state = finding.partly ? CHANGE_NEITHER : finding.state;
	}
	free(text);
	nfv_rules_free(rules);
	return err;
}

/* Looks at what there is now. CHANGE_NEITHER also when some parts were taken and others not. */
static int find_out(struct server_store *server, const struct change *change, enum change_state *state,
		    struct nfv_rules_error *error)
{
	size_t after = 0, before = 0;
	int err = 0;

	for (size_t i = 0; i < change->count && !err; i++) {
		enum change_state one = CHANGE_NEITHER;

		err = state_of(server, &change->parts[i], &one, error);
		after += one == CHANGE_AFTER;
		before += one == CHANGE_BEFORE;
	}
	*state = after == change->count ? CHANGE_AFTER : before == change->count ? CHANGE_BEFORE : CHANGE_NEITHER;
	return err;
}

static int not_known(struct nfv_rules_error *error, int err, const char *why)
{
	return error_set(error, err, "the server was lost during the commit; whether it was taken is not known: %.300s",
			 why);
}

/* What became of a change that was sent. 1: nothing; 0: it was taken; -errno. Under the lock, so that it stays like that. */
static int look(struct server_store *server, const struct change *change, struct nfv_rules_error *error)
{
	enum change_state state = CHANGE_NEITHER;
	struct nfv_rules_error why;
	int err = find_out(server, change, &state, &why);

	if (err)
		return not_known(error, err, why.text);
	switch (state) {
	case CHANGE_AFTER:
		return 0;
	case CHANGE_BEFORE:
		return 1;
	case CHANGE_NEITHER:
		break;
	}
	return not_known(error, -EIO, "somebody else changed the same chains meanwhile");
}

/*
 * The lock waits for a tool that the lost server left behind. Should that have done its work after all, then sending the change
 * again is a conflict: with ourselves.
 */
static int send_again(struct server_store *server, const struct change *change, const struct wire_request *request,
		      struct store_submit *submit, struct nfv_rules_error *error)
{
	struct nfv_rules_error why;
	int err = server->store.ops->lock(&server->store, &why), found;

	if (err)
		return not_known(error, err, why.text);
	err = look(server, change, error);
	if (err > 0)
		err = send_once(server, request, submit, error);
	if (err == -EAGAIN) {
		found = look(server, change, &why);
		if (found <= 0)
			err = found;
		if (found < 0 && error)
			*error = why;
	}
	return err;
}

int store_server_submit(struct store *store, const struct change *change, struct store_submit *submit,
			struct nfv_rules_error *error)
{
	struct server_store *server = (struct server_store *)store;
	json_t *json = change_to_json(change);
	const struct wire_request request = { .what = WIRE_SUBMIT,
					      .change = json,
					      .confirm_s = submit->confirm_s,
					      .dry_run = submit->dry_run,
					      .wait_ms = store_server_wait_ms(server) };
	const bool held = server->locked;
	int err;

	if (!json)
		return error_set(error, -ENOMEM, "no memory for a change");
	err = send_once(server, &request, submit, error);
	for (int i = 0; err == -ENOTCONN && server->fd < 0 && i < TRIES; i++)
		err = submit->dry_run ? send_once(server, &request, submit, error)
				      : send_again(server, change, &request, submit, error);
	/* Whoever had the lock before keeps it, from the new server. */
	if (server->locked && !held)
		store->ops->unlock(store);
	json_decref(json);
	return err;
}
