#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures nfverdictd beside the smallest possible consumers (loop.c), in turn, in one run.

What is printed are ratios of medians: the figures of one machine say little, and those of another hour on the same
machine not much more. Everything happens in network, mount and process namespaces of its own, which end with it.

    drain     4000 packets of 64 bytes wait while the consumer is stopped; it goes on until none is left. CPU a packet.
    mixed     the same, with a handler that accepts, drops and marks in turn, against the same accepting loop
    paced     100,000 packets a second, evenly spaced. CPU a packet.
    pingpong  UDP round trips, one after the other. Median.
    tcp       one TCP stream over veth, queued where it arrives, 128 bytes of each packet copied. Gigabits a second.
    idle      resident memory of a worker that waits

CPU is the time that all processes of a consumer were on a CPU: /proc/PID/task/*/schedstat.
"""
import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
UDP_PORT, TCP_PORT, QUEUE, PACKET = 9999, 5201, 1, 64
SO_RCVBUFFORCE = 33  # not in Python's socket module
ADDRESS, PEER = "10.99.0.2", "10.99.0.1"
FULL, HEADERS = 65531, 128


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def wait_for(what, condition, seconds=15.0):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.0005)


def queue_row():
    """The queue's line of /proc, by name, or None."""
    names = ("number", "portid", "waiting", "mode", "range", "dropped", "user_dropped", "last_id")
    try:
        with open("/proc/net/netfilter/nfnetlink_queue", encoding="ascii") as f:
            for line in f:
                row = dict(zip(names, map(int, line.split())))
                if row["number"] == QUEUE:
                    return row
    except FileNotFoundError:
        pass
    return None


def waiting():
    row = queue_row()
    return row["waiting"] if row else 0


def family(root):
    """root and its descendants."""
    children = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as f:
                parent = int(f.read().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(parent, []).append(int(name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def cpu_ns(pids):
    total = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
                total += int(f.read().split()[0])
    return total


def stopped(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
        return f.read().rsplit(")", 1)[1].split()[0] == "T"


class Consumer:
    """A program that serves the queue; a with statement runs it."""

    def __init__(self, command, own_rules):
        self.command, self.own_rules = command, own_rules
        self.process = None
        self.log = tempfile.TemporaryFile()

    def steer(self, action):
        if not self.own_rules:
            for protocol, port in (("udp", UDP_PORT), ("tcp", TCP_PORT)):
                run("iptables", action, "INPUT", "-p", protocol, "--dport", str(port), "-j", "NFQUEUE",
                    "--queue-num", str(QUEUE), "--queue-bypass")

    def ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{' '.join(self.command)}: ended at once")
        return queue_row() and "NFQUEUE" in run("iptables-save")

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)
        self.steer("-A")
        try:
            wait_for("the consumer to bind its queue", self.ready)
        except RuntimeError:
            self.__exit__(RuntimeError)
            raise
        wait_for("the consumer's processes to settle", self.settled)
        return self

    def settled(self):
        """Helpers of the start have ended."""
        self.pids = family(self.process.pid)
        time.sleep(0.3)
        return self.pids == family(self.process.pid)

    def __exit__(self, error=None, *_):
        if error:
            self.log.seek(0)
            sys.stderr.write(self.log.read().decode(errors="replace"))
        self.steer("-D")
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        wait_for("the queue to end", lambda: queue_row() is None)
        self.log.close()

    def signal(self, number):
        for pid in self.pids:
            os.kill(pid, number)


class Nobody:
    """No queue at all."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.sink = None

    def program(self, name):
        return os.path.join(self.options.build, "tests/bench", name)

    def loop(self, mode, copy_range):
        return Consumer([self.program("loop"), mode, str(QUEUE), str(copy_range)], own_rules=False)

    def daemon(self, plugin, copy_range=None):
        path = os.path.join(self.folder, f"{os.path.basename(plugin)}-{copy_range}.yaml")
        keys = [f"numbers: {QUEUE}", "handlers: [judge]"] + self.options.queue_key
        if copy_range:
            keys += ["max-length: 65536", f"range: {copy_range}"]
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"user: {self.options.user}\nhandlers:\n  judge: {{ plugin: {self.options.build}/{plugin}.so }}\n"
                    "queues:\n  bench:\n" + "".join(f"    {key}\n" for key in keys) +
                    f"    steer:\n      - {{ chain: INPUT, family: ipv4, match: -p udp --dport {UDP_PORT} }}\n"
                    f"      - {{ chain: INPUT, family: ipv4, match: -p tcp --dport {TCP_PORT} }}\n")
        os.chmod(path, 0o644)
        return Consumer([os.path.join(self.options.build, "nfverdictd"), "-f", "--allow-unsafe-files", "-c", path],
                        own_rules=True)

    def listen(self):
        """Somebody the packets are for, or the kernel would answer each with ICMP. With room for a burst."""
        self.sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sink.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self.sink.bind(("127.0.0.1", UDP_PORT))
        self.sink.setblocking(False)

    def arrived(self):
        """Takes out what arrived, and counts it."""
        count = 0
        try:
            while True:
                self.sink.recv(PACKET)
                count += 1
        except BlockingIOError:
            return count

    def burst(self, count):
        run(self.program("burst"), str(UDP_PORT), str(PACKET), str(count))

    # One measurement of one consumer each.

    def drain(self, consumer):
        self.listen()
        with self.sink:
            self.burst(500)
            wait_for("an empty queue", lambda: waiting() == 0)
            self.arrived()
            return statistics.median(self.drain_once(consumer) for _ in range(self.options.bursts))

    def drain_once(self, consumer):
        consumer.signal(signal.SIGSTOP)
        wait_for("the consumer to stop", lambda: all(map(stopped, consumer.pids)))
        self.burst(self.options.burst)
        count, before = waiting(), cpu_ns(consumer.pids)
        consumer.signal(signal.SIGCONT)
        wait_for("an empty queue", lambda: waiting() == 0)
        time.sleep(0.02)
        spent = cpu_ns(consumer.pids) - before
        if count < self.options.burst or self.arrived() < self.options.burst // 2:
            raise RuntimeError(f"only {count} of {self.options.burst} packets reached the queue, or too few what is behind it")
        return spent / count

    def paced(self, consumer):
        self.listen()
        with self.sink:
            first, before = queue_row()["last_id"], cpu_ns(consumer.pids)
            run(self.program("paced"), str(UDP_PORT), str(PACKET), str(self.options.rate), str(self.options.paced_ms))
            wait_for("an empty queue", lambda: waiting() == 0)
            time.sleep(0.02)
            return (cpu_ns(consumer.pids) - before) / (queue_row()["last_id"] - first)

    def pingpong(self, _consumer):
        return float(run(self.program("pingpong"), str(UDP_PORT), str(PACKET), str(self.options.trips)).split()[0])

    def tcp(self, _consumer):
        receiver = subprocess.Popen([self.program("stream"), "receive", str(TCP_PORT)], stdout=subprocess.PIPE, text=True)
        wait_for("the receiver", lambda: f":{TCP_PORT:04X} " in open("/proc/net/tcp", encoding="ascii").read())
        run("ip", "netns", "exec", "peer", self.program("stream"), "send", ADDRESS, str(TCP_PORT), str(self.options.tcp_ms))
        return float(receiver.communicate(timeout=20)[0])

    def idle(self, consumer):
        """KiB; the largest of the processes behind the first one, which is the master."""
        sizes = []
        for pid in consumer.pids[1:] or consumer.pids:
            with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as f:
                sizes += [int(line.split()[1]) for line in f if line.startswith("VmRSS:")]
        return max(sizes)


ACCEPT, MIXED = "plugins/accept/accept", "tests/bench/mixed"

# name: how it is measured, unit, the consumers (by name)
GROUPS = {
    "drain": (Bench.drain, "ns", {
        "batching loop": lambda b: b.loop("batch", FULL),
        "one by one": lambda b: b.loop("one", FULL),
        "nfverdictd": lambda b: b.daemon(ACCEPT, FULL),
        "nfverdictd, mixed": lambda b: b.daemon(MIXED, FULL)}),
    "paced": (Bench.paced, "ns", {
        "batching loop": lambda b: b.loop("batch", FULL),
        "nfverdictd": lambda b: b.daemon(ACCEPT, FULL)}),
    "pingpong": (Bench.pingpong, "us", {
        "no queue": lambda _: Nobody(),
        "batching loop": lambda b: b.loop("batch", FULL),
        "nfverdictd": lambda b: b.daemon(ACCEPT, FULL)}),
    "tcp": (Bench.tcp, "Gbit/s", {
        "no queue": lambda _: Nobody(),
        "batching loop": lambda b: b.loop("batch", HEADERS),
        "nfverdictd": lambda b: b.daemon(ACCEPT, HEADERS)}),
    "idle": (Bench.idle, "KiB", {
        "nfverdictd": lambda b: b.daemon(ACCEPT)}),
}

# what, group, whose figure, divided by whose (None: taken as it is), at most or at least, target
TARGETS = [
    ("drained backlog, CPU a packet", "drain", "nfverdictd", "batching loop", "<=", 1.05),
    ("mixed verdicts, CPU a packet", "drain", "nfverdictd, mixed", "batching loop", "<=", 1.25),
    ("paced packets, CPU a packet", "paced", "nfverdictd", "batching loop", "<=", 0.45),
    ("round trip, median", "pingpong", "nfverdictd", "batching loop", "<=", 1.10),
    ("one TCP stream, headers only", "tcp", "nfverdictd", "no queue", ">=", 0.85),
    ("idle worker, MiB", "idle", "nfverdictd", None, "<=", 8.0),
]


def measure(bench, names):
    """{group: {consumer: [figures]}}. In each round every consumer is measured once, beginning with another one each time."""
    figures = {name: {} for name in names}
    for number in range(bench.options.rounds):
        for name in names:
            function, _, makers = GROUPS[name]
            order = [c for c in makers if bench.options.daemon or not c.startswith("nfverdictd")]
            for who in order[number % max(len(order), 1):] + order[:number % max(len(order), 1)]:
                with makers[who](bench) as consumer:
                    figures[name].setdefault(who, []).append(function(bench, consumer))
            print(f"round {number + 1} of {bench.options.rounds}: {name}", file=sys.stderr)
    return figures


def judge(medians):
    rows = []
    for what, group, who, by, relation, target in TARGETS:
        if who not in medians.get(group, {}):
            continue
        value = medians[group][who] / (medians[group][by] if by else 1024)
        met = value <= target if relation == "<=" else value >= target
        rows.append({"what": what, "value": round(value, 3), "target": f"{relation} {target:.2f}", "met": met})
    return rows


def report(figures, as_json):
    medians = {group: {who: statistics.median(values) for who, values in consumers.items()}
               for group, consumers in figures.items()}
    rows = judge(medians)
    if as_json:
        print(json.dumps({"figures": figures, "medians": medians, "targets": rows}, indent=1))
        return rows
    print(f"\n{'what':10} {'consumer':20} {'median':>10} {'least':>10} {'most':>10}")
    for group, consumers in figures.items():
        for who, values in consumers.items():
            print(f"{group:10} {who:20} {medians[group][who]:10.1f} {min(values):10.1f} {max(values):10.1f} {GROUPS[group][1]}")
    if rows:
        print(f"\n{'nfverdictd against the target':32} {'ratio':>8}   target")
    for row in rows:
        print(f"{row['what']:32} {row['value']:8.2f}   {row['target']}  {'met' if row['met'] else 'MISSED'}")
    return rows


def prepare():
    """Two hosts: this namespace and a peer, both gone when the last process in them ends."""
    run("mount", "-t", "tmpfs", "-o", "mode=755", "none", "/run")
    run("ip", "netns", "add", "peer")
    run("ip", "link", "add", "va", "netns", "peer", "type", "veth", "peer", "name", "vb")
    for prefix, device, address in ((["ip", "-n", "peer"], "va", PEER), (["ip"], "vb", ADDRESS)):
        run(*prefix, "link", "set", "lo", "up")
        run(*prefix, "addr", "add", f"{address}/24", "dev", device)
        run(*prefix, "link", "set", device, "up")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.getcwd(), help="build folder (default: the current one)")
    parser.add_argument("--rounds", type=int, help="measurements of each consumer (default 5)")
    parser.add_argument("--only", action="append", choices=list(GROUPS), metavar="NAME", help=f"only {', '.join(GROUPS)}; repeatable")
    parser.add_argument("--quick", action="store_true", help="one round of short measurements: whether it works, not how fast it is")
    parser.add_argument("--queue-key", action="append", default=[], metavar="'KEY: VALUE'", help="another key of the daemon's queue")
    parser.add_argument("--user", default="nobody", help="user of the daemon's workers")
    parser.add_argument("--no-daemon", dest="daemon", action="store_false", help="the loops alone")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a target is missed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.build = os.path.abspath(options.build)
    options.bursts, options.burst, options.rate = (3, 2000, 100000) if options.quick else (15, 4000, 100000)
    options.paced_ms, options.trips, options.tcp_ms = (500, 2000, 1000) if options.quick else (2000, 20000, 3000)
    return options


def main():
    options = arguments()
    if os.geteuid() != 0:
        print("SKIP: measuring needs root: the receive buffers of the loops are above what others may ask for", file=sys.stderr)
        return 77
    if options.daemon and not os.access(os.path.join(options.build, "nfverdictd"), os.X_OK):
        print(f"no nfverdictd in {options.build}: the loops alone are measured", file=sys.stderr)
        options.daemon = False
    if "NFV_BENCH_ISOLATED" not in os.environ:
        os.environ["NFV_BENCH_ISOLATED"] = "1"
        os.execvp("unshare", ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation",
                              "private", sys.executable, os.path.join(HERE, "bench.py"), *sys.argv[1:]])
    prepare()
    with tempfile.TemporaryDirectory(prefix="nfv-bench.") as folder:
        os.chmod(folder, 0o755)
        rows = report(measure(Bench(options, folder), options.only or list(GROUPS)), options.json)
    return 1 if options.strict and not all(row["met"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
