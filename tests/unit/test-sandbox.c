/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each act is done in a child of its own inside the sandbox: what a worker needs must work, what reaches beyond it must be refused
 * or kill. A forbidden act is also done outside first, where it must work as far as it can be tried: else its failure proves nothing.
 */
#include "config.h"

#include "daemon/process/landlock.h"
#include "daemon/process/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <libnfnetlink/libnfnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

/* Made before the sandbox closes, as a worker's are. */
static int pair[2];
static FILE *file;
static struct nlif_handle *interfaces;
static void *page;

/* An act returns 0 when it worked, an errno when it was refused. */
typedef int act_fn(void);

static int result(long returned)
{
	return returned < 0 ? errno : 0;
}

/* ---- what a worker does ---- */

static int do_messages(void)
{
	char text[8];
	struct iovec in = { text, sizeof(text) }, out = { (void *)"packet", 6 };
	struct mmsghdr many = { .msg_hdr = { .msg_iov = &in, .msg_iovlen = 1 } };
	struct msghdr one = { .msg_iov = &out, .msg_iovlen = 1 };

	if (sendmsg(pair[0], &one, 0) != 6 || recvmmsg(pair[1], &many, 1, MSG_DONTWAIT, NULL) != 1 || many.msg_len != 6)
		return errno;
	if (sendto(pair[0], "x", 1, 0, NULL, 0) != 1 || recv(pair[1], text, 1, 0) != 1)
		return errno;
	return recvmmsg(pair[1], &many, 1, MSG_DONTWAIT, NULL) == -1 && errno == EAGAIN ? 0 : EPROTO;
}

static int do_channel(void)
{
	char text[8];

	return write(pair[0], "x", 1) == 1 && read(pair[1], text, 1) == 1 ? 0 : EPROTO;
}

static int do_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN }, found;
	struct itimerspec soon = { .it_value.tv_nsec = 1000000 };
	int poll_fd = epoll_create1(EPOLL_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);

	if (poll_fd < 0 || timer < 0 || epoll_ctl(poll_fd, EPOLL_CTL_ADD, timer, &event) ||
	    timerfd_settime(timer, 0, &soon, NULL) || epoll_wait(poll_fd, &found, 1, 5000) != 1)
		return errno;
	return result(close(timer)) | result(close(poll_fd));
}

static int do_wait(void)
{
	struct timespec brief = { .tv_nsec = 60000 };

	if (prctl(PR_SET_TIMERSLACK, 1UL) || nanosleep(&brief, NULL) || clock_nanosleep(CLOCK_MONOTONIC, 0, &brief, NULL))
		return errno;
	return result(prctl(PR_SET_NAME, "nfv-queue-5"));
}

static int do_memory(void)
{
	for (size_t size = 16; size < 64 << 20; size *= 4) {
		char *bytes = malloc(size), *more;

		if (!bytes)
			return ENOMEM;
		memset(bytes, 1, size);
		more = realloc(bytes, size * 3);
		if (!more)
			return ENOMEM;
		memset(more, 2, size * 3);
		free(more);
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

static int do_qsort(void)
{
	static int numbers[100000];

	for (int i = 0; i < 100000; i++)
		numbers[i] = (i * 7919) % 100003;
	qsort(numbers, 100000, sizeof(int), compare);
	return numbers[0] <= numbers[1] ? 0 : EPROTO;
}

static int do_stdio(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *late = fdopen(pair[0], "w"), *memory = open_memstream(&text, &size);

	if (!late || !memory || fprintf(late, "%d %.3f", 5, 1.5) < 0 || fflush(late) || fprintf(memory, "x") != 1)
		return errno;
	fclose(memory);
	free(text);
	/* The first use of a stream asks fstat() for its buffer size, which is refused. */
	if (fprintf(file, "one line\n") < 0 || fflush(file))
		return errno;
	return fprintf(file, "%70000s\n", "many more bytes than a buffer has") < 0 || fflush(file) || ferror(file) ? errno : 0;
}

static int do_time(void)
{
	time_t now = time(NULL);
	struct tm tm;

	return localtime(&now) && localtime_r(&now, &tm) ? 0 : EPROTO;
}

static volatile sig_atomic_t seen;

static void on_signal(int number)
{
	seen = number;
}

static int do_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	if (sigaction(SIGUSR1, &action, NULL) || raise(SIGUSR1) || kill(getpid(), SIGUSR1))
		return errno;
	return seen == SIGUSR1 ? 0 : EPROTO;
}

static int do_syslog(void)
{
	closelog();
	syslog(LOG_DEBUG, "nfverdictd's test: not to be seen, the sandbox has no socket");
	return 0;
}

/* It finds nothing, and lives. */
static int do_name_lookup(void)
{
	return if_nametoindex("lo") ? EPROTO : 0;
}

static int do_interface_names(void)
{
	char name[IF_NAMESIZE] = "";

	if (nlif_query(interfaces) < 0)
		return EPROTO;
	nlif_index2name(interfaces, 1, name); /* the loopback's index in every namespace */
	return strcmp(name, "lo") == 0 ? 0 : EPROTO;
}

static int do_exit(void)
{
	exit(0);
}

/* ---- what nobody in there may do ---- */

static int try_open(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

static int try_fopen(void)
{
	return fopen("/etc/passwd", "r") ? 0 : errno;
}

static int try_create(void)
{
	return result(open("/tmp/nfv-test-sandbox-file", O_WRONLY | O_CREAT | O_EXCL, 0600)) | result(unlink("/tmp/nfv-test-sandbox-file"));
}

static int try_stat(void)
{
	struct stat st;

	return result(stat("/etc/passwd", &st));
}

/* fstat() of glibc, and what would hide behind it. */
static int try_fstatat(void)
{
	struct stat st;

	return result(fstatat(fileno(file), "/etc/passwd", &st, AT_EMPTY_PATH));
}

static int try_fstatat_relative(void)
{
	struct stat st;

	return result(fstatat(AT_FDCWD, ".", &st, AT_EMPTY_PATH));
}

static int try_access(void)
{
	return result(access("/etc/passwd", R_OK));
}

static int try_socket(void)
{
	return result(socket(AF_INET, SOCK_DGRAM, 0));
}

static int try_unlink(void)
{
	unlink("/tmp/nfv-test-sandbox-nothing");
	return 0;
}

static int try_socketpair(void)
{
	int more[2];

	return result(socketpair(AF_UNIX, SOCK_STREAM, 0, more));
}

static int try_setsockopt(void)
{
	int size = 4096;

	return result(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
}

static int try_exec(void)
{
	execl("/bin/true", "true", NULL);
	return errno;
}

static int try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0 ? result(waitpid(pid, NULL, 0)) : errno;
}

static void *thread(void *argument)
{
	return argument;
}

static int try_thread(void)
{
	pthread_t started;
	int err = pthread_create(&started, NULL, thread, NULL);

	return err ? err : pthread_join(started, NULL);
}

static int try_ptrace(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int try_mmap_exec(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}

static int try_mprotect_exec(void)
{
	return result(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int try_kill_parent(void)
{
	return result(kill(getppid(), 0));
}

static int try_kill_group(void)
{
	return result(kill(0, 0));
}

static int try_tgkill_parent(void)
{
	return result(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int try_memfd(void)
{
	return result(memfd_create("more", 0));
}

static int try_dumpable(void)
{
	return result(prctl(PR_SET_DUMPABLE, 1));
}

static int try_rlimit(void)
{
	struct rlimit limit = { 1024, 1024 };

	return result(setrlimit(RLIMIT_NOFILE, &limit));
}

static int try_owner(void)
{
	return result(fcntl(pair[0], F_SETOWN, getppid()));
}

static int try_ioctl(void)
{
	int waiting;

	return result(ioctl(pair[0], FIONREAD, &waiting));
}

static int try_umask(void)
{
	umask(umask(022));
	return 0;
}

static int try_pidfd(void)
{
	return result(syscall(SYS_pidfd_open, getppid(), 0));
}

/* ---- running them ---- */

enum expectation {
	WORKS,
	REFUSED,  /* with EACCES */
	KILLED,   /* by SIGSYS */
};

static const struct {
	const char *name;
	act_fn *act;
	enum expectation expected;
} acts[] = {
	{ "messages", do_messages, WORKS },
	{ "channel", do_channel, WORKS },
	{ "epoll and timerfd", do_epoll, WORKS },
	{ "waiting", do_wait, WORKS },
	{ "memory", do_memory, WORKS },
	{ "qsort", do_qsort, WORKS },
	{ "stdio", do_stdio, WORKS },
	{ "local time", do_time, WORKS },
	{ "own signals", do_signals, WORKS },
	{ "syslog", do_syslog, WORKS },
	{ "name lookup", do_name_lookup, WORKS },
	{ "interface names", do_interface_names, WORKS },
	{ "exit", do_exit, WORKS },
	{ "open", try_open, REFUSED },
	{ "fopen", try_fopen, REFUSED },
	{ "stat", try_stat, REFUSED },
	{ "stat behind fstat", try_fstatat, REFUSED },
	{ "stat of the current folder", try_fstatat_relative, REFUSED },
	{ "access", try_access, REFUSED },
	{ "socket", try_socket, REFUSED },
	{ "create", try_create, KILLED }, /* by unlink() at the latest */
	{ "unlink", try_unlink, KILLED },
	{ "socketpair", try_socketpair, KILLED },
	{ "setsockopt", try_setsockopt, KILLED },
	{ "execve", try_exec, KILLED },
	{ "fork", try_fork, KILLED },
	{ "thread", try_thread, KILLED },
	{ "ptrace", try_ptrace, KILLED },
	{ "mmap executable", try_mmap_exec, KILLED },
	{ "mprotect executable", try_mprotect_exec, KILLED },
	{ "kill parent", try_kill_parent, KILLED },
	{ "kill group", try_kill_group, KILLED },
	{ "tgkill parent", try_tgkill_parent, KILLED },
	{ "memfd", try_memfd, KILLED },
	{ "dumpable", try_dumpable, KILLED },
	{ "setrlimit", try_rlimit, KILLED },
	{ "F_SETOWN", try_owner, KILLED },
	{ "ioctl", try_ioctl, KILLED },
	{ "umask", try_umask, KILLED },
	{ "pidfd", try_pidfd, KILLED },
};

/* Does one act in a child, inside the sandbox when wants is given. The wait status. */
static int run(act_fn *act, const struct sandbox_wants *wants)
{
	char why[256] = "";
	int status, err;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, 0); /* no core files of those that are killed */
		signal(SIGSEGV, SIG_DFL);  /* cmocka's is for failures of the test itself */
		signal(SIGABRT, SIG_DFL);
		signal(SIGSYS, SIG_DFL);
		if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
			_exit(201);
		file = fopen("/dev/null", "we");
		interfaces = nlif_open();
		page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (!file || !interfaces || page == MAP_FAILED)
			_exit(202);
		err = wants ? sandbox_enter(wants, why, sizeof(why)) : 0;
		if (err) {
			fprintf(stderr, "%s\n", why);
			_exit(203);
		}
		_exit(act());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void each_act(void **state)
{
	const struct sandbox_wants wants = { .sends = true };
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		int outside = acts[i].expected == WORKS ? 0 : run(acts[i].act, NULL);
		int inside = run(acts[i].act, &wants);
		bool right = false;

		switch (acts[i].expected) {
		case WORKS:
			right = WIFEXITED(inside) && WEXITSTATUS(inside) == 0;
			break;
		case REFUSED:
			right = WIFEXITED(inside) && WEXITSTATUS(inside) == EACCES;
			break;
		case KILLED:
			right = WIFSIGNALED(inside) && WTERMSIG(inside) == SIGSYS;
			break;
		}
		if (!right || outside != 0) {
			print_error("%s: status 0x%x inside, 0x%x outside\n", acts[i].name, inside, outside);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static int send_one(void)
{
	return result(send(pair[0], "x", 1, 0));
}

static void without_sending(void **state)
{
	const struct sandbox_wants wants = { .sends = false };
	int status;

	(void)state;
	assert_int_equal(run(do_channel, &wants), 0);
	status = run(send_one, &wants);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	assert_int_equal(run(send_one, &(struct sandbox_wants){ .sends = true }), 0);
}

static int do_abort(void)
{
	abort();
}

/* A handler's death keeps its own cause: the master tells people which. */
static void dying(void **state)
{
	const struct sandbox_wants wants = { .sends = true };
	int status = run(do_abort, &wants);

	(void)state;
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static int do_fault(void)
{
	volatile size_t len = 17;
	char *bytes = malloc(16);

#ifndef NFV_SANITIZERS
	free(bytes);
	munmap(page, 4096);
	bytes = page;
#endif
	memset(bytes, 1, len);
	return bytes[3];
}

static void faulting(void **state)
{
	const struct sandbox_wants wants = { .sends = true };
	char text[65536] = "";
	int status, out[2], kept = dup(STDERR_FILENO);

	(void)state;
	assert_int_equal(pipe(out), 0);
	dup2(out[1], STDERR_FILENO);
	status = run(do_fault, &wants);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(out[1]);
#ifdef NFV_SANITIZERS
	assert_true(read(out[0], text, sizeof(text) - 1) > 0);
	if (!strstr(text, "heap-buffer-overflow") || !strstr(text, "SUMMARY"))
		print_error("%s\n", text);
	assert_non_null(strstr(text, "heap-buffer-overflow"));
	assert_non_null(strstr(text, "SUMMARY"));
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
#else
	assert_int_equal(read(out[0], text, sizeof(text) - 1), 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
#endif
	close(out[0]);
}

static void *wait_for_end(void *argument)
{
	pause();
	return argument;
}

static int thread_before(void)
{
	char why[256] = "";
	pthread_t started;
	int err;

	if (pthread_create(&started, NULL, wait_for_end, NULL))
		return 1;
	err = sandbox_enter(&(struct sandbox_wants){ .sends = true }, why, sizeof(why));
	return err == -EBUSY && strstr(why, "started a thread") ? 0 : 2;
}

static void threads(void **state)
{
	(void)state;
	assert_int_equal(run(thread_before, NULL), 0);
}

/* Landlock by itself, so that what it refuses is not what the list of system calls would. */
static int landlocked(void)
{
	struct sockaddr_in port = { .sin_family = AF_INET };
	int abi = landlock_abi(), tcp = socket(AF_INET, SOCK_STREAM, 0);
	char why[256] = "";

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || landlock_restrict(-1, why, sizeof(why)))
		return 1;
	if (try_open() != EACCES || try_exec() != EACCES)
		return 2;
	if (abi >= 4 && (bind(tcp, (struct sockaddr *)&port, sizeof(port)) != -1 || errno != EACCES))
		return 3;
	if (abi >= 6 && (kill(getppid(), 0) != -1 || errno != EPERM))
		return 4;
	return kill(getpid(), 0) == 0 ? 0 : 5;
}

static void landlock(void **state)
{
	(void)state;
	if (landlock_abi() == 0) {
		print_message("this kernel is without Landlock\n");
		skip();
	}
	assert_int_equal(run(landlocked, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_act),
		cmocka_unit_test(without_sending),
		cmocka_unit_test(dying),
		cmocka_unit_test(faulting),
		cmocka_unit_test(threads),
		cmocka_unit_test(landlock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
