/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/handler/plugin.h"

#include "daemon/config/schema.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYMBOL       "nfverdict_plugin"
#define NAME_MAX_LEN 64
#define OPTIONS_MAX  (1 << 20) /* bytes of an options struct: nobody writes more by hand */
#define ALIAS_SIZE   128

static const uint32_t known_metadata = (NFV_META_NAMES << 1) - 1;
static const uint32_t known_may = NFV_MAY_DROP | NFV_MAY_MARK | NFV_MAY_REWRITE | NFV_MAY_REPEAT | NFV_MAY_QUEUE;

/* ---- Finding ---- */

static int open_path(struct trust *trust, const char *path, char *why, size_t why_size)
{
	char cause[1024] = "";
	int fd = trust_open(trust, path, cause, sizeof(cause));

	if (fd < 0)
		snprintf(why, why_size, "%s: %s", path, cause);
	return fd;
}

static int find_in_folders(const char *name, const char *const *folders, size_t folder_count, struct trust *trust,
			   char *path, size_t path_size, char *why, size_t why_size)
{
	size_t told = 0;
	int fd;

	for (size_t i = 0; i < folder_count; i++) {
		if ((size_t)snprintf(path, path_size, "%s/%s.so", folders[i], name) >= path_size) {
			snprintf(why, why_size, "%s/%s.so: %s", folders[i], name, strerror(ENAMETOOLONG));
			return -ENAMETOOLONG;
		}
		fd = open_path(trust, path, why, why_size);
		/* One that is there and must not be used is no reason to take another: what is wrong would be hidden. */
		if (fd != -ENOENT && fd != -ENOTDIR)
			return fd;
	}
	snprintf(path, path_size, "%s.so", name);
	told = (size_t)snprintf(why, why_size, "%s.so: not found in ", name);
	for (size_t i = 0; i < folder_count && told < why_size; i++)
		told += (size_t)snprintf(why + told, why_size - told, "%s%s", i ? ", " : "", folders[i]);
	if (!folder_count)
		snprintf(why, why_size, "%s.so: not found: there is no folder to look in", name);
	return -ENOENT;
}

int plugin_find(const char *name, const char *const *folders, size_t folder_count, struct trust *trust, char *path,
		size_t path_size, char *why, size_t why_size)
{
	if (path_size)
		path[0] = '\0';
	if (!name || !*name) {
		snprintf(why, why_size, "a plugin's name is empty");
		return -EINVAL;
	}
	if (!strchr(name, '/'))
		return find_in_folders(name, folders, folder_count, trust, path, path_size, why, why_size);
	if ((size_t)snprintf(path, path_size, "%s", name) >= path_size) {
		snprintf(why, why_size, "%s: %s", name, strerror(ENAMETOOLONG));
		return -ENAMETOOLONG;
	}
	return open_path(trust, path, why, why_size);
}

/* ---- Loading ---- */

/* Where the one line of a refusal goes. The caller puts the path in front of it. */
struct refusal {
	const char *path;
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 3, 4))) static int refuse(const struct refusal *to, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(to->why, to->why_size, format, args);
	va_end(args);
	for (char *c = to->why; to->why_size && *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	}
	return err;
}

/* What a person would say of a file before the loader speaks of ELF headers. */
static int check_file(int fd, const struct refusal *to)
{
	Elf64_Ehdr header;
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st))
		return refuse(to, -errno, "cannot be looked at: %s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return refuse(to, -EISDIR, "is a folder, wanted a shared object");
	if (!S_ISREG(st.st_mode))
		return refuse(to, -EINVAL, "is no regular file, wanted a shared object");
	if (st.st_size == 0)
		return refuse(to, -ENOEXEC, "is empty, not a shared object");
	got = pread(fd, &header, sizeof(header), 0);
	if (got < 0)
		return refuse(to, -errno, "cannot be read: %s", strerror(errno));
	if (got < EI_NIDENT || memcmp(header.e_ident, ELFMAG, SELFMAG))
		return refuse(to, -ENOEXEC, "is not a shared object");
	/* e_type lies at the same place in the 32-bit header. */
	if ((size_t)got >= offsetof(Elf64_Ehdr, e_machine) && header.e_type != ET_DYN)
		return refuse(to, -ENOEXEC, "is an object or program file, not a shared object");
	return 0;
}

/*
 * A path to the descriptor that no library loaded before has: the loader compares names before it looks at files, and
 * would return the library that was once loaded through the same descriptor number. "/" and "/./" spell the bits of a
 * serial number.
 */
static void name_descriptor(char alias[ALIAS_SIZE], int fd)
{
	static uint32_t serial;
	char *end = stpcpy(alias, "/proc/self/fd");

	serial++;
	for (uint32_t bit = 1; bit && bit <= serial; bit <<= 1)
		end = stpcpy(end, serial & bit ? "/." : "/");
	sprintf(end, "/%d", fd);
}

/*
 * The loader's words, with the plugin's path in place of the alias; none where they begin with it, as the caller's
 * line does.
 */
static int refuse_load(const struct refusal *to, const char *text, const char *alias)
{
	size_t len = strlen(alias);
	char words[1024] = "";
	const char *hit;

	if (!strncmp(text, alias, len) && !strncmp(text + len, ": ", 2))
		text += len + 2;
	while ((hit = strstr(text, alias)) != NULL) {
		snprintf(words + strlen(words), sizeof(words) - strlen(words), "%.*s%s", (int)(hit - text), text, to->path);
		text = hit + len;
	}
	snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s", text);
	return refuse(to, -ENOEXEC, "%s", words);
}

/* The four fields that never move, each before what it vouches for is read. */
static int check_abi(const struct nfv_plugin *ops, size_t symbol_size, const struct refusal *to)
{
	if (symbol_size < offsetof(struct nfv_plugin, needs_bytes))
		return refuse(to, -ENOEXEC, "symbol %s has %zu bytes of data, wanted %zu", SYMBOL, symbol_size,
			      sizeof(*ops));
	if (ops->magic != NFV_MAGIC)
		return refuse(to, -ENOEXEC, "magic is 0x%08x, wanted 0x%08x", ops->magic, NFV_MAGIC);
	if (ops->abi_major != NFV_ABI_MAJOR)
		return refuse(to, -ENOEXEC, "plugin ABI is %u.%u, wanted %u.x", ops->abi_major, ops->abi_minor,
			      NFV_ABI_MAJOR);
	if (ops->abi_minor > NFV_ABI_MINOR)
		return refuse(to, -ENOEXEC, "plugin ABI is %u.%u, wanted %u.%u or an older minor", ops->abi_major,
			      ops->abi_minor, NFV_ABI_MAJOR, NFV_ABI_MINOR);
	if (ops->struct_size != sizeof(*ops) || symbol_size < sizeof(*ops))
		return refuse(to, -ENOEXEC, "struct nfv_plugin has %zu bytes, wanted %zu",
			      ops->struct_size != sizeof(*ops) ? (size_t)ops->struct_size : symbol_size, sizeof(*ops));
	return 0;
}

static bool is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	return len > 0 && len <= NAME_MAX_LEN && !name[len];
}

static int check_options(const struct nfv_plugin *ops, const struct refusal *to)
{
	char cause[256];
	int err;

	if (!ops->options)
		return 0;
	if (ops->options_size == 0 || ops->options_size > OPTIONS_MAX)
		return refuse(to, -EINVAL, "options_size is %zu, wanted 1 to %d", ops->options_size, OPTIONS_MAX);
	err = schema_check_table(ops->options, ops->options_size, cause, sizeof(cause));
	if (err)
		return refuse(to, err, "option table: %s", cause);
	/* A handler's key of that name is not shown to its plugin. */
	for (const struct nfv_option *option = ops->options; option->name; option++) {
		if (!strcmp(option->name, "plugin"))
			return refuse(to, -EINVAL, "option table: option plugin: the key of that name is the daemon's");
	}
	return 0;
}

/* What is printed for people must not steer their terminals. */
static int check_text(const char *what, const char *text, const struct refusal *to)
{
	for (const char *c = text; c && *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return refuse(to, -EINVAL, "%s has the control character 0x%02x, wanted one line of text", what,
				      (unsigned char)*c);
	}
	return 0;
}

static int check_texts(const struct nfv_plugin *ops, const struct refusal *to)
{
	int err = check_text("version", ops->version, to);

	if (!err)
		err = check_text("licence", ops->licence, to);
	return err ? err : check_text("description", ops->description, to);
}

static int check_fields(const struct nfv_plugin *ops, const struct refusal *to)
{
	int err;

	if (!ops->name)
		return refuse(to, -EINVAL, "has no name");
	if (!is_name(ops->name))
		return refuse(to, -EINVAL, "name \"%.80s\" is not 1 to %d letters, digits, - and _", ops->name,
			      NAME_MAX_LEN);
	if (!ops->packet && !ops->batch)
		return refuse(to, -EINVAL, "has neither packet() nor batch()");
	if (ops->may & (NFV_MAY_HOLD | NFV_MAY_FLOW))
		return refuse(to, -EINVAL, "may has %s, which plugin ABI %d.%d reserves",
			      ops->may & NFV_MAY_HOLD ? "NFV_MAY_HOLD" : "NFV_MAY_FLOW", NFV_ABI_MAJOR, NFV_ABI_MINOR);
	if (ops->may & ~known_may)
		return refuse(to, -EINVAL, "may is 0x%x, wanted bits of 0x%x", ops->may, known_may);
	if (ops->needs_metadata & ~known_metadata)
		return refuse(to, -EINVAL, "needs_metadata is 0x%x, wanted bits of 0x%x", ops->needs_metadata,
			      known_metadata);
	if (ops->needs_bytes > NFV_NEEDS_ALL)
		return refuse(to, -EINVAL, "needs_bytes is %u, wanted at most %u", ops->needs_bytes, NFV_NEEDS_ALL);
	err = check_texts(ops, to);
	return err ? err : check_options(ops, to);
}

/* Bytes of the symbol as its table says; 0 when it is none of data. */
static size_t symbol_size_of(const void *symbol)
{
	const ElfW(Sym) *entry = NULL;
	Dl_info info;

	if (!dladdr1(symbol, &info, (void **)&entry, RTLD_DL_SYMENT) || !entry)
		return 0;
	return ELF64_ST_TYPE(entry->st_info) == STT_OBJECT ? entry->st_size : 0;
}

int plugin_load(struct plugin *plugin, int fd, const char *path, char *why, size_t why_size)
{
	struct refusal to = { .path = path, .why = why, .why_size = why_size };
	char alias[ALIAS_SIZE];
	int err;

	*plugin = (struct plugin){ 0 };
	err = check_file(fd, &to);
	if (err)
		return err;
	plugin->path = strdup(path);
	if (!plugin->path)
		return refuse(&to, -ENOMEM, "%s", strerror(ENOMEM));

	name_descriptor(alias, fd);
	plugin->library = dlopen(alias, RTLD_NOW | RTLD_LOCAL);
	if (!plugin->library) {
		err = refuse_load(&to, dlerror(), alias);
		goto unload;
	}
	plugin->ops = dlsym(plugin->library, SYMBOL);
	if (!plugin->ops) {
		err = refuse(&to, -ENOEXEC, "has no symbol %s: it is no plugin, or does not use NFV_PLUGIN()", SYMBOL);
		goto unload;
	}
	err = check_abi(plugin->ops, symbol_size_of(plugin->ops), &to);
	if (!err)
		err = check_fields(plugin->ops, &to);
	if (!err)
		return 0;
unload:
	plugin_unload(plugin);
	return err;
}

void plugin_unload(struct plugin *plugin)
{
	if (plugin->library)
		dlclose(plugin->library);
	free(plugin->path);
	*plugin = (struct plugin){ 0 };
}
