/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hunt and Szymanski: all pairs of equal numbers, in the order of the first row and within one of its places from the last
 * to the first of the second row; a longest ascending run of second places is a longest common subsequence. Rules seldom
 * repeat, so there is about one pair for each, and the time is that of sorting.
 */
#include "rules/script-lcs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define PAIRS_MAX ((uint64_t)1 << 20) /* candidates; beyond that only two for each place */
#define NONE      UINT32_MAX

/* A pair and the best one before it. */
struct link {
	uint32_t from, to, before;
};

struct search {
	const uint32_t *from, *to;
	size_t from_count, to_count;
	uint32_t *first;     /* by number: where its places begin in `places`; one more at the end */
	uint32_t *places;    /* of the second row, by number, ascending */
	uint32_t *seen;      /* by number: how often it came in the first row until now */
	uint32_t *from_total; /* by number: in the first row */
	struct link *links;
	size_t link_count;
	uint32_t *tails;     /* by length - 1: the link that ends the run of that length with the lowest place */
	size_t length;
};

static void search_free(struct search *search)
{
	free(search->tails);
	free(search->links);
	free(search->from_total);
	free(search->seen);
	free(search->places);
	free(search->first);
}

static int make_places(struct search *search, uint32_t classes)
{
	search->first = calloc((size_t)classes + 1, sizeof(uint32_t));
	search->places = calloc(search->to_count + 1, sizeof(uint32_t));
	search->seen = calloc((size_t)classes + 1, sizeof(uint32_t));
	search->from_total = calloc((size_t)classes + 1, sizeof(uint32_t));
	if (!search->first || !search->places || !search->seen || !search->from_total)
		return -ENOMEM;
	for (size_t j = 0; j < search->to_count; j++)
		search->first[search->to[j] + 1]++;
	for (uint32_t c = 0; c < classes; c++)
		search->first[c + 1] += search->first[c];
	for (size_t j = 0; j < search->to_count; j++) {
		uint32_t number = search->to[j];

		search->places[search->first[number] + search->seen[number]++] = (uint32_t)j;
	}
	for (uint32_t c = 0; c < classes; c++)
		search->seen[c] = 0;
	for (size_t i = 0; i < search->from_count; i++)
		search->from_total[search->from[i]]++;
	return 0;
}

static uint64_t count_pairs(const struct search *search, uint32_t classes)
{
	uint64_t pairs = 0;

	for (uint32_t c = 0; c < classes; c++)
		pairs += (uint64_t)search->from_total[c] * (search->first[c + 1] - search->first[c]);
	return pairs;
}

/* The shortest run that a pair with this second place can take the end of. */
static size_t find_tail(const struct search *search, uint32_t to)
{
	size_t low = 0, high = search->length;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (search->links[search->tails[middle]].to < to)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void offer(struct search *search, uint32_t from, uint32_t to)
{
	size_t at = find_tail(search, to);

	/* The place is taken by an equal or better one. */
	if (at < search->length && search->links[search->tails[at]].to == to)
		return;
	search->links[search->link_count] = (struct link){ from, to, at ? search->tails[at - 1] : NONE };
	search->tails[at] = (uint32_t)search->link_count++;
	if (at == search->length)
		search->length++;
}

static void offer_all(struct search *search, uint32_t from)
{
	uint32_t number = search->from[from];

	for (uint32_t p = search->first[number + 1]; p > search->first[number]; p--)
		offer(search, from, search->places[p - 1]);
}

/* Of a number that comes often: the place that is as far from the begin, and the one that is as far from the end. */
static void offer_two(struct search *search, uint32_t from)
{
	uint32_t number = search->from[from], nth = search->seen[number]++;
	uint32_t first = search->first[number], count = search->first[number + 1] - first;
	uint32_t behind = search->from_total[number] - nth - 1;
	bool a = nth < count, b = behind < count;
	uint32_t from_begin = a ? first + nth : 0, from_end = b ? first + count - 1 - behind : 0;

	if (a && b && from_begin < from_end) {
		uint32_t swap = from_begin;

		from_begin = from_end;
		from_end = swap;
	}
	if (a)
		offer(search, from, search->places[from_begin]);
	if (b)
		offer(search, from, search->places[from_end]);
}

static size_t collect(const struct search *search, struct script_pair *pairs)
{
	uint32_t link = search->length ? search->tails[search->length - 1] : NONE;

	for (size_t at = search->length; at > 0; at--, link = search->links[link].before)
		pairs[at - 1] = (struct script_pair){ search->links[link].from, search->links[link].to };
	return search->length;
}

int script_lcs(const uint32_t *from, size_t from_count, const uint32_t *to, size_t to_count, uint32_t classes,
	       struct script_pair *pairs, size_t *pair_count)
{
	struct search search = { .from = from, .to = to, .from_count = from_count, .to_count = to_count };
	uint64_t candidates;
	bool all;

	*pair_count = 0;
	if (make_places(&search, classes)) {
		search_free(&search);
		return -ENOMEM;
	}
	candidates = count_pairs(&search, classes);
	all = candidates <= PAIRS_MAX;
	if (!all)
		candidates = (uint64_t)from_count * 2;
	search.links = calloc(candidates + 1, sizeof(*search.links));
	search.tails = calloc((from_count < to_count ? from_count : to_count) + 1, sizeof(uint32_t));
	if (!search.links || !search.tails) {
		search_free(&search);
		return -ENOMEM;
	}
	for (size_t i = 0; i < from_count; i++) {
		if (all)
			offer_all(&search, (uint32_t)i);
		else
			offer_two(&search, (uint32_t)i);
	}
	*pair_count = collect(&search, pairs);
	search_free(&search);
	return 0;
}
