// pg-boss as a peer of bench queue. Jobs are sent one call each by a pool of connections, or by insert(); they are
// fetched and completed in batches, again at once while batches are full. The queue has a table of its own, as advised
// for large ones. Workers are woken by NOTIFY where latency is measured, and not where throughput is: it costs some.
"use strict";
const { PgBoss } = require("pg-boss");
const { talk } = require("./talk.cjs");

const queue = "darkroom-bench";
const boss = new PgBoss({
    connectionString: process.env.QUEUE_URL, max: 16, schedule: false, useListenNotify: true, monitorVacuum: false,
});
boss.on("error", (error) => console.error(error.message));
let begun = null;

async function start() {
    await boss.start();
    if (!(await boss.getQueue(queue))) await boss.createQueue(queue, { partition: true });
}
const started = () => (begun ??= start());

talk({
    async hello() {
        await started();
        return { version: `pg-boss ${require("pg-boss/package.json").version}` };
    },
    clear: () => boss.deleteAllJobs(queue),
    add: (data) => boss.send(queue, data),
    add_many: (list) => boss.insert(queue, list.map((data) => ({ data }))),
    async start_worker(work, why) {
        await boss.updateQueue(queue, { notify: why === "latency" });
        const options = {
            batchSize: 250, localConcurrency: 4, pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 2, burstWhenBatchFull: true,
        };
        await boss.work(queue, options, async (jobs) => {
            for (const job of jobs) work(job.data);
        });
    },
    stop_worker: () => boss.offWork(queue, { wait: true }),
    take: (count) => boss.fetch(queue, { batchSize: count }),
    finish: (jobs) => boss.complete(queue, jobs.map((job) => job.id)),
    async left() {
        const text = "select count(*)::int as n from pgboss.job where name = $1 and state < 'completed'";
        return (await boss.getDb().executeSql(text, [queue])).rows[0].n;
    },
});
