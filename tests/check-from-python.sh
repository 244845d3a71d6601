#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Holds rules/from-python.md to the library and its tests: every function and macro in it is in the public header, every command and
# option in it is the tool's, every row has a test that says row("…") with its number, and no test is for a row that is not there.
set -eu

cd "${top_srcdir:-.}"
table=rules/from-python.md
header=include/nfverdict/rules.h
tests="tests/unit/test-from-python.c tests/unit/test-from-pyptables.c tests/rules/from-python-live.c"
bad=0

tell() {
    echo "check-from-python: $*" >&2
    bad=1
}

words() {
    grep -oE '\b(nfv|NFV)_[A-Za-z0-9_]+' "$table" | sort -u
}

for word in $(words); do
    # `nfv_live_options.server` is a member of a struct of that name
    grep -qE "\b$word\b" "$header" || tell "$word is not in $header"
done

# shellcheck disable=SC2013 # what is found are words, here and below
for command in $(grep -oE 'nfverdict rules [a-z]+' "$table" | awk '{ print $3 }' | sort -u); do
    grep -q "\.name = \"$command\"" daemon/tool/commands.c || tell "there is no command nfverdict rules $command"
done
# shellcheck disable=SC2013,SC2016 # the ` are those of the table
for option in $(grep -E 'nfverdict rules' "$table" | grep -oE '`[^`]*nfverdict rules[^`]*`|`--[a-z-]+[^`]*`' | grep -oE -- '--[a-z-]+' | sort -u); do
    grep -q "{ \"${option#--}\"," daemon/tool/options.c || tell "there is no option $option"
done

# shellcheck disable=SC2013
for row in $(sed -nE 's/^\| ([a-z][0-9]+) \|.*/\1/p' "$table"); do
    # shellcheck disable=SC2086 # file names of the tree have no blanks
    grep -q "row(\"$row\")" $tests || tell "row $row has no test"
done
twice=$(sed -nE 's/^\| ([a-z][0-9]+) \|.*/\1/p' "$table" | sort | uniq -d)
[ -z "$twice" ] || tell "rows stand there twice: $twice"
# shellcheck disable=SC2013,SC2086
for row in $(sed -nE 's/.*row\("([a-z][0-9]+)"\).*/\1/p' $tests | sort -u); do
    grep -q "^| $row |" "$table" || tell "a test is for row $row, which is not in $table"
done

count=$(grep -cE '^\| [a-z][0-9]+ \|' "$table")
[ "$count" -gt 100 ] || tell "only $count rows were found: the form of the table changed"
[ "$bad" -ne 0 ] || echo "$count rows, $(words | wc -l) functions and macros"
exit "$bad"
