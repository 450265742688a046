// pg-boss as a peer of bench queue. Jobs are sent one call each by a pool of connections, or by insert(); they are
// fetched and completed in batches, again at once while batches are full.
"use strict";
const { PgBoss } = require("pg-boss");
const { talk } = require("./talk.cjs");

const queue = "darkroom-bench";
const notify = process.env.PEER_NOTIFY === "1";
const boss = new PgBoss({
    connectionString: process.env.QUEUE_URL, max: Number(process.env.PEER_CONNECTIONS || 16),
    schedule: false, useListenNotify: notify,
});
boss.on("error", (error) => console.error(error.message));
const workers = Number(process.env.PEER_WORKERS || 4);
const batch = Number(process.env.PEER_BATCH || 250);
let begun = null;

async function start() {
    await boss.start();
    if (!(await boss.getQueue(queue))) await boss.createQueue(queue, { notify });
}
const started = () => (begun ??= start());

talk({
    async hello() {
        await started();
        return { name: "pg-boss", version: require("pg-boss/package.json").version };
    },
    async clear() {
        await started();
        await boss.deleteAllJobs(queue);
    },
    add: (data) => boss.send(queue, data),
    add_many: (list) => boss.insert(queue, list.map((data) => ({ data }))),
    async start_worker(work) {
        await started();
        const options = { batchSize: batch, localConcurrency: workers, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
        if (notify) options.notifyPollingIntervalSeconds = 2;
        await boss.work(queue, options, async (jobs) => {
            for (const job of jobs) work(job.data);
        });
    },
    stop_worker: () => boss.offWork(queue, { wait: true }),
    async take(count) {
        await started();
        return (await boss.fetch(queue, { batchSize: count })).length;
    },
    async left() {
        const rows = await boss.getDb().executeSql("select count(*)::int as n from pgboss.job where name = $1 and state < 'completed'", [queue]);
        return rows.rows[0].n;
    },
});
