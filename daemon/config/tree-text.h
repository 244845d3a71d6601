/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tree.c asks about text: is it text at all, and what does libyaml mean by its complaint. */
#ifndef CONFIG_TREE_TEXT_H
#define CONFIG_TREE_TEXT_H

#include "daemon/config/report.h"

#include <yaml.h>

/* Refuses NUL bytes, other control characters and what is not UTF-8. Returns false after adding the first finding. */
bool tree_text_check(const char *file, const char *text, size_t len, struct report *report);

/* Adds the parser's error in plain words: what was found, and what was expected. */
void tree_text_explain(const yaml_parser_t *parser, const char *file, const char *text, size_t len, struct report *report);

#endif
