#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole-daemon benchmark: bellhopd's durable accept beside its floor and its rival, in one run.

    ./dev bench [--seconds 8] [--rounds 3] [--connections 64]

One server at a time on core 0, wrk on core 1, keep-alive connections, the vendor's 3.9 KB sample with a new notification
id in every request. Rounds alternate between the contenders, so that a noisy minute hits all of them; the table gives the
median. CPU time (user + system of the server and its children, from /proc) is the steady figure; requests per second and
latencies depend on what else the machine does. Ratios are against stock Poco answering 202 in the same run.
"""
import argparse, contextlib, json, os, re, shutil, signal, socket, sqlite3, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(HERE, "..", "tests", "data", "payloads", "legacy_booking_confirmed.json")
TOKEN = "0123456789abcdef0123456789abcdef"
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def family(pid):
    """The process and all its descendants."""
    found = [pid]
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as f:
                    parent = int(f.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == pid:
                found += family(int(entry))
    return found


def cpu_seconds(pid):
    total = 0
    for member in family(pid):
        try:
            with open(f"/proc/{member}/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return total / TICK


def rss_mib(pid):
    total = 0
    for member in family(pid):
        try:
            with open(f"/proc/{member}/status") as f:
                total += int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
        except (OSError, AttributeError):
            pass
    return total / 1024


def wait_for(port, process):
    for _ in range(400):
        if process.poll() is not None:
            sys.exit(f"bench: the server ended with status {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit("bench: the server does not listen")


class Contender:
    def __init__(self, name, path):
        self.name, self.path, self.rows = name, path, []

    def words(self, port, folder):
        raise NotImplementedError

    def look_behind(self, folder):
        """What is still to do when the load ends, as more of the row."""
        return {}

    def measure(self, seconds, connections, run):
        folder = tempfile.mkdtemp(prefix="bellhop-bench-")
        port = free_port()
        log = open(os.path.join(folder, "log"), "wb")
        process = subprocess.Popen(["taskset", "-c", "0"] + self.words(port, folder), stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL)
        try:
            wait_for(port, process)
            self.load(port, 1, connections, run * 2)  # warm
            before, rss_before = cpu_seconds(process.pid), rss_mib(process.pid)
            row = self.load(port, seconds, connections, run * 2 + 1)
            row["cpu_us"] = (cpu_seconds(process.pid) - before) * 1e6 / max(1, row["requests"])
            row["rss_mib"] = rss_mib(process.pid)
            row["rss_idle_mib"] = rss_before
            row.update(self.look_behind(folder))
            self.rows.append(row)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            log.close()
            if os.environ.get("BENCH_KEEP") is None:
                shutil.rmtree(folder, ignore_errors=True)

    def load(self, port, seconds, connections, run):
        environment = dict(os.environ, BENCH_PATH=self.path, BENCH_SAMPLE=SAMPLE, BENCH_RUN=str(run))
        out = subprocess.run(
            ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", os.path.join(HERE, "post.lua"),
             f"http://127.0.0.1:{port}"], env=environment, capture_output=True, text=True, timeout=seconds + 60).stdout
        found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", out)
        if not found:
            sys.exit("bench: wrk said\n" + out)
        requests, duration_us, broken, refused, p50, p99 = map(int, found.groups())
        if broken or refused:
            print(f"bench: {self.name}: {broken} broken and {refused} refused of {requests}", file=sys.stderr)
        return {"requests": requests, "per_s": requests * 1e6 / duration_us, "p50_ms": p50 / 1000, "p99_ms": p99 / 1000}


class Bellhop(Contender):
    def __init__(self, name, build, with_plugin):
        super().__init__(name, f"/hooks/appointlet/{TOKEN}")
        self.build, self.with_plugin = build, with_plugin

    def words(self, port, folder):
        state = os.path.join(folder, "state")
        os.mkdir(state, 0o700)
        config = f"""
state_dir = "{state}"
[http]
listen = "127.0.0.1:{port}"
connections_per_address_max = 512
[log]
level = "warn"
[source.appointlet]
kind = "appointlet"
tokens = ["{TOKEN}"]
"""
        if self.with_plugin:
            config += '\n[instance.log]\nplugin = "sqlite"\nstart = "beginning"\n'
        file = os.path.join(folder, "bellhop.toml")
        with open(file, "w") as f:
            f.write(config)
        return [os.path.join(self.build, "bin", "bellhopd"), "--config", file]


    def look_behind(self, folder):
        """How many events are not in the plugin's database when the load ends, and when all are known as done."""
        if not self.with_plugin:
            return {}
        began, there = time.monotonic(), self.recorded(folder)
        while True:
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(os.path.join(folder, "state", "admin.sock"))
                s.sendall(b"GET /v1/instances HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                answer = b"".join(iter(lambda: s.recv(65536), b""))
            instance = json.loads(answer.split(b"\r\n\r\n", 1)[1])["instances"][0]
            left = max(instance["behind"], instance["waiting"])
            if left == 0 or time.monotonic() - began > 120:
                took_ms = (time.monotonic() - began) * 1000
                return {"behind": self.recorded(folder) - there, "caught_up_ms": took_ms}
            time.sleep(0.005)

    @staticmethod
    def recorded(folder):
        """The events in the database, as any reader sees them. The daemon itself notes once a second what is done."""
        path = os.path.join(folder, "state", "instances", "log", "bookings.db")
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return database.execute("SELECT coalesce(max(no), 0) FROM event").fetchone()[0]


class Poco(Contender):
    def __init__(self, build):
        super().__init__("stock Poco HTTPServer, answers 202", "/hook")
        self.build = build

    def words(self, port, folder):
        return [os.path.join(self.build, "bench", "poco_floor"), str(port), "64"]


class Nginx(Contender):
    def __init__(self):
        super().__init__("nginx, return 202", "/hook")

    def words(self, port, folder):
        config = f"""
worker_processes 1; daemon off; master_process off; pid {folder}/pid; error_log stderr warn;
events {{ worker_connections 1024; }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; keepalive_requests 100000000;
  server {{ listen 127.0.0.1:{port}; location / {{ return 202; }} }} }}
"""
        file = os.path.join(folder, "nginx.conf")
        with open(file, "w") as f:
            f.write(config)
        return ["nginx", "-c", file, "-p", folder]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    build = os.path.abspath(given.build)

    contenders = [Poco(build), Nginx(), Bellhop("bellhopd, durable accept, no instance", build, False),
                  Bellhop("bellhopd, durable accept + sqlite plugin", build, True)]
    for run in range(given.rounds):
        for contender in contenders:
            contender.measure(given.seconds, given.connections, run * len(contenders) + contenders.index(contender) + 1)

    def median(contender, key):
        return statistics.median(row[key] for row in contender.rows)

    keys = ["per_s", "p50_ms", "p99_ms", "cpu_us", "rss_mib"]
    if given.json:
        print(json.dumps({c.name: {k: median(c, k) for k in keys} for c in contenders}, indent=1))
        return
    floor = contenders[0]
    print(f"{given.connections} connections, {given.rounds} rounds of {given.seconds} s, median; ratios to stock Poco\n")
    print("| contender | requests/s | ratio | p50 ms | p99 ms | CPU µs/request | ratio | RSS MiB |")
    print("|---|---|---|---|---|---|---|---|")
    for c in contenders:
        print(f"| {c.name} | {median(c, 'per_s'):,.0f} | {median(c, 'per_s') / median(floor, 'per_s'):.2f} "
              f"| {median(c, 'p50_ms'):.2f} | {median(c, 'p99_ms'):.2f} | {median(c, 'cpu_us'):.1f} "
              f"| {median(c, 'cpu_us') / median(floor, 'cpu_us'):.2f} | {median(c, 'rss_mib'):.1f} |")
    for c in contenders:
        for row in c.rows:
            if "behind" in row:
                print(f"{c.name}: {row['behind']:,} of {row['requests']:,} events not recorded when the load ended; all "
                      f"known as done {row['caught_up_ms']:.0f} ms later")


if __name__ == "__main__":
    main()
