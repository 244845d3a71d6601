/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/bypass.h"

#include <nfverdict/rules.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct steer_count rules(uint64_t mangle4, uint64_t filter6)
{
	struct steer_count count = { 0 };

	count.cells[NFV_FAMILY_IPV4][1] = (struct steer_cell){ .there = true, .packets = mangle4 };
	count.cells[NFV_FAMILY_IPV6][2] = (struct steer_cell){ .there = true, .packets = filter6 };
	return count;
}

static void account(struct bypass_entry *entry, struct steer_count count, uint64_t taken)
{
	bypass_account(entry, &count, taken);
}

static void test_sum(void **state)
{
	struct bypass_entry entry = { 0 };

	(void)state;
	account(&entry, rules(100, 20), 70);
	assert_int_equal(entry.steered, 120);
	assert_int_equal(entry.past, 50);
	account(&entry, rules(100, 20), 0);
	assert_int_equal(entry.past, 50);
	account(&entry, rules(150, 21), 51);
	assert_int_equal(entry.steered, 171);
	assert_int_equal(entry.past, 50);
	/* No rule stands any more, but packets that came from another queue get ids. */
	bypass_account(&entry, NULL, 5);
	assert_int_equal(entry.past, 45);
	assert_int_equal(entry.steered, 171);
	assert_int_equal(entry.breaks, 0);
	assert_false(entry.others);
}

/* An id may be given while the counters are read: less has passed than it looks, never more. */
static void test_under_way(void **state)
{
	struct bypass_entry entry = { 0 };

	(void)state;
	account(&entry, rules(100, 0), 104);
	assert_int_equal(entry.past, -4);
	account(&entry, rules(110, 0), 6);
	assert_int_equal(entry.past, 0);
	assert_int_equal(entry.breaks, 0);
}

static void test_others(void **state)
{
	struct bypass_entry entry = { 0 };
	struct steer_count count = rules(1, 1);

	(void)state;
	count.others = true;
	account(&entry, count, 2);
	account(&entry, rules(2, 2), 2);
	assert_true(entry.others);
}

/* Somebody zeroes counters, or puts other rules in our rules' place. */
static void test_lower(void **state)
{
	struct bypass_entry entry = { 0 };

	(void)state;
	account(&entry, rules(100, 20), 100);
	assert_int_equal(entry.past, 20);
	/* 500 more had been steered and taken before the counter went back: nobody knows. */
	account(&entry, rules(7, 20), 507);
	assert_int_equal(entry.steered, 127);
	assert_int_equal(entry.past, 20);
	assert_int_equal(entry.breaks, 1);
	/* From there on it goes on as before. */
	account(&entry, rules(17, 20), 4);
	assert_int_equal(entry.past, 26);
	assert_int_equal(entry.breaks, 1);
}

/* Flushed, found gone, put back. */
static void test_flush(void **state)
{
	struct bypass_entry entry = { 0 };
	struct steer_count half = rules(130, 0);

	(void)state;
	account(&entry, rules(100, 20), 120);
	half.cells[NFV_FAMILY_IPV6][2].there = false;
	account(&entry, half, 25);
	assert_int_equal(entry.breaks, 1);
	assert_int_equal(entry.past, 5);
	bypass_forget_rules(&entry);
	account(&entry, rules(3, 2), 4);
	assert_int_equal(entry.steered, 155);
	assert_int_equal(entry.past, 6);
	assert_int_equal(entry.breaks, 1);
}

/* Rules that were counted when they were taken out, and put in again, are no break. */
static void test_replaced(void **state)
{
	struct bypass_entry entry = { 0 };

	(void)state;
	account(&entry, rules(100, 20), 120);
	bypass_forget_rules(&entry);
	account(&entry, rules(100, 20), 110);
	assert_int_equal(entry.steered, 240);
	assert_int_equal(entry.past, 10);
	assert_int_equal(entry.breaks, 0);
}

static void test_wrap(void **state)
{
	struct bypass_number number = { 0 };

	(void)state;
	/* What was given before does not matter. */
	assert_int_equal(bypass_count_taken(&number, &(struct queue_status){ .last_id = 4294967290u, .dropped_full = 4294967295u }),
			 0);
	assert_int_equal(bypass_count_taken(&number, &(struct queue_status){ .last_id = 4, .dropped_full = 0 }), 11);
	assert_int_equal(bypass_count_taken(&number, &(struct queue_status){ .last_id = 4, .dropped_full = 3 }), 3);
	assert_true(bypass_count_taken(&number, &(struct queue_status){ .last_id = 3, .dropped_full = 2 }) == 2 * UINT64_C(0xffffffff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_under_way),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_lower),
		cmocka_unit_test(test_flush),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
