// What all Node peers share: commands come as JSON lines on standard input, answers go as JSON lines to standard
// output. A queue gives five functions (see pg_boss.cjs); this file drives them and takes the times.
"use strict";
const readline = require("node:readline");

/// About 300 bytes, what an app says about one picture; `sent` is the machine's monotonic clock in nanoseconds.
function payload(number, sent) {
    return {
        type: "bg_remove", user_id: `customer-${number % 100}`, params: { v: 1, edges: "auto", margin: 0.05, seed: 123456789 },
        input: { key: `uploaded/3f0e9a52-9c1d-4c0e-8f53-${String(number).padStart(12, "0")}.jpg`, width: 1600, height: 1067 },
        metadata: { order: "A-12345", sku: "SHOE-42" }, webhook_url: "https://app.example.com/hooks/darkroom", sent,
    };
}

const now = () => Number(process.hrtime.bigint());
let next = 0;       // number of the next job
let worked = 0;     // jobs whose handler has run since start_worker
let waiting = null; // { jobs, done } of the command "worked"
let latencies = []; // nanoseconds, of jobs that say when they were sent

/// What a handler does: nothing but count.
function work(job) {
    ++worked;
    if (job.sent) latencies.push(now() - job.sent);
    if (waiting && worked >= waiting.jobs) waiting.done();
}

async function each(jobs, producers, one) {
    let left = jobs;
    const produce = async () => {
        while (left-- > 0) await one();
    };
    await Promise.all(Array.from({ length: producers }, produce));
}

async function enqueue(queue, { jobs, producers, bulk }) {
    const start = now();
    if (!bulk) {
        await each(jobs, producers, () => queue.add(payload(next++, 0)));
    } else {
        const batch = () => Array.from({ length: bulk }, () => payload(next++, 0));
        await each(Math.ceil(jobs / bulk), 4, () => queue.add_many(batch()));
    }
    return { seconds: (now() - start) / 1e9 };
}

// Open loop: a job is sent when its time has come, whether or not the ones before have been answered.
async function send_at_rate(queue, { rate, seconds }) {
    const total = Math.round(rate * seconds), start = now(), open = [];
    let slowest = 0, sent = 0;
    while (sent < total) {
        while (sent < total && now() - start >= (sent * 1e9) / rate) {
            const begun = now();
            open.push(queue.add(payload(next++, begun)).then(() => (slowest = Math.max(slowest, now() - begun))));
            ++sent;
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await Promise.all(open);
    return { sent, slowest_add_ms: slowest / 1e6 };
}

function take_latencies() {
    const sorted = latencies.sort((a, b) => a - b);
    latencies = [];
    const at = (share) => (sorted.length ? sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] / 1e6 : -1);
    return { count: sorted.length, p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1) };
}

let taken = [];

// What a worker does to get `count` jobs at once, and nothing else: its cost beside a long queue is what is asked.
async function take(queue, { count }) {
    const start = now();
    taken = await queue.take(count);
    const ms = (now() - start) / 1e6;
    if (taken.length !== count) throw new Error(`${taken.length} of ${count} jobs were taken`);
    return { ms };
}

// The queue is as long as before: what was taken ends, and as many come in.
async function settle(queue) {
    const count = taken.length;
    await queue.finish(taken);
    taken = [];
    await queue.add_many(Array.from({ length: count }, () => payload(next++, 0)));
    return {};
}

async function until_worked({ jobs }) {
    if (worked < jobs) await new Promise((done) => (waiting = { jobs, done }));
    waiting = null;
    return { worked };
}

async function answer(queue, command) {
    switch (command.op) {
        case "hello": return queue.hello();
        case "clear": await queue.clear(); return {};
        case "enqueue": return enqueue(queue, command);
        case "start_worker":
            worked = 0;
            latencies = [];
            await queue.start_worker(work, command.why);
            return {};
        case "worked": return until_worked(command);
        case "stop_worker": await queue.stop_worker(); return { worked };
        case "send_at_rate": return send_at_rate(queue, command);
        case "latencies": return take_latencies();
        case "take": return take(queue, command);
        case "settle": return settle(queue);
        case "left": return { left: await queue.left() };
        default: throw new Error(`no such command: ${command.op}`);
    }
}

function talk(queue) {
    readline.createInterface({ input: process.stdin }).on("line", async (line) => {
        try {
            console.log(JSON.stringify(await answer(queue, JSON.parse(line))));
        } catch (error) {
            console.log(JSON.stringify({ error: String(error.stack || error) }));
        }
    }).on("close", () => process.exit(0));
}

module.exports = { talk };
