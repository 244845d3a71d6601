/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule from a struct nfv_rule_spec. */
#include "rules/build.h"

#include "rules/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int set_words(struct nfv_extension *extension, const char *const *words)
{
	for (size_t i = 0; i < NFV_EXTENSION_WORDS && words[i]; i += 2) {
		struct build_key key;
		int err = build_key_parse(&key, words[i]);

		if (err)
			return err;
		if (i + 1 == NFV_EXTENSION_WORDS || !words[i + 1])
			return -EINVAL;
		err = build_option(extension, &key, words[i + 1], true);
		if (err)
			return err;
	}
	return 0;
}

static int add_fields(struct nfv_rule *rule, const struct nfv_rule_spec *spec)
{
	const char *const values[NFV_FIELD_COUNT] = {
		[NFV_FIELD_SOURCE] = spec->source,
		[NFV_FIELD_DESTINATION] = spec->destination,
		[NFV_FIELD_IN] = spec->in,
		[NFV_FIELD_OUT] = spec->out,
		[NFV_FIELD_PROTOCOL] = spec->protocol,
		[NFV_FIELD_FRAGMENT] = spec->fragment,
	};
	int err = 0;

	for (size_t i = 0; i < NFV_FIELD_COUNT && !err; i++)
		if (values[i])
			err = build_field(rule, (enum nfv_field)i, values[i], false);
	return err;
}

static int add_matches(struct nfv_rule *rule, const struct nfv_rule_spec *spec)
{
	int err = 0;

	for (size_t i = 0; i < NFV_RULE_MATCHES && spec->matches[i].name && !err; i++) {
		struct nfv_extension *match = nfv_rule_add_match(rule, spec->matches[i].name);

		err = match ? set_words(match, spec->matches[i].words) : -errno;
	}
	return err;
}

/* Options as text are read behind what is there, for they may be those of its protocol or last match. */
static int add_options(struct nfv_rule **rule, const char *options)
{
	char *begin = nfv_rule_print(*rule, 0);
	struct text text = { 0 };
	struct nfv_rule *whole;
	int err = begin ? 0 : -errno;

	if (begin)
		text_printf(&text, "%s%s%s", begin, *begin ? " " : "", options);
	free(begin);
	if (err || text.failed) {
		text_free(&text);
		return -ENOMEM;
	}
	whole = nfv_rule_parse(text.data, NULL);
	err = whole ? 0 : -errno;
	text_free(&text);
	if (err)
		return err;
	nfv_rule_free(*rule);
	*rule = whole;
	return 0;
}

static int add_target(struct nfv_rule *rule, const struct nfv_rule_spec *spec)
{
	int given = (spec->target.name != NULL) + (spec->jump != NULL) + (spec->go_to != NULL);
	const char *jump = spec->jump ? spec->jump : spec->target.name;
	struct nfv_extension *target;

	if (given == 0)
		return 0;
	if (given > 1 || nfv_rule_target(rule))
		return -EINVAL;
	target = jump ? nfv_rule_set_jump(rule, jump) : nfv_rule_set_goto(rule, spec->go_to);
	if (!target)
		return -errno;
	return spec->target.name ? set_words(target, spec->target.words) : 0;
}

static int add_rest(struct nfv_rule *rule, const struct nfv_rule_spec *spec)
{
	int err = 0;

	if (spec->comment)
		err = nfv_rule_set_comment(rule, spec->comment);
	if (!err && spec->note)
		err = nfv_rule_set_note(rule, spec->note);
	if (!err && spec->file)
		err = nfv_rule_set_origin(rule, spec->file, spec->line);
	return err;
}

struct nfv_rule *nfv_rule_from_spec(const struct nfv_rule_spec *spec)
{
	struct nfv_rule *rule = nfv_rule_new();
	int err = rule ? add_fields(rule, spec) : -errno;

	if (!err)
		err = add_matches(rule, spec);
	if (!err && spec->options)
		err = add_options(&rule, spec->options);
	if (!err)
		err = add_target(rule, spec);
	if (!err)
		err = add_rest(rule, spec);
	if (!err) {
		build_done(rule);
		return rule;
	}
	nfv_rule_free(rule);
	errno = -err;
	return NULL;
}
