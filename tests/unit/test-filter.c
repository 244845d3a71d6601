/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a filter does is compared with its rules: each rule that is left out, or said otherwise, must be seen. */
#include "daemon/process/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NONE         SIZE_MAX
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct filter_rule rules[] = {
	{ SCMP_ACT_ALLOW, SCMP_SYS(read), 0, { { 0 } } },
	{ SCMP_ACT_ALLOW, SCMP_SYS(exit_group), 0, { { 0 } } },
	{ SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 0, { { 0 } } },
	{ SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, { SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) } },
	{ SCMP_ACT_ALLOW, SCMP_SYS(kill), 2, { SCMP_A0_64(SCMP_CMP_EQ, 17), SCMP_A1_64(SCMP_CMP_EQ, 6) } },
	{ SCMP_ACT_ALLOW, SCMP_SYS(kill), 2, { SCMP_A0_64(SCMP_CMP_EQ, 17), SCMP_A1_64(SCMP_CMP_EQ, 11) } },
	{ SCMP_ACT_ALLOW, SCMP_SYS(dup3), 1, { SCMP_A1_64(SCMP_CMP_MASKED_EQ, UINT32_MAX, 5) } },
};

static struct filter filter;
static struct sock_filter program[BPF_MAXINSNS];

/* All of the rules but one. The program's length. */
static size_t make(struct filter *made, size_t without, int optimize)
{
	FILE *file = tmpfile();
	size_t len;

	assert_non_null(file);
	assert_int_equal(filter_open(made, SCMP_ACT_KILL_PROCESS), 0);
	assert_int_equal(seccomp_attr_set(made->made, SCMP_FLTATR_CTL_OPTIMIZE, (uint32_t)optimize), 0);
	for (size_t i = 0; i < COUNT(rules); i++)
		if (i != without)
			assert_int_equal(
				filter_add(made, rules[i].action, rules[i].call, rules[i].count, rules[i].arguments), 0);
	assert_int_equal(seccomp_export_bpf(made->made, fileno(file)), 0);
	rewind(file);
	len = fread(program, sizeof(program[0]), COUNT(program), file);
	fclose(file);
	assert_true(len > COUNT(rules));
	return len;
}

static void test_whole(void **state)
{
	(void)state;
	for (int optimize = 1; optimize <= 2; optimize++) {
		size_t len = make(&filter, NONE, optimize);

		assert_int_equal(filter_check(&filter, program, len), 0);
		filter_close(&filter);
	}
}

static void test_rule_left_out(void **state)
{
	static struct filter other;

	(void)state;
	for (size_t i = 0; i < COUNT(rules); i++) {
		size_t len;

		make(&filter, NONE, 2);
		len = make(&other, i, 2);
		assert_int_equal(filter_check(&other, program, len), 0);
		assert_int_equal(filter_check(&filter, program, len), -EBADMSG);
		filter_close(&filter);
		filter_close(&other);
	}
}

/* Whatever the program comes to is changed. */
static void test_changed(void **state)
{
	size_t len = make(&filter, NONE, 1), tried = 0;

	(void)state;
	for (size_t i = 0; i < len; i++) {
		const struct sock_filter before = program[i];

		if (before.code == (BPF_RET | BPF_K))
			program[i].k ^= SECCOMP_RET_ALLOW;
		else if (before.code == (BPF_JMP | BPF_JEQ | BPF_K) &&
			 before.k != UINT32_MAX) /* -1 is no call in any case */
			program[i] =
				(struct sock_filter){ .code = before.code, .k = before.k, .jt = before.jf, .jf = before.jt };
		else
			continue;
		tried++;
		assert_int_equal(filter_check(&filter, program, len), -EBADMSG);
		program[i] = before;
	}
	assert_true(tried > COUNT(rules));
	assert_int_equal(filter_check(&filter, program, len), 0);
	filter_close(&filter);
}

static void test_cut_and_strange(void **state)
{
	size_t len = make(&filter, NONE, 2);

	(void)state;
	assert_int_equal(filter_check(&filter, program, 0), -EBADMSG);
	assert_int_equal(filter_check(&filter, program, len / 2), -EBADMSG);
	program[0].code = BPF_MISC | BPF_TAX;
	assert_int_equal(filter_check(&filter, program, len), -EBADMSG);
	filter_close(&filter);
}

static void test_too_many(void **state)
{
	const struct scmp_arg_cmp argument = SCMP_A0_64(SCMP_CMP_EQ, 1);
	int err = 0;

	(void)state;
	assert_int_equal(filter_open(&filter, SCMP_ACT_ALLOW), 0);
	for (uint64_t i = 0; i < FILTER_RULES_MAX; i++) {
		const struct scmp_arg_cmp one = SCMP_A0_64(SCMP_CMP_EQ, i);

		assert_int_equal(filter_add(&filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(kill), 1, &one), 0);
	}
	err = filter_add(&filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(dup3), 1, &argument);
	assert_int_equal(err, -ENOSPC);
	filter_close(&filter);
}

/* In a child, which it holds for good. */
static void test_load(void **state)
{
	char why[256] = "";
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		int err = filter_open(&filter, SCMP_ACT_ALLOW);

		if (!err)
			err = filter_add(&filter, SCMP_ACT_ERRNO(EXDEV), SCMP_SYS(dup), 0, NULL);
		if (!err)
			err = filter_load(&filter, false, why, sizeof(why));
		_exit(err ? 1 : dup(STDIN_FILENO) == -1 && errno == EXDEV ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),           cmocka_unit_test(test_rule_left_out), cmocka_unit_test(test_changed),
		cmocka_unit_test(test_cut_and_strange), cmocka_unit_test(test_too_many),      cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
