/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/fd-store.h"

#include "daemon/process/log.h"
#include "daemon/process/notify.h"
#include "daemon/queue/socket.h"
#include "daemon/queue/status.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_FD 3 /* as sd_listen_fds(3) has it */
#define NAME     "nfv-queue-"
#define NAME_MAX_BYTES 256

static struct {
	int *fds; /* -1: taken */
	char (*names)[NAME_MAX_BYTES];
	unsigned count;
} kept;

/* ---- What was given ---- */

/* A number without anything else, up to a limit. */
static bool parse(const char *text, unsigned long most, unsigned long *value)
{
	char *end;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoul(text, &end, 10);
	return !errno && !*end && *value <= most;
}

static void forget_variables(void)
{
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	unsetenv("LISTEN_PIDFDID");
}

/* Names stand between colons, in the order of the descriptors. */
static void name_them(const char *names)
{
	for (unsigned i = 0; names && i < kept.count; i++) {
		size_t len = strcspn(names, ":");

		snprintf(kept.names[i], sizeof(kept.names[i]), "%.*s",
			 (int)(len < NAME_MAX_BYTES ? len : NAME_MAX_BYTES - 1), names);
		names += len + (names[len] == ':');
	}
}

void fd_store_inherit(void)
{
	unsigned long pid, count;

	if (!parse(getenv("LISTEN_PID"), INT32_MAX, &pid) || pid != (unsigned long)getpid() ||
	    !parse(getenv("LISTEN_FDS"), UINT16_MAX + 1ul, &count) || count == 0) {
		forget_variables();
		return;
	}
	kept.fds = calloc(count, sizeof(*kept.fds));
	kept.names = calloc(count, sizeof(*kept.names));
	if (kept.fds && kept.names) {
		kept.count = (unsigned)count;
		for (unsigned i = 0; i < kept.count; i++) {
			kept.fds[i] = FIRST_FD + (int)i;
			if (fcntl(kept.fds[i], F_SETFD, FD_CLOEXEC) < 0)
				kept.fds[i] = -1;
		}
		name_them(getenv("LISTEN_FDNAMES"));
	}
	forget_variables();
}

unsigned fd_store_count(void)
{
	return kept.count;
}

static bool number_of(const char *name, uint16_t *number)
{
	unsigned long value;

	if (strncmp(name, NAME, strlen(NAME)) != 0 || !parse(name + strlen(NAME), UINT16_MAX, &value))
		return false;
	*number = (uint16_t)value;
	return true;
}

int fd_store_take(uint16_t number)
{
	uint16_t own;

	for (unsigned i = 0; i < kept.count; i++) {
		int fd = kept.fds[i];

		if (fd < 0 || !number_of(kept.names[i], &own) || own != number)
			continue;
		kept.fds[i] = -1;
		return fd;
	}
	return -1;
}

/* ---- What is given ---- */

int fd_store_put(uint16_t number, int fd)
{
	char text[96];

	snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=" NAME "%u\nFDPOLL=0", number);
	return notify_send_fd(text, fd);
}

static void remove_name(const char *name)
{
	char text[NAME_MAX_BYTES + 64];

	snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	(void)notify_send(text);
}

void fd_store_remove(uint16_t number)
{
	char name[32];

	snprintf(name, sizeof(name), NAME "%u", number);
	remove_name(name);
}

/* The kernel would drop what waits when the last descriptor is closed; nobody is left who could judge it. */
static void let_go(int fd, uint16_t number)
{
	struct queue_socket queue;
	struct queue_status status;
	char why[256];

	if (queue_adopt(&queue, fd, number, why, sizeof(why)) < 0)
		return;
	(void)queue_shut(&queue, true);
	if (!queue_status_read(number, &status))
		return;
	if (status.waiting > 0)
		log_warning("queue %u: %u packets were left and let go", number, status.waiting);
	(void)queue_decide_all(&queue, status.last_id, NF_ACCEPT);
}

void fd_store_close_rest(void)
{
	uint16_t number;

	for (unsigned i = 0; i < kept.count; i++) {
		if (kept.fds[i] < 0)
			continue;
		if (number_of(kept.names[i], &number)) {
			log_notice(
				"queue %u: the service manager kept it, and no entry of the configuration wants it: closed",
				number);
			let_go(kept.fds[i], number);
		} else {
			log_warning("the service manager gave a descriptor named '%s', which is not ours: closed",
				    kept.names[i]);
		}
		close(kept.fds[i]);
		remove_name(kept.names[i]);
	}
	free(kept.fds);
	free(kept.names);
	kept.fds = NULL;
	kept.names = NULL;
	kept.count = 0;
}
