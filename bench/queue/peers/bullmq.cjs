// BullMQ as a peer of bench queue: one connection for producers, whose commands ioredis sends in a pipeline, and one
// worker with many jobs at once. Finished jobs are removed, as its guide advises for speed.
"use strict";
const IORedis = require("ioredis");
const { Queue, Worker } = require("bullmq");
const { talk } = require("./talk.cjs");

const name = "darkroom-bench", token = "bench";
const Redis = IORedis.default || IORedis;
const connect = () => new Redis(process.env.QUEUE_URL, { maxRetriesPerRequest: null });
const queue = new Queue(name, { connection: connect(), defaultJobOptions: { removeOnComplete: true, removeOnFail: true } });
let worker = null, taker = null;

talk({
    async hello() {
        await queue.waitUntilReady();
        const of = (one) => require(`${one}/package.json`).version;
        return { version: `BullMQ ${of("bullmq")}, ioredis ${of("ioredis")}` };
    },
    clear: () => queue.obliterate({ force: true, count: 10000 }),
    add: (data) => queue.add("bench", data),
    add_many: (list) => queue.addBulk(list.map((data) => ({ name: "bench", data }))),
    async start_worker(work) {
        worker = new Worker(name, async (job) => work(job.data), { connection: connect(), concurrency: 100 });
        worker.on("error", (error) => console.error(error.message));
        await worker.waitUntilReady();
    },
    stop_worker: () => worker.close(),
    async take(count) {
        if (!taker) {
            taker = new Worker(name, null, { connection: connect(), autorun: false, skipStalledCheck: true });
            await taker.waitUntilReady();
        }
        return Promise.all(Array.from({ length: count }, () => taker.getNextJob(token, { block: false })));
    },
    finish: (jobs) => Promise.all(jobs.map((job) => job.moveToCompleted(null, token, false))),
    async left() {
        return Object.values(await queue.getJobCounts("wait", "active", "delayed")).reduce((a, b) => a + b, 0);
    },
});
