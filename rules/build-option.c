/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/build.h"

#include "rules/extension.h"
#include "rules/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS     " \t"
#define VALUES_MAX 8 /* of one option; u32 and the like take one */

int build_key_parse(struct build_key *parsed, const char *key)
{
	static const char suffix[] = "__not";
	const size_t suffix_len = sizeof(suffix) - 1;
	size_t len;

	*parsed = (struct build_key){ .negated = *key == '!' };
	key += parsed->negated;
	key += strspn(key, BLANKS);
	len = strlen(key);
	if (len > suffix_len && !strcmp(key + len - suffix_len, suffix)) {
		if (parsed->negated)
			return -EINVAL;
		parsed->negated = true;
		len -= suffix_len;
	}
	if (len == 0 || len >= sizeof(parsed->name) || *key == '-')
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		parsed->name[i] = key[i];
	for (size_t i = 0; i < len; i++)
		if (key[i] == '_')
			parsed->name[i] = '-';
	return 0;
}

/* ---- what the table says ---- */

/* A rule that is in no chain may become one of either family. */
static const struct extension_option *find_option(const char *extension, bool is_target, const char *name, bool whole)
{
	const struct extension *known;

	for (int family = NFV_FAMILY_IPV4; family <= NFV_FAMILY_IPV6; family++) {
		const struct extension_option *option = NULL;

		known = extension_find(extension, is_target, (enum nfv_family)family);
		if (known)
			option = whole ? extension_option_exact(known, name) : extension_option_find(known, name);
		if (option)
			return option;
	}
	return NULL;
}

bool build_is_known(const struct nfv_extension *extension)
{
	return extension_find(extension->name, extension->is_target, NFV_FAMILY_IPV4) ||
	       extension_find(extension->name, extension->is_target, NFV_FAMILY_IPV6);
}

bool build_has_option(const char *extension, bool is_target, const char *name, bool whole)
{
	return find_option(extension, is_target, name, whole) != NULL;
}

/* ---- setting ---- */

static int set_values(struct nfv_extension *extension, const char *name, const char *const *values, size_t count, bool add)
{
	return add ? nfv_extension_add(extension, name, values, count)
		   : nfv_extension_set_values(extension, name, values, count);
}

/* "name src,dst" of an option that takes two values. */
static int set_split(struct nfv_extension *extension, const char *name, const char *value, size_t wanted, bool add)
{
	const char *values[VALUES_MAX];
	char *copy = strdup(value), *rest = copy;
	size_t count = 0;
	int err;

	if (!copy)
		return -ENOMEM;
	for (char *word = strtok_r(copy, BLANKS, &rest); word && count < VALUES_MAX; word = strtok_r(NULL, BLANKS, &rest))
		values[count++] = word;
	err = count == wanted ? set_values(extension, name, values, count, add) : -EINVAL;
	free(copy);
	return err;
}

static int set(struct nfv_extension *extension, const struct extension_option *option, const char *name, const char *value,
	       bool add)
{
	bool flag = option ? option->values == 0 : *value == '\0';

	if (flag && *value)
		return -EINVAL;
	if (flag || (option && (option->flags & OPTION_OPTIONAL) && !*value))
		return set_values(extension, name, NULL, 0, add);
	if (option && option->values > 1)
		return set_split(extension, name, value, option->values, add);
	return set_values(extension, name, &value, 1, add);
}

int build_option(struct nfv_extension *extension, const struct build_key *key, const char *value, bool add)
{
	const struct extension_option *option = find_option(extension->name, extension->is_target, key->name, false);
	char name[BUILD_NAME_MAX + 2];
	int err;

	if (!value) {
		err = nfv_extension_remove(extension, option ? option->name : key->name);
		return err == -ENOENT ? 0 : err;
	}
	snprintf(name, sizeof(name), "%s%s", key->negated ? "!" : "", option ? option->name : key->name);
	return set(extension, option, name, value, add && option && (option->flags & OPTION_REPEATED));
}

int build_field(struct nfv_rule *rule, enum nfv_field field, const char *value, bool negated)
{
	if (value && *value == '!') {
		if (negated)
			return -EINVAL;
		negated = true;
		value++;
		value += strspn(value, BLANKS);
	}
	return nfv_rule_set(rule, field, value, value && negated);
}
