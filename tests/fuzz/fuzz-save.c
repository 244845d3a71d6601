/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a ruleset, finding what is ours in it, and the text that takes it out: that text may name nothing but what is ours. */
#include "rules/steer-text.h"
#include "rules/tool-message.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool begins(const char *line, const char *word)
{
	return !strncmp(line, word, strlen(word));
}

/* A table, deletions from built-in chains and of our rule in our chains, our chains emptied and removed, COMMIT. */
static void judge_text(const char *text, const struct steer_found *found)
{
	size_t tables = 0, commits = 0;

	while (*text) {
		const char *end = strchr(text, '\n');
		bool fine;

		if (!end)
			abort();
		tables += *text == '*';
		commits += begins(text, "COMMIT\n");
		fine = *text == '*' || begins(text, "COMMIT\n") || begins(text, "-F NFV-") || begins(text, "-X NFV-") ||
		       begins(text, "-D NFV-");
		for (size_t c = 0; c < found->table->chain_count && !fine; c++)
			fine = found->table->chains[c].builtin && begins(text, "-D ") &&
			       begins(text + 3, found->table->chains[c].name);
		if (!fine)
			abort();
		text = end + 1;
	}
	if (tables != 1 || commits != 1)
		abort();
}

static void judge_table(const struct save_table *table)
{
	struct queues listening = { .bits = { 0x55 } };
	struct steer_found found;

	if (steer_find(&found, table, &listening))
		return;
	for (size_t i = 0; i < found.count; i++)
		found.chains[i].chosen = !found.chains[i].bound;
	for (enum steer_removal how = STEER_BY_SPEC; how <= STEER_FLUSH; how++) {
		struct text text = { 0 };

		steer_text_remove(&text, &found, how);
		if (text.failed)
			abort();
		if (text.len)
			judge_text(text.data, &found);
		text_free(&text);
	}
	steer_found_free(&found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct queues queues;
	struct save save;
	char *err = malloc(size + 1), text[64];

	if (!err)
		abort();
	memcpy(err, data, size);
	err[size] = '\0';
	tool_message(err, text, sizeof(text));
	free(err);
	queues_parse(&queues, (const char *)data, size);
	if (!save_parse(&save, (const char *)data, size)) {
		for (size_t t = 0; t < save.table_count; t++)
			judge_table(&save.tables[t]);
		save_free(&save);
	}
	return 0;
}
