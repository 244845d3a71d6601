/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends a signal to a daemon's worker again and again, each time to another process:
 *
 *	killer PARENT NAME SIGNAL [--count N] [--least MILLISECONDS] [--most MILLISECONDS]
 *
 * Looks for a child of PARENT with that name, lets it live for some time by chance between the two, sends the signal, and
 * waits for its end. Until SIGTERM, until --count are done, or until PARENT is gone. Prints for each: when it was sent, and when
 * the process was dead, CLOCK_REALTIME in microseconds; at the end how many.
 */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LOOK_US 500
#define DEAD_MS 20000

static volatile sig_atomic_t ended;

static void on_end(int signal_number)
{
	(void)signal_number;
	ended = 1;
}

static void __attribute__((noreturn)) usage(void)
{
	fprintf(stderr, "usage: killer PARENT NAME SIGNAL [--count N] [--least MILLISECONDS] [--most MILLISECONDS]\n");
	exit(64);
}

static long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < 0 || value > INT32_MAX)
		usage();
	return value;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void rest(long microseconds)
{
	const struct timespec time = { .tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000 };

	nanosleep(&time, NULL);
}

static bool is_named(long pid, const char *wanted)
{
	char path[64], name[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	name[strcspn(name, "\n")] = '\0';
	return strcmp(name, wanted) == 0;
}

/* The child of that name that is not `last`; 0: there is none now, -1: the parent is gone. */
static long find_child(long parent, const char *name, long last)
{
	char path[64];
	long child, found = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", parent, parent);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (!found && fscanf(file, "%ld", &child) == 1)
		if (child != last && is_named(child, name))
			found = child;
	fclose(file);
	return found;
}

/* Whether it ended. */
static bool kill_one(long pid, int signal_number)
{
	int fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	struct pollfd dead = { .fd = fd, .events = POLLIN };
	uint64_t sent;

	if (fd < 0)
		return false;
	sent = now_us();
	if (syscall(SYS_pidfd_send_signal, fd, signal_number, NULL, 0) < 0 || poll(&dead, 1, DEAD_MS) != 1) {
		close(fd);
		return false;
	}
	printf("kill %llu dead %llu pid %ld\n", (unsigned long long)sent, (unsigned long long)now_us(), pid);
	fflush(stdout);
	close(fd);
	return true;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = { { "count", required_argument, NULL, 'c' },
						      { "least", required_argument, NULL, 'l' },
						      { "most", required_argument, NULL, 'm' },
						      { 0 } };
	const struct sigaction end = { .sa_handler = on_end };
	long count = INT32_MAX, least_ms = 0, most_ms = 50, parent, last = 0, killed = 0, child;

	for (int option; (option = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		if (option == 'c')
			count = number(optarg);
		else if (option == 'l')
			least_ms = number(optarg);
		else if (option == 'm')
			most_ms = number(optarg);
		else
			usage();
	}
	if (argc - optind != 3)
		usage();
	parent = number(argv[optind]);
	sigaction(SIGTERM, &end, NULL);
	srandom((unsigned)now_us());
	while (!ended && killed < count && (child = find_child(parent, argv[optind + 1], last)) >= 0) {
		if (child == 0) {
			rest(LOOK_US);
			continue;
		}
		rest(least_ms * 1000 + random() % ((most_ms > least_ms ? most_ms - least_ms : 0) * 1000 + 1));
		if (kill_one(child, (int)number(argv[optind + 2])))
			killed++;
		last = child;
	}
	printf("killed=%ld\n", killed);
	return 0;
}
