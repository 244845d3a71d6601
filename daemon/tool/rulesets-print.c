/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/rulesets-print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct say *say)
{
	return say_failure(say, TOOL_ERROR, ENOMEM, "%s", strerror(ENOMEM));
}

int rulesets_print_text(struct say *say, const struct rulesets *rulesets, unsigned flags)
{
	for (int family = 0; family < 2; family++) {
		char *text;
		size_t len;

		if (!rulesets->of[family])
			continue;
		text = nfv_rules_print(rulesets->of[family], flags, &len);
		if (!text)
			return no_memory(say);
		/* Text for both says which is which; commands say it themselves. */
		if (rulesets->of[0] && rulesets->of[1] && !(flags & NFV_PRINT_COMMANDS))
			printf("# family %s\n", rulesets_family_name((enum nfv_family)family));
		fwrite(text, 1, len, stdout);
		free(text);
	}
	return TOOL_OK;
}

int rulesets_print_json(struct say *say, const struct rulesets *rulesets)
{
	bool both = rulesets->of[0] && rulesets->of[1];

	if (both)
		fputs("[\n", stdout);
	for (int family = 0; family < 2; family++) {
		char *text;
		size_t len;

		if (!rulesets->of[family])
			continue;
		text = nfv_rules_to_json(rulesets->of[family], &len);
		if (!text)
			return no_memory(say);
		while (len > 0 && text[len - 1] == '\n')
			len--;
		fwrite(text, 1, len, stdout);
		fputs(both && family == 0 ? ",\n" : "\n", stdout);
		free(text);
	}
	if (both)
		fputs("]\n", stdout);
	return TOOL_OK;
}
