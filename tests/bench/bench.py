#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures nfverdictd beside the smallest possible consumers (loop.c), in turn, in one run; then the rule engine.

What is printed are ratios of medians: the figures of one machine say little, and those of another minute on it not
much more. So the consumers of a comparison run side by side, each with a queue and a port of its own, and get
their loads in turn, a short one each time. Everything happens in network, mount and process namespaces of its own.

    drain     4000 packets of 64 bytes wait while the consumer is stopped; it goes on until none is left. CPU a packet.
    wall      20,000 packets the same way, and the time until the last is out.
    mixed     the same as drain, with a handler that accepts, drops and marks in turn, against the same accepting loop.
    paced     100,000 packets a second, evenly spaced. CPU a packet.
    pingpong  UDP round trips, one after the other. Median.
    tcp       one TCP stream over veth, queued where it arrives, 128 bytes of each packet copied. Gigabits a second.
    idle      resident memory of a worker that waits.
    rules     the rule engine: reading, printing, JSON, differences, commits beside the bare tool (bench_rules.py).

CPU is the time that all processes of a consumer were on a CPU: /proc/PID/task/*/schedstat.
"""
import argparse
import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the source folder may be another user's
import bench_rules  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
UDP_PORT, TCP_PORT, PACKET = 9000, 5200, 64  # of consumer 0, who has no queue; the others count up
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


def queue_row(number):
    """The queue's line of /proc, by name, or None."""
    names = ("number", "portid", "waiting", "mode", "range", "dropped", "user_dropped", "last_id")
    try:
        with open("/proc/net/netfilter/nfnetlink_queue", encoding="ascii") as f:
            for line in f:
                row = dict(zip(names, map(int, line.split())))
                if row["number"] == number:
                    return row
    except FileNotFoundError:
        pass
    return None


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


class Nobody:
    """No queue at all: packets to its ports meet no rule of a queue."""

    def __init__(self, number=0):
        self.number, self.udp_port, self.tcp_port, self.pids = number, UDP_PORT + number, TCP_PORT + number, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Consumer(Nobody):
    """A program that serves a queue; a with statement runs it."""

    def __init__(self, number, command, own_rules):
        super().__init__(number)
        self.command, self.own_rules = command, own_rules
        self.process = None
        self.log = tempfile.TemporaryFile()

    def steer(self, action):
        if not self.own_rules:
            for protocol, port in (("udp", self.udp_port), ("tcp", self.tcp_port)):
                run("iptables", action, "INPUT", "-p", protocol, "--dport", str(port), "-j", "NFQUEUE",
                    "--queue-num", str(self.number), "--queue-bypass")

    def ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{' '.join(self.command)}: ended at once")
        return queue_row(self.number) and f"NFQUEUE --queue-num {self.number}" in run("iptables-save")

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)
        self.steer("-A")
        try:
            wait_for("the consumer to bind its queue", self.ready)
            wait_for("the consumer's processes to settle", self.settled)
        except RuntimeError:
            self.__exit__(RuntimeError)
            raise
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
        wait_for("the queue to end", lambda: queue_row(self.number) is None)
        self.log.close()

    def signal(self, number):
        for pid in self.pids:
            os.kill(pid, number)

    def waiting(self):
        return queue_row(self.number)["waiting"]

    def drained(self):
        wait_for("an empty queue", lambda: self.waiting() == 0)
        time.sleep(0.02)  # what it does before it sleeps is its work too


def listener(port, room=None):
    """Somebody the packets are for, or the kernel would answer each with ICMP. Nobody reads: without room it is soon full."""
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if room:
        sink.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, room)
    sink.bind(("127.0.0.1", port))
    sink.setblocking(False)
    return sink


def arrived(sink):
    """Takes out what arrived, and counts it."""
    count = 0
    try:
        while True:
            sink.recv(PACKET)
            count += 1
    except BlockingIOError:
        return count


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder

    def program(self, name):
        return os.path.join(self.options.build, "tests/bench", name)

    def loop(self, number, mode, copy_range):
        return Consumer(number, [self.program("loop"), mode, str(number), str(copy_range)], own_rules=False)

    def daemon(self, number, plugin, copy_range=None, isolation="fast"):
        path = os.path.join(self.folder, f"{os.path.basename(plugin)}-{copy_range}-{isolation}.yaml")
        keys = [f"numbers: {number}", "handlers: [judge]", f"isolation: {isolation}"] + self.options.queue_key
        if copy_range:
            keys += ["max-length: 65536", f"range: {copy_range}"]
        steer = "chain: INPUT, family: ipv4, position: last"  # behind the loops' rules: what those cost is its own
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"user: {self.options.user}\nhandlers:\n  judge: {{ plugin: {self.options.build}/{plugin}.so }}\n"
                    f"queues:\n  bench-{isolation}:\n" + "".join(f"    {key}\n" for key in keys) +
                    f"    steer:\n      - {{ {steer}, match: -p udp --dport {UDP_PORT + number} }}\n"
                    f"      - {{ {steer}, match: -p tcp --dport {TCP_PORT + number} }}\n")
        os.chmod(path, 0o644)
        command = [os.path.join(self.options.build, "nfverdictd"), "-f", "--allow-unsafe-files", "-c", path]
        return Consumer(number, command, own_rules=True)

    # One measurement of one consumer each.

    def backlog(self, consumer, packets):
        """CPU and wall time a packet."""
        with listener(consumer.udp_port, room=64 << 20) as sink:
            consumer.signal(signal.SIGSTOP)
            wait_for("the consumer to stop", lambda: all(map(stopped, consumer.pids)))
            run(self.program("burst"), str(consumer.udp_port), str(PACKET), str(packets))
            count, before, start = consumer.waiting(), cpu_ns(consumer.pids), time.monotonic_ns()
            consumer.signal(signal.SIGCONT)
            wait_for("an empty queue", lambda: consumer.waiting() == 0)
            wall = time.monotonic_ns() - start
            consumer.drained()
            spent = cpu_ns(consumer.pids) - before
            if count < packets or arrived(sink) < packets // 2:
                raise RuntimeError(f"only {count} of {packets} packets were queued, or too few came out")
            return spent / count, wall / count

    def drain(self, consumer):
        return self.backlog(consumer, self.options.burst)[0]

    def wall(self, consumer):
        return self.backlog(consumer, self.options.burst * 5)[1]

    def paced(self, consumer):
        with listener(consumer.udp_port):
            first, before = queue_row(consumer.number)["last_id"], cpu_ns(consumer.pids)
            run(self.program("paced"), str(consumer.udp_port), str(PACKET), str(self.options.rate),
                str(self.options.paced_ms))
            consumer.drained()
            return (cpu_ns(consumer.pids) - before) / (queue_row(consumer.number)["last_id"] - first)

    def pingpong(self, consumer):
        return float(run(self.program("pingpong"), str(consumer.udp_port), str(PACKET), str(self.options.trips)).split()[0])

    def tcp(self, consumer):
        port = consumer.tcp_port
        receiver = subprocess.Popen([self.program("stream"), "receive", str(port)], stdout=subprocess.PIPE, text=True)
        wait_for("the receiver", lambda: f":{port:04X} 00000000:0000 0A" in open("/proc/net/tcp", encoding="ascii").read())
        run("ip", "netns", "exec", "peer", self.program("stream"), "send", ADDRESS, str(port), str(self.options.tcp_ms))
        return float(receiver.communicate(timeout=20)[0])

    def idle(self, consumer):
        """KiB; the largest of the processes behind the first one, which is the master."""
        sizes = []
        for pid in consumer.pids[1:] or consumer.pids:
            with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as f:
                sizes += [int(line.split()[1]) for line in f if line.startswith("VmRSS:")]
        return max(sizes)


ACCEPT, MIXED = "plugins/accept/accept", "tests/bench/mixed"

# name: how it is measured, unit, how often in a round, the consumers (by name; given the bench and a number)
GROUPS = {
    "drain": (Bench.drain, "ns", 10, {
        "batching loop": lambda b, n: b.loop(n, "batch", FULL),
        "one by one": lambda b, n: b.loop(n, "one", FULL),
        "fast": lambda b, n: b.daemon(n, ACCEPT, FULL),
        "strict": lambda b, n: b.daemon(n, ACCEPT, FULL, "strict")}),
    "wall": (Bench.wall, "ns", 10, {
        "batching loop": lambda b, n: b.loop(n, "batch", FULL),
        "fast": lambda b, n: b.daemon(n, ACCEPT, FULL),
        "strict": lambda b, n: b.daemon(n, ACCEPT, FULL, "strict")}),
    "mixed": (Bench.drain, "ns", 10, {
        "batching loop": lambda b, n: b.loop(n, "batch", FULL),
        "fast": lambda b, n: b.daemon(n, MIXED, FULL),
        "strict": lambda b, n: b.daemon(n, MIXED, FULL, "strict")}),
    "paced": (Bench.paced, "ns", 3, {
        "batching loop": lambda b, n: b.loop(n, "batch", FULL),
        "fast": lambda b, n: b.daemon(n, ACCEPT, FULL),
        "strict": lambda b, n: b.daemon(n, ACCEPT, FULL, "strict")}),
    "pingpong": (Bench.pingpong, "us", 5, {
        "no queue": lambda _, n: Nobody(n),
        "batching loop": lambda b, n: b.loop(n, "batch", FULL),
        "fast": lambda b, n: b.daemon(n, ACCEPT, FULL),
        "strict": lambda b, n: b.daemon(n, ACCEPT, FULL, "strict")}),
    "tcp": (Bench.tcp, "Gbit/s", 2, {
        "no queue": lambda _, n: Nobody(n),
        "batching loop": lambda b, n: b.loop(n, "batch", HEADERS),
        "fast": lambda b, n: b.daemon(n, ACCEPT, HEADERS),
        "strict": lambda b, n: b.daemon(n, ACCEPT, HEADERS, "strict")}),
    "idle": (Bench.idle, "KiB", 1, {
        "fast": lambda b, n: b.daemon(n, ACCEPT),
        "strict": lambda b, n: b.daemon(n, ACCEPT, isolation="strict")}),
}
DAEMONS = ("fast", "strict")

# what, group, whose figure, divided by whose (None: taken as it is), at most or at least, target
TARGETS = [
    ("drained backlog, CPU a packet", "drain", "fast", "batching loop", "<=", 1.05),
    ("mixed verdicts, CPU a packet", "mixed", "fast", "batching loop", "<=", 1.25),
    ("paced packets, CPU a packet", "paced", "fast", "batching loop", "<=", 0.45),
    ("round trip, median", "pingpong", "fast", "batching loop", "<=", 1.10),
    ("one TCP stream, headers only", "tcp", "fast", "no queue", ">=", 0.85),
    ("idle worker, MiB", "idle", "fast", None, "<=", 8.0),
    ("strict: drained backlog, CPU", "drain", "strict", "batching loop", "<=", 1.25),
    ("strict: drained backlog, wall", "wall", "strict", "batching loop", "<=", 1.00),
    ("strict: paced packets, CPU", "paced", "strict", "batching loop", "<=", 0.55),
    ("strict: round trip, median", "pingpong", "strict", "batching loop", "<=", 1.25),
    ("strict: idle worker, MiB", "idle", "strict", None, "<=", 8.0),
]


def compare(bench, name):
    """{consumer: [figures]} of one group. In each turn every consumer is measured once; who is first changes."""
    function, _, turns, makers = GROUPS[name]
    with contextlib.ExitStack() as stack:
        consumers = [(who, stack.enter_context(make(bench, number)))
                     for number, (who, make) in enumerate(makers.items(), 1) if bench.options.daemon or who not in DAEMONS]
        figures = {who: [] for who, _ in consumers}
        for turn in range(turns * bench.options.rounds):
            first = turn % max(len(consumers), 1)
            for who, consumer in consumers[first:] + consumers[:first]:
                figures[who].append(function(bench, consumer))
    print(f"{name}: {turns * bench.options.rounds} measurements of each", file=sys.stderr)
    return figures


def judge(figures):
    """The targets that were measured. `best` compares the best figures of both, for machines too busy for medians."""
    rows = []
    for what, group, who, by, relation, target in TARGETS:
        if who not in figures.get(group, {}):
            continue
        pick = min if relation == "<=" else max
        value, best = (f(figures[group][who]) / (f(figures[group][by]) if by else 1024) for f in (statistics.median, pick))
        met = value <= target if relation == "<=" else value >= target
        rows.append({"what": what, "value": round(value, 3), "best": round(best, 3), "target": f"{relation} {target:.2f}",
                     "met": met})
    return rows


def report(figures, rules, as_json):
    """Of the daemon and of the rule engine; either may be empty."""
    rows, rules_rows = judge(figures), bench_rules.judge(rules)
    if as_json:
        print(json.dumps({"figures": figures, "rules": rules, "targets": rows + rules_rows}, indent=1))
        return rows + rules_rows
    if figures:
        show(figures, rows)
    if rules:
        bench_rules.show(rules, rules_rows)
    return rows + rules_rows


def show(figures, rows):
    print(f"\n{'what':10} {'consumer':14} {'median':>10} {'least':>10} {'most':>10}")
    for group, consumers in figures.items():
        for who, values in consumers.items():
            median, unit = statistics.median(values), GROUPS[group][1]
            print(f"{group:10} {who:14} {median:10.1f} {min(values):10.1f} {max(values):10.1f} {unit}")
    if rows:
        print(f"\n{'nfverdictd against its targets':32} {'medians':>8} {'best':>8}   target")
    for row in rows:
        met = "met" if row["met"] else "MISSED"
        print(f"{row['what']:32} {row['value']:8.2f} {row['best']:8.2f}   {row['target']}  {met}")


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
    parser.add_argument("--rounds", type=int, help="more for steadier figures (default 5)")
    parser.add_argument("--only", action="append", choices=[*GROUPS, "rules"], metavar="NAME",
                        help=f"only {', '.join(GROUPS)}, rules; repeatable")
    parser.add_argument("--rules", dest="only", action="append_const", const="rules",
                        help="the rule engine alone; needs no root")
    parser.add_argument("--quick", action="store_true",
                        help="one round of short measurements: whether it works, not how fast it is")
    parser.add_argument("--queue-key", action="append", default=[], metavar="'KEY: VALUE'",
                        help="another key of the daemon's queue")
    parser.add_argument("--user", default="nobody", help="user of the daemon's workers")
    parser.add_argument("--no-daemon", dest="daemon", action="store_false", help="the loops alone")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a target is missed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.only = options.only or [*GROUPS, "rules"]
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.build = os.path.abspath(options.build)
    options.burst, options.rate = 4000, 100000
    options.paced_ms, options.trips, options.tcp_ms = (200, 1000, 800) if options.quick else (500, 3000, 1500)
    return options


def verdict(options, rows):
    return 1 if options.strict and not all(row["met"] for row in rows) else 0


def measure_rules(options):
    return bench_rules.measure(options.build, options.rounds, options.quick) if "rules" in options.only else {}


def measure_daemon(options):
    prepare()
    with tempfile.TemporaryDirectory(prefix="nfv-bench.") as folder:
        os.chmod(folder, 0o755)
        bench = Bench(options, folder)
        return {name: compare(bench, name) for name in GROUPS if name in options.only}


def main():
    options = arguments()
    if options.only == ["rules"]:
        return verdict(options, report({}, measure_rules(options), options.json))
    if os.geteuid() != 0:
        print("SKIP: measuring needs root: the receive buffers of the loops are above what others may ask for",
              file=sys.stderr)
        return 77
    if options.daemon and not os.access(os.path.join(options.build, "nfverdictd"), os.X_OK):
        print(f"no nfverdictd in {options.build}: the loops alone are measured", file=sys.stderr)
        options.daemon = False
    if "NFV_BENCH_ISOLATED" not in os.environ:
        os.environ["NFV_BENCH_ISOLATED"] = "1"
        os.execvp("unshare", ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                              "--propagation", "private", sys.executable, os.path.join(HERE, "bench.py"), *sys.argv[1:]])
    return verdict(options, report(measure_daemon(options), measure_rules(options), options.json))


if __name__ == "__main__":
    sys.exit(main())
