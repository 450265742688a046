// graphile-worker as a peer of bench queue, set up as its page on performance says: a local queue that locks many
// jobs at once, and completions that are sent together.
"use strict";
const { Pool } = require("pg");
const fs = require("node:fs");
const path = require("node:path");
const { makeWorkerUtils, run, Logger } = require("graphile-worker");
const { talk } = require("./talk.cjs");

const quiet = new Logger(() => (level, message) => {
    if (level === "error") console.error(message);
});
const pool = new Pool({ connectionString: process.env.QUEUE_URL, max: Number(process.env.PEER_CONNECTIONS || 16) });
pool.on("error", (error) => console.error(error.message));
pool.on("connect", (client) => client.on("error", (error) => console.error(error.message)));
const preset = {
    worker: {
        concurrentJobs: Number(process.env.PEER_WORKERS || 24),
        localQueue: { size: Number(process.env.PEER_BATCH || 500) },
        completeJobBatchDelay: Number(process.env.PEER_DELAY || 0),
        failJobBatchDelay: Number(process.env.PEER_DELAY || 0),
    },
};
let utils = null, runner = null;

// Its package.json is not among what it exports.
function version() {
    const folder = path.resolve(path.dirname(require.resolve("graphile-worker")), "..");
    return JSON.parse(fs.readFileSync(path.join(folder, "package.json"))).version;
}

async function started() {
    if (utils) return;
    utils = await makeWorkerUtils({ pgPool: pool, logger: quiet });
    await utils.migrate();
}

talk({
    async hello() {
        await started();
        return { name: "graphile-worker", version: version() };
    },
    async clear() {
        await started();
        await pool.query("truncate graphile_worker._private_jobs");
    },
    add: (data) => utils.addJob("bench", data),
    add_many: (list) => utils.addJobs(list.map((payload) => ({ identifier: "bench", payload }))),
    async start_worker(work) {
        await started();
        runner = await run({ pgPool: pool, logger: quiet, noHandleSignals: true, preset, taskList: { bench: async (data) => work(data) } });
    },
    stop_worker: () => runner.stop(),
    async left() {
        return (await pool.query("select count(*)::int as n from graphile_worker._private_jobs")).rows[0].n;
    },
});
