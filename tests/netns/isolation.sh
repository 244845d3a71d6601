#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What holds with isolation: fast, the default, holds with isolation: strict, too. Tests that care for both by themselves are not here.
set -eu
NFV_TEST_ISOLATION=strict
export NFV_TEST_ISOLATION
for test in verdicts marks rewrite recovery abandoned conserve-deaths background; do
	printf -- '-- %s\n' "$test"
	"$(dirname "$0")/$test.sh"
done
