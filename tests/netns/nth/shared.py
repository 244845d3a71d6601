# SPDX-License-Identifier: GPL-2.0-or-later
"""What fail.c and the loops tell each other: which calls fail, and which did."""
import errno
import mmap
import shutil
import struct
import subprocess

KINDS = ["memory", "mmap", "fork", "open", "write", "sendmsg", "recvmmsg", "receive", "wait", "exec", "library"]
OFF, COUNTED, NEW_SITE = range(3)
WISH = struct.Struct("=8I32s4I")
HEAD = struct.Struct("=8I32s4I2Q")
FIND = struct.Struct("=IIiI16s16s12Q192s")
FINDS = 16
SITES = 8192
SIZE = HEAD.size + FINDS * FIND.size + SITES * 8
TURN = 0xFFFFFFFF


class Shared:
    """The file that fail.c maps."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(b"\0" * SIZE)
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), SIZE)
        self.memory[:4] = struct.pack("=I", 0x6E746821)

    def arm(self, mode, kinds, who, first=1, times=1, variant=TURN, depth=5):
        turn, master = HEAD.unpack_from(self.memory)[11:13]
        bits = sum(1 << KINDS.index(kind) for kind in kinds)
        self.memory[4:8] = struct.pack("=I", OFF)
        WISH.pack_into(self.memory, 0, 0x6E746821, OFF, bits, first, times, variant, depth, 0, who.encode(), 0, 0, turn,
                       master)
        self.memory[4:8] = struct.pack("=I", mode)

    def clear(self):
        """No findings."""
        self.memory[HEAD.size - 32:HEAD.size - 24] = bytes(8)

    def expect_master(self):
        """The blocks of the next one that begins are told of."""
        self.memory[HEAD.size - 20:HEAD.size - 16] = bytes(4)

    def forget_sites(self):
        self.memory[SIZE - SITES * 8:SIZE] = bytes(SITES * 8)

    def disarm(self):
        self.memory[4:8] = struct.pack("=I", OFF)

    @property
    def fired(self):
        return HEAD.unpack_from(self.memory)[10]

    @property
    def live(self):
        return HEAD.unpack_from(self.memory)[13]

    def finds(self):
        for i in range(min(self.fired, FINDS)):
            kind, error, pid, count, role, call, *rest = FIND.unpack_from(self.memory, HEAD.size + i * FIND.size)
            yield Find(kind, error, pid, text(role), text(call), [(text(rest[12][f * 16:f * 16 + 16]), rest[f]) for f in range(count)])


def text(raw):
    return raw.split(b"\0", 1)[0].decode()


def place_name(name, place):
    """As the debug information has it, for who reads the log."""
    program = shutil.which("addr2line") and Find.programs.get(name)
    if not program:
        return f"{name}+{place:#x}"
    told = subprocess.run(["addr2line", "-sfe", program, f"{place - 1:#x}"], stdout=subprocess.PIPE, text=True, check=False).stdout.split("\n")
    return f"{told[0]}({told[1]})"


class Find:
    """One call that failed."""

    programs = {}

    def __init__(self, kind, error, pid, role, call, frames):
        self.kind, self.error, self.pid, self.role, self.call, self.frames = KINDS[kind], error, pid, role, call, frames

    @property
    def owner(self):
        """Whose call it was: the C library's, only if nobody else's is behind it."""
        others = [name for name, _ in self.frames if not name.startswith("libc.")]
        inner = [name for name, _ in self.frames[:1]]
        return others[0] if others and not others[0].startswith("nfverdict") else inner[0] if inner else ""

    def __str__(self):
        where = ", ".join(place_name(name, place) for name, place in self.frames)
        return f"{self.call}() gives {errno.errorcode[self.error]} in {self.role}, from {where}"
