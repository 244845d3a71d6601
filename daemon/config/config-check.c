/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What spans keys. Fields in which a mistake was found already are left alone, so that no mistake causes a second line. */
#include "daemon/config/config-private.h"
#include "daemon/config/config-match.h"
#include "daemon/config/nearest.h"

#include <string.h>
#include <unistd.h>

static const char *const filter_chains[] = { "INPUT", "FORWARD", "OUTPUT", NULL };
static const char *const mangle_chains[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", NULL };
static const char *const raw_chains[] = { "PREROUTING", "OUTPUT", NULL };

static const char *const *const table_chains[] = {
	[TABLE_FILTER] = filter_chains,
	[TABLE_MANGLE] = mangle_chains,
	[TABLE_RAW] = raw_chains,
	[TABLE_SECURITY] = filter_chains,
};

/* A queue being checked. Its fields are looked at where they were filled, because that is where places are known. */
struct subject {
	struct config_private *c;
	struct values *values;
	const struct config_queue *queue;
	const char *object;
};

static void complain(const struct subject *s, const void *field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void complain(const struct subject *s, const void *field, const char *format, ...)
{
	struct place place;
	struct why why;
	va_list args;

	va_start(args, format);
	vsnprintf(why.text, sizeof(why.text), format, args);
	va_end(args);
	values_place(s->values, field, &place);
	report_add(s->c->report, place, s->object, "%s: %s", values_path(s->values, field), why.text);
}

static bool usable(const struct subject *s, const void *field)
{
	return values_usable(s->values, field);
}

static bool given(const struct subject *s, const void *field)
{
	struct place place;

	return values_usable(s->values, field) && values_place(s->values, field, &place);
}

static void check_handler(const struct subject *s, const char *const *names, size_t index)
{
	struct nearest nearest = { .wanted = names[index] };
	const struct config *config = &s->c->config;
	char hint[96];

	for (size_t i = 0; i < index; i++) {
		if (usable(s, &names[i]) && !strcmp(names[i], names[index])) {
			complain(s, &names[index], "%s is listed twice", names[index]);
			return;
		}
	}
	if (s->c->incomplete || config_handler(config, names[index]))
		return;
	for (size_t i = 0; i < config->handler_count; i++)
		nearest_offer(&nearest, config->handlers[i].name);
	complain(s, &names[index], "%s is not defined%s", names[index], nearest_hint(&nearest, hint, sizeof(hint)));
}

static void check_handlers(const struct subject *s)
{
	const struct nfv_list *list = &s->queue->handlers;

	if (list->count > CONFIG_HANDLERS_MAX) {
		complain(s, list, "%zu handlers are listed, which is above %d", list->count, CONFIG_HANDLERS_MAX);
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (usable(s, (const char *const *)list->items + i))
			check_handler(s, list->items, i);
	}
	if (list->count && usable(s, &s->queue->copy) && s->queue->copy == COPY_NONE)
		complain(s, &s->queue->copy,
			 "with none no packet ever comes to the queue's handlers: wanted meta or packet");
}

static void check_range(const struct subject *s)
{
	if (given(s, &s->queue->range) && s->queue->range != CONFIG_RANGE_AUTO && usable(s, &s->queue->copy) &&
	    s->queue->copy != COPY_PACKET)
		complain(s, &s->queue->range, "has a meaning only with copy: packet");
}

/* Of the chains that the table does not have, those that another one has deserve to be told apart from misspelt ones. */
static void check_chain(const struct subject *s, const struct config_steer *steer)
{
	struct nearest nearest = { .wanted = steer->chain };
	const char *const *chains = table_chains[steer->table];
	const char *separator;
	char list[64] = "", hint[96];
	size_t used = 0;

	for (size_t i = 0; chains[i]; i++) {
		if (!strcmp(chains[i], steer->chain))
			return;
		nearest_offer(&nearest, chains[i]);
		separator = !i ? "" : chains[i + 1] ? ", " : " and ";
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", separator, chains[i]);
	}
	complain(s, &steer->chain, "%s is no built-in chain of table %s, which has %s%s", steer->chain,
		 config_table_name(steer->table), list, nearest_hint(&nearest, hint, sizeof(hint)));
}

static void check_steer(const struct subject *s)
{
	const struct config_steer *entries = s->queue->steer.items;
	struct why why;

	for (size_t i = 0; i < s->queue->steer.count; i++) {
		/* Of a named entry, chain is the first field and so stands for the entry too: it is usable when both are. */
		if (usable(s, &entries[i].chain) && usable(s, &entries[i].table) && entries[i].chain)
			check_chain(s, &entries[i]);
		if (usable(s, &entries[i].match) && entries[i].match && config_match_check(entries[i].match, &why))
			complain(s, &entries[i].match, "%s", why.text);
	}
}

static void check_cpus(const struct subject *s)
{
	const struct nfv_range *ranges = s->queue->cpus.items;
	long count = sysconf(_SC_NPROCESSORS_CONF);

	for (size_t i = 0; count > 0 && i < s->queue->cpus.count; i++) {
		if (usable(s, &ranges[i]) && ranges[i].last >= (unsigned long)count)
			complain(s, &ranges[i], "this machine has no processor %u, its last one is %ld", ranges[i].last,
				 count - 1);
		for (size_t j = 0; j < i; j++) {
			if (usable(s, &ranges[i]) && usable(s, &ranges[j]) && ranges[i].first <= ranges[j].last &&
			    ranges[j].first <= ranges[i].last) {
				complain(s, &ranges[i], "a processor is listed twice");
				break;
			}
		}
	}
}

static void check_fanout(const struct subject *s)
{
	const struct config_queue *queue = s->queue;

	if (usable(s, &queue->cpu_fanout) && queue->cpu_fanout && usable(s, &queue->numbers) &&
	    queue->numbers.first == queue->numbers.last)
		complain(s, &queue->cpu_fanout, "has a meaning only with several numbers");
}

static bool overlaps(const struct nfv_range *a, const struct nfv_range *b)
{
	return a->first <= b->last && b->first <= a->last;
}

static void check_numbers(const struct subject *s, size_t index)
{
	const struct nfv_range *numbers = &s->queue->numbers;

	if (!usable(s, numbers))
		return;
	for (size_t i = 0; i < index; i++) {
		struct config_queue *other = values_data(s->c->queues[i].values);

		if (!values_usable(s->c->queues[i].values, &other->numbers) || !overlaps(numbers, &other->numbers))
			continue;
		complain(s, numbers, "%u belongs to queue %s already",
			 numbers->first > other->numbers.first ? numbers->first : other->numbers.first,
			 s->c->config.queues[i].name);
		return;
	}
}

/* A queue that could not be added was complained about already. */
static void check_any_queue(struct config_private *c)
{
	const struct node *root = c->files ? c->files->tree : NULL;

	if (c->config.queue_count || c->incomplete || !root || (root->kind != NODE_MAP && root->kind != NODE_NULL))
		return;
	for (const struct config_file *f = c->files; f; f = f->next) {
		const struct node *queues = tree_get(f->tree, "queues");

		if (queues && (queues->count || queues->kind == NODE_SCALAR || queues->kind == NODE_UNUSABLE))
			return;
	}
	report_add(c->report, root->place, "queues", "no queue is defined");
}

void config_check(struct config_private *c)
{
	for (size_t i = 0; i < c->config.queue_count; i++) {
		struct subject s = {
			.c = c,
			.values = c->queues[i].values,
			.queue = values_data(c->queues[i].values),
			.object = config_queue_object(c, &c->config.queues[i]),
		};

		check_numbers(&s, i);
		check_handlers(&s);
		check_range(&s);
		check_steer(&s);
		check_cpus(&s);
		check_fanout(&s);
	}
	check_any_queue(c);
}
