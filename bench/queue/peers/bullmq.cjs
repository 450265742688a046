// BullMQ as a peer of bench queue: one connection for producers, whose commands ioredis sends in a pipeline, and one
// worker with many jobs at once. Finished jobs are removed, as its guide advises for speed.
"use strict";
const IORedis = require("ioredis");
const { Queue, Worker } = require("bullmq");
const { talk } = require("./talk.cjs");

const name = "darkroom-bench";
const Redis = IORedis.default || IORedis;
const connect = () => new Redis(process.env.QUEUE_URL, { maxRetriesPerRequest: null, enableAutoPipelining: process.env.PEER_PIPELINE === "1" });
const queue = new Queue(name, { connection: connect(), defaultJobOptions: { removeOnComplete: true, removeOnFail: true } });
let worker = null;

talk({
    async hello() {
        await queue.waitUntilReady();
        return { name: "BullMQ", version: require("bullmq/package.json").version };
    },
    clear: () => queue.obliterate({ force: true }),
    add: (data) => queue.add("bench", data),
    add_many: (list) => queue.addBulk(list.map((data) => ({ name: "bench", data }))),
    async start_worker(work) {
        worker = new Worker(name, async (job) => work(job.data), {
            connection: connect(), concurrency: Number(process.env.PEER_WORKERS || 100),
        });
        worker.on("error", (error) => console.error(error.message));
        await worker.waitUntilReady();
    },
    stop_worker: () => worker.close(),
    async left() {
        return Object.values(await queue.getJobCounts("wait", "active", "delayed")).reduce((a, b) => a + b, 0);
    },
});
