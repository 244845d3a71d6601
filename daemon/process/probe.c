/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/probe.h"

#include "daemon/process/child.h"
#include "daemon/process/descriptors.h"
#include "daemon/queue/message.h"
#include "daemon/queue/socket.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
/* Behind the headers of libc, which it then leaves the addresses to. */
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUEUE    0
#define PORT     9
#define WAIT_MS  300 /* for a packet on the loopback device; the kernel queues it again within the call */
#define TOOL_MS  1500
#define LIMIT_S  2
#define ANSWER_STATUS 40 /* added to an answer: no other end of the child is taken for one */

static const char rules[] = "*mangle\n-A OUTPUT -p udp --dport 9 -j NFQUEUE --queue-num 0\nCOMMIT\n";

static int loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -1 : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

static int put_rule(const struct tool *tool)
{
	struct tool mine = *tool;
	struct tool_result result;
	int err;

	mine.timeout_ms = TOOL_MS;
	err = tool_restore(&mine, TOOL_IPV4, rules, 0, &result);
	tool_result_free(&result);
	return err;
}

static int send_packet(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t sent = fd < 0 ? -1 : sendto(fd, "", 1, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof(to));

	if (fd >= 0)
		close(fd);
	return sent == 1 ? 0 : -1;
}

/* The id of the next packet. False: none came. */
static bool next_packet(const struct queue_socket *queue, uint32_t *id)
{
	struct pollfd fd = { .fd = queue->fd, .events = POLLIN };
	static uint8_t buffer[8192] __attribute__((aligned(8)));
	struct message_answer answer;
	struct nfv_packet packet;
	ssize_t len;

	if (poll(&fd, 1, WAIT_MS) != 1)
		return false;
	len = recv(queue->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	if (len <= 0 || message_decode(buffer, sizeof(buffer), (size_t)len, &packet, &answer) != MESSAGE_PACKET)
		return false;
	*id = packet.id;
	return true;
}

static enum probe_answer ask(const struct tool *tool)
{
	const struct queue_wants wants = { .number = QUEUE, .copy_mode = NFQNL_COPY_META, .max_length = 8,
					   .receive_buffer = 65536, .send_buffer = 65536 };
	struct queue_socket queue;
	uint32_t first, second;
	char why[256];
	bool again;

	if (unshare(CLONE_NEWNET) < 0 || loopback_up() || queue_open(&queue, &wants, why, sizeof(why)) < 0)
		return PROBE_UNKNOWN;
	if (put_rule(tool) || send_packet() || !next_packet(&queue, &first) ||
	    queue_decide_all(&queue, first, NF_REPEAT) < 0)
		return PROBE_UNKNOWN;
	again = next_packet(&queue, &second) && second != first;
	(void)queue_decide_all(&queue, again ? second : first, NF_ACCEPT);
	queue_close(&queue);
	return again ? PROBE_YES : PROBE_NO;
}

pid_t probe_start(const struct tool *tool)
{
	int none = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid > 0)
		return pid;
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	prctl(PR_SET_NAME, "nfv-probe");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	descriptors_keep(&none, 0);
	alarm(LIMIT_S);
	_exit(ANSWER_STATUS + (int)ask(tool));
}

enum probe_answer probe_answer(pid_t child)
{
	int status;

	if (child <= 0 || child_wait(child, &status) != child || !WIFEXITED(status) ||
	    WEXITSTATUS(status) < ANSWER_STATUS || WEXITSTATUS(status) > ANSWER_STATUS + PROBE_UNKNOWN)
		return PROBE_UNKNOWN;
	return (enum probe_answer)(WEXITSTATUS(status) - ANSWER_STATUS);
}
