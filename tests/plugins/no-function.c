/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Neither packet() nor batch(). */
#include <nfverdict/plugin.h>

NFV_PLUGIN(.name = "no-function");
