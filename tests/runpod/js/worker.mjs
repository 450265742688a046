// A worker for tests that speaks RunPod's worker protocol as the official one does: take, progress, stream,
// done, ping and job-stop, with the content types and header oddities of the original. What it does is told
// by the job's input: {"op":"echo"|"fail"|"stream"|"progress"|"until_stopped","value":…}.
export class Worker {
    constructor(base, endpoint, key, id) {
        this.urls = `${base}/${endpoint}`;
        this.headers = { "Content-Type": "application/json", Authorization: key };
        this.id = id;
        this.ending = new AbortController();
        this.inHand = new Map();
        this.stopped = [];
    }

    start() {
        this.loops = [this.takeJobs(), this.listenForStops(), this.ping()];
    }

    async stop() {
        this.ending.abort();
        await Promise.allSettled(this.loops);
    }

    async get(path) {
        const signal = this.ending.signal;
        return fetch(`${this.urls}/${path}`, { headers: this.headers, signal });
    }

    async post(path, job, body) {
        return fetch(`${this.urls}/${path}`, {
            method: "POST",
            headers: { ...this.headers, "Content-Type": "application/x-www-form-urlencoded", charset: "utf-8",
                       "X-Request-ID": job },
            body: JSON.stringify(body),
        });
    }

    done(job, body, isStream = false) {
        return this.post(`job-done/${this.id}/${job}?gpu=LOCAL&isStream=${isStream}`, job, body);
    }

    async takeJobs() {
        while (!this.ending.signal.aborted) {
            const answer = await this.get(`job-take/${this.id}?gpu=LOCAL&job_in_progress=0`);
            if (answer.status !== 200) continue;
            await this.work(await answer.json());
        }
    }

    async work({ id, input }) {
        const stop = new Promise((resolve) => this.inHand.set(id, resolve));
        if (input.op === "fail") {
            await this.done(id, { error: JSON.stringify({ error_type: "ValueError", error_message: input.value }) });
        } else if (input.op === "stream") {
            for (const value of input.value) {
                await this.post(`job-stream/${this.id}/${id}?gpu=LOCAL&isStream=false`, id, { output: value });
            }
            await this.done(id, { output: [] }, true);
        } else if (input.op === "until_stopped") {
            await this.done(id, { status: "IN_PROGRESS", output: "waiting" });
            await stop;  // and no job-done: the platform has ended the job already
        } else {
            await this.done(id, { output: { echo: input.value, worker: this.id } });
        }
        this.inHand.delete(id);
    }

    async listenForStops() {
        while (!this.ending.signal.aborted) {
            const answer = await this.get(`job-stop/${this.id}?gpu=LOCAL`);
            if (answer.status !== 200) continue;
            for (const id of (await answer.json()).jobsToStop) {
                this.stopped.push(id);
                this.inHand.get(id)?.();
            }
        }
    }

    async ping() {
        while (!this.ending.signal.aborted) {
            const ids = [...this.inHand.keys()].join(",");
            await this.get(`ping/${this.id}?gpu=LOCAL${ids ? `&job_id=${ids}` : ""}&runpod_version=test`);
            await new Promise((resolve) => {
                const timer = setTimeout(resolve, 1000);
                this.ending.signal.addEventListener("abort", () => (clearTimeout(timer), resolve()));
            });
        }
    }
}
