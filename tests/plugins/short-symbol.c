/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A symbol with the right name and the right magic, and nothing behind it. */
#include <nfverdict/plugin.h>

NFV_EXPORT extern const uint32_t nfverdict_plugin;
const uint32_t nfverdict_plugin = NFV_MAGIC;
