#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Holds rules/from-python.md to the library and its tests: every function and macro in it is in the public header, every command and
# option in it is the tool's, every row has a test that says row("…") with its number and runs in it every call and command that
# the row names, and no test is for a row that is not there.
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

# Between the label of a row and the next one stands what the table names for it: functions, macros and members in a C test or in
# what it calls, commands and their options in the shell test.
# shellcheck disable=SC2086
awk -v table="$table" '
function words_of(text) {
    gsub(/[^A-Za-z0-9_]+/, " ", text)
    return " " text " "
}
# With the functions and macros of the tests that the text names, and those that they name.
function widened(text, depth,    name) {
    if (depth > 0)
        for (name in helper)
            if (index(text, " " name " "))
                text = text widened(helper[name], depth - 1)
    return text
}
function tell(what) {
    print "check-from-python: " what > "/dev/stderr"
    bad = 1
}
function needs(row, word, where, what) {
    if (!index(where, word))
        tell("row " row ": " what " is not run between its labels")
}
FNR == 1 { id = name = "" }
FILENAME == table {
    if ($0 ~ /^\| [a-z][0-9]+ \|/) {
        split($0, column, / \| /)
        here[substr(column[1], 3)] = column[3]
    }
    next
}
{ in_shell = FILENAME ~ /\.sh$/ }
!in_shell && /^(static|#define) .*[A-Za-z0-9_]+\(/ {
    name = $0
    sub(/^#define /, "", name)
    sub(/\(.*/, "", name)
    sub(/.*[ *]/, "", name)
    helper[name] = ""
    id = ""
}
!in_shell && match($0, /row\("[a-z][0-9]+"\)/) {
    id = substr($0, RSTART + 5, RLENGTH - 7)
    labels[id] = labels[id] " " (++count)
    name = ""
    next
}
in_shell && match($0, /^row [a-z][0-9]+$/) {
    id = substr($0, 5)
    shell_label[id] = 1
    next
}
/^[}]/ { id = name = "" }
{
    sub(/^[ \t]*(#|\/\*|\*).*/, "")
    if (name)
        helper[name] = helper[name] words_of($0)
    if (id && in_shell)
        shell[id] = shell[id] "\n" $0
    else if (id) {
        body[count] = body[count] words_of($0)
        c[id] = c[id] words_of($0)
    }
}
END {
    for (id in labels) {
        n = split(labels[id], list, " ")
        for (i = 1; i <= n; i++)
            if (body[list[i]] !~ /[A-Za-z]/)
                tell("row " id ": a label without a statement")
    }
    for (id in shell_label)
        if (shell[id] !~ /[a-z]/)
            tell("row " id ": a label without a command")
    for (id in here) {
        text = here[id]
        code = widened(c[id], 4)
        while (match(text, /nfverdict rules [a-z]+/)) {
            command = substr(text, RSTART + 10, RLENGTH - 10)
            needs(id, command " ", shell[id] " ", "nfverdict " command)
            text = substr(text, 1, RSTART - 1) " " substr(text, RSTART + RLENGTH)
            checked++
        }
        while (match(text, /--[a-z]+/)) {
            needs(id, substr(text, RSTART, RLENGTH) " ", shell[id] " ", substr(text, RSTART, RLENGTH))
            text = substr(text, 1, RSTART - 1) " " substr(text, RSTART + RLENGTH)
        }
        # of nfv_live_options.server the member
        gsub(/nfv_live_options\./, ".", text)
        while (match(text, /(nfv|NFV)_[A-Za-z0-9_]+|[^A-Za-z0-9)]\.[a-z_]+|options\.[a-z_]+/)) {
            word = substr(text, RSTART, RLENGTH)
            sub(/.*\./, "", word)
            needs(id, " " word " ", code, word)
            text = substr(text, RSTART + RLENGTH)
            checked++
        }
    }
    if (checked < 150) {
        tell("only " checked + 0 " calls were found: the form of the table changed")
    }
    exit bad
}
' "$table" tests/unit/from-python.h $tests tests/netns/from-python.sh || bad=1

count=$(grep -cE '^\| [a-z][0-9]+ \|' "$table")
[ "$count" -gt 100 ] || tell "only $count rows were found: the form of the table changed"
[ "$bad" -ne 0 ] || echo "$count rows, $(words | wc -l) functions and macros"
exit "$bad"
