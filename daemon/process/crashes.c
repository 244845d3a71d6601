/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/crashes.h"

bool crashes_note(struct crashes *crashes, uint64_t now_ns, unsigned max, uint64_t window_ns)
{
	crashes->at_ns[crashes->count % CRASHES_MAX] = now_ns;
	crashes->count++;
	if (crashes->count < max)
		return false;
	return now_ns - crashes->at_ns[(crashes->count - max) % CRASHES_MAX] <= window_ns;
}
