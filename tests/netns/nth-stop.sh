#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each call that can fail does, once, from the moment that the daemon is told to stop, with packets under way: all of them get through,
# rules, queues and processes are gone, and what could not be done is told. See nth-start.sh.
. "$(dirname "$0")/lib.sh"
. "$lib_dir/nth-lib.sh"

# shellcheck disable=SC2119
nth_config
nth stop 14 --depth 2 "$@"
