/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls, with the errors that the kernel gives there. */
#include "fail.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* The next function of the name: libc's. */
#define REAL(name)                                              \
	static __typeof__(&name) real;                          \
	if (!real)                                              \
	real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* ---- memory ---- */

EXPORT void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	REAL(mmap);

	return fail_now(FAIL_CALL("mmap", FAIL_MMAP, ENOMEM, EAGAIN)) ? MAP_FAILED
								      : real(at, len, protection, flags, fd, offset);
}

EXPORT int memfd_create(const char *name, unsigned flags)
{
	REAL(memfd_create);

	return fail_now(FAIL_CALL("memfd_create", FAIL_OPEN, EMFILE, ENFILE, ENOMEM)) ? -1 : real(name, flags);
}

EXPORT int ftruncate(int fd, off_t len)
{
	REAL(ftruncate);

	return fail_now(FAIL_CALL("ftruncate", FAIL_MMAP, ENOSPC, ENOMEM)) ? -1 : real(fd, len);
}

/* ---- processes ---- */

EXPORT pid_t fork(void)
{
	pid_t pid;

	REAL(fork);

	if (fail_now(FAIL_CALL("fork", FAIL_FORK, EAGAIN, ENOMEM)))
		return -1;
	pid = real();
	if (pid == 0)
		fail_role_child();
	return pid;
}

/* Returns twice, so it must be jumped to: a frame of ours would be gone the second time. */
#if defined(__x86_64__) || defined(__aarch64__)
static pid_t no_vfork(void)
{
	errno = EAGAIN;
	return -1;
}

pid_t (*fail_vfork_target(void))(void);
__attribute__((used)) pid_t (*fail_vfork_target(void))(void)
{
	static pid_t (*real)(void);

	if (!real)
		real = (pid_t(*)(void))dlsym(RTLD_NEXT, "vfork");
	return fail_now(FAIL_CALL("vfork", FAIL_FORK, EAGAIN)) ? no_vfork : real;
}

#ifdef __x86_64__
__asm__(".pushsection .text\n"
	".globl vfork\n"
	".type vfork,@function\n"
	"vfork:\n"
	"\t.cfi_startproc\n"
	"\tsub $8,%rsp\n"
	"\t.cfi_adjust_cfa_offset 8\n"
	"\tcall fail_vfork_target\n"
	"\tadd $8,%rsp\n"
	"\t.cfi_adjust_cfa_offset -8\n"
	"\tjmp *%rax\n"
	"\t.cfi_endproc\n"
	".size vfork,.-vfork\n"
	".popsection\n");
#else
__asm__(".pushsection .text\n"
	".globl vfork\n"
	".type vfork,%function\n"
	"vfork:\n"
	"\tstp x29, x30, [sp, #-16]!\n"
	"\tbl fail_vfork_target\n"
	"\tldp x29, x30, [sp], #16\n"
	"\tbr x0\n"
	".size vfork,.-vfork\n"
	".popsection\n");
#endif
#endif

EXPORT int execve(const char *path, char *const *argv, char *const *environment)
{
	REAL(execve);

	return fail_now(FAIL_CALL("execve", FAIL_EXEC, ENOMEM, E2BIG)) ? -1 : real(path, argv, environment);
}

EXPORT int execv(const char *path, char *const *argv)
{
	REAL(execv);

	return fail_now(FAIL_CALL("execv", FAIL_EXEC, ENOMEM, E2BIG)) ? -1 : real(path, argv);
}

EXPORT int execveat(int fd, const char *path, char *const *argv, char *const *environment, int flags)
{
	REAL(execveat);

	return fail_now(FAIL_CALL("execveat", FAIL_EXEC, ENOMEM, ETXTBSY)) ? -1 : real(fd, path, argv, environment, flags);
}

/* ---- descriptors ---- */

static mode_t mode_of(int flags, va_list args)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

EXPORT int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	REAL(open);

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return fail_now(FAIL_CALL("open", FAIL_OPEN, EMFILE, ENFILE, ENOMEM)) ? -1 : real(path, flags, mode);
}

EXPORT int openat(int folder, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	REAL(openat);

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return fail_now(FAIL_CALL("openat", FAIL_OPEN, EMFILE, ENFILE, ENOMEM)) ? -1 : real(folder, path, flags, mode);
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
	REAL(fopen);

	return fail_now(FAIL_CALL("fopen", FAIL_OPEN, EMFILE, ENFILE)) ? NULL : real(path, mode);
}

EXPORT int scandirat(int folder, const char *path, struct dirent ***entries, int (*filter)(const struct dirent *),
		     int (*compare)(const struct dirent **, const struct dirent **))
{
	REAL(scandirat);

	return fail_now(FAIL_CALL("scandirat", FAIL_OPEN, EMFILE)) ? -1 : real(folder, path, entries, filter, compare);
}

EXPORT int scandir(const char *path, struct dirent ***entries, int (*filter)(const struct dirent *),
		   int (*compare)(const struct dirent **, const struct dirent **))
{
	REAL(scandir);

	return fail_now(FAIL_CALL("scandir", FAIL_OPEN, EMFILE)) ? -1 : real(path, entries, filter, compare);
}

EXPORT int socket(int domain, int type, int protocol)
{
	REAL(socket);

	return fail_now(FAIL_CALL("socket", FAIL_OPEN, EMFILE, ENOBUFS, ENOMEM)) ? -1 : real(domain, type, protocol);
}

EXPORT int socketpair(int domain, int type, int protocol, int fds[2])
{
	REAL(socketpair);

	return fail_now(FAIL_CALL("socketpair", FAIL_OPEN, EMFILE, ENFILE, ENOMEM)) ? -1 : real(domain, type, protocol, fds);
}

EXPORT int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	REAL(accept4);

	return fail_now(FAIL_CALL("accept4", FAIL_OPEN, EMFILE, ECONNABORTED, ENOMEM)) ? -1 : real(fd, address, len, flags);
}

EXPORT int pipe2(int fds[2], int flags)
{
	REAL(pipe2);

	return fail_now(FAIL_CALL("pipe2", FAIL_OPEN, EMFILE, ENFILE)) ? -1 : real(fds, flags);
}

EXPORT int epoll_create1(int flags)
{
	REAL(epoll_create1);

	return fail_now(FAIL_CALL("epoll_create1", FAIL_OPEN, EMFILE, ENOMEM)) ? -1 : real(flags);
}

EXPORT int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	REAL(epoll_ctl);

	if (operation == EPOLL_CTL_ADD && fail_now(FAIL_CALL("epoll_ctl", FAIL_OPEN, ENOMEM, ENOSPC)))
		return -1;
	return real(epoll, operation, fd, event);
}

EXPORT int signalfd(int fd, const sigset_t *set, int flags)
{
	REAL(signalfd);

	return fd < 0 && fail_now(FAIL_CALL("signalfd", FAIL_OPEN, EMFILE, ENOMEM)) ? -1 : real(fd, set, flags);
}

int pidfd_open(pid_t pid, unsigned flags);
EXPORT int pidfd_open(pid_t pid, unsigned flags)
{
	REAL(pidfd_open);

	return fail_now(FAIL_CALL("pidfd_open", FAIL_OPEN, EMFILE, ENOMEM)) ? -1 : real(pid, flags);
}

EXPORT int fcntl(int fd, int command, ...)
{
	void *argument;
	va_list args;

	REAL(fcntl);

	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	if ((command == F_DUPFD || command == F_DUPFD_CLOEXEC) && fail_now(FAIL_CALL("fcntl", FAIL_OPEN, EMFILE)))
		return -1;
	if (command == F_ADD_SEALS && fail_now(FAIL_CALL("fcntl", FAIL_MMAP, EBUSY)))
		return -1;
	return real(fd, command, argument);
}

EXPORT int eventfd(unsigned count, int flags)
{
	REAL(eventfd);

	return fail_now(FAIL_CALL("eventfd", FAIL_OPEN, EMFILE, ENOMEM)) ? -1 : real(count, flags);
}

EXPORT int dup2(int from, int to)
{
	REAL(dup2);

	return fail_now(FAIL_CALL("dup2", FAIL_OPEN, EINTR, EBUSY)) ? -1 : real(from, to);
}

EXPORT int dup3(int from, int to, int flags)
{
	REAL(dup3);

	return fail_now(FAIL_CALL("dup3", FAIL_OPEN, EINTR, EBUSY)) ? -1 : real(from, to, flags);
}

EXPORT int timerfd_create(clockid_t clock, int flags)
{
	REAL(timerfd_create);

	return fail_now(FAIL_CALL("timerfd_create", FAIL_OPEN, EMFILE, ENOMEM)) ? -1 : real(clock, flags);
}

EXPORT int timer_create(clockid_t clock, struct sigevent *event, timer_t *timer)
{
	REAL(timer_create);

	return fail_now(FAIL_CALL("timer_create", FAIL_OPEN, EAGAIN, ENOMEM)) ? -1 : real(clock, event, timer);
}

/* ---- bytes ---- */

EXPORT ssize_t write(int fd, const void *bytes, size_t len)
{
	REAL(write);

	return fail_now(FAIL_CALL("write", FAIL_WRITE, ENOSPC, EINTR, EIO, EAGAIN)) ? -1 : real(fd, bytes, len);
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	REAL(pwrite);

	return fail_now(FAIL_CALL("pwrite", FAIL_WRITE, ENOSPC, EINTR, EIO)) ? -1 : real(fd, bytes, len, offset);
}

EXPORT ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
	REAL(send);

	return fail_now(FAIL_CALL("send", FAIL_SENDMSG, EAGAIN, EINTR, ENOBUFS, ENOMEM)) ? -1 : real(fd, bytes, len, flags);
}

EXPORT ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to, socklen_t to_len)
{
	REAL(sendto);

	return fail_now(FAIL_CALL("sendto", FAIL_SENDMSG, ENOBUFS, EINTR, ENOMEM, EAGAIN))
		       ? -1
		       : real(fd, bytes, len, flags, to, to_len);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	REAL(sendmsg);

	return fail_now(FAIL_CALL("sendmsg", FAIL_SENDMSG, ENOBUFS, EINTR, ENOMEM, EAGAIN, EPERM, ECONNREFUSED))
		       ? -1
		       : real(fd, message, flags);
}

EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *limit)
{
	REAL(recvmmsg);

	return fail_now(FAIL_CALL("recvmmsg", FAIL_RECVMMSG, EINTR, ENOBUFS, ENOMEM, EAGAIN))
		       ? -1
		       : real(fd, messages, count, flags, limit);
}

EXPORT ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
	REAL(recv);

	return fail_now(FAIL_CALL("recv", FAIL_RECEIVE, EINTR, ENOBUFS, ENOMEM, EAGAIN)) ? -1 : real(fd, bytes, len, flags);
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	REAL(recvmsg);

	return fail_now(FAIL_CALL("recvmsg", FAIL_RECEIVE, EINTR, ENOBUFS, ENOMEM)) ? -1 : real(fd, message, flags);
}

EXPORT ssize_t recvfrom(int fd, void *bytes, size_t len, int flags, struct sockaddr *from, socklen_t *from_len)
{
	REAL(recvfrom);

	return fail_now(FAIL_CALL("recvfrom", FAIL_RECEIVE, EINTR, ENOBUFS, ENOMEM))
		       ? -1
		       : real(fd, bytes, len, flags, from, from_len);
}

EXPORT ssize_t read(int fd, void *bytes, size_t len)
{
	REAL(read);

	return fail_now(FAIL_CALL("read", FAIL_RECEIVE, EINTR, EIO)) ? -1 : real(fd, bytes, len);
}

EXPORT ssize_t pread(int fd, void *bytes, size_t len, off_t offset)
{
	REAL(pread);

	return fail_now(FAIL_CALL("pread", FAIL_RECEIVE, EINTR, EIO)) ? -1 : real(fd, bytes, len, offset);
}

/* ---- waiting ---- */

EXPORT int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout_ms)
{
	REAL(epoll_wait);

	return fail_now(FAIL_CALL("epoll_wait", FAIL_WAIT, EINTR)) ? -1 : real(epoll, events, most, timeout_ms);
}

EXPORT int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	REAL(poll);

	return fail_now(FAIL_CALL("poll", FAIL_WAIT, EINTR, ENOMEM)) ? -1 : real(fds, count, timeout_ms);
}

EXPORT pid_t waitpid(pid_t pid, int *status, int options)
{
	REAL(waitpid);

	if (!(options & WNOHANG) && fail_now(FAIL_CALL("waitpid", FAIL_WAIT, EINTR)))
		return -1;
	return real(pid, status, options);
}
