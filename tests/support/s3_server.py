#!/usr/bin/python3
"""A real S3 server on this machine, for tests and the demo: OpenStack Swift with its S3 interface, from Debian's packages.

It truly checks signatures. All state is in one folder; every port is a free one of the loopback interface, bound before
the servers start, so that none can be taken away and the first request may be sent as soon as the line is printed.
Swift is imported once and forked into its four servers: the interpreter of Debian is named above because only it sees them.
"""
import argparse
import ctypes
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time

REGION = "us-east-1"
PARTIES = ("darkroom", "stranger")  # two accounts: one must not read the other's objects
STORAGE = ("account", "container", "object")
MEMCACHED_PATIENCE_S = 5.0
STOP_PATIENCE_S = 3.0
PACKAGES = "swift-proxy swift-account swift-container swift-object memcached python3-boto3"

SWIFT_CONF = """[swift-hash]
swift_hash_path_prefix = darkroom
swift_hash_path_suffix = test
[storage-policy:0]
name = only
default = yes
"""
# The time-outs are those of a busy machine: a listing that lacks an object because its update came late is no fault to
# find here, and with one replica a server that was slow once must not be left out afterwards.
COMMON = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
node_timeout = 60
conn_timeout = 20
container_update_timeout = 60
log_level = WARNING
"""
STORAGE_CONF = """[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""
# storage_domain makes http://BUCKET.localhost:PORT work: localhost and what is below it is always this machine.
PROXY_CONF = """[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
error_suppression_limit = 1000000
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcached}
[filter:s3api]
use = egg:swift#s3api
location = {region}
storage_domain = localhost
auth_pipeline_check = false
[filter:tempauth]
use = egg:swift#tempauth
{users}
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""


def die(message):
    print(f"s3_server: {message}", file=sys.stderr)
    sys.exit(1)


def end_with_parent(number):
    """Asks the kernel for a signal when the parent dies: nothing may outlive a test that was killed."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, number)


def listen():
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    sock.listen(1024)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def make_ring(folder, name, port):
    from swift.common.ring import RingBuilder

    builder = RingBuilder(4, 1, 0)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "weight": 1.0, "ip": "127.0.0.1", "port": port, "device": "d1",
                     "replication_ip": "127.0.0.1", "replication_port": port, "meta": ""})
    builder.rebalance()
    builder.get_ring().save(str(folder / f"{name}.ring.gz"))


def start_memcached(folder):
    """Chooses its port by itself and writes it into a file."""
    program = shutil.which("memcached", path=os.environ.get("PATH", "") + ":/usr/bin")
    if program is None:
        die(f"memcached is not installed; needed are {PACKAGES}")
    port_file = folder / "memcached.port"
    port_file.unlink(missing_ok=True)
    command = [program, "-l", "127.0.0.1", "-p", "-1", "-U", "0", "-m", "32", "-t", "1"]
    if os.geteuid() == 0:
        command += ["-u", "root"]
    child = subprocess.Popen(command, env={"MEMCACHED_PORT_FILENAME": str(port_file)}, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, preexec_fn=lambda: end_with_parent(signal.SIGKILL))
    deadline = time.monotonic() + MEMCACHED_PATIENCE_S
    while time.monotonic() < deadline and child.poll() is None:
        for line in port_file.read_text().splitlines() if port_file.exists() else []:
            if line.startswith("TCP INET: "):
                return child.pid, int(line.split()[-1])
        time.sleep(0.005)
    die("memcached did not start")


def serve(name, sock, folder, parent):
    """The life of one forked server; its warnings and errors go into a file of its own."""
    end_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    log = os.open(folder / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)

    import logging
    from eventlet import greenio
    from swift.common import utils, wsgi

    class LogHandler(logging.StreamHandler):
        LOG_LOCAL0 = 0

        def __init__(self, **ignored):
            super().__init__(sys.__stderr__)

    utils.ThreadSafeSysLogHandler = LogHandler
    wsgi.get_socket = lambda conf: greenio.GreenSocket(sock)
    sys.exit(wsgi.run_wsgi(str(folder / f"{name}-server.conf"), f"{name}-server"))


def start_swift(folder, keys):
    """Returns the port and the processes."""
    sockets = {name: listen() for name in (*STORAGE, "proxy")}
    ports = {name: sock.getsockname()[1] for name, sock in sockets.items()}
    (folder / "devices" / "d1").mkdir(parents=True, exist_ok=True)
    (folder / "swift.conf").write_text(SWIFT_CONF)

    from swift.common import utils
    utils.set_swift_dir(str(folder))
    import swift.account.server, swift.container.server, swift.obj.server, swift.proxy.server  # noqa: E401,F401
    import swift.common.middleware.s3api.s3api, swift.common.middleware.tempauth  # noqa: E401,F401

    memcached, memcached_port = start_memcached(folder)
    users = "\n".join(f"user_{access.replace(':', '_')} = {secret} .admin" for access, secret in keys)
    bodies = {name: STORAGE_CONF.format(name=name) for name in STORAGE}
    bodies["proxy"] = PROXY_CONF.format(memcached=memcached_port, region=REGION, users=users)
    for name, body in bodies.items():
        # Swift wants a name; it has no need to change the user.
        common = COMMON.format(port=ports[name], user=os.environ.get("USER", "nobody"), folder=folder)
        (folder / f"{name}-server.conf").write_text(common + body)
        (folder / f"{name}-server.conf").chmod(0o600)
    for name in STORAGE:
        make_ring(folder, name, ports[name])

    parent = os.getpid()
    pids = [memcached]
    for name, sock in sockets.items():
        pid = os.fork()
        if pid == 0:
            serve(name, sock, folder, parent)
        pids.append(pid)
    for sock in sockets.values():
        sock.close()
    return ports["proxy"], pids


def create_bucket(client, name):
    """A folder that was used before has its buckets, and what is in them, still."""
    try:
        client.create_bucket(Bucket=name)
    except client.exceptions.BucketAlreadyOwnedByYou:
        pass


def stop(pids):
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in pids:
            os.kill(pid, number)  # not reaped yet, so still ours
        deadline = time.monotonic() + STOP_PATIENCE_S
        while pids and time.monotonic() < deadline:
            pids = [pid for pid in pids if os.waitpid(pid, os.WNOHANG) == (0, 0)]
            time.sleep(0.005)


def arguments():
    parser = argparse.ArgumentParser(description="Runs an S3 server that checks signatures, in the foreground, until "
                                     "SIGTERM, SIGINT or the end of its parent. When it is ready it prints one line of "
                                     "JSON: where it listens, two pairs of keys that do not see each other's objects, "
                                     "and the bucket. Logs and objects are in the folder given.")
    parser.add_argument("--dir", required=True, type=pathlib.Path, help="folder for everything it writes; made if missing")
    parser.add_argument("--bucket", action="append", help="bucket to create; may be repeated (default: pictures)")
    parser.add_argument("--stdin-buckets", action="store_true",
                        help="create a bucket for each line of standard input, answer each with a line, stop at its end")
    return parser.parse_args()


def main():
    end_with_parent(signal.SIGTERM)
    wanted = arguments()
    folder = wanted.dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    buckets = wanted.bucket or ["pictures"]
    keys = [(f"{party}:tester", secrets.token_hex(20)) for party in PARTIES]
    try:
        port, pids = start_swift(folder, keys)
        import boto3
        import botocore.config
        import botocore.exceptions
    except ModuleNotFoundError as missing:
        die(f"the Python module {missing.name} is not installed; needed are {PACKAGES}")

    def end(number, frame):
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    try:
        endpoint = f"http://127.0.0.1:{port}"
        client = boto3.client("s3", endpoint_url=endpoint, region_name=REGION, aws_access_key_id=keys[0][0],
                              aws_secret_access_key=keys[0][1],
                              config=botocore.config.Config(s3={"addressing_style": "path"}))
        for bucket in buckets:
            create_bucket(client, bucket)
        print(json.dumps({"endpoint": endpoint, "region": REGION, "access_key": keys[0][0], "secret_key": keys[0][1],
                          "other_access_key": keys[1][0], "other_secret_key": keys[1][1], "bucket": buckets[0]}), flush=True)
        if wanted.stdin_buckets:
            for line in sys.stdin:
                create_bucket(client, line.strip())
                print(json.dumps({"bucket": line.strip()}), flush=True)
        else:
            pid, status = os.wait()
            pids.remove(pid)
            die(f"one of the servers ended by itself with status {status}; see the logs in {folder}")
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        die(f"{error}; see the logs in {folder}")
    finally:
        stop(pids)


if __name__ == "__main__":
    main()
