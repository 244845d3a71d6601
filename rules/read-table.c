/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `*table` and `:CHAIN POLICY [packets:bytes]`. */
#include "rules/read-apply.h"
#include "rules/read-line.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define TABLE_NAME_MAX 31 /* XT_TABLE_MAXNAMELEN of the kernel, less the NUL */

static struct read_span take_word(struct read_span *line)
{
	struct read_span word;

	while (line->at < line->end && (*line->at == ' ' || *line->at == '\t'))
		line->at++;
	word = (struct read_span){ line->at, line->at };
	while (word.end < line->end && *word.end != ' ' && *word.end != '\t')
		word.end++;
	line->at = word.end;
	return word;
}

static bool is(struct read_span word, const char *text)
{
	return read_span_len(word) == strlen(text) && !memcmp(word.at, text, read_span_len(word));
}

static bool is_table_name(struct read_span word)
{
	for (const char *c = word.at; c < word.end; c++)
		if (!isascii((unsigned char)*c) || !(isalnum((unsigned char)*c) || *c == '_' || *c == '-'))
			return false;
	return word.at < word.end && read_span_len(word) <= TABLE_NAME_MAX;
}

int read_table_line(struct reader *reader, struct read_span line)
{
	struct read_span name = take_word(&line), more = take_word(&line);

	if (reader->open)
		return read_fail(reader, -EINVAL, reader->line.at, "a table before the COMMIT of table %s",
				 reader->table->name);
	/* What follows belongs to it, so nothing there is an error of its own. */
	reader->stop = reader->stop || !is_table_name(name);
	if (!is_table_name(name))
		return read_fail(reader, -EINVAL, name.at, "not a name for a table");
	if (more.at < more.end)
		return read_fail(reader, -EINVAL, more.at, "nothing can stand behind the name of a table");
	reader->begun = true;
	if (read_enter_table(reader, name.at, read_span_len(name)))
		return reader->err;
	reader->open = true;
	return 0;
}

/* A chain of the user that is there is emptied. */
static int declare_again(struct reader *reader, struct nfv_chain *chain, struct read_span name)
{
	if (reader->flags & NFV_READ_NO_FLUSH_ON_DECLARE)
		return 0;
	if (!chain->declared && chain->count > 0)
		return read_fail(reader, -EINVAL, name.at, "chain %s is declared behind rules of it: that would empty it",
				 chain->name);
	return read_undo_clear(&reader->undo, chain) ? read_fail_memory(reader) : 0;
}

static int check_chain(struct reader *reader, struct read_span name, struct read_span policy, const struct nfv_chain *chain)
{
	bool builtin = chain ? chain->builtin : read_is_builtin(reader, name.at, read_span_len(name));
	bool known_table = table_builtin_chains(reader->table->name, reader->rules->family) != NULL;

	if (policy.at == policy.end)
		return read_fail(reader, -EINVAL, policy.at, "a chain needs a policy, or \"-\"");
	if (is(policy, "-"))
		return builtin ? 0 : read_name_check(reader, name);
	if (!builtin && (known_table || chain))
		return read_fail(reader, -EINVAL, policy.at, "chain %.*s is not built in and has no policy (iptables-nft would ignore it): write \"-\"",
				 (int)(read_span_len(name) < 64 ? read_span_len(name) : 64), name.at);
	if (!is(policy, "ACCEPT") && !is(policy, "DROP"))
		return read_fail(reader, -EINVAL, policy.at, "not a policy: ACCEPT and DROP are");
	return builtin ? 0 : read_name_check(reader, name);
}

/* `:NAME [0:0]`: the nft tool takes it for a chain of the user, as if the "-" stood there. */
static bool lacks_policy(const struct reader *reader, struct read_span name, struct read_span policy,
			 struct read_span counters)
{
	return policy.at < policy.end && *policy.at == '[' && counters.at == counters.end &&
	       !read_is_builtin(reader, name.at, read_span_len(name));
}

int read_chain_line(struct reader *reader, struct read_span line)
{
	static const char none[] = "-";
	struct read_span name = take_word(&line), policy = take_word(&line), counters = take_word(&line),
			 more = take_word(&line);
	struct nfv_chain *chain = table_find_chain(reader->table, name.at, read_span_len(name));
	uint64_t packets = 0, bytes = 0;
	bool counted;
	int err = 0;

	if (name.at == name.end)
		return read_fail(reader, -EINVAL, name.at, "a chain needs a name");
	if (lacks_policy(reader, name, policy, counters)) {
		counters = policy;
		policy = (struct read_span){ none, none + 1 };
	}
	counted = counters.at < counters.end;
	if (check_chain(reader, name, policy, chain))
		return reader->err;
	if (counted && (!read_counters(&counters, &packets, &bytes) || counters.at != counters.end))
		return read_fail(reader, -EINVAL, counters.at, "counters are written [packets:bytes]");
	if (more.at < more.end)
		return read_fail(reader, -EINVAL, more.at, "nothing can stand behind a chain's counters");
	if (chain && read_undo_touch(&reader->undo, chain))
		return read_fail_memory(reader);
	if (chain && !chain->builtin)
		err = declare_again(reader, chain, name);
	if (!chain)
		chain = read_make_chain(reader, name.at, read_span_len(name), true);
	if (!chain || err)
		return reader->err;
	chain->declared = true;
	if (counted) {
		chain->packets = packets;
		chain->bytes = bytes;
	}
	if (is(policy, "-"))
		return 0;
	chain->builtin = true;
	return read_set_policy(reader, chain, policy.at, read_span_len(policy));
}
