/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/declared.h"

#include "daemon/tool/nearest-word.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static bool has_rules_alone(const struct nfv_chain *chain)
{
	return !nfv_chain_is_builtin(chain) && !nfv_chain_is_declared(chain) && nfv_chain_count(chain) > 0;
}

static void offer_chains(struct nearest_word *nearest, const struct nfv_table *table)
{
	for (size_t c = 0; table && c < nfv_table_chain_count(table); c++) {
		const struct nfv_chain *chain = nfv_table_chain_at(table, c);

		if (!has_rules_alone(chain))
			nearest_word_offer(nearest, nfv_chain_name(chain));
	}
}

static void tell(const struct nfv_chain *chain, const struct nfv_table *kernel, nfv_rules_report_fn *report, void *context)
{
	struct nearest_word nearest = { .wanted = nfv_chain_name(chain) };
	const struct nfv_rule *rule = nfv_chain_rule(chain, 0);
	struct nfv_rules_error error = { .code = EINVAL };
	char *text = nfv_rule_print(rule, 0), hint[80];
	const char *file = nfv_rule_origin(rule, &error.line);

	offer_chains(&nearest, nfv_chain_table(chain));
	offer_chains(&nearest, kernel);
	snprintf(error.text, sizeof(error.text), "table %s: there is no chain '%s', and nothing declares it%s",
		 nfv_table_name(nfv_chain_table(chain)), nfv_chain_name(chain),
		 nearest_word_hint(&nearest, hint, sizeof(hint)));
	snprintf(error.file, sizeof(error.file), "%s", file ? file : "");
	snprintf(error.shown, sizeof(error.shown), "-A %s %s", nfv_chain_name(chain), text ? text : "");
	free(text);
	report(context, &error);
}

size_t declared_check(const struct nfv_rules *wanted, const struct nfv_rules *kernel, nfv_rules_report_fn *report,
		      void *context)
{
	size_t found = 0;

	for (size_t t = 0; t < nfv_rules_table_count(wanted); t++) {
		const struct nfv_table *table = nfv_rules_table_at(wanted, t);
		const struct nfv_table *there = kernel ? nfv_rules_table(kernel, nfv_table_name(table)) : NULL;

		for (size_t c = 0; c < nfv_table_chain_count(table); c++) {
			const struct nfv_chain *chain = nfv_table_chain_at(table, c);

			if (!has_rules_alone(chain) || (there && nfv_table_chain(there, nfv_chain_name(chain))))
				continue;
			tell(chain, there, report, context);
			found++;
		}
	}
	return found;
}
