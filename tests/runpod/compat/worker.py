"""The official Python worker, unmodified, with a handler for tests: what it does is told by the input's "op".

Started as any worker: the environment block that `darkroom endpoint` prints says where its endpoint is.
WORKER_KIND chooses how the handler is registered: plain, generator, aggregate or two (two jobs at once).
"""
import os
import time

import runpod


def plain(job):
    given = job["input"]
    if "output_prefix" in given:  # a job for Darkroom's worker: taken, so that both are seen to share a queue
        time.sleep(0.2)
        return {"left_to": "others"}
    if given["op"] == "raise":
        raise ValueError(given["value"])
    if given["op"] == "error":
        return {"error": given["value"], "seen": True}
    if given["op"] == "nothing":
        return {}
    if given["op"] == "refresh":
        return {"refresh_worker": True, "last": given["value"]}
    if given["op"] == "progress":
        for step in range(given["value"]):
            runpod.serverless.progress_update(job, f"step {step}")
            time.sleep(0.3)
        return {"steps": given["value"]}
    if given["op"] == "busy":
        time.sleep(given["value"])
    return {"echo": given.get("value"), "worker": os.environ["RUNPOD_POD_ID"], "webhook": job.get("webhook")}


def generator(job):
    for chunk in job["input"]["value"]:
        yield chunk


async def together(job):
    import asyncio

    await asyncio.sleep(job["input"]["value"])
    return {"echo": job["input"]["value"]}


START = {
    "plain": {"handler": plain},
    "generator": {"handler": generator},
    "aggregate": {"handler": generator, "return_aggregate_stream": True},
    "two": {"handler": together, "concurrency_modifier": lambda _: 2},
}

if __name__ == "__main__":
    runpod.serverless.start(START[os.environ.get("WORKER_KIND", "plain")])
