#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Plants one breach after the other in a copy of the tree: check-arrows.sh must name each by file and line, and nothing else.
set -eu

root=${top_srcdir:-.}
check=$root/tests/check-arrows.sh
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
failures=0

for folder in include rules daemon plugins; do
    if [ -d "$root/$folder" ]; then
        cp -R "$root/$folder" "$copy/"
    fi
done
chmod -R u+w "$copy"

fail() {
    echo "check-arrows-test: $1" >&2
    failures=$((failures + 1))
}

if ! sh "$check" "$copy" >"$copy/said" 2>&1; then
    fail "the tree itself is refused:"
    cat "$copy/said" >&2
fi

# plant FILE LINE: a file of two lines, of which the second is the breach.
plant() {
    existed=yes
    [ -d "$copy/${1%/*}" ] || existed=no
    mkdir -p "$copy/${1%/*}"
    printf '/* planted */\n%s\n' "$2" >"$copy/$1"
    if sh "$check" "$copy" >"$copy/said" 2>&1; then
        fail "not seen: $1: $2"
    elif ! grep -q "^$1:2: " "$copy/said"; then
        fail "seen, but file and line are not named: $1: $2: $(cat "$copy/said")"
    elif [ "$(grep -vc "^$1:[12]: " "$copy/said")" -ne 0 ]; then
        fail "more than the breach is named: $1: $2: $(cat "$copy/said")"
    fi
    rm "$copy/$1"
    if [ $existed = no ]; then
        rmdir -p "$copy/${1%/*}" 2>/dev/null || true
    fi
}

# allow FILE LINE: the same, but nothing may be said.
allow() {
    mkdir -p "$copy/${1%/*}"
    printf '/* planted */\n%s\n' "$2" >"$copy/$1"
    if ! sh "$check" "$copy" >"$copy/said" 2>&1; then
        fail "refused: $1: $2: $(cat "$copy/said")"
    fi
    rm "$copy/$1"
}

plant plugins/planted/planted.c '#include "daemon/handler/handler.h"'
plant plugins/planted/planted.c '#include "../../daemon/handler/handler.h"'
plant plugins/planted/planted.c '#include "../filter/filter.h"'
plant plugins/planted/planted.c '#include "config.h"'
plant plugins/planted/planted.c '#include <nfverdict/rules.h>'
plant plugins/planted/planted.c '	void *self = dlopen(0, 1);'
plant include/nfverdict/planted.h '#include "config.h"'
plant include/nfverdict/planted.h '#include "daemon/packet/rewrite.h"'
plant rules/planted.c '#include "daemon/config/report.h"'
plant rules/planted.h '#include <nfverdict/packet.h>'
plant daemon/packet/planted.c '#include <stdio.h>'
plant daemon/packet/planted.c '  #  include  <sys/socket.h> /* hidden */'
plant daemon/packet/planted.c '#include <unistd.h>'
plant daemon/packet/planted.c '#include "daemon/handler/chain.h"'
plant daemon/queue/planted.c '#include "daemon/handler/chain.h"'
plant daemon/queue/planted.c '#include "daemon/process/log.h"'
plant daemon/queue/planted.h '#include "daemon/config/config.h"'
plant daemon/handler/planted.c '#include "daemon/queue/message.h"'
plant daemon/handler/planted.c '#include "daemon/process/log.h"'
plant daemon/handler/planted.c '#include "rules/steer.h"'
plant daemon/config/planted.c '#include "daemon/handler/handler.h"'
plant daemon/config/planted.c '#include "daemon/packet/checksum.h"'
plant daemon/config/planted.c '#include "rules/steer.h"'
plant daemon/control/planted.c '#include "daemon/process/log.h"'
plant daemon/control/planted.c '#include "daemon/config/config.h"'
plant daemon/tool/planted.c '#include "daemon/control/control-server.h"'
plant daemon/tool/planted.c '#include "daemon/process/served.h"'
plant daemon/process/planted.c '#include "plugins/common/common.h"'
plant daemon/process/planted.c '#include <dlfcn.h>'
plant daemon/process/planted.c '	library = dlopen(path, RTLD_NOW);'
plant daemon/process/planted.c '#include <rules/steer.h>'
plant daemon/process/planted.c '#include HEADER'
plant daemon/planted.c '#include "daemon/queue/message.h"'
plant daemon/planted.c '#include <dlfcn.h>'

allow plugins/accept/planted.c '#include <nfverdict/plugin.h>'
allow plugins/accept/planted.c '#include "planted.h"'
allow plugins/accept/planted.c '#include "../common/mark.h"'
allow daemon/handler/planted.c '	library = dlopen(path, RTLD_NOW);'
allow daemon/handler/planted.c '#include "daemon/config/schema.h"'
allow daemon/tool/planted.c '#include "daemon/control/control-client.h"'
allow daemon/process/planted.c '#include "daemon/control/control-server.h"'
allow daemon/process/planted.c '/* never calls dlopen(): see daemon/handler */'
allow daemon/process/planted.c '#include "rules/steer.h"'

# A folder that nobody gave arrows, and a tree with nothing in it.
mkdir "$copy/daemon/planted"
echo 'int planted;' >"$copy/daemon/planted/planted.c"
if sh "$check" "$copy" >"$copy/said" 2>&1 || ! grep -q '^daemon/planted/planted.c:1: folder daemon/planted has no arrows' "$copy/said"; then
    fail "a folder without arrows is not refused: $(cat "$copy/said")"
fi
mkdir "$copy/empty"
if sh "$check" "$copy/empty" >"$copy/said" 2>&1; then
    fail "an empty tree passes"
fi

[ "$failures" -eq 0 ]
