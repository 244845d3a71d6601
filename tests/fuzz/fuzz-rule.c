/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules: what is taken prints, and the print is taken and prints the same; what is set through the accessors comes back,
 * also after printing and parsing.
 */
#include "rules/model.h"
#include "rules/view.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool what)
{
	if (!what)
		abort();
}

/* Texts cannot hold NUL bytes: they end there. */
static char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* As long as a line may be; longer ones may come of quoting. */
static struct nfv_rule *again(const struct nfv_rule *rule)
{
	const struct spec *spec = rule_spec(rule);
	struct nfv_rules_error error;
	struct nfv_rule *other;

	must(spec);
	if (spec->len > NFV_RULES_LINE_MAX)
		return NULL;
	other = nfv_rule_parse(spec->bytes, &error);
	if (!other) {
		fprintf(stderr, "%s\n%s\n", spec->bytes, error.text);
		abort();
	}
	return other;
}

static void same_print(const struct nfv_rule *a, const struct nfv_rule *b)
{
	struct text first = { 0 }, second = { 0 };

	view_print(rule_view(a), &first);
	view_print(rule_view(b), &second);
	must(!first.failed && !second.failed);
	if (first.len != second.len || (first.len && memcmp(first.data, second.data, first.len) != 0)) {
		fprintf(stderr, "%s\n%s\n", first.data ? first.data : "", second.data ? second.data : "");
		abort();
	}
	text_free(&first);
	text_free(&second);
}

/* The view's print, parsed, is the same rule. */
static void round_trip(struct nfv_rule *rule)
{
	struct nfv_rule *other;

	if (!rule_view(rule))
		abort();
	rule_view_changed(rule);
	other = again(rule);
	if (!other)
		return;
	same_print(rule, other);
	for (int field = 0; field < NFV_FIELD_COUNT; field++) {
		bool a_not, b_not;
		const char *a = nfv_rule_get(rule, (enum nfv_field)field, &a_not);
		const char *b = nfv_rule_get(other, (enum nfv_field)field, &b_not);

		must(a_not == b_not && !a == !b && (!a || !strcmp(a, b)));
	}
	must(!nfv_rule_target(rule) == !nfv_rule_target(other) && nfv_rule_is_goto(rule) == nfv_rule_is_goto(other));
	nfv_rule_free(other);
}

/* The rules of a list have none, and are as many as the lists say. */
static void expand(const struct nfv_rule *rule)
{
	struct spec **specs;
	size_t count;
	int err;

	if (!view_has_list(rule_view(rule)))
		return;
	err = view_expand(rule_view(rule), &specs, &count);
	must(err == 0 || err == -EINVAL); /* nothing between commas */
	if (err)
		return;
	must(count > 1);
	for (size_t i = 0; i < count; i++) {
		struct nfv_rule *one = specs[i]->len <= NFV_RULES_LINE_MAX ? nfv_rule_parse(specs[i]->bytes, NULL) : NULL;

		must(!one || !view_has_list(rule_view(one)));
		nfv_rule_free(one);
		spec_unref(specs[i]);
	}
	free(specs);
}

static void mutate_fields(struct nfv_rule *rule, char *const *words, size_t count, uint8_t choice)
{
	enum nfv_field field = (enum nfv_field)(choice % NFV_FIELD_COUNT);
	const char *value = words[choice % count];
	bool negated = choice & 64, got;

	if (nfv_rule_set(rule, field, value, negated)) {
		must(!nfv_rule_set(rule, field, NULL, false) && !nfv_rule_get(rule, field, NULL));
		return;
	}
	must(!strcmp(nfv_rule_get(rule, field, &got), value) && got == negated);
}

/* An option that no extension knows here, and another one does, would be taken for that one's. */
static bool of_others(const char *name)
{
	const struct extension *other;

	for (size_t i = 0; (other = extension_at(i)); i++)
		for (const struct extension_option *option = other->options; option && option->name; option++)
			if (!strncmp(option->name, name, strlen(name)) ||
			    (option->alias && !strncmp(option->alias, name, strlen(name))))
				return true;
	return false;
}

/* With such options a change of something else may give them to that. */
static bool has_of_others(const struct nfv_rule *rule)
{
	size_t count = nfv_rule_match_count(rule);

	for (size_t i = 0; i <= count; i++) {
		const struct nfv_extension *extension = i < count ? nfv_rule_match_at(rule, i) : nfv_rule_target(rule);
		struct nfv_extension_option option;

		for (size_t j = 0; extension && !nfv_extension_option_at(extension, j, &option); j++)
			if (!(extension->known && extension_option_exact(extension->known, option.name)) &&
			    of_others(option.name))
				return true;
	}
	return false;
}

static void mutate_options(struct nfv_extension *extension, char *const *words, size_t count, uint8_t choice)
{
	const char *values[3] = { words[choice % count], words[(choice + 1u) % count], words[(choice + 2u) % count] };
	const char *name = words[(choice / 2u) % count], *bare;
	struct nfv_extension_option option;

	name += strspn(name, "-");
	bare = name + strspn(name, "! ");
	if (!(extension->known && extension_option_find(extension->known, bare)) && of_others(bare))
		return;
	switch (choice % 5) {
	case 0:
		if (!nfv_extension_set(extension, name, values[0]) && nfv_extension_option(extension, name, &option))
			abort();
		break;
	case 1:
		if (!nfv_extension_set_values(extension, name, values, choice % 4) &&
		    nfv_extension_option(extension, name + (*name == '!'), &option))
			abort();
		break;
	case 2:
		nfv_extension_add(extension, name, values, choice % 3);
		break;
	case 3:
		nfv_extension_remove(extension, name);
		break;
	case 4:
		nfv_extension_clear(extension);
		break;
	}
}

static void mutate_extensions(struct nfv_rule *rule, char *const *words, size_t count, uint8_t choice)
{
	size_t matches = nfv_rule_match_count(rule);
	struct nfv_extension *match = matches ? nfv_rule_match_at(rule, choice % matches) : NULL;

	switch (choice % 6) {
	case 0:
		nfv_rule_add_match(rule, words[choice % count]);
		break;
	case 1:
		if (match)
			must(!nfv_rule_remove_match(rule, match));
		break;
	case 2:
		nfv_rule_set_jump(rule, words[choice % count]);
		break;
	case 3:
		nfv_rule_set_goto(rule, choice & 64 ? NULL : words[choice % count]);
		break;
	case 4:
		nfv_rule_set_comment(rule, choice & 64 ? NULL : words[choice % count]);
		break;
	case 5:
		if (match)
			mutate_options(match, words, count, choice / 6);
		if (nfv_rule_target(rule))
			mutate_options(nfv_rule_target(rule), words, count, choice / 3);
		break;
	}
}

/* The input's own words and bytes say what is changed. */
static void mutate(struct nfv_rule *rule, char *text, const uint8_t *data, size_t size)
{
	static char tcp[] = "tcp", udp[] = "udp", dport[] = "dport", flags[] = "tcp-flags", odd[] = "odd";
	char *words[32] = { tcp, udp, dport, flags, odd }, *rest = text, *word;
	size_t count = 5;

	while (count < 32 && (word = strsep(&rest, " \"")))
		words[count++] = word;
	for (size_t i = 0; i < size && i < 24; i++) {
		if (data[size - 1 - i] & 128)
			mutate_fields(rule, words, count, data[i]);
		else
			mutate_extensions(rule, words, count, data[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	struct nfv_rules_error error;
	struct nfv_rule *rule = nfv_rule_parse(text, &error), *copy;

	if (!rule) {
		must(error.code && *error.text && error.column <= size + 1);
		free(text);
		return 0;
	}
	copy = nfv_rule_copy(rule);
	must(copy);
	same_print(rule, copy);
	nfv_rule_free(copy);
	expand(rule);
	round_trip(rule);
	if (!has_of_others(rule)) {
		mutate(rule, text, data, size);
		round_trip(rule);
	}
	(void)rule_family(rule);
	nfv_rule_free(rule);
	free(text);
	return 0;
}
