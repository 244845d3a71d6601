#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks that a folder includes only what its arrows allow:
#
#   include <- packet <- handler <- process      include <- config <- handler
#   include <- rules <- process                  queue <- process
#   control <- process                           control <- tool (its client alone)
#   include <- tool                              plugins see nothing but include/
#
# and that plugins are loaded in daemon/handler only, and daemon/packet does no I/O.
#
# usage: check-arrows.sh [FOLDER]     the tree to check; default: $top_srcdir
# Names file and line of each breach on standard error; exit 0 none, 1 some, 2 there is nothing to check.
set -eu

root=${1:-${top_srcdir:-.}}
cd "$root" || exit 2
if ! [ -f include/nfverdict/plugin.h ]; then
    echo "check-arrows: $root: include/nfverdict/plugin.h is not there: not the tree of nfverdict" >&2
    exit 2
fi
folders=
for folder in include rules daemon plugins; do
    [ -d "$folder" ] && folders="$folders $folder"
done

# shellcheck disable=SC2086 # the folders are words without blanks
find $folders -name '*.[ch]' | LC_ALL=C sort | {
    files=
    while IFS= read -r file; do
        files="$files $file"
    done
    # shellcheck disable=SC2086 # file names of the tree have no blanks
    exec awk '
BEGIN {
    # What each folder may include with quotes, as a list of folders; the headers of include/ come with angle brackets.
    may["include/nfverdict"] = ""
    may["rules"] = "rules"
    may["daemon/packet"] = "daemon/packet"
    may["daemon/queue"] = "daemon/queue"
    may["daemon/config"] = "daemon/config"
    may["daemon/control"] = "daemon/control"
    may["daemon/handler"] = "daemon/handler daemon/config daemon/packet"
    may["daemon/process"] = "daemon/process daemon/control daemon/handler daemon/queue daemon/config daemon/packet rules"
    may["daemon/tool"] = "daemon/tool"
    may["daemon"] = "daemon/process daemon/config rules"
    # One header of a folder that is closed otherwise.
    also["daemon/tool"] = "daemon/control/control-client.h"
    # What a folder must not include with angle brackets.
    io = "^(stdio|unistd|fcntl|syslog|poll|dirent|aio|netdb|sys/(socket|stat|file|ioctl|mman|uio|un|epoll|select|sendfile|syscall)|" \
         "libmnl/.*|libnetfilter_queue/.*|libnfnetlink/.*)\\.h$"
    never["daemon/packet"] = io
    never["rules"] = "^nfverdict/(plugin|packet|view)\\.h$"
}

function tell(cause) {
    printf "%s:%d: %s\n", FILENAME, FNR, cause > "/dev/stderr"
    bad = 1
}

# The part of a line that is code. Strings are not looked into: the project has none with comment signs in them.
function code(line,    start, end) {
    if (comment) {
        end = index(line, "*/")
        if (!end)
            return ""
        line = substr(line, end + 2)
        comment = 0
    }
    while ((start = index(line, "/*"))) {
        end = index(substr(line, start + 2), "*/")
        if (!end) {
            comment = 1
            return substr(line, 1, start - 1)
        }
        line = substr(line, 1, start - 1) " " substr(line, start + end + 3)
    }
    sub(/\/\/.*/, "", line)
    return line
}

function quoted(target,    count, folders, i) {
    if (target == "config.h") {
        if (folder == "plugins" || folder == "include/nfverdict")
            tell("includes config.h, which only the build of the project has")
        return
    }
    if (folder == "plugins") {
        if (target ~ /\// && target !~ /^\.\.\/common\/[^\/]*$/)
            tell("a plugin includes \"" target "\": it may see only <nfverdict/...>, its own folder and ../common")
        return
    }
    if (folder == "include/nfverdict") {
        tell("a public header includes \"" target "\": only <nfverdict/...> and libc")
        return
    }
    count = split(may[folder], folders, " ")
    for (i = 1; i <= count; i++) {
        if (index(target, folders[i] "/") == 1 && index(substr(target, length(folders[i]) + 2), "/") == 0)
            return
    }
    if ((folder in also) && target == also[folder])
        return
    tell(folder " must not include \"" target "\"; allowed: " may[folder])
}

function angled(target) {
    if ((folder in never) && target ~ never[folder])
        tell(folder " must not include <" target ">")
    else if (target ~ /^(daemon|rules|plugins)\//)
        tell("<" target "> is written with quotes")
    else if (target == "dlfcn.h" && folder != "daemon/handler")
        tell(folder " must not include <dlfcn.h>: plugins are loaded in daemon/handler")
    else if (folder == "plugins" && target ~ /^nfverdict\// && target !~ /^nfverdict\/(plugin|packet|view)\.h$/)
        tell("a plugin must not include <" target ">")
}

FNR == 1 {
    comment = 0
    folder = FILENAME
    sub(/\/[^\/]*$/, "", folder)
    if (folder ~ /^plugins\//)
        folder = "plugins"
    if (folder ~ /^rules\//)
        folder = "rules"
    if (folder != "plugins" && !(folder in may))
        tell("folder " folder " has no arrows: say in tests/check-arrows.sh what it may include")
    checked++
}

{
    text = code($0)
    if (text ~ /^[ \t]*#[ \t]*include/) {
        target = text
        sub(/^[ \t]*#[ \t]*include[ \t]*/, "", target)
        sub(/[ \t]+$/, "", target)
        if (target ~ /^"[^"]*"/)
            quoted(substr(target, 2, index(substr(target, 2), "\"") - 1))
        else if (target ~ /^<[^>]*>/)
            angled(substr(target, 2, index(target, ">") - 2))
        else
            tell("an include that is neither \"...\" nor <...> cannot be checked")
    }
    if (folder != "daemon/handler" && text ~ /(^|[^A-Za-z0-9_])dl(m?open|v?sym|close)[ \t]*\(/)
        tell(folder " must not load shared objects: plugins are loaded in daemon/handler")
}

END {
    if (!bad)
        printf "%d files keep the arrows\n", checked
    exit bad
}' $files
}
