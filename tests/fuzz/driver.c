/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main() of the fuzz targets in `make check`, where no fuzzing engine is at hand:
 *
 *	fuzz-x [-t SECONDS] [FOLDER]
 *
 * runs LLVMFuzzerTestOneInput() over each file of the folder, then over mutations of them for SECONDS (default:
 * $NFV_FUZZ_SECONDS, else the target's own fuzz_seconds, else 2). The mutations are the same in each run; only how far they
 * get depends on the time. Without FOLDER it is $top_srcdir/tests/fuzz/corpus/x. An input that kills the target is written to fuzz-x.crash in the current folder: run it
 * again with a folder that holds it and nothing else.
 *
 * With coverage feedback, clang's engine takes the place of this file:
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. -I../ -I../include \
 *		../tests/fuzz/fuzz-x.c SOURCES -o fuzz-x && ./fuzz-x ../tests/fuzz/corpus/x
 *
 * in a build folder below the source folder; SOURCES are the .c files that the target needs.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define INPUT_MAX 131072 /* a mutation does not grow beyond this */
#define STUCK_S   60 /* a batch of inputs that takes longer counts as hung */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const unsigned fuzz_seconds __attribute__((weak));
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

struct input {
	uint8_t *data;
	size_t size;
};

static struct {
	struct input *inputs;
	size_t count;
} corpus;

static const uint8_t *current; /* the input under test, for whoever must explain a crash */
static size_t current_size;
static char crash_file[4096];
static unsigned long long inputs_run, bytes_run;
static uint64_t random_state = 0x9e3779b97f4a7c15u;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static size_t below(size_t limit)
{
	return limit ? next_random() % limit : 0;
}

/* ---- A crash leaves its input behind. ---- */

static void save_current(void)
{
	int fd = open(crash_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || !current)
		return;
	if (write(fd, current, current_size) == (ssize_t)current_size)
		(void)!write(STDERR_FILENO, "the input is in a .crash file\n", 30);
	close(fd);
}

static void on_signal(int signal)
{
	save_current();
	if (signal == SIGALRM) {
		(void)!write(STDERR_FILENO, "hung\n", 5);
		_exit(1);
	}
	raise(signal); /* the handler was reset: dies of it */
}

static void catch_crashes(const char *name)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };

	snprintf(crash_file, sizeof(crash_file), "%s.crash", name);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(save_current);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (__sanitizer_set_death_callback && signals[i] != SIGABRT && signals[i] != SIGALRM)
			continue; /* the sanitizer's own report is the better one */
		sigaction(signals[i], &action, NULL);
	}
}

/* In a block of its exact size, so that a sanitizer sees a read beyond it. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		err(1, "malloc");
	if (size)
		memcpy(copy, data, size);
	current = copy;
	current_size = size;
	LLVMFuzzerTestOneInput(copy, size);
	current = NULL;
	free(copy);
	inputs_run++;
	bytes_run += size;
}

/* ---- The corpus ---- */

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void read_file(const char *folder, const char *name)
{
	char path[4096];
	struct stat status;
	struct input *input;
	FILE *file;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		errx(1, "%s: path too long", folder);
	file = fopen(path, "rbe");
	if (!file || fstat(fileno(file), &status))
		err(1, "%s", path);
	if (!S_ISREG(status.st_mode) || status.st_size > INPUT_MAX) {
		if (S_ISREG(status.st_mode))
			errx(1, "%s: larger than %d bytes", path, INPUT_MAX);
		fclose(file);
		return;
	}
	input = &corpus.inputs[corpus.count++];
	input->size = (size_t)status.st_size;
	input->data = malloc(input->size + 1);
	if (!input->data)
		err(1, "malloc");
	if (fread(input->data, 1, input->size, file) != input->size)
		err(1, "%s", path);
	fclose(file);
}

static void read_corpus(const char *folder)
{
	struct dirent **names;
	int count = scandir(folder, &names, is_file, alphasort);

	if (count < 0)
		err(1, "%s", folder);
	corpus.inputs = calloc((size_t)count + 1, sizeof(*corpus.inputs));
	if (!corpus.inputs)
		err(1, "calloc");
	for (int i = 0; i < count; i++) {
		read_file(folder, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	if (!corpus.count)
		errx(1, "%s: no file to start from", folder);
}

/* ---- Mutations ---- */

static void put_integer(uint8_t *data, size_t size)
{
	static const uint32_t values[] = { 0,     1,     4,          8,          20,         40,        127,
					   128,   255,   256,        1500,       32767,      32768,     65531,
					   65535, 65536, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };
	uint32_t value = values[below(sizeof(values) / sizeof(values[0]))];
	size_t width = (size_t)1 << below(3), at;
	uint64_t order = next_random() & 1;

	if (size < width)
		return;
	at = below(size - width + 1);
	for (size_t i = 0; i < width; i++)
		data[at + (order ? i : width - 1 - i)] = (uint8_t)(value >> (8 * i));
}

/* From some place on, the bytes of another input. */
static size_t paste(uint8_t *data, size_t size)
{
	const struct input *other = &corpus.inputs[below(corpus.count)];
	size_t at = below(size + 1), from = below(other->size + 1), len = other->size - from;

	if (len > INPUT_MAX - at)
		len = INPUT_MAX - at;
	memcpy(data + at, other->data + from, len);
	return at + len;
}

static size_t repeat_or_cut(uint8_t *data, size_t size)
{
	size_t at = below(size), len = 1 + below(size - at < 64 ? size - at : 64);

	if (next_random() & 1) { /* cut */
		memmove(data + at, data + at + len, size - at - len);
		return size - len;
	}
	if (size + len > INPUT_MAX)
		return size;
	memmove(data + at + len, data + at, size - at);
	return size + len;
}

static size_t extend(uint8_t *data, size_t size)
{
	size_t len = 1 + below(32);

	if (len > INPUT_MAX - size)
		return size;
	for (size_t i = 0; i < len; i++)
		data[size + i] = (uint8_t)next_random();
	return size + len;
}

static size_t mutate(uint8_t *data, size_t size)
{
	if (!size)
		return extend(data, size);
	switch (below(7)) {
	case 0:
		data[below(size)] ^= (uint8_t)(1 << below(8));
		return size;
	case 1:
		data[below(size)] = (uint8_t)next_random();
		return size;
	case 2:
		return below(size + 1);
	case 3:
		return extend(data, size);
	case 4:
		return paste(data, size);
	case 5:
		return repeat_or_cut(data, size);
	}
	put_integer(data, size);
	return size;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run_mutations(double seconds)
{
	double end = seconds_now() + seconds;
	uint8_t *data = malloc(INPUT_MAX + 1);

	if (!data)
		err(1, "malloc");
	while (seconds_now() < end) {
		alarm(STUCK_S);
		for (int i = 0; i < 32; i++) {
			const struct input *input = &corpus.inputs[below(corpus.count)];
			size_t size = input->size, changes = 1 + below(6);

			memcpy(data, input->data, size);
			while (changes--)
				size = mutate(data, size);
			run(data, size);
		}
	}
	alarm(0);
	free(data);
}

static double to_seconds(const char *text, const char *source)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0))
		errx(2, "%s: %s is no number of seconds", source, text);
	return seconds;
}

static double usual_seconds(void)
{
	const char *given = getenv("NFV_FUZZ_SECONDS");

	if (given && *given)
		return to_seconds(given, "NFV_FUZZ_SECONDS");
	return &fuzz_seconds ? fuzz_seconds : 2;
}

static void free_corpus(void)
{
	for (size_t i = 0; i < corpus.count; i++)
		free(corpus.inputs[i].data);
	free(corpus.inputs);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0], *top = getenv("top_srcdir");
	char folder[4096] = "";
	double seconds = usual_seconds();
	int option;

	while ((option = getopt(argc, argv, "t:")) != -1) {
		if (option != 't')
			errx(2, "usage: %s [-t SECONDS] [FOLDER]", name);
		seconds = to_seconds(optarg, "-t");
	}
	if (optind < argc)
		snprintf(folder, sizeof(folder), "%s", argv[optind]);
	else if (top && strncmp(name, "fuzz-", 5) == 0)
		snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top, name + 5);
	else
		errx(2, "usage: %s [-t SECONDS] FOLDER", name);

	read_corpus(folder);
	catch_crashes(name);
	alarm(STUCK_S);
	for (size_t i = 0; i < corpus.count; i++)
		run(corpus.inputs[i].data, corpus.inputs[i].size);
	run_mutations(seconds);
	printf("%llu inputs, %llu bytes\n", inputs_run, bytes_run);
	free_corpus();
	return 0;
}
