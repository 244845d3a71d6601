#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Compiles and runs every program of nfvrules(3), and compares what it prints with what the page says. Those that change the
# kernel's rules run with each backend. A program without "prints" behind it is an error: nothing is left out.

. "${srcdir:-.}/tests/netns/lib.sh"

command -v cc >/dev/null || skip "no C compiler"
page=$top_srcdir/rules/nfvrules.3
cd "$tmp"

# NUMBER.c, NUMBER.wanted, NUMBER.live, and the files that the programs read.
count=$(python3 - "$page" <<'END'
import re
import sys

blocks = []  # (comments since the block before, text)
comments, block = [], None
for line in open(sys.argv[1], encoding="utf-8"):
    if block is not None:
        if line.startswith(".EE"):
            blocks.append((comments, "".join(block)))
            comments, block = [], None
        else:
            block.append(line.replace("\\e", "\\").replace("\\-", "-"))
    elif line.startswith(".EX"):
        block = []
    elif line.startswith('.\\" '):
        comments.append(line[4:].strip())

number = 0
waiting = False
for comments, text in blocks:
    files = [c.split()[1] for c in comments if c.startswith("file ")]
    if files:
        open(files[0], "w", encoding="utf-8").write(text)
    elif text.startswith("#include"):
        if waiting:
            sys.exit(f"program {number} has no output in the page")
        number += 1
        waiting = True
        open(f"{number}.c", "w", encoding="utf-8").write(text)
        if "live" in comments:
            open(f"{number}.live", "w", encoding="utf-8")
    elif "prints" in comments:
        waiting = False
        open(f"{number}.wanted", "w", encoding="utf-8").write(text)
if waiting:
    sys.exit(f"program {number} has no output in the page")
print(number)
END
)
[ "$count" -ge 8 ] || fail "only $count programs in the page"

flags=(-std=gnu11 -Wall -Wextra -Werror -I"$top_srcdir/include")
[ "$sanitizers" = 0 ] || flags+=("-fsanitize=address,undefined")
libs=("$top_builddir/libnfvrules.so.0" "-Wl,-rpath,$top_builddir")

# run NUMBER HOW [NAME=VALUE]
run() {
	local got

	got=$(env ${3+"$3"} unshare --net --mount sh -c "mount -t tmpfs none /run && ip link set lo up && exec ./$1" 2>&1) ||
		fail "program $1, $2: status $?: $got"
	[ "$got" = "$(cat "$1.wanted")" ] || fail "program $1, $2: wanted:
$(cat "$1.wanted")
got:
$got"
	note "ok: program $1, $2"
}

for ((i = 1; i <= count; i++)); do
	cc "${flags[@]}" -o "$i" "$i.c" "${libs[@]}"
	run "$i" "as it is"
	# Folders of tools that are one backend's: what `iptables` is on other machines.
	[ -f "$i.live" ] || continue
	for backend in nft legacy; do
		mkdir -p "$backend"
		for name in iptables ip6tables; do
			for tool in "" -save -restore; do
				ln -sf "$(command -v "$name-$backend$tool")" "$backend/$name$tool"
			done
		done
	done
	for backend in nft legacy; do
		sed "/struct nfv_live_options/ { s|= { 0 }|= { .tool_folder = \"$tmp/$backend\" }|; t
			s|= { \\.|= { .tool_folder = \"$tmp/$backend\", .| }" "$i.c" >"$i-$backend.c"
		grep -q "$tmp/$backend" "$i-$backend.c" || fail "program $i has no options to put a backend into"
		cc "${flags[@]}" -o "$i-$backend" "$i-$backend.c" "${libs[@]}"
		cp "$i.wanted" "$i-$backend.wanted"
		run "$i-$backend" "$backend" "PATH=$tmp/$backend:$PATH"
	done
done
