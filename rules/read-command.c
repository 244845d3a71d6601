/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/read-command.h"

#include <errno.h>
#include <string.h>

/* What a command takes behind itself. */
static const struct command_form {
	char letter;
	const char *name;
	bool chain, chain_needed; /* a chain's name */
	bool number, number_needed;
	bool name2; /* a second name, needed */
	bool rule;
} forms[] = {
	{ 'A', "append", .chain = true, .chain_needed = true, .rule = true },
	{ 'I', "insert", .chain = true, .chain_needed = true, .number = true, .rule = true },
	{ 'D', "delete", .chain = true, .chain_needed = true, .number = true, .rule = true },
	{ 'R', "replace", .chain = true, .chain_needed = true, .number = true, .number_needed = true, .rule = true },
	{ 'C', "check", .chain = true, .chain_needed = true, .rule = true },
	{ 'N', "new-chain", .chain = true, .chain_needed = true },
	{ 'N', "new", .chain = true, .chain_needed = true },
	{ 'X', "delete-chain", .chain = true },
	{ 'F', "flush", .chain = true },
	{ 'Z', "zero", .chain = true, .number = true },
	{ 'E', "rename-chain", .chain = true, .chain_needed = true, .name2 = true },
	{ 'P', "policy", .chain = true, .chain_needed = true, .name2 = true },
	{ 'L', "list", .chain = true, .number = true },
	{ 'S', "list-rules", .chain = true, .number = true },
};

struct parse {
	struct reader *reader;
	struct read_command *command;
	const struct read_words *words;
	size_t at;
	bool commands;
	const struct command_form *form;
	const struct read_word *last; /* of the rule's words */
	bool parted; /* something that is no part of the rule stands inside it */
};

static bool is(const struct read_word *word, const char *text)
{
	return !word->quoted && !strcmp(word->value, text);
}

static const struct read_word *peek(const struct parse *p)
{
	return p->at < p->words->count ? &p->words->items[p->at] : NULL;
}

/* The next word, if it can be an argument. */
static const struct read_word *take_argument(struct parse *p)
{
	const struct read_word *word = peek(p);

	if (!word || (!word->quoted && (*word->value == '-' || *word->value == '!')))
		return NULL;
	p->at++;
	return word;
}

static bool number(const char *text, uint64_t *value)
{
	*value = 0;
	if (!*text)
		return false;
	for (; *text; text++)
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(*text - '0'), value))
			return false;
	return true;
}

bool read_counters(struct read_span *span, uint64_t *packets, uint64_t *bytes)
{
	uint64_t values[2] = { 0, 0 };
	const char *at = span->at;

	for (int i = 0; i < 2; i++) {
		const char *begin;

		if (at == span->end || *at++ != "[:"[i])
			return false;
		for (begin = at; at < span->end && *at >= '0' && *at <= '9'; at++)
			if (__builtin_mul_overflow(values[i], 10, &values[i]) ||
			    __builtin_add_overflow(values[i], (uint64_t)(*at - '0'), &values[i]))
				return false;
		if (at == begin)
			return false;
	}
	if (at == span->end || *at++ != ']')
		return false;
	*packets = values[0];
	*bytes = values[1];
	span->at = at;
	return true;
}

/* ---- what is no part of a rule ---- */

/* -c p b, -c p,b */
static int take_counters(struct parse *p, const struct read_word *option)
{
	const struct read_word *first = take_argument(p), *second;
	struct read_command *command = p->command;
	const char *comma = first ? strchr(first->value, ',') : NULL;
	bool fine;

	if (comma) {
		char packets[32];

		fine = (size_t)(comma - first->value) < sizeof(packets);
		if (fine) {
			memcpy(packets, first->value, (size_t)(comma - first->value));
			packets[comma - first->value] = '\0';
			fine = number(packets, &command->packets) && number(comma + 1, &command->bytes);
		}
	} else {
		second = first ? take_argument(p) : NULL;
		fine = second && number(first->value, &command->packets) && number(second->value, &command->bytes);
	}
	if (!fine)
		return read_fail(p->reader, -EINVAL, option->raw.at, "%s needs a number of packets and one of bytes",
				 option->value);
	command->counted = true;
	return 0;
}

static int take_table(struct parse *p, const struct read_word *option)
{
	if (!p->commands)
		return read_fail(p->reader, -EINVAL, option->raw.at, "%s: a line of a table cannot name a table",
				 option->value);
	p->command->table = take_argument(p);
	return p->command->table ? 0 : read_fail(p->reader, -EINVAL, option->raw.at, "%s needs a table", option->value);
}

/* -w and -W take a number or not. */
static int take_wait(struct parse *p, const struct read_word *option)
{
	const struct read_word *next = peek(p);
	uint64_t seconds;

	if (!p->commands)
		return read_fail(p->reader, -EINVAL, option->raw.at, "%s is no option of a line", option->value);
	if (next && number(next->value, &seconds))
		p->at++;
	return 0;
}

/* *taken: it was one of those. */
static int take_other(struct parse *p, const struct read_word *word, bool *taken)
{
	enum nfv_family family = p->reader->rules->family;

	*taken = true;
	if (is(word, "-c") || is(word, "--set-counters"))
		return take_counters(p, word);
	if (is(word, "-t") || is(word, "--table"))
		return take_table(p, word);
	if (is(word, "-4") || is(word, "--ipv4")) {
		p->command->other_family |= family != NFV_FAMILY_IPV4;
		return 0;
	}
	if (is(word, "-6") || is(word, "--ipv6")) {
		p->command->other_family |= family != NFV_FAMILY_IPV6;
		return 0;
	}
	if (is(word, "-w") || is(word, "--wait") || is(word, "-W") || is(word, "--wait-interval"))
		return take_wait(p, word);
	if (is(word, "-v") || is(word, "--verbose"))
		return 0;
	*taken = p->commands && (is(word, "-n") || is(word, "--numeric") || is(word, "-x") || is(word, "--exact") ||
				 is(word, "--line-numbers"));
	return 0;
}

/* ---- the command ---- */

/* *attached: what is written onto it, as in -AINPUT; NULL: nothing. */
static const struct command_form *find_form(const struct read_word *word, const char **attached)
{
	const char *name = word->value;
	size_t len;

	*attached = NULL;
	if (word->quoted || name[0] != '-')
		return NULL;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (name[1] != '-' && name[1] == forms[i].letter) {
			*attached = name[2] ? name + 2 : NULL;
			return &forms[i];
		}
		len = strlen(forms[i].name);
		if (name[1] == '-' && !strncmp(name + 2, forms[i].name, len) && (!name[2 + len] || name[2 + len] == '=')) {
			*attached = name[2 + len] ? name + 3 + len : NULL;
			return &forms[i];
		}
	}
	return NULL;
}

static int take_number(struct parse *p)
{
	const struct command_form *form = p->form;
	const struct read_word *word = take_argument(p);
	struct read_command *command = p->command;
	uint64_t value;

	if (!word)
		return form->number_needed
			       ? read_fail(p->reader, -EINVAL, command->word->raw.at, "-%c needs a number", form->letter)
			       : 0;
	if (!number(word->value, &value) || value == 0 || value > UINT32_MAX)
		return read_fail(p->reader, -EINVAL, word->raw.at, "\"%.*s\" is not the number of a rule: they count from 1",
				 100, word->value);
	command->number = (unsigned long)value;
	command->number_word = word;
	return 0;
}

static int take_command(struct parse *p, const struct read_word *word, const char *attached)
{
	const struct command_form *form = p->form;
	struct read_command *command = p->command;

	if (command->letter)
		return read_fail(p->reader, -EINVAL, word->raw.at, "%s: a second command behind %s", word->value,
				 command->word->value);
	command->letter = form->letter;
	command->word = word;
	if (attached) {
		command->attached = (struct read_word){ .raw = word->raw, .value = attached, .len = strlen(attached) };
		command->chain = &command->attached;
	} else if (form->chain) {
		command->chain = take_argument(p);
	}
	if (form->chain_needed && !command->chain)
		return read_fail(p->reader, -EINVAL, word->raw.at, "%s needs a chain", word->value);
	if (form->name2) {
		command->name = take_argument(p);
		if (!command->name)
			return read_fail(p->reader, -EINVAL, word->raw.at, "%s needs %s", word->value,
					 form->letter == 'P' ? "a policy" : "a new name");
	}
	return form->number && command->chain ? take_number(p) : 0;
}

/* ---- the rule ---- */

static void add_rule_word(struct parse *p, const struct read_word *word)
{
	struct read_command *command = p->command;

	if (p->last)
		text_add(&command->rule, " ", 1);
	else
		command->rule_at = word->raw.at;
	read_words_add(&command->rule, p->words, word);
	p->last = word;
}

/* The value of a long option: whatever it looks like, it is no command. */
static bool is_value(const struct parse *p, const struct read_word *word)
{
	return word > p->words->items && p->last == word - 1 && !p->last->quoted && !strncmp(p->last->value, "--", 2);
}

static int take_word(struct parse *p)
{
	const struct read_word *word = &p->words->items[p->at++];
	const struct command_form *form;
	const char *attached;
	bool taken = false;
	int err;

	if (word->quoted || *word->value != '-' || is_value(p, word)) {
		add_rule_word(p, word);
		return 0;
	}
	err = take_other(p, word, &taken);
	if (err || taken) {
		p->parted = p->parted || p->last;
		return err;
	}
	form = find_form(word, &attached);
	/* Long names of commands may be those of an extension's options too. */
	if (!form || (p->form && word->value[1] == '-')) {
		add_rule_word(p, word);
		return 0;
	}
	p->parted = p->parted || p->last;
	if (!p->form)
		p->form = form;
	return take_command(p, word, attached);
}

/* The rule is what stands in the line when nothing else stands in it: then its bytes are kept, blanks and all. */
static int finish_rule(struct parse *p)
{
	struct read_command *command = p->command;

	command->rule_whole = !p->words->shell && !p->parted && command->rule_at;
	if (command->rule_whole) {
		const char *end = p->reader->line.end;

		text_free(&command->rule);
		text_add(&command->rule, command->rule_at, (size_t)(end - command->rule_at));
	}
	if (command->rule.failed)
		return read_fail_memory(p->reader);
	/* Quoting for iptables-restore may need more bytes than quoting for a shell. */
	if (command->rule.len + (command->chain ? command->chain->len : 0) + strlen("-A  ") > NFV_RULES_LINE_MAX)
		return read_fail(p->reader, -EINVAL, command->rule_at, "a rule that makes a line longer than %d bytes",
				 NFV_RULES_LINE_MAX);
	return 0;
}

int read_command_parse(struct reader *reader, struct read_command *command, const struct read_words *words, size_t first,
		       bool commands)
{
	struct parse p = { .reader = reader, .command = command, .words = words, .at = first, .commands = commands };
	int err = 0;

	while (p.at < words->count && !err)
		err = take_word(&p);
	if (!err && !p.form)
		err = read_fail(reader, -EINVAL, words->count > first ? words->items[first].raw.at : reader->line.end,
				"no command, like -A, in the line");
	if (!err && p.last && !p.form->rule)
		err = read_fail(reader, -EINVAL, command->rule_at, "-%c takes no rule", command->letter);
	if (!err && p.last && command->letter == 'D' && command->number)
		err = read_fail(reader, -EINVAL, command->rule_at, "-D takes a number or a rule, not both");
	return err ? err : finish_rule(&p);
}

void read_command_free(struct read_command *command)
{
	text_free(&command->rule);
}
