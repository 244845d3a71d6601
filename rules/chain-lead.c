/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/chain.h"

#include "rules/view.h"

#include <errno.h>
#include <string.h>

/*
 * Text whose words may be written in another way than they read: with escapes, or a quote inside a word. There a search for
 * the name's bytes says nothing.
 */
static bool is_odd(const char *text, size_t len)
{
	bool open = false;

	if (!memchr(text, '"', len))
		return false;
	if (memchr(text, '\\', len))
		return true;
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '"')
			continue;
		if (!open && i > 0 && text[i - 1] != ' ' && text[i - 1] != '\t')
			return true;
		open = !open;
	}
	return false;
}

/* "… -j NAME" or "… -g NAME", as nearly every such rule ends. */
static bool is_tail(const char *text, size_t len, const char *name, size_t name_len)
{
	const char *option;

	if (len < name_len + 3 || memcmp(text + len - name_len, name, name_len) != 0)
		return false;
	option = text + len - name_len - 3;
	return option[0] == '-' && (option[1] == 'j' || option[1] == 'g') && option[2] == ' ' &&
	       (option == text || option[-1] == ' ');
}

static enum lead ask_view(const struct nfv_rule *rule, const char *name)
{
	const struct view *view;

	errno = 0;
	view = rule_view(rule);
	/* What is no rule by its text, though the kernel had it, leads nowhere. */
	if (!view)
		return errno == EINVAL ? LEAD_NONE : LEAD_UNKNOWN;
	if (view->target && !strcmp(view->target->name, name))
		return LEAD_VIEW;
	rule_drop_view((struct nfv_rule *)(uintptr_t)rule);
	return LEAD_NONE;
}

enum lead chain_lead(const struct nfv_rule *rule, const char *name, size_t len)
{
	const struct spec *spec = rule->spec;

	if (rule->view || !spec)
		return ask_view(rule, name);
	if (is_tail(spec->bytes, spec->len, name, len))
		return LEAD_TAIL;
	if (!memmem(spec->bytes, spec->len, name, len) && !is_odd(spec->bytes, spec->len))
		return LEAD_NONE;
	return ask_view(rule, name);
}
