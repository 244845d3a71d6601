/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule in one statement: from keys and values, or as another one with some of them changed. */
#include "rules/build.h"

#include "rules/view.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

void build_done(struct nfv_rule *rule)
{
	if (rule->view)
		rule->view->lent = false;
	rule_spec(rule);
	rule_drop_view(rule);
}

/* Takes the rule: gives it back with these keys, or frees it. */
static struct nfv_rule *with_keys(struct nfv_rule *rule, const char *const *words, size_t count)
{
	int err;

	if (!rule)
		return NULL;
	err = build_keys(rule, words, count);
	if (!err) {
		build_done(rule);
		return rule;
	}
	nfv_rule_free(rule);
	errno = -err;
	return NULL;
}

struct nfv_rule *nfv_rule_build_words(const char *const *words, size_t count)
{
	return with_keys(nfv_rule_new(), words, count);
}

struct nfv_rule *nfv_rule_specialise_words(const struct nfv_rule *template_rule, const char *const *words, size_t count)
{
	if (!template_rule) {
		errno = EINVAL;
		return NULL;
	}
	return with_keys(nfv_rule_copy(template_rule), words, count);
}

/* ---- the same with the words as arguments ---- */

/* The words up to the NULL in a key's place; what was allocated in *words. A value may be NULL too. */
static int collect(const char ***words, size_t *count, const char *key, va_list args)
{
	size_t size = 0;

	for (; key; key = va_arg(args, const char *)) {
		for (int i = 0; i < 2; i++) {
			if (grow((void **)words, *count, &size, sizeof(const char *)))
				return -ENOMEM;
			(*words)[(*count)++] = i == 0 ? key : va_arg(args, const char *);
		}
	}
	return 0;
}

/* As collect(), where a NULL ends the words wherever it stands: nothing behind it is looked at. */
static int collect_strict(const char ***words, size_t *count, const char *key, va_list args)
{
	size_t size = 0;

	for (; key; key = va_arg(args, const char *)) {
		if (grow((void **)words, *count, &size, sizeof(const char *)))
			return -ENOMEM;
		(*words)[(*count)++] = key;
	}
	return 0;
}

struct nfv_rule *nfv_rule_build(const char *key, ...)
{
	struct nfv_rule *rule = NULL;
	const char **words = NULL;
	size_t count = 0;
	va_list args;
	int err;

	va_start(args, key);
	err = collect_strict(&words, &count, key, args);
	va_end(args);
	if (err)
		errno = -err;
	else
		rule = nfv_rule_build_words(words, count);
	free(words);
	return rule;
}

struct nfv_rule *nfv_rule_specialise(const struct nfv_rule *template_rule, const char *key, ...)
{
	struct nfv_rule *rule = NULL;
	const char **words = NULL;
	size_t count = 0;
	va_list args;
	int err;

	va_start(args, key);
	err = collect(&words, &count, key, args);
	va_end(args);
	if (err)
		errno = -err;
	else
		rule = nfv_rule_specialise_words(template_rule, words, count);
	free(words);
	return rule;
}

struct nfv_rule *nfv_rule_at(struct nfv_rule *rule, const char *file, unsigned line)
{
	int err = rule ? nfv_rule_set_origin(rule, file, line) : 0;

	if (!err)
		return rule;
	if (!rule->chain)
		nfv_rule_free(rule);
	errno = -err;
	return NULL;
}
