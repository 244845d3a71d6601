# SPDX-License-Identifier: GPL-2.0-or-later
"""What the machine shows, and packets to ourselves."""
import glob
import os
import re
import select
import socket
import struct
import subprocess
import time

PORTS = (9000, 9001)  # one queue each


class Wrong(Exception):
    """What must not be."""


def processes():
    """Those of ours, by what they are called."""
    found = {}
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            name = open(path).read().strip()
            if re.match(r"nfverdict|nfv-|ip6?tables|xtables", name) and open(path[:-4] + "stat").read().rsplit(")", 1)[1].split()[0] != "Z":
                found[int(path.split("/")[2])] = name
        except OSError:
            pass
    return found


def queues():
    return open("/proc/self/net/netfilter/nfnetlink_queue").read()


def rules_left():
    left = ""
    for tool in ("iptables-save", "ip6tables-save"):
        saved = subprocess.run([tool], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
        left += "".join(line + "\n" for line in saved.splitlines() if "NFV-" in line or "nfv:" in line)
    return left


def files_in(folders):
    return sorted(os.path.join(at, name) for folder in folders for at, _, names in os.walk(folder) for name in names)


def until(seconds, question):
    """The first answer that is empty, or the last one."""
    end = time.monotonic() + seconds
    while (answer := question()) and time.monotonic() < end:
        time.sleep(0.005)
    return answer


class Traffic:
    """Packets to ourselves, through the queue; each has a number."""

    def __init__(self):
        self.receivers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in PORTS]
        for receiver, port in zip(self.receivers, PORTS):
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            receiver.bind(("127.0.0.1", port))
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.number = 0
        self.sent = 0  # to each port
        self.waiting = set()

    def close(self):
        for one in self.receivers + [self.sender]:
            one.close()

    def send(self, count):
        """As many to each port."""
        for _ in range(count):
            for port in PORTS:
                self.sender.sendto(struct.pack("=I", self.number), ("127.0.0.1", port))
                self.waiting.add(self.number)
                self.number += 1
        self.sent += count

    def take(self, seconds):
        """Until all have come. What is still missing."""
        end = time.monotonic() + seconds
        while self.waiting:
            ready, _, _ = select.select(self.receivers, [], [], max(0, end - time.monotonic()))
            if not ready:
                break
            (number,) = struct.unpack("=I", ready[0].recv(64))
            if number not in self.waiting:
                raise Wrong(f"packet {number} came twice")
            self.waiting.remove(number)
        return len(self.waiting)

    def all_come(self, count):
        """However late on a busy machine: one that is lost never comes."""
        self.send(count)
        if self.take(30):
            missing = sorted(self.waiting)
            self.waiting.clear()
            raise Wrong(f"packets did not come through: numbers {missing} of {self.number}; {queues()}")
