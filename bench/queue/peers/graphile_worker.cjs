// graphile-worker as a peer of bench queue, set up as its page on performance says: a local queue that locks many
// jobs at once, and completions that are sent together.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { Pool } = require("pg");
const { makeWorkerUtils, run, Logger } = require("graphile-worker");
const { talk } = require("./talk.cjs");

// Some of it is not among what it exports: its package.json, and how a worker fetches and completes.
const folder = path.resolve(path.dirname(require.resolve("graphile-worker")), "..");
const inside = (file) => require(path.join(folder, "dist", file));

const quiet = new Logger(() => (level, message) => {
    if (level === "error") console.error(message);
});
const complain = (error) => console.error(error.message);
const pool = new Pool({ connectionString: process.env.QUEUE_URL, max: 16 });
pool.on("error", complain);
pool.on("connect", (client) => client.on("error", complain));
const preset = { worker: { concurrentJobs: 24, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } };
const tasks = { bench: async () => {} };
let utils = null, runner = null, shared = null;

async function started() {
    if (utils) return;
    utils = await makeWorkerUtils({ pgPool: pool, logger: quiet });
    await utils.migrate();
    shared = inside("lib.js").processSharedOptions({ pgPool: pool, logger: quiet, preset });
}

async function with_client(callback) {
    const client = await pool.connect();
    try {
        return await callback(client);
    } finally {
        client.release();
    }
}
with_client.withRetries = with_client;

talk({
    async hello() {
        await started();
        const { version } = JSON.parse(fs.readFileSync(path.join(folder, "package.json")));
        return { version: `graphile-worker ${version}` };
    },
    clear: () => pool.query("truncate graphile_worker._private_jobs"),
    add: (data) => utils.addJob("bench", data),
    add_many: (list) => utils.addJobs(list.map((payload) => ({ identifier: "bench", payload }))),
    async start_worker(work) {
        const list = { bench: async (data) => work(data) };
        runner = await run({ pgPool: pool, logger: quiet, noHandleSignals: true, preset, taskList: list });
    },
    stop_worker: () => runner.stop(),
    take: (count) => inside("sql/getJobs.js").batchGetJobs(shared, with_client, tasks, "bench", null, count),
    finish: (jobs) => inside("sql/completeJobs.js").batchCompleteJobs(shared, with_client, "bench", jobs),
    async left() {
        return (await pool.query("select count(*)::int as n from graphile_worker._private_jobs")).rows[0].n;
    },
});
