"""RunPod's own Python package as client and as worker, unmodified, against `darkroom endpoint`.

usage: sdk_test.py PROGRAM        Prints a line for each check; the exit code says whether all held.
"""
import asyncio
import json
import os
import struct
import sys
import tempfile
import time
import traceback
import zlib

from endpoint import CLIENT_KEY, Endpoint

PROGRAM = os.path.abspath(sys.argv[1])
ENDPOINT = Endpoint(PROGRAM)
os.environ["RUNPOD_ENDPOINT_BASE_URL"] = ENDPOINT.base  # the package reads it when it is imported
os.environ["HOME"] = "/nonexistent"  # nobody's own configuration is used

import aiohttp  # noqa: E402
import runpod  # noqa: E402
from runpod import AsyncioEndpoint  # noqa: E402

runpod.api_key = CLIENT_KEY
CLIENT = runpod.Endpoint(ENDPOINT.id)


def wait_for(wanted, within=20):
    end = time.monotonic() + within
    while time.monotonic() < end:
        found = wanted()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("did not happen in time")


def check_waiting_jobs_are_counted_cancelled_and_purged():
    first = CLIENT.run({"input": {"op": "echo", "value": 1}})
    CLIENT.run({"input": {"op": "echo", "value": 2}})
    assert first.status() == "IN_QUEUE", first.status()
    assert CLIENT.health()["jobs"]["inQueue"] == 2
    assert first.cancel()["status"] == "CANCELLED"
    assert CLIENT.purge_queue() == {"removed": 1, "status": "completed"}


def check_a_wrong_key_is_told():
    try:
        runpod.Endpoint(ENDPOINT.id, api_key="wrong").run({"input": {"op": "echo"}})
    except Exception as error:  # the package raises RuntimeError or its own kind, by version
        assert "401" in str(error) or "nauthorized" in str(error), error
        return
    raise AssertionError("a wrong key was taken")


def check_the_official_worker_is_served():
    ENDPOINT.start_worker("python-1")
    job = CLIENT.run({"input": {"op": "echo", "value": "grüße"}, "webhook": "http://127.0.0.1:9/x"})
    output = job.output(timeout=40)
    assert output == {"echo": "grüße", "worker": "python-1", "webhook": "http://127.0.0.1:9/x"}, output
    assert job.status() == "COMPLETED"


def check_run_sync_brings_the_output():
    assert CLIENT.run_sync({"input": {"op": "echo", "value": [1, 2]}}, timeout=30)["echo"] == [1, 2]


def check_exceptions_and_errors_fail_the_job():
    job = CLIENT.run({"input": {"op": "raise", "value": "no memory"}})
    wait_for(lambda: job.status() == "FAILED")
    state = CLIENT.rp_client.get(f"{ENDPOINT.id}/status/{job.job_id}")
    assert json.loads(state["error"])["error_message"] == "no memory", state
    job = CLIENT.run({"input": {"op": "error", "value": "wrong picture"}})
    wait_for(lambda: job.status() == "FAILED")
    state = CLIENT.rp_client.get(f"{ENDPOINT.id}/status/{job.job_id}")
    assert state["error"] == "wrong picture" and state["output"] == {"seen": True}, state


def check_a_handler_that_returns_nothing_completes_without_output():
    job = CLIENT.run({"input": {"op": "nothing"}})
    wait_for(lambda: job.status() == "COMPLETED")
    assert "output" not in CLIENT.rp_client.get(f"{ENDPOINT.id}/status/{job.job_id}")


def check_progress_is_seen_and_never_overwrites_the_end():
    job = CLIENT.run({"input": {"op": "progress", "value": 4}})
    path = f"{ENDPOINT.id}/status/{job.job_id}"
    seen = wait_for(lambda: CLIENT.rp_client.get(path).get("output"))
    assert str(seen).startswith("step") or seen == {"steps": 4}, seen
    wait_for(lambda: job.status() == "COMPLETED")
    time.sleep(0.5)  # the worker posts progress beside the result: one that comes late must change nothing
    assert CLIENT.rp_client.get(path)["output"] == {"steps": 4}


def check_asyncio_client():
    async def talk():
        async with aiohttp.ClientSession() as session:
            endpoint = AsyncioEndpoint(ENDPOINT.id, session)
            job = await endpoint.run({"op": "echo", "value": 5})
            assert (await job.output(timeout=30))["echo"] == 5
            assert await job.status() == "COMPLETED"
            assert (await endpoint.health())["jobs"]["inQueue"] == 0

    asyncio.run(talk())


def check_cancelling_a_running_job_frees_nobody_it_should_not():
    job = CLIENT.run({"input": {"op": "busy", "value": 1}})
    wait_for(lambda: job.status() == "IN_PROGRESS")
    assert job.cancel()["status"] == "CANCELLED"
    time.sleep(1.2)  # its worker cannot be interrupted and ends after this
    assert job.status() == "CANCELLED"
    assert CLIENT.run_sync({"input": {"op": "echo", "value": 1}}, timeout=30)["echo"] == 1


def check_a_busy_worker_ends_its_job_after_sigterm():
    job = CLIENT.run({"input": {"op": "busy", "value": 2}})
    wait_for(lambda: job.status() == "IN_PROGRESS")
    ENDPOINT.workers[0].terminate()
    wait_for(lambda: job.status() == "COMPLETED")
    assert job.output(timeout=5)["worker"] == "python-1"
    ENDPOINT.stop_workers()


def check_a_worker_that_wants_to_be_refreshed_reports_first():
    with ENDPOINT.worker("python-refresh"):
        job = CLIENT.run({"input": {"op": "refresh", "value": 9}})
        assert job.output(timeout=40) == {"last": 9}


def check_streams(kind):
    with ENDPOINT.worker("python-" + kind, kind):
        for value in ([], ["one"], [{"n": n} for n in range(20)]):
            job = CLIENT.run({"input": {"op": "stream", "value": value}})
            chunks = [chunk["output"] if isinstance(chunk, dict) and "output" in chunk else chunk
                      for chunk in job.stream()]
            assert chunks == value, chunks
            state = CLIENT.rp_client.get(f"{ENDPOINT.id}/status/{job.job_id}")
            assert state["output"] == (value if kind == "aggregate" else []), state


def check_streams_of_a_generator():
    check_streams("generator")


def check_streams_that_are_aggregated():
    check_streams("aggregate")


def check_two_jobs_at_once():
    with ENDPOINT.worker("python-two", "two"):
        jobs = [CLIENT.run({"input": {"op": "wait", "value": 1.5}}) for _ in range(4)]
        wait_for(lambda: CLIENT.health()["jobs"]["inProgress"] == 2, within=40)
        for job in jobs:
            assert job.output(timeout=30) == {"echo": 1.5}


def check_a_worker_that_is_killed_loses_its_job_to_another():
    with ENDPOINT.worker("python-doomed"):
        job = CLIENT.run({"input": {"op": "busy", "value": 3}})
        wait_for(lambda: job.status() == "IN_PROGRESS", within=40)
    with ENDPOINT.worker("python-heir"):
        wait_for(lambda: job.status() == "COMPLETED", within=80)
        state = CLIENT.rp_client.get(f"{ENDPOINT.id}/status/{job.job_id}")
        assert state["retries"] == 1 and state["workerId"] == "python-heir", state


def white_square(size):
    """A PNG: white, with a darker square in the middle."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    def pixel(x, y):
        return b"\x40\x60\xa0" if all(size // 4 <= at < size * 3 // 4 for at in (x, y)) else b"\xff\xff\xff"

    rows = b"".join(b"\0" + b"".join(pixel(x, y) for x in range(size)) for y in range(size))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def darkroom_job(number):
    return {"job_id": f"compat-{number}", "type": "bg_remove", "params": {},
            "inputs": [{"path": "/runpod-volume/in.png"}], "output_prefix": f"out/{number}"}


def check_the_cpp_worker_and_the_official_one_share_an_endpoint():
    with tempfile.TemporaryDirectory(prefix="darkroom-volume-") as volume:
        with open(os.path.join(volume, "in.png"), "wb") as file:
            file.write(white_square(96))
        settings = {"DARKROOM_VOLUME_DIR": volume}
        with ENDPOINT.worker("python-side"), \
                ENDPOINT.worker("cpp-side", command=[PROGRAM, "worker"], settings=settings):
            by_worker = {}
            for burst in range(20):
                numbers = range(burst * 4, burst * 4 + 4)
                jobs = {number: CLIENT.run({"input": darkroom_job(number)}) for number in numbers}
                for number, job in jobs.items():
                    wait_for(lambda job=job: job.status() in ("COMPLETED", "FAILED"), within=40)
                    state = CLIENT.rp_client.get(f"{ENDPOINT.id}/status/{job.job_id}")
                    assert state["status"] == "COMPLETED", state
                    by_worker.setdefault(state["workerId"], []).append((number, state["output"]))
                if len(by_worker) == 2:
                    break
            assert sorted(by_worker) == ["cpp-side", "python-side"], sorted(by_worker)
            for number, output in by_worker["cpp-side"]:
                assert [file["role"] for file in output["files"]][0] == "main", output
                with open(os.path.join(volume, "out", str(number), "main.png"), "rb") as file:
                    assert file.read(8) == b"\x89PNG\r\n\x1a\n"


def main():
    failed = 0
    checks = [(name, check) for name, check in globals().items()
              if name.startswith("check_") and name != "check_streams"]
    print(f"runpod {runpod.__version__} against {PROGRAM}")
    for name, check in checks:
        begun = time.monotonic()
        try:
            check()
            verdict = "ok  "
        except Exception:
            failed += 1
            verdict = "FAIL"
            traceback.print_exc()
            for log in ENDPOINT.logs():
                sys.stderr.write(log[-4000:])
        print(f"{verdict}  {time.monotonic() - begun:5.1f} s  {name.removeprefix('check_').replace('_', ' ')}",
              flush=True)
    ENDPOINT.stop()
    print(f"{len(checks) - failed} of {len(checks)} held")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
