"""Celery on Redis as a peer of bench queue: jobs are sent by threads of this process, and worked on by Celery's own
worker with a process for each of two cores. Commands and answers are JSON lines, as in talk.cjs."""
import json
import math
import os
import sys
import threading
import time
import traceback

import celery_app

app = celery_app.app
PRODUCERS_MAX = 8  # with more threads its producers wait for each other: 64 are slower than 8
PATIENCE_S = 60


def worker(ready):
    """In a process of its own, until it is told to stop."""
    from celery.signals import worker_ready
    os.dup2(2, 1)  # standard output belongs to the answers
    worker_ready.connect(lambda **_: os.write(ready, b"r"), weak=False)
    app.worker_main(["worker", "--concurrency=2", "--without-gossip", "--without-mingle", "--without-heartbeat",
                     "--loglevel=error"])


def keep_worker(commands, answers):
    """Starts and ends workers when told: forked before anything is connected, so that nothing is shared by accident."""
    pid = 0
    while True:
        command = os.read(commands, 1)
        if command == b"s":
            pid = os.fork()
            if pid == 0:
                worker(answers)
                os._exit(0)
        else:
            if pid:
                os.kill(pid, 15)
                os.waitpid(pid, 0)
                pid = 0
            os.write(answers, b"e")
        if command == b"":
            os._exit(0)


class Queue:
    def __init__(self):
        command_read, self.commands = os.pipe()
        self.answers, answer_write = os.pipe()
        if os.fork() == 0:
            os.close(self.commands)
            keep_worker(command_read, answer_write)
        os.close(command_read)
        os.close(answer_write)
        self.number = 0

    def tell(self, command):
        os.write(self.commands, command)
        if os.read(self.answers, 1) == b"":
            raise RuntimeError("Celery's worker is gone")

    def payload(self, sent):
        self.number += 1
        return {
            "type": "bg_remove", "user_id": f"customer-{self.number % 100}",
            "params": {"v": 1, "edges": "auto", "margin": 0.05, "seed": 123456789},
            "input": {"key": f"uploaded/3f0e9a52-9c1d-4c0e-8f53-{self.number:012d}.jpg", "width": 1600, "height": 1067},
            "metadata": {"order": "A-12345", "sku": "SHOE-42"}, "webhook_url": "https://app.example.com/hooks/darkroom",
            "sent": sent,
        }

    def hello(self, _):
        import celery
        import redis
        return {"version": f"Celery {celery.__version__}, redis-py {redis.__version__}"}

    def clear(self, _):
        app.control.purge()
        return {}

    def enqueue(self, command):
        if command.get("bulk"):
            raise RuntimeError("Celery has no call that sends many")
        many = min(PRODUCERS_MAX, command["producers"])
        shares = [command["jobs"] // many + (1 if i < command["jobs"] % many else 0) for i in range(many)]

        def produce(share):
            for _ in range(share):
                celery_app.work.delay(self.payload(0))

        start = time.monotonic()
        threads = [threading.Thread(target=produce, args=(share,)) for share in shares]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {"seconds": time.monotonic() - start}

    def start_worker(self, _):
        celery_app.count.value = 0
        self.tell(b"s")
        return {}

    def stop_worker(self, _):
        # A task is counted before it is acknowledged: one that is not yet would go back into the queue.
        deadline = time.monotonic() + PATIENCE_S
        with app.connection_for_read() as connection:
            redis = connection.default_channel.client
            while redis.hlen("unacked") + redis.llen("celery") > 0 and time.monotonic() < deadline:
                time.sleep(0.001)
        self.tell(b"x")
        return {"worked": celery_app.count.value}

    def worked(self, command):
        deadline = time.monotonic() + PATIENCE_S
        while celery_app.count.value < command["jobs"]:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{celery_app.count.value} of {command['jobs']} jobs were worked on in time")
            time.sleep(0.0005)
        return {"worked": celery_app.count.value}

    def send_at_rate(self, command):
        total = round(command["rate"] * command["seconds"])
        start, slowest = time.monotonic(), 0
        for i in range(total):
            due = start + i / command["rate"]
            time.sleep(max(0, due - time.monotonic()))
            begun = time.monotonic_ns()
            celery_app.work.delay(self.payload(begun))
            slowest = max(slowest, time.monotonic_ns() - begun)
        return {"sent": total, "slowest_add_ms": slowest / 1e6}

    def latencies(self, _):
        waited = sorted(ms for ms in celery_app.waited_ms[:celery_app.count.value] if ms >= 0)

        def at(share):
            return waited[max(0, math.ceil(share * len(waited)) - 1)] if waited else -1
        return {"count": len(waited), "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1)}

    def left(self, _):
        with app.connection_for_read() as connection:
            return {"left": connection.default_channel.client.llen("celery")}


OPS = ("hello", "clear", "enqueue", "start_worker", "stop_worker", "worked", "send_at_rate", "latencies", "left")


def main():
    queue = Queue()
    for line in sys.stdin:
        try:
            command = json.loads(line)
            if command["op"] not in OPS:
                raise RuntimeError(f"no such command: {command['op']}")
            answer = getattr(queue, command["op"])(command)
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


main()
