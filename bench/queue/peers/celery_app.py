"""The Celery app of bench queue: one task that does nothing but count."""
import multiprocessing
import os
import time

from celery import Celery

app = Celery("darkroom_bench", broker=os.environ["QUEUE_URL"])
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,  # else a worker that dies takes its jobs along, which none of the other queues allows
    worker_prefetch_multiplier=64,
    task_serializer="json",
)

# Shared by the one who sends and the worker's processes, which are forked later: how many tasks have run, and how
# long those had waited that say when they were sent.
SLOTS = 1 << 20
count = multiprocessing.Value("q", 0)
waited_ms = multiprocessing.Array("d", SLOTS, lock=False)


@app.task(name="bench")
def work(job):
    with count.get_lock():
        place = count.value
        count.value = place + 1
    waited_ms[place % SLOTS] = (time.monotonic_ns() - job["sent"]) / 1e6 if job["sent"] else -1
