/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into the daemon: every so many-th receive of many messages, and every so many-th send to the kernel, fails with
 * ENOBUFS. NFV_STORM_RECEIVE and NFV_STORM_SEND tell how many, at most 9; without them nothing fails.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define EXPORT __attribute__((visibility("default")))

static unsigned every_receive, every_send, receives, sends;

static unsigned every(const char *name)
{
	const char *text = getenv(name);

	return text ? (unsigned)(text[0] - '0') : 0;
}

static void __attribute__((constructor)) begin(void)
{
	/* The tools that the daemon runs are left alone. */
	if (strcmp(program_invocation_short_name, "nfverdictd") != 0)
		return;
	every_receive = every("NFV_STORM_RECEIVE");
	every_send = every("NFV_STORM_SEND");
}

static bool fails(unsigned *calls, unsigned due)
{
	if (!due || ++*calls % due)
		return false;
	errno = ENOBUFS;
	return true;
}

EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
	static __typeof__(&recvmmsg) real;

	if (!real)
		real = (__typeof__(&recvmmsg))dlsym(RTLD_NEXT, "recvmmsg");
	return fails(&receives, every_receive) ? -1 : real(fd, messages, count, flags, timeout);
}

/* Only those that verdicts use: to an address of the kernel. */
EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	static __typeof__(&sendmsg) real;
	const struct sockaddr *to = message->msg_name;

	if (!real)
		real = (__typeof__(&sendmsg))dlsym(RTLD_NEXT, "sendmsg");
	if (to && to->sa_family == AF_NETLINK && fails(&sends, every_send))
		return -1;
	return real(fd, message, flags);
}
