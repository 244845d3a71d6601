/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CALLS_TRIED 1024 /* more than any architecture has */
#define X32_BIT     0x40000000
#define BUILD_S     5 /* a few milliseconds are enough */

/* ---- Making it ---- */

int filter_open(struct filter *filter, uint32_t otherwise)
{
	filter->otherwise = otherwise;
	filter->count = 0;
	filter->made = seccomp_init(otherwise);
	if (!filter->made)
		return -ENOMEM;
	return seccomp_attr_set(filter->made, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
}

int filter_add(struct filter *filter, uint32_t action, int call, unsigned count, const struct scmp_arg_cmp *arguments)
{
	struct filter_rule *rule = &filter->rules[filter->count];
	int err;

	if (filter->count == FILTER_RULES_MAX || count > FILTER_ARGUMENTS)
		return -ENOSPC;
	err = seccomp_rule_add_array(filter->made, action, call, count, arguments);
	if (err == -EDOM || err == -EEXIST)
		return 0;
	if (err)
		return err;
	*rule = (struct filter_rule){ .action = action, .call = call, .count = count };
	for (unsigned i = 0; i < count; i++)
		rule->arguments[i] = arguments[i];
	filter->count++;
	return 0;
}

void filter_close(struct filter *filter)
{
	if (filter->made)
		seccomp_release(filter->made);
	filter->made = NULL;
}

/* ---- What it does ---- */

static uint32_t load(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t word = 0;

	if (offset <= sizeof(*data) - sizeof(word))
		memcpy(&word, (const char *)data + offset, sizeof(word));
	return word;
}

static bool is_so(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	case BPF_JSET:
		return a & k;
	}
	return false;
}

/* The instructions that libseccomp makes. True with the action that the program comes to. */
static bool run(const struct sock_filter *program, size_t len, const struct seccomp_data *data, uint32_t *action)
{
	uint32_t a = 0;

	for (size_t at = 0; at < len; at++) {
		const struct sock_filter *step = &program[at];

		switch (step->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = load(data, step->k);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= step->k;
			break;
		case BPF_JMP | BPF_JA:
			at += step->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K:
			at += is_so(step->code, a, step->k) ? step->jt : step->jf;
			break;
		case BPF_RET | BPF_K:
			*action = step->k;
			return true;
		default:
			return false;
		}
	}
	return false;
}

/* ---- What it should do ---- */

static bool argument_fits(const struct scmp_arg_cmp *wanted, uint64_t value)
{
	if (wanted->op == SCMP_CMP_MASKED_EQ)
		return (value & wanted->datum_a) == wanted->datum_b;
	return value == wanted->datum_a;
}

static bool rule_fits(const struct filter_rule *rule, const struct seccomp_data *data)
{
	bool fits = rule->call == data->nr;

	for (unsigned i = 0; i < rule->count; i++)
		fits = fits && argument_fits(&rule->arguments[i], data->args[rule->arguments[i].arg]);
	return fits;
}

static uint32_t wanted(const struct filter *filter, const struct seccomp_data *data)
{
	if (data->arch != seccomp_arch_native())
		return SCMP_ACT_KILL_PROCESS;
#ifdef __x86_64__
	if (data->nr & X32_BIT)
		return SCMP_ACT_KILL_PROCESS;
#endif
	for (size_t i = 0; i < filter->count; i++)
		if (rule_fits(&filter->rules[i], data))
			return filter->rules[i].action;
	return filter->otherwise;
}

/* ---- Both together ---- */

struct trial {
	const struct filter *filter;
	const struct sock_filter *program;
	size_t len;
	bool good;
};

static void try(struct trial *trial, const struct seccomp_data *data)
{
	uint32_t action = 0;

	trial->good = trial->good && run(trial->program, trial->len, data, &action) && action == wanted(trial->filter, data);
}

/* Arguments as the rule wants them, and all but: with one bit of one argument changed, in either half. */
static void try_rule(struct trial *trial, const struct filter_rule *rule)
{
	struct seccomp_data data = { .nr = rule->call, .arch = seccomp_arch_native() };

	for (unsigned i = 0; i < rule->count; i++) {
		const struct scmp_arg_cmp *argument = &rule->arguments[i];

		data.args[argument->arg] = argument->op == SCMP_CMP_MASKED_EQ ? argument->datum_b : argument->datum_a;
	}
	try(trial, &data);
	for (unsigned i = 0; i < rule->count; i++) {
		__u64 *value = &data.args[rule->arguments[i].arg];

		for (unsigned bit = 0; bit < 64; bit++) {
			*value ^= UINT64_C(1) << bit;
			try(trial, &data);
			*value ^= UINT64_C(1) << bit;
		}
	}
}

/* Some architectures have socket calls behind one number, which libseccomp adds by itself. */
static bool is_many(int call)
{
#ifdef __NR_socketcall
	return call == __NR_socketcall;
#else
	(void)call;
	return false;
#endif
}

static void try_call(struct trial *trial, int call)
{
	struct seccomp_data data = { .nr = call, .arch = seccomp_arch_native() };

	if (is_many(call))
		return;
	try(trial, &data);
	memset(data.args, 0xff, sizeof(data.args));
	try(trial, &data);
	data.nr = call | X32_BIT;
	try(trial, &data);
	data.nr = call;
	data.arch ^= 1;
	try(trial, &data);
}

int filter_check(const struct filter *filter, const struct sock_filter *program, size_t len)
{
	struct trial trial = { .filter = filter, .program = program, .len = len, .good = true };

	for (int call = 0; call < CALLS_TRIED && trial.good; call++)
		try_call(&trial, call);
	for (size_t i = 0; i < filter->count && trial.good; i++)
		if (filter->rules[i].call >= 0 && !is_many(filter->rules[i].call))
			try_rule(&trial, &filter->rules[i]);
	return trial.good ? 0 : -EBADMSG;
}

/* ---- Loading it ---- */

/*
 * For want of memory libseccomp may also go round in circles. Time of the processor is what is limited: a busy machine is no
 * such case.
 */
static int limit_time(timer_t *timer)
{
	const struct itimerspec at = { .it_value.tv_sec = BUILD_S };
	struct sigevent end = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGXCPU };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGXCPU);
	if (signal(SIGXCPU, SIG_DFL) == SIG_ERR || sigprocmask(SIG_UNBLOCK, &set, NULL) < 0 ||
	    timer_create(CLOCK_PROCESS_CPUTIME_ID, &end, timer) < 0)
		return -errno;
	return timer_settime(*timer, 0, &at, NULL) < 0 ? -errno : 0;
}

static int build(const struct filter *filter, int fd)
{
	timer_t timer;
	int err = limit_time(&timer);

	if (err)
		return err;
	err = seccomp_export_bpf(filter->made, fd);
	timer_delete(timer);
	return err;
}

/* What libseccomp has made of it; the number of instructions, or -errno. */
static int export(const struct filter *filter, struct sock_filter *program)
{
	int fd = memfd_create("nfv-filter", MFD_CLOEXEC), err;
	ssize_t len;

	if (fd < 0)
		return -errno;
	err = build(filter, fd);
	len = err ? 0 : pread(fd, program, BPF_MAXINSNS * sizeof(*program), 0);
	if (len < 0)
		err = -errno;
	close(fd);
	return err ? err : (int)((size_t)len / sizeof(*program));
}

static int install(const struct sock_filter *program, size_t len, bool all_threads)
{
	const struct sock_fprog whole = { .len = (unsigned short)len, .filter = (struct sock_filter *)(uintptr_t)program };
	long err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	err = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, all_threads ? SECCOMP_FILTER_FLAG_TSYNC : 0u, &whole);
	return err < 0 ? -errno : err > 0 ? -EBUSY : 0; /* a thread that could not have it, too */
}

int filter_load(const struct filter *filter, bool all_threads, char *why, size_t why_size)
{
	static struct sock_filter program[BPF_MAXINSNS];
	int len = export(filter, program), err;

	if (len < 0) {
		snprintf(why, why_size, "building it: %s", strerror(-len));
		return len;
	}
	err = filter_check(filter, program, (size_t)len);
	if (err) {
		snprintf(why, why_size, "libseccomp made one that does something else: for want of memory, perhaps");
		return err;
	}
	err = install(program, (size_t)len, all_threads);
	if (err)
		snprintf(why, why_size, "the kernel refuses it: %s", strerror(-err));
	return err;
}
