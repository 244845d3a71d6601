#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Plugins outside of the tree: installs the project into a temporary folder, builds plugins in C and C++ with nothing but
# nfverdict.pc and the installed headers, and runs packets through them.
set -eu

top_builddir=${top_builddir:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() {
    echo "skipped: $1"
    exit 77
}

fail() {
    echo "outside: $1" >&2
    exit 1
}

for tool in pkg-config make cc; do
    command -v "$tool" >/dev/null || skip "$tool is not there"
done

# A make of its own: the one that runs the tests keeps its job slots and its variables.
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory -C "$top_builddir" install DESTDIR="$work/root" \
    >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2; fail "make install failed"; }

pc=$(find "$work/root" -name nfverdict.pc)
[ -n "$pc" ] || fail "nfverdict.pc was not installed"
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$work/root
# Flags for folders of the system are left out by default, and a prefix such as /usr is one.
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1
cflags=$(pkg-config --cflags nfverdict)
plugindir=$work/root$(PKG_CONFIG_SYSROOT_DIR='' pkg-config --variable=plugindir nfverdict)
[ "$(pkg-config --modversion nfverdict)" != "" ] || fail "nfverdict.pc has no version"

# UDP from 192.0.2.1 to 192.0.2.2 port 53, and the same to port 54.
dns=450000390c9240004011aa1ec0000201c0000202a26e00350025ef631a2b01000001000000000000076578616d706c6503636f6d0000010001
other=450000390c9240004011aa1ec0000201c0000202a26e00360025ef621a2b01000001000000000000076578616d706c6503636f6d0000010001

# expect NAME PLUGIN OPTIONS WANTED: runs both packets.
expect() {
    local got
    printf '%s\n' "$3" >"$work/options.yaml"
    got=$(printf '%s\n' "$dns" "$other" | "$top_builddir/tests/plugins/plugin-cli" "$2" "$work/options.yaml" 2>&1) ||
        fail "$1: plugin-cli failed: $got"
    [ "$got" = "$4" ] || fail "$1: wanted: $4
got: $got"
    echo "$1: as wanted"
}

cat >"$work/port.c" <<'END'
#include <nfverdict/plugin.h>
#include <stdlib.h>

struct options {
	uint64_t port;
	struct nfv_mark mark;
};

static const struct nfv_option table[] = {
	{ .name = "port", .type = NFV_OPT_UINT, .flags = NFV_OPT_REQUIRED, .offset = offsetof(struct options, port), .min = 1,
	  .max = 65535 },
	{ .name = "mark", .type = NFV_OPT_MARK, .offset = offsetof(struct options, mark) },
	{ .name = NULL },
};

static int port_open(const struct nfv_host *host, const void *options, void **state)
{
	(void)host;
	*state = (void *)options;
	return 0;
}

static nfv_verdict port_packet(void *state, struct nfv_packet *p)
{
	const struct options *o = state;
	struct nfv_ip ip;
	struct nfv_udp udp;

	if (!nfv_view_ip(p, &ip) || !nfv_view_udp(p, &ip, &udp) || udp.destination_port != o->port)
		return NFV_CONTINUE;
	if (!o->mark.mask)
		return NFV_DROP;
	nfv_set_mark(p, o->mark.value, o->mark.mask);
	return NFV_QUEUE(4);
}

NFV_PLUGIN(.name = "port", .needs_bytes = NFV_NEEDS_HEADERS, .may = NFV_MAY_DROP | NFV_MAY_MARK | NFV_MAY_QUEUE,
	   .options = table, .options_size = sizeof(struct options), .open = port_open, .packet = port_packet);
END
# shellcheck disable=SC2086 # flags are words
cc -Wall -Wextra -Werror -shared -fPIC -Wl,-z,defs $cflags -o "$work/port.so" "$work/port.c"
expect "a plugin in C drops" "$work/port.so" "port: 53" "drop
accept"
expect "a plugin in C marks" "$work/port.so" "{ port: 54, mark: 0x10/0xf0 }" "accept
queue 4 mark 0x10"
expect "the plugin that was installed" "$plugindir/accept.so" "" "accept
accept"

if printf '{ port: 0 }\n' >"$work/options.yaml"; "$top_builddir/tests/plugins/plugin-cli" "$work/port.so" "$work/options.yaml" \
    </dev/null 2>"$work/error"; then
    fail "port 0 was taken"
fi
grep -q '^.*options.yaml:1:9: handler cli: port: ' "$work/error" || fail "port 0: $(cat "$work/error")"

if ! command -v c++ >/dev/null; then
    echo "c++ is not there: the plugin in C++ was left out"
    exit 0
fi
cat >"$work/upper.cc" <<'END'
#include <nfverdict/plugin.h>

namespace {

nfv_verdict upper(void *, struct nfv_packet *p)
{
	nfv_ip ip;
	nfv_udp udp;

	if (!nfv_view_ip(p, &ip) || !nfv_view_udp(p, &ip, &udp) || udp.payload_len < 20 || udp.destination_port != 53)
		return NFV_CONTINUE;
	uint8_t *name = nfv_edit(p, udp.payload_offset + 13, 7);
	for (int i = 0; name && i < 7; i++)
		name[i] = static_cast<uint8_t>(name[i] & ~0x20);
	return NFV_ACCEPT;
}

}

NFV_PLUGIN(.may = NFV_MAY_REWRITE, .name = "upper", .packet = upper);
END
# shellcheck disable=SC2086
c++ -std=c++20 -Wall -Wextra -Werror -Wno-missing-field-initializers -shared -fPIC -Wl,-z,defs $cflags -o "$work/upper.so" \
    "$work/upper.cc"
# The checksum was computed with another program.
expect "a plugin in C++ rewrites" "$work/upper.so" "" "accept \
450000390c9240004011aa1ec0000201c0000202a26e003500254fe41a2b01000001000000000000074558414d504c4503636f6d0000010001
accept"
