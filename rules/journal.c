/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/journal.h"

#include "rules/error.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define VERSION        1
#define NAME_MAX_BYTES 96
#define FILE_MAX       ((off_t)256 << 20)

static const char *const kinds[] = { [JOURNAL_COMMIT] = "journal", [JOURNAL_CONFIRM] = "confirm" };

static void name_of(const struct journal_place *place, enum journal_kind kind, const char *suffix, char *name)
{
	snprintf(name, NAME_MAX_BYTES, "%s-%s-%llu.json%s", kinds[kind],
		 place->backend == NFV_BACKEND_LEGACY ? "legacy" : "nft", (unsigned long long)place->space->inode, suffix);
}

uint64_t journal_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- which boot, which process ---- */

static void read_line(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");

	*text = '\0';
	if (!file)
		return;
	if (!fgets(text, (int)size, file))
		*text = '\0';
	fclose(file);
	text[strcspn(text, "\n")] = '\0';
}

static void boot_id(char text[64])
{
	read_line("/proc/sys/kernel/random/boot_id", text, 64);
}

/* The 22nd field; the 2nd may hold blanks and brackets itself. */
static uint64_t start_time(void)
{
	char line[1024];
	const char *at;

	read_line("/proc/self/stat", line, sizeof(line));
	at = strrchr(line, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

/* ---- writing ---- */

static char *to_text(const struct journal_place *place, const struct journal *journal)
{
	char boot[64], cookie[24];
	json_t *json, *change = change_to_json(&journal->change);
	char *text = NULL;

	boot_id(boot);
	snprintf(cookie, sizeof(cookie), "%llx", (unsigned long long)place->space->cookie);
	json = json_pack("{s:i, s:s, s:s, s:b, s:I, s:I, s:I, s:o*}", "version", VERSION, "boot", boot, "namespace", cookie,
			 "waiting", journal->waiting, "deadline", (json_int_t)journal->deadline_ms, "pid",
			 (json_int_t)getpid(), "started", (json_int_t)start_time(), "change", change);
	if (json && change)
		text = json_dumps(json, JSON_INDENT(1));
	json_decref(json);
	return text;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

static int write_file(const struct journal_place *place, enum journal_kind kind, const char *text)
{
	char name[NAME_MAX_BYTES], fresh[NAME_MAX_BYTES];
	int dir = place->folder->fd;
	int fd, err;

	name_of(place, kind, "", name);
	name_of(place, kind, ".new", fresh);
	/* One that a writer left when it died. Not followed should it be a link. */
	if (unlinkat(dir, fresh, 0) && errno != ENOENT)
		return -errno;
	fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, text, strlen(text));
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(dir, fresh, dir, name))
		err = -errno;
	if (!err && fsync(dir))
		err = -errno;
	if (err)
		unlinkat(dir, fresh, 0);
	return err;
}

int journal_write(const struct journal_place *place, enum journal_kind kind, const struct journal *journal,
		  struct nfv_rules_error *error)
{
	char *text = to_text(place, journal);
	int err = text ? write_file(place, kind, text) : -ENOMEM;

	free(text);
	return err ? error_set(error, err, "journal in %s: %s", place->folder->path, strerror(-err)) : 0;
}

int journal_remove(const struct journal_place *place, enum journal_kind kind)
{
	char name[NAME_MAX_BYTES];

	name_of(place, kind, "", name);
	return unlinkat(place->folder->fd, name, 0) && errno != ENOENT ? -errno : 0;
}

int journal_put_aside(const struct journal_place *place, enum journal_kind kind, char *name, size_t size)
{
	char from[NAME_MAX_BYTES], suffix[48], to[NAME_MAX_BYTES];

	snprintf(suffix, sizeof(suffix), ".failed-%llu-%ld", (unsigned long long)journal_now_ms(), (long)getpid());
	name_of(place, kind, "", from);
	name_of(place, kind, suffix, to);
	snprintf(name, size, "%s/%s", place->folder->path, to);
	return renameat(place->folder->fd, from, place->folder->fd, to) ? -errno : 0;
}

/* ---- reading ---- */

bool journal_any(const struct journal_place *place, enum journal_kind kind)
{
	char name[NAME_MAX_BYTES];

	name_of(place, kind, "", name);
	return faccessat(place->folder->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static json_t *load(const struct journal_place *place, const char *name, int *err, struct nfv_rules_error *error)
{
	int fd = openat(place->folder->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	json_error_t cause;
	struct stat status;
	json_t *json;

	if (fd < 0) {
		*err = errno == ENOENT ? -ENOENT : error_set(error, -errno, "journal %s: %s", name, strerror(errno));
		return NULL;
	}
	if (fstat(fd, &status) || !S_ISREG(status.st_mode) || status.st_uid != geteuid() || status.st_size > FILE_MAX) {
		close(fd);
		*err = error_set(error, -EINVAL, "journal %s: not a file of ours", name);
		return NULL;
	}
	json = json_loadfd(fd, JSON_REJECT_DUPLICATES, &cause);
	close(fd);
	if (!json)
		*err = error_set(error, -EINVAL, "journal %s: line %d: %s", name, cause.line, cause.text);
	return json;
}

/* Of this boot and of this namespace? */
static bool is_current(const struct journal_place *place, const char *boot, const char *cookie)
{
	char now[64];

	boot_id(now);
	return !strcmp(boot, now) && strtoull(cookie, NULL, 16) == place->space->cookie;
}

static int from_json(const struct journal_place *place, const json_t *json, struct journal *journal,
		     struct nfv_rules_error *error)
{
	const char *boot, *cookie;
	json_int_t deadline, pid, started;
	int version, waiting;
	json_t *change;
	json_error_t cause;

	if (json_unpack_ex((json_t *)(uintptr_t)json, &cause, 0, "{s:i, s:s, s:s, s:b, s:I, s:I, s:I, s:o}", "version",
			   &version, "boot", &boot, "namespace", &cookie, "waiting", &waiting, "deadline", &deadline, "pid",
			   &pid, "started", &started, "change", &change) ||
	    version != VERSION)
		return error_set(error, -EINVAL, "journal: not one of this version");
	if (!is_current(place, boot, cookie))
		return -ENOENT;
	*journal = (struct journal){
		.waiting = waiting,
		.deadline_ms = deadline > 0 ? (uint64_t)deadline : 0,
		.pid = (long)pid,
		.started = (uint64_t)started,
	};
	return change_from_json(&journal->change, change, error);
}

int journal_read(const struct journal_place *place, enum journal_kind kind, struct journal *journal,
		 struct nfv_rules_error *error)
{
	char name[NAME_MAX_BYTES];
	json_t *json;
	int err = 0;

	name_of(place, kind, "", name);
	json = load(place, name, &err, error);
	if (!json)
		return err;
	err = from_json(place, json, journal, error);
	json_decref(json);
	if (err == -ENOENT)
		journal_remove(place, kind);
	return err;
}

void journal_free(struct journal *journal)
{
	change_free(&journal->change);
}
