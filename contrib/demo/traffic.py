#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The two ends of the demo's traffic.

    traffic.py serve READY-FILE REPORT-FILE   UDP on port 7777, DNS-like on 53, HTTP on 80; on SIGTERM writes what it received
    traffic.py udp|dns|http|telnet ADDRESS [TEXT]
"""
import http.server
import json
import signal
import socket
import struct
import sys
import threading

report = {"udp": 0, "dns": 0, "http": 0, "changed": 0}
lock = threading.Lock()


def note(kind, text):
    """Counts what arrived; the sender wrote "hate", so "love" means that it was changed on its way."""
    with lock:
        report[kind] += 1
        report["changed"] += "love" in text


def question(name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", 0x4e56, 0x100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 1, 1)


def serve_udp(port, kind):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.bind(("::", port))

    def loop():
        while True:
            data, peer = sock.recvfrom(65536)
            note(kind, data.decode(errors="replace"))
            sock.sendto(data, peer)

    threading.Thread(target=loop, daemon=True).start()


class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        note("http", self.path)
        body = f"you asked for {self.path}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class WebServer(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


def serve(ready_file, report_file):
    def finish(*_):
        with open(report_file, "w") as out:
            json.dump(report, out)
        sys.exit(0)

    signal.signal(signal.SIGTERM, finish)
    serve_udp(7777, "udp")
    serve_udp(53, "dns")
    server = WebServer(("::", 80), Web)
    open(ready_file, "w").close()
    server.serve_forever()


def udp_ask(address, port, data):
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(0.5)
    sock.sendto(data, (address, port))
    try:
        return sock.recv(65536)
    except TimeoutError:
        return None


def udp(address, text):
    answer = udp_ask(address, 7777, text.encode())
    print(f'  sent "{text}", the server read "{answer.decode()}"' if answer else f'  sent "{text}", no answer')


def dns(address, name):
    print(f"  asked for {name}: " + ("answered" if udp_ask(address, 53, question(name)) else "no answer"))


def http_get(address, path):
    sock = socket.create_connection((address, 80), timeout=5)
    sock.sendall(f"GET {path} HTTP/1.0\r\nHost: server\r\n\r\n".encode())
    answer = b""
    while part := sock.recv(65536):
        answer += part
    print(f'  GET {path}: "{answer.decode().splitlines()[-1]}"')


def telnet(address):
    try:
        socket.create_connection((address, 23), timeout=0.7).close()
        print("  connected")
    except OSError as error:
        print(f"  telnet: {error}")


if __name__ == "__main__":
    {"serve": serve, "udp": udp, "dns": dns, "http": http_get, "telnet": telnet}[sys.argv[1]](*sys.argv[2:])
