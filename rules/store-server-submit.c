/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/store-server.h"

#include "rules/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	uint64_t generation;
	char *text = NULL;
	size_t len;
	int err;

	if (!rules)
		return error_set(error, -ENOMEM, "no memory for a ruleset");
	err = store_server_read(&server->store, part->family, part->table, false, &text, &len, &generation, error);
	if (!err)
		err = nfv_rules_read(rules, text, len, NULL, error);
	if (!err)
		*state = change_part_state(part, rules);
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

/* 1: send it again; 0: it was taken; -errno. */
static int after_loss(struct server_store *server, const struct change *change, bool dry_run, struct nfv_rules_error *error)
{
	enum change_state state = CHANGE_NEITHER;
	struct nfv_rules_error why;
	int err;

	if (dry_run)
		return 1;
	err = find_out(server, change, &state, &why);
	if (err)
		return error_set(error, err,
				 "the server was lost during the commit; whether it was taken is not known: %.300s",
				 why.text);
	switch (state) {
	case CHANGE_AFTER:
		return 0;
	case CHANGE_BEFORE:
		return 1;
	case CHANGE_NEITHER:
		break;
	}
	return error_set(error, -EIO,
			 "the server was lost during the commit, and the rules are neither as before nor as "
			 "wanted: somebody else changed them too");
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
	int err;

	if (!json)
		return error_set(error, -ENOMEM, "no memory for a change");
	err = send_once(server, &request, submit, error);
	if (err == -ENOTCONN && server->fd < 0) {
		err = after_loss(server, change, submit->dry_run, error);
		if (err > 0)
			err = send_once(server, &request, submit, error);
	}
	json_decref(json);
	return err;
}
