#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# As root, files that somebody else could have changed are refused, with the reason; --allow-unsafe-files lets them pass, and says so.
#
#	no topology: nfverdictd -t
. "$(dirname "$0")/lib.sh"

# The build folder may belong to anybody; the plugin that is judged here lies in a folder made for it.
home=$tmp/home
reset() {
	rm -rf "$home" "$tmp/elsewhere"
	mkdir -p "$home/conf.d" "$home/plugins" "$tmp/elsewhere"
	cp "$(find "$top_builddir/plugins" -name accept.so | head -n 1)" "$home/plugins/"
	printf 'plugin-path: plugins\ninclude: [conf.d/*.yaml]\nhandlers:\n  everything: { plugin: accept }\n' >"$home/main.yaml"
	printf 'queues:\n  one: { numbers: 1, handlers: [everything] }\n' >"$home/conf.d/one.yaml"
	chmod -R u=rwX,go=rX "$home" "$tmp/elsewhere"
	file=$home/main.yaml
}

check() {
	"$nfverdictd" -t -c "$file" "$@" >"$tmp/out" 2>"$tmp/err"
}

# refused WHAT REGEX: one line that names the file and the reason; and with the option it passes.
refused() {
	if check; then
		fail "$1: was accepted"
	fi
	has "$1: refused" "$tmp/err" "$2"
	check --allow-unsafe-files || fail "$1: refused with --allow-unsafe-files too: $(cat "$tmp/err")"
	has "$1: passes with --allow-unsafe-files, and it is said" "$tmp/err" 'allow-unsafe-files|unsafe|not trusted'
}

reset
if [ -z "$(find / -maxdepth 0 -user 0)" ]; then
	# A user namespace: the folders above belong to somebody who has no name here, so nothing can be trusted.
	refused "files below a folder of an unknown owner" "^$home/main.yaml.*not trusted: / is owned by uid 65534"
	exit 0
fi
check || fail "files of root only: $(cat "$tmp/err")"
note "ok: files that only root can change"

reset && chmod o+w "$home/main.yaml"
refused "a configuration writable by everybody" "main\.yaml.*not trusted: $home/main.yaml is writable by everybody"
reset && chmod g+w "$home/main.yaml"
refused "a configuration writable by a group" "main\.yaml.*not trusted: $home/main.yaml is writable by group root"
reset && chown nobody "$home/main.yaml"
refused "a configuration of somebody else" "main\.yaml.*not trusted: $home/main.yaml is owned by uid"
reset && chmod o+w "$home"
refused "a folder writable by everybody" "main\.yaml.*not trusted: $home is writable by everybody"
reset && chown nobody "$home"
refused "a folder of somebody else" "main\.yaml.*not trusted: $home is owned by uid"
reset && chmod o+w "$home/conf.d/one.yaml"
refused "an included file" "^$home/main.yaml:2:[0-9]+: .*not trusted: $home/conf.d/one.yaml is writable by everybody"
reset && chmod g+w "$home/plugins/accept.so"
refused "a plugin" "^$home/main.yaml:4:[0-9]+: .*not trusted: $home/plugins/accept.so is writable by group"
reset && chmod o+w "$home/plugins"
refused "a plugin's folder" "^$home/main.yaml:4:[0-9]+: .*not trusted: $home/plugins is writable by everybody"

# A link is followed first: what counts is where it leads.
reset && mv "$home/main.yaml" "$tmp/elsewhere/" && chmod o+w "$tmp/elsewhere"
ln -s "$tmp/elsewhere/main.yaml" "$home/main.yaml"
sed -i "s|plugins|$home/plugins|; s|conf.d|$home/conf.d|" "$tmp/elsewhere/main.yaml"
refused "a link into a folder writable by everybody" "not trusted: $tmp/elsewhere is writable by everybody"
reset && ln -s "$home/main.yaml" "$tmp/elsewhere/link.yaml" && chmod o+w "$tmp/elsewhere"
file=$tmp/elsewhere/link.yaml
sed -i "s|plugins|$home/plugins|; s|conf.d|$home/conf.d|" "$home/main.yaml"
check || fail "a link from anywhere to a good file: $(cat "$tmp/err")"
note "ok: a link from anywhere to a good file"

# A sticky folder such as /tmp lets nobody replace files of others.
reset && chmod 1777 "$home"
check || fail "a sticky folder: $(cat "$tmp/err")"
note "ok: a sticky folder"
