/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folder of packets that killed a handler, and of cores: never more files than it may have. */
#ifndef PROCESS_CRASH_FILES_H
#define PROCESS_CRASH_FILES_H

#include <stddef.h>
#include <stdint.h>

/* Opens the folder, made with mode 0750 if it is not there. A descriptor, or -errno. */
int crash_files_open(const char *folder);

/*
 * Makes a new file "crash-<time>-<queue number>-<packet id>.pcapng", its name in name, after removing the oldest of this
 * kind until fewer than `most` are left. Other files are not touched. A descriptor for writing, or -errno.
 */
int crash_files_create(int folder, unsigned most, uint16_t number, uint32_t packet_id, char *name, size_t name_size);

/*
 * Makes the folder in that folder into which workers' cores go: whoever has it as current folder may put files there, nobody
 * else can reach it. A descriptor, or -errno.
 */
int crash_files_open_cores(int folder);

/*
 * Moves a core out of there, to "crash-<time>-<queue number>-<process id>.core", its name in name, after removing the oldest
 * of this kind as above. 0, or -errno, -ENOENT when there is none.
 */
int crash_files_take_core(int folder, unsigned most, uint16_t number, uint32_t pid, char *name, size_t name_size);

#endif
