/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/words.h"

#include <stdlib.h>
#include <string.h>

char *words_join(const char *const *words, size_t count)
{
	size_t size = 1;
	char *text, *out;

	for (size_t i = 0; i < count; i++)
		size += 2 * strlen(words[i]) + 3;
	out = text = malloc(size);
	if (!text)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const char *word = words[i];
		int quoted = word[0] == '\0' || strpbrk(word, " \t\"\\") != NULL;

		if (i > 0)
			*out++ = ' ';
		if (quoted)
			*out++ = '"';
		for (; *word; word++) {
			if (quoted && (*word == '"' || *word == '\\'))
				*out++ = '\\';
			*out++ = *word;
		}
		if (quoted)
			*out++ = '"';
	}
	*out = '\0';
	return text;
}

size_t words_number(const char *word)
{
	size_t number = 0;

	if (word[0] != '#' || word[1] < '1' || word[1] > '9')
		return 0;
	for (word++; *word; word++) {
		if (*word < '0' || *word > '9' || number > 100000000)
			return 0;
		number = number * 10 + (size_t)(*word - '0');
	}
	return number;
}
