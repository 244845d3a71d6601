/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files: reading them, and what they include. */
#include "daemon/config/config-private.h"
#include "daemon/config/scalar.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX    (1u << 20)
#define FILES_MAX         256
#define INCLUDE_DEPTH_MAX 8

static void load_text(struct config_private *c, struct config_file *file, const char *text, size_t len);

/* At the place of the include that asks for the file, or without a place when it is the first one. */
static void refuse_file(struct config_private *c, struct place place, const char *name, const char *why)
{
	if (place.line)
		report_add(c->report, place, "include", "%s: %s", name, why);
	else
		report_add(c->report, place, NULL, "%s", why);
	c->incomplete = true;
}

/* The folder part of a file's name, absolute where that can be found out: the daemon may change its working folder. */
static char *find_folder(const char *name)
{
	const char *slash = strrchr(name, '/');
	char *folder = !slash ? memory_copy(".", 1) : memory_copy(name, slash == name ? 1 : (size_t)(slash - name));
	char resolved[PATH_MAX];

	if (!realpath(folder, resolved))
		return folder;
	memory_free(folder);
	return memory_copy(resolved, strlen(resolved));
}

const char *config_resolve(struct config_private *c, const struct config_file *file, const char *path)
{
	while (!strncmp(path, "./", 2))
		path += 2 + strspn(path + 2, "/");
	return path[0] == '/' ? path : arena_format(&c->arena, "%s/%s", file->folder, path);
}

static struct config_file *new_file(const char *name, const struct config_file *parent)
{
	struct config_file *file = memory_alloc(1, sizeof(*file));
	const char *slash = strrchr(name, '/');

	file->name = memory_copy(name, strlen(name));
	file->folder = find_folder(name);
	file->prefix = slash ? (size_t)(slash - name) + 1 : 0;
	file->parent = parent;
	return file;
}

static void free_file(struct config_file *file)
{
	memory_free(file->folder);
	memory_free(file->name);
	memory_free(file);
}

static void keep_file(struct config_private *c, struct config_file *file)
{
	*c->last_file = file;
	c->last_file = &file->next;
	c->file_count++;
}

/* Into FILE_BYTES_MAX + 1 bytes: one more than allowed, to notice a file that grows. False with the cause in why. */
static bool read_all(int fd, char *text, size_t *len, struct why *why)
{
	ssize_t n = 1;

	for (*len = 0; n && *len <= FILE_BYTES_MAX;) {
		n = read(fd, text + *len, FILE_BYTES_MAX + 1 - *len);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n < 0) {
			scalar_refuse(why, "%s", strerror(errno));
			return false;
		}
		*len += (size_t)n;
	}
	if (*len > FILE_BYTES_MAX)
		scalar_refuse(why, "is larger than 1 MiB");
	return *len <= FILE_BYTES_MAX;
}

/* A file that includes itself, by whatever way, or that two includes name. */
static bool is_known(struct config_private *c, const struct config_file *file, struct place place)
{
	const struct config_file *f;

	for (f = file->parent; f; f = f->parent) {
		if (f->inode && f->inode == file->inode && f->device == file->device) {
			report_add(c->report, place, "include", "%s includes itself", f->name);
			return true;
		}
	}
	for (f = c->files; f; f = f->next) {
		if (f->inode && f->inode == file->inode && f->device == file->device) {
			report_add(c->report, place, "include", "%s is included already", f->name);
			return true;
		}
	}
	return false;
}

enum found { FOUND_READ, FOUND_UNREADABLE, FOUND_NONE };

/* What is found wrong is told. No memory is taken while the file is open: want of it would leave it so. */
static enum found find_file(struct config_private *c, struct config_file *file, struct place place, char *text, size_t *len)
{
	enum found found = FOUND_READ;
	char why[PATH_MAX + 256];
	struct why cause;
	struct stat st;
	int fd;

	fd = trust_open(c->trust, file->name, why, sizeof(why));
	if (fd < 0) {
		refuse_file(c, place, file->name, why);
		return FOUND_NONE;
	}
	if (!fstat(fd, &st)) {
		file->device = st.st_dev;
		file->inode = st.st_ino;
	}
	if (is_known(c, file, place)) {
		found = FOUND_NONE;
	} else if (!read_all(fd, text, len, &cause)) {
		refuse_file(c, place, file->name, cause.text);
		found = FOUND_UNREADABLE;
	}
	close(fd);
	return found;
}

/* place: of the include that asks for the file, or the whole of the file when nobody does. */
static void load_file(struct config_private *c, const char *name, const struct config_file *parent, struct place place)
{
	struct config_file *file = new_file(name, parent);
	char *text = memory_alloc(FILE_BYTES_MAX + 1, 1);
	size_t len;

	switch (find_file(c, file, place, text, &len)) {
	case FOUND_READ:
		keep_file(c, file);
		load_text(c, file, text, len);
		break;
	case FOUND_UNREADABLE:
		keep_file(c, file);
		break;
	case FOUND_NONE:
		free_file(file);
		break;
	}
	memory_free(text);
}

/* The pattern's own part may hold wildcards, the folder that it is relative to may not. */
static const char *escape_folder(struct config_private *c, const struct config_file *file)
{
	char *out = arena_alloc(&c->arena, file->prefix + 1, 2), *to = out;

	for (const char *p = file->name; p < file->name + file->prefix; p++) {
		if (strchr("*?[]\\", *p))
			*to++ = '\\';
		*to++ = *p;
	}
	return out;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct pattern {
	struct config_private *c;
	const struct config_file *file;
	struct place place;
	glob_t found;
};

/* Sorted by bytes, so that the order does not depend on the language of whoever starts the daemon. */
static void load_found(void *argument)
{
	struct pattern *pattern = argument;
	struct config_private *c = pattern->c;
	const glob_t *found = &pattern->found;

	qsort(found->gl_pathv, found->gl_pathc, sizeof(*found->gl_pathv), compare_paths);
	for (size_t i = 0; i < found->gl_pathc && c->file_count < FILES_MAX; i++)
		load_file(c, found->gl_pathv[i], pattern->file, pattern->place);
	if (c->file_count >= FILES_MAX)
		report_add(c->report, pattern->place, "include", "more than %d files", FILES_MAX);
}

static void load_pattern(struct config_private *c, const struct config_file *file, const char *text, struct place place)
{
	struct pattern pattern = { .c = c, .file = file, .place = place };
	const char *full = text;
	int err;

	if (text[0] != '/')
		full = arena_format(&c->arena, "%s%s", escape_folder(c, file), text);
	err = glob(full, GLOB_NOSORT, NULL, &pattern.found);
	if (err && err != GLOB_NOMATCH)
		report_add(c->report, place, "include", "%s: %s", text,
			   err == GLOB_NOSPACE ? "out of memory" : "cannot be read");
	if (!err)
		err = memory_try(load_found, &pattern);
	globfree(&pattern.found);
	if (err == -ENOMEM)
		memory_fail();
}

static void load_include(struct config_private *c, const struct config_file *file, const char *path, struct place place)
{
	const struct config_file *f = file;
	unsigned depth = 0;

	while ((f = f->parent))
		depth++;
	if (c->given)
		return;
	if (!c->trust)
		report_add(c->report, place, "include", "no files can be included here");
	else if (depth >= INCLUDE_DEPTH_MAX)
		report_add(c->report, place, "include", "nested deeper than %d files", INCLUDE_DEPTH_MAX);
	else if (c->file_count >= FILES_MAX)
		report_add(c->report, place, "include", "more than %d files", FILES_MAX);
	else if (strpbrk(path, "*?["))
		load_pattern(c, file, path, place);
	else if (path[0] == '/')
		load_file(c, path, file, place);
	else
		load_file(c, arena_format(&c->arena, "%.*s%s", (int)file->prefix, file->name, path), file, place);
}

/* Of handlers that stand in a part of the file that could not be taken, nobody can say that they are not defined. */
static bool is_whole(const struct node *tree)
{
	const struct node *handlers = tree_get(tree, "handlers");

	return !tree->partial && (!handlers || (!handlers->partial && handlers->kind != NODE_UNUSABLE));
}

static void load_text(struct config_private *c, struct config_file *file, const char *text, size_t len)
{
	const struct config_top *top;
	const char *const *paths;

	file->text = arena_copy(&c->arena, text, len);
	file->len = len;
	file->tree = tree_parse(file->name, text, len, c->report);
	if (!file->tree) {
		c->incomplete = true;
		return;
	}
	if (!is_whole(file->tree))
		c->incomplete = true;
	file->top = schema_fill(config_top_table, sizeof(*top), file->tree, file->tree->place, NULL, NULL, c->report);
	top = values_data(file->top);
	paths = top->include.items;
	for (size_t i = 0; i < top->include.count; i++) {
		struct place place;

		values_place(file->top, &paths[i], &place);
		if (values_usable(file->top, &paths[i]))
			load_include(c, file, paths[i], place);
	}
}

static struct config_private *begin(struct trust *trust, struct report *report)
{
	struct config_private *c = memory_alloc(1, sizeof(*c));

	c->last_file = &c->files;
	c->trust = trust;
	c->report = report;
	return c;
}

static struct config *finish(struct config_private *c)
{
	config_build(c);
	config_check(c);
	report_sort(c->report);
	c->report = NULL;
	c->trust = NULL;
	return &c->config;
}

/* Nothing that has a mistake is let out. */
static struct config *only_without(struct config *config, const struct report *report, size_t mistakes_before)
{
	if (report->count == mistakes_before)
		return config;
	config_free(config);
	return NULL;
}

/* A reading to its end, or until there is no memory for it. */
struct reading {
	const char *file, *text; /* text NULL: the file is to be read */
	size_t len;
	const struct config_text *texts; /* not NULL: these are all of it */
	size_t count;
	struct trust *trust;
	struct report *report;
	struct config *config;
};

static void take_text(struct config_private *c, const char *name, const char *text, size_t len)
{
	struct config_file *file = new_file(name, NULL);

	keep_file(c, file);
	if (len > FILE_BYTES_MAX)
		refuse_file(c, (struct place){ .file = file->name }, name, "is larger than 1 MiB");
	else
		load_text(c, file, text, len);
}

static void read_config(void *argument)
{
	struct reading *reading = argument;
	struct config_private *c = begin(reading->trust, reading->report);

	c->given = reading->texts != NULL;
	for (size_t i = 0; i < reading->count && i < FILES_MAX; i++)
		take_text(c, reading->texts[i].name, reading->texts[i].text, reading->texts[i].len);
	if (reading->text)
		take_text(c, reading->file, reading->text, reading->len);
	else if (!c->given)
		load_file(c, reading->file, NULL, (struct place){ .file = reading->file });
	reading->config = finish(c);
}

static struct config *read_or_tell(struct reading *reading)
{
	if (memory_try(read_config, reading) == 0)
		return reading->config;
	report_add(reading->report, (struct place){ .file = reading->file }, NULL, "cannot be read: out of memory");
	return NULL;
}

struct config *config_read(const char *path, struct trust *trust, struct report *report)
{
	struct reading reading = { .file = path, .trust = trust, .report = report };

	return read_or_tell(&reading);
}

struct config *config_read_texts(const struct config_text *texts, size_t count, struct report *report)
{
	struct reading reading = { .file = count > 0 ? texts->name : "", .texts = texts, .count = count, .report = report };

	return read_or_tell(&reading);
}

bool config_text(const struct config *config, size_t index, struct config_text *text)
{
	const struct config_file *file = config_private(config)->files;

	while (file && index-- > 0)
		file = file->next;
	if (file)
		*text = (struct config_text){ .name = file->name, .text = file->text, .len = file->len };
	return file != NULL;
}

struct config *config_load(const char *path, struct trust *trust, struct report *report)
{
	size_t before = report->count;

	return only_without(config_read(path, trust, report), report, before);
}

struct config *config_parse(const char *file, const char *text, size_t len, struct trust *trust, struct report *report)
{
	struct reading reading = { .file = file, .text = text, .len = len, .trust = trust, .report = report };
	size_t before = report->count;

	return only_without(read_or_tell(&reading), report, before);
}
