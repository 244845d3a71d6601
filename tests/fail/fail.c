/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into the daemon and the command by tests/netns/nth*.sh: makes calls fail that hardly ever do. Which ones, where
 * and when stands in the file that NFV_FAIL_FILE names, which is mapped before anything else happens, so that a worker in
 * its sandbox needs no system call for it. Programs that are not ours (iptables) are left alone, and so is everything
 * that is not to fail.
 */
#include "fail.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

struct fail_shared *fail_shared;
int fail_busy;
static char role[16];
static int32_t own_pid; /* asked for while it may be: not every sandbox lets it */

EXPORT int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

/* ---- who is it ---- */

static bool is_meant(const char *who)
{
	size_t len = strnlen(who, sizeof(fail_shared->who));

	if (len > 0 && who[len - 1] == '*')
		return strncmp(role, who, len - 1) == 0;
	return strncmp(role, who, sizeof(role)) == 0;
}

/* A child has no name of its own before it takes one. */
void fail_role_child(void)
{
	memcpy(role, "nfv-child", 10);
	own_pid = getpid();
	fail_memory_forget_parents();
}

int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	static int (*real)(int, unsigned long, unsigned long, unsigned long, unsigned long);

	if (!real)
		real = (int (*)(int, unsigned long, unsigned long, unsigned long, unsigned long))dlsym(RTLD_NEXT, "prctl");
	if (option == 15 /* PR_SET_NAME */)
		strncpy(role, (const char *)a, sizeof(role) - 1);
	return real(option, a, b, c, d);
}

/* ---- where from ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The callers, without our own functions; places in their objects, which do not depend on where those were loaded. */
uint32_t fail_frames(uint64_t *frames, char (*objects)[16], uint32_t most)
{
	void *addresses[FAIL_FRAMES + 8];
	int count = backtrace(addresses, FAIL_FRAMES + 8);
	uint32_t used = 0;
	Dl_info own = { 0 }, info;

	dladdr(&fail_shared, &own);
	for (int i = 0; i < count && used < most; i++) {
		if (!dladdr(addresses[i], &info) || info.dli_fbase == own.dli_fbase)
			continue;
		frames[used] = (uint64_t)((char *)addresses[i] - (char *)info.dli_fbase);
		strncpy(objects[used], base_name(info.dli_fname), sizeof(objects[used]) - 1);
		objects[used][sizeof(objects[used]) - 1] = '\0';
		used++;
	}
	return used;
}

static uint64_t site_of(const struct fail_find *find, uint32_t depth)
{
	uint64_t hash = 0xcbf29ce484222325u + find->kind;

	for (const char *byte = find->call; *byte; byte++)
		hash = (hash ^ (unsigned char)*byte) * 0x100000001b3u;
	for (uint32_t i = 0; i < find->frames && i < depth; i++) {
		for (const char *byte = find->object[i]; *byte; byte++)
			hash = (hash ^ (unsigned char)*byte) * 0x100000001b3u;
		hash = (hash ^ find->frame[i]) * 0x100000001b3u;
	}
	return hash ? hash : 1;
}

/* True when the place was not among those known; then it is. */
static bool is_new_site(uint64_t site)
{
	for (uint64_t i = 0; i < FAIL_SITES; i++) {
		uint64_t *slot = &fail_shared->sites[(site + i) % FAIL_SITES];
		uint64_t none = 0;

		if (__atomic_load_n(slot, __ATOMIC_RELAXED) == site)
			return false;
		if (__atomic_compare_exchange_n(slot, &none, site, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return true;
		if (none == site)
			return false;
	}
	return false;
}

/* ---- does it fail ---- */

/*
 * Libraries that may end the process when there is no memory, by their nearest frame, and the C library's name services. They
 * fail as a kind of its own, for which a process may end that could not fail in order; see FRAGILE in tests/netns/nth/judge.py.
 */
static bool is_fragile(const struct fail_find *find)
{
	static const char *const objects[] = { "libseccomp.", "libpcap.", "ld-linux" };
	uint32_t nearest = 0;

	if (fail_names)
		return true;
	while (nearest < find->frames && strncmp(find->object[nearest], "libc.", 5) == 0)
		nearest++;
	for (size_t i = 0; nearest < find->frames && i < sizeof(objects) / sizeof(objects[0]); i++)
		if (strncmp(find->object[nearest], objects[i], strlen(objects[i])) == 0)
			return true;
	return false;
}

static void describe(const struct fail_call *call, struct fail_find *find)
{
	*find = (struct fail_find){ .kind = call->kind, .pid = own_pid };
	memcpy(find->role, role, sizeof(role));
	strncpy(find->call, call->name, sizeof(find->call) - 1);
	find->frames = fail_frames(find->frame, find->object, FAIL_FRAMES);
	if (call->kind == FAIL_MEMORY && is_fragile(find))
		find->kind = FAIL_LIBRARY;
}

/* Whether the calls of a kind may be meant: of memory it is not known yet who asks for it. */
static bool may_be_meant(enum fail_kind kind)
{
	const uint32_t bits = 1u << kind | (kind == FAIL_MEMORY ? 1u << FAIL_LIBRARY : 0);

	return fail_shared->mode != FAIL_OFF && (fail_shared->kinds & bits) && is_meant(fail_shared->who);
}

static bool is_its_turn(const struct fail_call *call, struct fail_find *find)
{
	uint32_t n;

	describe(call, find);
	if (!(fail_shared->kinds & 1u << find->kind))
		return false;
	if (fail_shared->mode == FAIL_COUNTED) {
		n = __atomic_add_fetch(&fail_shared->seen, 1, __ATOMIC_RELAXED);
		if (n < fail_shared->from || n - fail_shared->from >= fail_shared->times)
			return false;
		return true;
	}
	/* One for each time that it was armed: what follows from several is not told apart. */
	if (__atomic_load_n(&fail_shared->fired, __ATOMIC_RELAXED) || !is_new_site(site_of(find, fail_shared->depth)))
		return false;
	return true;
}

static void note(const struct fail_call *call, struct fail_find *find)
{
	uint32_t fired = __atomic_fetch_add(&fail_shared->fired, 1, __ATOMIC_RELAXED);
	uint32_t variant = fail_shared->variant;

	if (variant == FAIL_VARIANT_TURN)
		variant = __atomic_fetch_add(&fail_shared->turn, 1, __ATOMIC_RELAXED);
	find->error = (uint32_t)call->errors[variant % call->error_count];
	if (fired < FAIL_FINDS)
		fail_shared->finds[fired] = *find;
	errno = (int)find->error;
}

int fail_now(const struct fail_call *call)
{
	struct fail_find find;
	int kept = errno;
	bool yes;

	if (!fail_shared || fail_busy || !may_be_meant(call->kind))
		return 0;
	fail_busy = 1;
	yes = is_its_turn(call, &find);
	errno = kept;
	if (yes)
		note(call, &find);
	fail_busy = 0;
	return yes;
}

/* ---- begin and end ---- */

static bool is_ours(const char *name)
{
	return strcmp(name, "nfverdictd") == 0 || strcmp(name, "nfverdict") == 0;
}

static void __attribute__((constructor)) begin(void)
{
	const char *path = getenv("NFV_FAIL_FILE");
	void *memory, *frames[2];
	int fd;

	if (!path || !is_ours(program_invocation_short_name))
		return;
	strncpy(role, program_invocation_short_name, sizeof(role) - 1);
	own_pid = getpid();
	fail_busy = 1;
	(void)backtrace(frames, 2); /* loads what it needs, which a sandbox would not let it */
	fd = open(path, O_RDWR | O_CLOEXEC);
	memory = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*fail_shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	fail_busy = 0;
	if (memory == MAP_FAILED || ((struct fail_shared *)memory)->magic != FAIL_MAGIC)
		_exit(99); /* the test must not take a run without failures for a good one */
	fail_shared = memory;
	fail_memory_begin(own_pid);
}

static void __attribute__((destructor)) end(void)
{
	if (fail_shared)
		fail_memory_report();
}
