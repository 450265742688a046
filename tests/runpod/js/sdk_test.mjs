// The official JavaScript SDK, unmodified, against `darkroom endpoint`: everything it offers. The SDK's path,
// the endpoint and the keys come as environment variables; the exit code says whether all of it held.
import assert from "node:assert/strict";
import { Worker } from "./worker.mjs";

const { RUNPOD_SDK, BASE_URL, ENDPOINT_ID, CLIENT_KEY, WORKER_KEY } = process.env;
const { default: runpodSdk } = await import(RUNPOD_SDK);
const endpoint = runpodSdk(CLIENT_KEY, { baseUrl: BASE_URL }).endpoint(ENDPOINT_ID);

/// Asks again until `wanted` holds of the status; fails after ten seconds.
async function statusWhen(id, wanted) {
    for (const end = Date.now() + 10_000; Date.now() < end; ) {
        const status = await endpoint.status(id);
        if (wanted(status)) return status;
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.fail(`the status of ${id} never was as wanted: ${JSON.stringify(await endpoint.status(id))}`);
}

const checks = {
    async "a job that waits is IN_QUEUE, is counted, and can be cancelled"() {
        const { id, status } = await endpoint.run({ input: { op: "echo", value: 1 } });
        assert.match(id, /^[0-9a-f-]{36}-u1$/);
        assert.equal(status, "IN_QUEUE");
        const seen = await endpoint.status(id);
        assert.deepEqual([seen.status, seen.started, seen.completed], ["IN_QUEUE", true, false]);
        const health = await endpoint.health();
        assert.equal(health.jobs.inQueue, 1);
        assert.deepEqual(Object.keys(health.workers).sort(),
            ["idle", "initializing", "ready", "running", "throttled", "unhealthy"]);
        const cancelled = await endpoint.cancel(id);
        assert.deepEqual([cancelled.id, cancelled.status], [id, "CANCELLED"]);
        assert.equal((await endpoint.status(id)).completed, true);
    },
    async "purging empties the queue"() {
        await endpoint.run({ input: { op: "echo", value: 1 } });
        await endpoint.run({ input: { op: "echo", value: 2 }, policy: { lowPriority: true } });
        assert.deepEqual(await endpoint.purgeQueue(), { removed: 2, status: "completed" });
        assert.equal((await endpoint.health()).jobs.inQueue, 0);
    },
    async "what is wrong is refused, and the SDK throws"() {
        await assert.rejects(endpoint.run({ input: {} }));
        await assert.rejects(endpoint.run({ noInput: 1 }));
        await assert.rejects(endpoint.status("00000000-0000-4000-8000-000000000000-u1"));
        await assert.rejects(runpodSdk("wrong", { baseUrl: BASE_URL }).endpoint(ENDPOINT_ID).health());
        await assert.rejects(runpodSdk(CLIENT_KEY, { baseUrl: BASE_URL }).endpoint("other").health());
    },
    async "runsync that nobody takes gives up after its time"() {
        const result = await endpoint.runSync({ input: { op: "echo", value: 1 } }, 1_000);
        assert.equal(result.completed, false);
        assert.match(result.id, /^sync-/);
        await endpoint.purgeQueue();
    },
    "a worker comes": (worker) => worker.start(),
    async "run and status bring the result"() {
        const { id } = await endpoint.run({ input: { op: "echo", value: { text: "grüße ✓" } } });
        const status = await statusWhen(id, (one) => one.completed);
        assert.equal(status.succeeded, true);
        assert.deepEqual(status.output, { echo: { text: "grüße ✓" }, worker: "js-worker" });
        assert.equal(status.workerId, "js-worker");
        assert.ok(Number.isInteger(status.delayTime) && Number.isInteger(status.executionTime));
    },
    async "runsync brings the result"() {
        const result = await endpoint.runSync({ input: { op: "echo", value: 7 } });
        assert.deepEqual([result.status, result.output.echo], ["COMPLETED", 7]);
    },
    async "a failure has its text"() {
        const result = await endpoint.runSync({ input: { op: "fail", value: "no memory" } });
        assert.deepEqual([result.status, result.succeeded], ["FAILED", false]);
        assert.equal(JSON.parse(result.error).error_message, "no memory");
    },
    async "streams bring no chunk, one, and many, in order"() {
        for (const value of [[], ["one"], Array.from({ length: 50 }, (_, i) => ({ i }))]) {
            const { id } = await endpoint.run({ input: { op: "stream", value } });
            const chunks = [];
            for await (const chunk of endpoint.stream(id)) chunks.push(chunk.output);
            assert.deepEqual(chunks, value);
        }
    },
    async "a running job shows progress, is cancelled, and its worker is told"(worker) {
        const { id } = await endpoint.run({ input: { op: "until_stopped" } });
        const running = await statusWhen(id, (one) => one.output === "waiting");
        assert.equal(running.status, "IN_PROGRESS");
        assert.equal((await endpoint.cancel(id)).status, "CANCELLED");
        assert.equal((await endpoint.status(id)).status, "CANCELLED");
        const next = await endpoint.runSync({ input: { op: "echo", value: "the worker is free again" } });
        assert.equal(next.status, "COMPLETED");
        assert.deepEqual(worker.stopped, [id]);
    },
    async "health has counted all of it"() {
        const { jobs } = await endpoint.health();
        assert.deepEqual([jobs.failed, jobs.inProgress, jobs.inQueue], [1, 0, 0]);
        assert.equal(jobs.completed, 6);
    },
};

const worker = new Worker(BASE_URL, ENDPOINT_ID, WORKER_KEY, "js-worker");
let failed = 0;
for (const [name, check] of Object.entries(checks)) {
    try {
        await check(worker);
        console.log(`ok    ${name}`);
    } catch (error) {
        ++failed;
        console.log(`FAIL  ${name}\n${error.stack}`);
    }
}
await worker.stop();
process.exit(failed === 0 ? 0 : 1);
