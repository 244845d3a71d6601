/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/read-check.h"

#include "rules/extension.h"
#include "rules/read-apply.h"
#include "rules/read-scan.h"
#include "rules/read-target.h"
#include "rules/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Tells what view_parse() found. column: in the rule's text, which stands at `at`; NULL: only near it. */
static int told(struct reader *reader, int err, const struct nfv_rules_error *error, const char *at, size_t len)
{
	size_t column = error->column ? error->column - 1 : 0;

	if (err == -ENOMEM)
		return read_fail_memory(reader);
	return read_fail(reader, err, at + (column < len ? column : len), "%s", error->text);
}

/* With NFV_READ_DECLARED a rule leads to a chain that was declared, or to a target that is known. */
static int check_target(struct reader *reader, const char *text, size_t len, const char *at)
{
	static const char *const standard[] = { "ACCEPT", "DROP", "RETURN", "QUEUE" };
	struct read_span name = read_target(text, len);
	const struct nfv_chain *chain;
	char copy[64];

	if (!name.at || !(reader->flags & NFV_READ_DECLARED) || read_span_len(name) >= sizeof(copy))
		return 0;
	memcpy(copy, name.at, read_span_len(name));
	copy[read_span_len(name)] = '\0';
	for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++)
		if (!strcmp(copy, standard[i]))
			return 0;
	chain = table_find_chain(reader->table, copy, strlen(copy));
	if ((chain && chain->declared) || extension_find(copy, true, reader->rules->family))
		return 0;
	return read_fail(reader, -ENOENT, at + (name.at - text), "\"%s\" is neither a chain that is declared nor a target",
			 copy);
}

/* Trailing and leading blanks apart, as views are made. */
static int parse(struct view **view, const char *text, size_t len, struct nfv_rules_error *error)
{
	*view = NULL;
	*error = (struct nfv_rules_error){ 0 };
	return view_parse(view, NULL, text, len, error);
}

/* The bytes of a rule as a spec: blanks before it are no part of it. */
static int one_rule(struct reader *reader, const struct read_command *command, const struct view *view,
		    struct read_rules *rules)
{
	const struct text *text = &command->rule;
	struct text anew = { 0 };

	rules->specs = calloc(1, sizeof(struct spec *));
	if (!rules->specs)
		return read_fail_memory(reader);
	if (view->respell) {
		view_print(view, &anew);
		text = &anew;
	}
	if (!text->failed)
		rules->specs[0] = spec_new(text->data ? text->data : "", text->len);
	text_free(&anew);
	rules->count = rules->specs[0] ? 1 : 0;
	return rules->specs[0] ? 0 : read_fail_memory(reader);
}

/* -s a,b -d c,d */
static int several_rules(struct reader *reader, const char *at, const struct view *view, struct read_rules *rules)
{
	int err = view_expand(view, &rules->specs, &rules->count);

	if (err)
		*rules = (struct read_rules){ 0 };
	if (err == -ENOMEM)
		return read_fail_memory(reader);
	return err ? read_fail(reader, err, at, "a list of addresses that is none") : 0;
}

/*
 * Behind a long option that takes no value the line's reader took -c, -4 and -6 for its value; the view knows better.
 */
static int take_out(struct reader *reader, struct read_command *command, struct view *view, const char *at)
{
	if (view->counters && command->counted)
		return read_fail(reader, -EINVAL, at, "counters are given twice");
	if (view->counters) {
		command->counted = true;
		command->packets = view->packets;
		command->bytes = view->bytes;
	}
	if (view->version)
		command->other_family |= (view->version == 4) != (reader->rules->family == NFV_FAMILY_IPV4);
	view->respell |= view->counters || view->version;
	view->counters = false;
	view->version = 0;
	return 0;
}

int read_check_rule(struct reader *reader, struct read_command *command, struct read_rules *rules)
{
	const char *text = command->rule.data ? command->rule.data : "", *at = command->rule_at;
	size_t len = command->rule.len;
	struct nfv_rules_error error;
	struct view *view;
	int err;

	if (!at)
		at = reader->line.end;
	err = parse(&view, text, len, &error);
	if (err)
		return told(reader, err, &error, at, command->rule_whole ? len : 0);
	err = take_out(reader, command, view, at);
	if (!err && !command->other_family)
		err = check_target(reader, text, len, at);
	if (!err && !command->other_family)
		err = view_has_list(view) ? several_rules(reader, at, view, rules) : one_rule(reader, command, view, rules);
	view_free(view);
	return err;
}

void read_rules_free(struct read_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		spec_unref(rules->specs[i]);
	free(rules->specs);
	*rules = (struct read_rules){ 0 };
}

int read_check_shape(struct reader *reader, struct read_span rule, uint64_t shape)
{
	uint64_t *known = &reader->shapes[shape % READ_SHAPES];
	struct nfv_rules_error error;
	struct view *view;
	int err;

	if (*known != shape) {
		err = parse(&view, rule.at, read_span_len(rule), &error);
		view_free(view);
		if (err)
			return told(reader, err, &error, rule.at, read_span_len(rule));
		*known = shape;
	}
	return reader->flags & NFV_READ_DECLARED ? check_target(reader, rule.at, read_span_len(rule), rule.at) : 0;
}
