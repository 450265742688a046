"""`darkroom endpoint` and workers as child processes, for the compatibility tests. Nothing outlives stop()."""
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENT_KEY = "compat-client-key"


class Endpoint:
    def __init__(self, program, *flags):
        self.id = "ep-compat"
        self.log = tempfile.TemporaryFile("w+")
        self.child = subprocess.Popen(
            [program, "endpoint", "--endpoint", self.id, "--client-key", CLIENT_KEY,
             "--set", "ping_interval_ms=1000", *flags],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.base = self.child.stdout.readline().strip()
        if not self.base:
            self.log.seek(0)
            sys.exit("the endpoint did not start: " + self.log.read())
        self.workers = []

    def worker_environment(self, name):
        """What the endpoint itself prints for a worker, under another name."""
        self.log.seek(0)
        lines = [line.strip() for line in self.log if line.startswith("RUNPOD_")]
        block = dict(line.split("=", 1) for line in lines)
        block["RUNPOD_POD_ID"] = block["RUNPOD_POD_HOSTNAME"] = name
        return block

    def start_worker(self, name, kind="plain", command=None, settings=None):
        log = tempfile.TemporaryFile("w+")
        home = tempfile.mkdtemp(prefix="darkroom-compat-")
        environment = {"PATH": os.environ["PATH"], "HOME": home, "WORKER_KIND": kind,
                       **self.worker_environment(name), **(settings or {})}
        child = subprocess.Popen(command or [sys.executable, os.path.join(HERE, "worker.py")], cwd=home,
                                 env=environment, stdout=log, stderr=subprocess.STDOUT,
                                 start_new_session=True)
        child.log = log
        self.workers.append(child)
        return child

    @contextlib.contextmanager
    def worker(self, name, kind="plain", command=None, settings=None):
        """One that is gone afterwards, whatever happened."""
        child = self.start_worker(name, kind, command, settings)
        try:
            yield child
        finally:
            self.kill_worker(child)

    def kill_worker(self, child):
        """With its heartbeat, which is a process of its own and would go on by itself."""
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()

    def stop_workers(self):
        for child in self.workers:
            self.kill_worker(child)
        self.workers = []

    def stop(self):
        self.stop_workers()
        self.child.terminate()
        self.child.wait(10)

    def control(self, path, body=None):
        root = self.base.removesuffix("/v2")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(root + path, data, {"Authorization": CLIENT_KEY})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def logs(self):
        for child in self.workers:
            child.log.seek(0)
            yield child.log.read()
