/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/postmortem.h"

#include "daemon/packet/pcapng.h"
#include "daemon/process/descriptors.h"
#include "daemon/process/sandbox.h"
#include "daemon/queue/message.h"

#include <errno.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SECONDS_MAX 10 /* for a disk that is slow */

/* A slot holds one message; how long it is stands in it, and is not believed beyond the slot. */
static bool find_in_slot(uint8_t *slot, size_t slot_size, uint32_t id, struct nfv_packet *packet)
{
	struct message_answer answer;
	struct nlmsghdr header;
	size_t len;

	memcpy(&header, slot, sizeof(header));
	len = header.nlmsg_len < slot_size ? header.nlmsg_len : slot_size;
	switch (message_decode(slot, slot_size, len, packet, &answer)) {
	case MESSAGE_PACKET:
	case MESSAGE_ODD:
		return packet->id == id;
	case MESSAGE_ANSWER:
	case MESSAGE_OTHER:
	case MESSAGE_MALFORMED:
		break;
	}
	return false;
}

static bool find(const struct postmortem *what, const struct region *slots, struct nfv_packet *packet)
{
	for (size_t at = 0; at + what->slot_size <= slots->size; at += what->slot_size)
		if (find_in_slot((uint8_t *)slots->memory + at, what->slot_size, what->packet_id, packet))
			return true;
	return false;
}

static uint64_t time_of(const struct nfv_packet *packet)
{
	struct timespec now;

	if (packet->metadata & NFV_META_TIMESTAMP)
		return packet->timestamp_ns;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* 0 or errno. */
static int save(const struct postmortem *what, const struct nfv_packet *packet)
{
	char comment[PCAPNG_COMMENT_MAX];
	const struct pcapng_packet capture = {
		.data = packet->data,
		.captured_len = packet->captured_len,
		.original_len = packet->original_len > packet->captured_len ? packet->original_len : packet->captured_len,
		.time_ns = time_of(packet),
		.comment = comment,
		.writer = "nfverdictd",
	};
	size_t size = pcapng_size(&capture), len, done = 0;
	uint8_t *bytes = malloc(size);
	int err = 0;

	if (!bytes)
		return ENOMEM;
	snprintf(comment, sizeof(comment), "%s; hook %u, mark 0x%x, in interface %u, out interface %u; bytes as the "
		 "handler left them", what->comment, packet->hook, packet->mark, packet->in_ifindex, packet->out_ifindex);
	len = pcapng_write(bytes, size, &capture);
	while (done < len && !err) {
		ssize_t wrote = write(what->file, bytes + done, len - done);

		if (wrote < 0)
			err = errno;
		else
			done += (size_t)wrote;
	}
	free(bytes);
	return len ? err : EINVAL;
}

static int run(const struct postmortem *what)
{
	static const int defaults[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD, SIGALRM };
	const struct sandbox_wants wants = { .sends = false };
	struct region slots = { .fd = what->slots->fd, .size = what->slots->size };
	int keep[] = { what->slots->fd, what->file };
	struct nfv_packet packet = { 0 };
	sigset_t none;
	char why[512];
	int err;

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		signal(defaults[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NAME, "nfv-postmortem");
	descriptors_keep(keep, 2);
	alarm(SECONDS_MAX);
	err = region_map(&slots);
	if (!err)
		err = privilege_become(what->account, false, why, sizeof(why));
	if (!err)
		err = sandbox_no_children(why, sizeof(why));
	if (!err)
		err = sandbox_enter(&wants, why, sizeof(why));
	if (err)
		return -err;
	return find(what, &slots, &packet) ? save(what, &packet) : POSTMORTEM_NOT_FOUND;
}

pid_t postmortem_start(const struct postmortem *what)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(run(what));
	return pid < 0 ? -errno : pid;
}
