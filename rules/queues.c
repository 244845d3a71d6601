/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/queues.h"

#include "rules/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define QUEUES_FILE "/proc/self/net/netfilter/nfnetlink_queue"

void queues_set(struct queues *queues, uint16_t number, bool on)
{
	uint8_t bit = (uint8_t)(1u << number % 8);

	if (on)
		queues->bits[number / 8] |= bit;
	else
		queues->bits[number / 8] &= (uint8_t)~bit;
}

bool queues_any(const struct queues *queues, uint16_t first, uint16_t last)
{
	for (unsigned n = first; n <= last; n++)
		if (queues->bits[n / 8] & 1u << n % 8)
			return true;
	return false;
}

int queues_parse(struct queues *queues, const char *text, size_t len)
{
	const char *end = text + len;

	memset(queues, 0, sizeof(*queues));
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline ? newline : end;
		unsigned number = 0, digits = 0;

		while (text < line_end && *text == ' ')
			text++;
		for (; text < line_end && *text >= '0' && *text <= '9' && digits < 6; text++, digits++)
			number = number * 10 + (unsigned)(*text - '0');
		if (!digits || number > UINT16_MAX)
			return -EINVAL;
		queues_set(queues, (uint16_t)number, true);
		text = newline ? newline + 1 : end;
	}
	return 0;
}

int queues_read(struct queues *queues)
{
	struct text text = { 0 };
	char bytes[4096];
	ssize_t n;
	int fd, err = 0;

	memset(queues, 0, sizeof(*queues));
	fd = open(QUEUES_FILE, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	while ((n = read(fd, bytes, sizeof(bytes))) != 0) {
		if (n > 0)
			text_add(&text, bytes, (size_t)n);
		else if (errno != EINTR) {
			err = -errno;
			break;
		}
	}
	if (!err && text.failed)
		err = -ENOMEM;
	if (!err && text.len)
		err = queues_parse(queues, text.data, text.len);
	close(fd);
	text_free(&text);
	return err;
}
