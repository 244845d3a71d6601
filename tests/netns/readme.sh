#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a newcomer copies from the README works: its configuration is accepted, its plugin is the one in the tree, its files exist.
#
#	alone: a host without a network, for the check of the matches
. "$(dirname "$0")/lib.sh"

readme=$top_srcdir/README.md

# block LANGUAGE NUMBER: a code block
block() {
	awk -v open="\`\`\`$1" -v wanted="$2" '$0 == "```" { inside = 0 } inside { print } $0 == open && ++n == wanted { inside = 1 }' "$readme"
}

block c 1 >"$tmp/accept.c"
diff "$top_srcdir/plugins/accept/accept.c" "$tmp/accept.c" || fail "the README shows another accept.c than the tree has"
note "ok: the plugin is the one in the tree"

host alone
{
	printf 'plugin-path: [%s]\n' "$(plugin_folders)"
	block yaml 1
} >"$tmp/readme.yaml"
grep -q '^queues:' "$tmp/readme.yaml" || fail "the README's first YAML block is not the configuration"
at alone "$nfverdictd" -t --allow-unsafe-files -c "$tmp/readme.yaml" >"$tmp/out" 2>&1 || {
	cat "$tmp/out"
	fail "the README's configuration is refused"
}
note "ok: the configuration is accepted"
between "lines of the tour" "$(block yaml 1 | wc -l)" 15 22

grep -oE '\]\([^)#]+\)' "$readme" | sed 's/^](//; s/)$//' | while read -r file; do
	[ -e "$top_srcdir/$file" ] || fail "the README names $file, which is not there"
done
note "ok: files that it names exist"
