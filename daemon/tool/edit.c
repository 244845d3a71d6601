/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/edit.h"

#include "daemon/tool/paint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define EDIT_TRIES      21
#define PAUSE_DOUBLINGS 6 /* at most 0.96 s, less than what tv_nsec holds */

/* What became of one family's ruleset. */
struct edit_part {
	char *shown, *script; /* for people, for iptables-restore; "" and "": nothing changed */
};

struct edit {
	struct say *say;
	const bool *families;
	edit_fn *fn;
	void *context;
	bool color;
	struct edit_part parts[2];
	struct nfv_rules_error error;
};

static void forget_parts(struct edit *edit)
{
	for (int family = 0; family < 2; family++) {
		free(edit->parts[family].shown);
		free(edit->parts[family].script);
		edit->parts[family] = (struct edit_part){ 0 };
	}
}

static bool changed(const struct edit *edit)
{
	for (int family = 0; family < 2; family++) {
		if (edit->parts[family].script && edit->parts[family].script[0])
			return true;
	}
	return false;
}

/* Edits one snapshot and keeps what the edit did to it. 0 or -errno. */
static int edit_one(struct edit *edit, struct nfv_rules *rules, unsigned attempt)
{
	struct edit_part *part = &edit->parts[nfv_rules_family(rules)];
	struct nfv_rules *before = nfv_rules_copy(rules);
	int err = before ? edit->fn(edit->context, rules, attempt, &edit->error) : -ENOMEM;

	/* A chain that is in use is no conflict with others. */
	if (err == -EBUSY)
		err = -EINVAL;
	if (err == 0) {
		/* Counters too: -Z changes nothing else. Rules that stay kept theirs. */
		part->script = nfv_rules_diff(before, rules, NFV_DIFF_COUNTERS, NULL);
		part->shown = nfv_rules_diff_show(before, rules, NFV_DIFF_COUNTERS, edit->color, NULL);
		if (!part->script || !part->shown)
			err = -ENOMEM;
	}
	nfv_rules_free(before);
	return err;
}

static int body(struct nfv_transaction *transaction, void *context)
{
	struct edit *edit = context;

	forget_parts(edit);
	for (int family = 0; family < 2; family++) {
		struct nfv_rules *rules;
		int err;

		if (!edit->families[family])
			continue;
		rules = nfv_transaction_rules(transaction, (enum nfv_family)family);
		err = rules ? edit_one(edit, rules, nfv_transaction_try(transaction)) : -errno;
		if (err)
			return err;
	}
	return 0;
}

/* One try of what a transaction has no room for: a dry run, or a commit that is to be confirmed. */
static int attempt_commit(struct edit *edit, struct nfv_live *live, unsigned attempt)
{
	const struct nfv_commit_options options = {
		.confirm_s = edit->say->arguments->confirm_s,
		.dry_run = edit->say->arguments->given & ARG_DRY_RUN,
	};
	struct nfv_rules *rules[2];
	size_t count = 0;
	int err = 0;

	forget_parts(edit);
	for (int family = 0; family < 2 && err == 0; family++) {
		if (!edit->families[family])
			continue;
		rules[count] = nfv_live_read(live, (enum nfv_family)family, NULL, &edit->error);
		if (rules[count])
			err = edit_one(edit, rules[count++], attempt);
		else
			err = -errno;
	}
	if (err == 0 && changed(edit))
		err = nfv_live_commit(live, rules, count, &options, &edit->error);
	while (count > 0)
		nfv_rules_free(rules[--count]);
	return err;
}

/* Longer each time, and never two processes the same. */
static void pause_before(unsigned attempt)
{
	unsigned long jitter = 0, longest = 10000000ul << (attempt < PAUSE_DOUBLINGS ? attempt : PAUSE_DOUBLINGS);
	struct timespec pause;

	if (getrandom(&jitter, sizeof(jitter), GRND_NONBLOCK) < 0)
		jitter = (unsigned long)clock();
	pause = (struct timespec){ .tv_nsec = (long)(longest / 2 + jitter % longest) };
	nanosleep(&pause, NULL);
}

static int commit(struct edit *edit, struct nfv_live *live)
{
	const struct arguments *arguments = edit->say->arguments;
	int err = -EAGAIN;

	if (!arguments->confirm_s && !(arguments->given & ARG_DRY_RUN)) {
		struct nfv_rules_error error = { 0 };

		err = nfv_live_transaction(live, body, edit, &error);
		if (err < 0 && !edit->error.code)
			edit->error = error;
		return err < 0 ? err : 0;
	}
	for (unsigned attempt = 0; attempt < EDIT_TRIES && err == -EAGAIN; attempt++) {
		if (attempt > 0)
			pause_before(attempt);
		edit->error.code = 0;
		err = attempt_commit(edit, live, attempt);
	}
	return err;
}

static json_t *outcome(const struct edit *edit)
{
	const struct arguments *arguments = edit->say->arguments;
	json_t *value = json_object(), *list = json_array();

	json_object_set_new(value, "changed", json_boolean(changed(edit)));
	json_object_set_new(value, "dry_run", json_boolean(arguments->given & ARG_DRY_RUN));
	if (arguments->confirm_s && changed(edit))
		json_object_set_new(value, "confirm_s", json_integer(arguments->confirm_s));
	for (int family = 0; family < 2; family++) {
		json_t *one;

		if (!edit->families[family])
			continue;
		one = json_object();
		json_object_set_new(one, "family", json_string(rulesets_family_name((enum nfv_family)family)));
		json_object_set_new(one, "script", say_text(edit->parts[family].script ? edit->parts[family].script : ""));
		json_array_append_new(list, one);
	}
	json_object_set_new(value, "changes", list);
	return value;
}

static void tell(const struct edit *edit)
{
	const struct arguments *arguments = edit->say->arguments;
	bool dry_run = arguments->given & ARG_DRY_RUN;
	char server[300] = "";

	for (int family = 0; family < 2; family++) {
		const char *shown = edit->parts[family].shown;

		if (!shown || !shown[0])
			continue;
		if (edit->families[0] && edit->families[1])
			printf("%s%s%s\n", paint_on(PAINT_TABLE, edit->color),
			       rulesets_family_title((enum nfv_family)family), paint_off(PAINT_TABLE, edit->color));
		fputs(shown, stdout);
	}
	fflush(stdout);
	if (!changed(edit)) {
		say_hint(edit->say, "nothing to change");
		return;
	}
	if (dry_run) {
		say_hint(edit->say, "dry run: nothing was changed");
		return;
	}
	say_hint(edit->say, "done");
	if (!arguments->confirm_s)
		return;
	if (arguments->server)
		snprintf(server, sizeof(server), " --server %s", arguments->server);
	else if (arguments->state)
		snprintf(server, sizeof(server), " --state %s", arguments->state);
	say_hint(edit->say, "it is undone in %u s unless you run: nfverdict rules confirm%s", arguments->confirm_s, server);
}

int edit_run(struct say *say, const bool families[2], const struct input *source, edit_fn *fn, void *context)
{
	struct edit edit = { .say = say,
			     .families = families,
			     .fn = fn,
			     .context = context,
			     .color = paint_wanted(say->arguments->color, stdout) };
	struct nfv_live *live;
	int result = input_open_live(say, &live), err;

	if (result != TOOL_OK)
		return result;
	err = commit(&edit, live);
	if (err) {
		enum tool_exit status = say_exit_of(err);

		if (source)
			input_show_line(source, &edit.error);
		result = edit.error.code ? say_error(say, &edit.error, status)
					 : say_failure(say, status, err, "%s", strerror(-err));
	} else {
		if (!(say->arguments->given & ARG_JSON))
			tell(&edit);
		result = say_outcome(say, outcome(&edit), TOOL_OK);
	}
	forget_parts(&edit);
	nfv_live_close(live);
	return result;
}
