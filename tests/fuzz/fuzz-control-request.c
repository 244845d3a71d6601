/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client may send to the control socket: a request that is taken says the same when it is printed and read anew. */
#include "daemon/control/control-request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_request request, again;
	char why[128], *line, *twice;

	if (control_request_read(&request, (const char *)data, size, why, sizeof(why))) {
		if (memchr(why, '\0', sizeof(why)) == NULL || !why[0])
			abort();
		return 0;
	}
	line = control_request_print(&request);
	if (!line || strchr(line, '\n') || control_request_read(&again, line, strlen(line), why, sizeof(why)))
		abort();
	twice = control_request_print(&again);
	if (!twice || strcmp(line, twice) != 0 || memcmp(&request, &again, sizeof(request)) != 0)
		abort();
	free(twice);
	free(line);
	return 0;
}
