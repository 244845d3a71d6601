/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A good plugin whose open() does what it should not. */
#include <nfverdict/plugin.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

struct trouble_options {
	int makes;
	bool checked; /* the trouble is made in the checker, too */
};

enum {
	MAKES_NONE,
	MAKES_FORK,
	MAKES_VFORK,
	MAKES_SPAWN,
	MAKES_SHELL,
	MAKES_EXEC,
	MAKES_THREAD,
	MAKES_JOINED,
	MAKES_FAULT,
	MAKES_HANG,
	MAKES_EXIT
};

static const char *const troubles[] = {
	[MAKES_NONE] = "none",   [MAKES_FORK] = "fork", [MAKES_VFORK] = "vfork",   [MAKES_SPAWN] = "spawn",
	[MAKES_SHELL] = "shell", [MAKES_EXEC] = "exec", [MAKES_THREAD] = "thread", [MAKES_JOINED] = "joined",
	[MAKES_FAULT] = "fault", [MAKES_HANG] = "hang", [MAKES_EXIT] = "exit",     NULL,
};

static const struct nfv_option options[] = {
	{ .name = "makes",
	  .type = NFV_OPT_CHOICE,
	  .offset = offsetof(struct trouble_options, makes),
	  .words = troubles,
	  .fallback = "none",
	  .help = "What open() does." },
	{ .name = "checked",
	  .type = NFV_OPT_BOOL,
	  .offset = offsetof(struct trouble_options, checked),
	  .fallback = "true",
	  .help = "Whether it does so in the checker, too." },
	{ .name = NULL },
};

static void *sleep_for_long(void *argument)
{
	sleep(300);
	return argument;
}

static void *end_at_once(void *argument)
{
	return argument;
}

/* What became of a child that should not have come to be: it stays, so that a test can find it. */
static int parent_or_child(pid_t pid)
{
	if (pid == 0) {
		sleep(300);
		_exit(0);
	}
	return pid < 0 ? -errno : 0;
}

static int spawn(void)
{
	char *const arguments[] = { (char[]){ "sleep" }, (char[]){ "300" }, NULL };
	pid_t pid;

	return -posix_spawn(&pid, "/bin/sleep", NULL, NULL, arguments, NULL);
}

/* vfork() itself is deprecated by some headers; the child does nothing but live. */
static int fork_in_place(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -errno : 0;
}

static int start_thread(void *(*run)(void *), bool join)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, run, NULL);

	return err ? -err : join ? -pthread_join(thread, NULL) : 0;
}

static int open_trouble(const struct nfv_host *host, const void *given, void **state)
{
	const struct trouble_options *o = given;

	(void)state;
	if (host->checking && !o->checked)
		return 0;
	switch (o->makes) {
	case MAKES_FORK:
		return parent_or_child(fork());
	case MAKES_VFORK:
		return fork_in_place();
	case MAKES_SPAWN:
		return spawn();
	case MAKES_SHELL:
		return system("sleep 300 &") == 0 ? 0 : -EPERM; /* 127: no shell could be started */
	case MAKES_EXEC:
		execl("/bin/sleep", "sleep", "300", NULL);
		return -errno;
	case MAKES_THREAD:
		return start_thread(sleep_for_long, false);
	case MAKES_JOINED:
		return start_thread(end_at_once, true);
	case MAKES_FAULT:
		signal(SIGSEGV, SIG_DFL); /* a sanitizer's would tell of it at length */
		return raise(SIGSEGV);
	case MAKES_HANG:
		for (;;)
			pause();
	case MAKES_EXIT:
		_exit(3);
	}
	return 0;
}

static nfv_verdict packet(void *state, struct nfv_packet *p)
{
	(void)state;
	(void)p;
	return NFV_ACCEPT;
}

NFV_PLUGIN(.name = "trouble", .options = options, .options_size = sizeof(struct trouble_options), .open = open_trouble,
	   .packet = packet);
