#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The soak: are memory, descriptors and threads flat while webhooks come in and go out for a long time?

    python3 bench/soak.py [--build build/release] [--minutes 10] [--rate 50] [--plugins DIR]

Runs bellhopd with every plugin that needs no foreign server: sqlite, forward and slack (against a loopback HTTP server of
this program) and, where the tests are built, recorder. The load is steady; retention is on and small, so that the journal
removes as much as it takes in. Before it, a burst of events that no instance wants fills what is meant to fill once (one
generation of the journal's index, SQLite's caches): without it a slow load would take half an hour to get there.

Every 5 s it reads RSS, descriptors and threads of the daemon and of each child from /proc. The first fifth is warm-up; over
the rest a straight line is fitted, and what it rises from its beginning to its end must stay within 1 MiB or 3 % of RSS, and
within 2 descriptors and threads. Ends with 1 when it does not, when a child was replaced, or when an event is missing.
"""
import argparse, contextlib, http.client, http.server, json, os, re, shutil, signal, socket, sqlite3, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(HERE, "..", "tests", "data", "payloads", "legacy_booking_confirmed.json")
TOKEN = "0123456789abcdef0123456789abcdef"
SUBJECTS_COUNT = 500
SAMPLE_S, DRAIN_S = 5, 120
RISE_KIB_MAX, RISE_SHARE_MAX, RISE_COUNT_MAX = 1024, 0.03, 2

CONFIG = """
state_dir = "{folder}/state"
plugin_dirs = [{plugin_dirs}]
[http]
listen = "127.0.0.1:{port}"
[journal]
retention_age = "1m"
retention_bytes = "16MiB"
[log]
level = "warn"
[source.appointlet]
tokens = ["{token}"]
[instance.sqlite]
plugin = "sqlite"
events = ["booking.confirmed"]
[instance.forward]
plugin = "forward"
events = ["booking.confirmed"]
[instance.forward.settings]
url = "http://127.0.0.1:{destination}/forward"
secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
[instance.slack]
plugin = "slack"
events = ["booking.confirmed"]
[instance.slack.settings]
webhook_url = "http://127.0.0.1:{destination}/slack"
"""
RECORDER = """
[instance.recorder]
plugin = "recorder"
events = ["booking.confirmed"]
[instance.recorder.settings]
file = "{folder}/state/recorder.log"
"""


class Destination(http.server.ThreadingHTTPServer):
    """The foreign services: 200 to everything, and a count for each path."""
    daemon_threads = True

    def __init__(self):
        self.counts, self.lock = {}, threading.Lock()
        super().__init__(("127.0.0.1", 0), DestinationRequest)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class DestinationRequest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            self.server.counts[self.path] = self.server.counts.get(self.path, 0) + 1
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Sender:
    """Posts the sample, each with a number of its own; a connection of its own."""
    numbers, lock = 0, threading.Lock()

    def __init__(self, port, sample):
        self.port, self.sample, self.connection, self.accepted, self.refused = port, sample, None, 0, 0

    def post(self, action):
        with Sender.lock:
            Sender.numbers += 1
            number = Sender.numbers
        body = self.sample.replace("BOOKING_ID", f"B{number % SUBJECTS_COUNT}")
        body = body.replace('"id": 1,', f'"id": {number},', 1).replace('"confirmed"', f'"{action}"', 1)
        for _ in range(2):  # a kept connection may have been closed meanwhile
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                    self.connection.connect()
                    self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connection.request("POST", f"/hooks/appointlet/{TOKEN}", body, {"Content-Type": "application/json"})
                answer = self.connection.getresponse()
                answer.read()
                self.accepted += answer.status == 202
                self.refused += answer.status != 202
                if answer.getheader("Connection", "").lower() == "close":
                    self.connection = None
                return
            except (OSError, http.client.HTTPException):
                self.connection = None
        self.refused += 1


def children_of(pid):
    found = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/children") as f:
                found += [int(word) for word in f.read().split()]
        except OSError:
            pass
    return sorted(found)


def name_of(pid):
    """The instance, by the child's working directory (state/instances/NAME)."""
    return os.path.basename(os.readlink(f"/proc/{pid}/cwd"))


def figures_of(pid):
    with open(f"/proc/{pid}/status") as f:
        text = f.read()
    field = lambda name: int(re.search(rf"^{name}:\s+(\d+)", text, re.M).group(1))
    return {"rss": field("VmRSS"), "threads": field("Threads"), "descriptors": len(os.listdir(f"/proc/{pid}/fd"))}


def behind_in(database):
    """Instances that are owed something. (slack makes one message of several events, so its messages cannot be counted.)"""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as db:
        return [name for (name,) in db.execute(
            "SELECT name FROM instance WHERE is_parked = 0 AND (cursor < (SELECT max(seq) FROM event)"
            " OR EXISTS (SELECT 1 FROM delivery WHERE delivery.instance = instance.id AND state = 1))")]


def rise(times, values):
    """What the straight line through the points (least squares) rises from the first to the last of them."""
    count = len(times)
    middle_t, middle_v = sum(times) / count, sum(values) / count
    spread = sum((t - middle_t) ** 2 for t in times)
    slope = sum((t - middle_t) * (v - middle_v) for t, v in zip(times, values)) / spread if spread else 0.0
    return slope * (times[-1] - times[0])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(options, folder, port, destination):
    own = os.path.join(options.build, "tests", "plugins")
    plugin_dirs = [options.plugins or os.path.join(options.build, "lib", "bellhop", "plugins"), own]
    has_recorder = os.path.exists(os.path.join(own, "recorder.so"))
    config = os.path.join(folder, "bellhop.toml")
    names = {"folder": folder, "port": port, "destination": destination, "token": TOKEN,
             "plugin_dirs": ", ".join(json.dumps(os.path.abspath(d)) for d in plugin_dirs if os.path.isdir(d))}
    with open(config, "w") as f:
        os.fchmod(f.fileno(), 0o600)
        f.write((CONFIG + (RECORDER if has_recorder else "")).format(**names))
    os.mkdir(os.path.join(folder, "state"), 0o700)
    log = open(os.path.join(folder, "log"), "wb")
    program = os.path.join(options.build, "bin", "bellhopd")
    process = subprocess.Popen([program, "--config", config], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    for _ in range(500):
        if process.poll() is not None:
            sys.exit("soak: bellhopd ended:\n" + open(log.name).read())
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process, 3 + has_recorder
        except OSError:
            time.sleep(0.02)
    sys.exit("soak: bellhopd does not listen")


def burst(port, sample, count):
    senders = [Sender(port, sample) for _ in range(24)]

    def work(sender):
        while Sender.numbers < count:
            sender.post("canceled")

    threads = [threading.Thread(target=work, args=(sender,)) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(sender.accepted for sender in senders), sum(sender.refused for sender in senders)


def soak(pid, names, port, sample, minutes, rate):
    """Steady load; a row of figures for each process every 5 s."""
    sender, rows, began = Sender(port, sample), [], time.monotonic()
    next_look, sent = began, 0
    while (now := time.monotonic()) < began + minutes * 60:
        if now >= next_look:
            rows.append((now - began, {name: figures_of(member) for name, member in names.items()}))
            next_look += SAMPLE_S
        if sent <= (now - began) * rate:
            sender.post("confirmed")
            sent += 1
        else:
            time.sleep(min(1 / rate, 0.05))
    rows.append((time.monotonic() - began, {name: figures_of(member) for name, member in names.items()}))
    return sender, rows


def judged(rows, minutes, names):
    """Prints the table; the sentences say what is not flat."""
    findings = []
    steady = [row for row in rows if row[0] >= minutes * 60 / 5]
    times = [t for t, _ in steady]
    print("| process | what | after warm-up | at the end | least | most | rise by the fitted line | allowed |")
    print("|---|---|---|---|---|---|---|---|")
    for name in names:
        for what in ("rss", "descriptors", "threads"):
            values = [row[name][what] for _, row in steady]
            risen = rise(times, values)
            allowed = max(RISE_KIB_MAX, values[0] * RISE_SHARE_MAX) if what == "rss" else RISE_COUNT_MAX
            unit = " KiB" if what == "rss" else ""
            print(f"| {name} | {what}{unit} | {values[0]:,} | {values[-1]:,} | {min(values):,} | {max(values):,} "
                  f"| {risen:+,.1f} | {allowed:,.0f} |")
            if risen > allowed:
                findings.append(f"{name}: {what} rises by {risen:,.1f}{unit} in {(times[-1] - times[0]) / 60:.1f} min")
    return findings


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(HERE, "..", "build", "release"))
    parser.add_argument("--plugins", help="default: lib/bellhop/plugins of the build")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=50, help="events in a second")
    parser.add_argument("--burst", type=int, default=140_000, help="events before it that no instance wants")
    options = parser.parse_args()
    with open(SAMPLE) as f:
        sample = f.read()

    folder = tempfile.mkdtemp(prefix="bellhop-soak-", dir=os.getcwd())
    destination, port = Destination(), free_port()
    process, instances_count = start(options, folder, port, destination.server_address[1])
    findings = []
    try:
        began = time.monotonic()
        taken, refused = burst(port, sample, options.burst)
        print(f"burst: {taken:,} taken, {refused:,} refused, {time.monotonic() - began:.0f} s", flush=True)
        members = children_of(process.pid)
        names = {"bellhopd": process.pid, **{name_of(member): member for member in members}}
        if len(names) != instances_count + 1:
            sys.exit(f"soak: {instances_count} instances and these processes: {names}\n" + open(folder + "/log").read())
        sender, rows = soak(process.pid, names, port, sample, options.minutes, options.rate)
        print(f"{options.minutes:g} min at {options.rate:g} events/s: {sender.accepted:,} taken, {sender.refused:,} refused\n")
        findings += judged(rows, options.minutes, names)
        if children_of(process.pid) != members:
            findings.append("a child was replaced")
        database = os.path.join(folder, "state", "journal.db")
        for _ in range(DRAIN_S * 2):  # a busy machine is behind for a while; what is lost never comes
            behind = behind_in(database)
            if not behind:
                break
            time.sleep(0.5)
        print(f"\nposted to the destination: {dict(sorted(destination.counts.items()))}")
        findings += [f"instance {name} is still behind" for name in behind]
        if destination.counts.get("/forward", 0) < sender.accepted:
            findings.append(f"/forward got {destination.counts.get('/forward', 0)} of {sender.accepted} events")
        if sender.refused:
            findings.append(f"{sender.refused} webhooks were refused")
        print(f"journal: {os.path.getsize(database) / 2**20:.1f} MiB, its log {os.path.getsize(database + '-wal') / 2**20:.1f} MiB")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            if process.wait(40) != 0:
                findings.append(f"bellhopd ended with {process.returncode}")
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            findings.append("bellhopd did not stop when told to")
        with open(os.path.join(folder, "log"), errors="replace") as f:
            lines = f.read().splitlines()
        print(f"the log has {len(lines)} lines; the last: {lines[-1] if lines else ''}")
        if os.environ.get("BENCH_KEEP") is None:
            shutil.rmtree(folder, ignore_errors=True)
    for finding in findings:
        print("NOT FLAT: " + finding if "rises" in finding else "NOT GOOD: " + finding)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
