#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each call that can fail does, once, while packets pass, statistics are told and processes are replaced: no packet is lost, nobody ends
# by a signal, and afterwards the daemon has the descriptors and the memory that it had before. See nth-start.sh.
. "$(dirname "$0")/lib.sh"
. "$lib_dir/nth-lib.sh"

# shellcheck disable=SC2119
nth_config
nth steady 12 --depth 2 "$@"
nth crash 12 --depth 2 "$@"
