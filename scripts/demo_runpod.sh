# shellcheck shell=bash
# The RunPod part of the demo, sourced by demo.sh: `darkroom endpoint` plays RunPod, two `darkroom worker` take its jobs, and
# the gateway sends everything there. Workers know no key of the bucket: they get presigned links.

endpoint_pid=
worker_pids=()
client_key=local-client-key

endpoint_is_up_or_gone() { [ -s "$out/endpoint.url" ] || ! kill -0 "$endpoint_pid" 2>/dev/null; }

# The gateway learns of the endpoint as it would of one at RunPod: by its environment.
start_endpoint() {
    "$bin/darkroom" endpoint --journal "$out/journal.jsonl" --set workers_max=2 --set cold_start_ms=1500 \
        >"$out/endpoint.url" 2>"$out/endpoint.log" &
    endpoint_pid=$!
    if ! wait_until "$start_patience_s" endpoint_is_up_or_gone || [ ! -s "$out/endpoint.url" ]; then
        cat "$out/endpoint.log" >&2
        die "the endpoint did not start"
    fi
    RUNPOD_ENDPOINT_BASE_URL=$(<"$out/endpoint.url")
    CALLBACK_SECRET=$(od -An -N 24 -tx1 /dev/urandom | tr -d ' \n')
    export COMFYUI_MODE=serverless RUNPOD_API_KEY=$client_key "RUNPOD_ENDPOINT_ID=ep-local;gpu=RTX 4090" RUNPOD_ENDPOINT_BASE_URL CALLBACK_SECRET
    echo "A RunPod endpoint listens on $RUNPOD_ENDPOINT_BASE_URL/ep-local; cold starts take 1.5 s"
}

# start_workers COUNT [NAME=VALUE...]: with the environment that the endpoint prints for them, and nothing of the gateway's.
start_workers() {
    local count=$1 number block
    shift
    mapfile -t block < <(grep -E '^RUNPOD_[A-Z_]+=' "$out/endpoint.log")
    for ((number = 1; number <= count; number++)); do
        env -i PATH="$PATH" LC_ALL=C "${block[@]}" "RUNPOD_POD_ID=worker-$number" "$@" "$bin/darkroom" worker >>"$out/worker-$number.log" 2>&1 &
        worker_pids+=("$!")
    done
    echo "$count workers started"
}

workers_are_gone() {
    local pid
    for pid in "${worker_pids[@]}"; do
        if kill -0 "$pid" 2>/dev/null; then return 1; fi
    done
}

stop_workers() {
    if [ ${#worker_pids[@]} -eq 0 ]; then return 0; fi
    kill -TERM "${worker_pids[@]}" 2>/dev/null || true
    wait_until "$stop_patience_s" workers_are_gone || kill -KILL "${worker_pids[@]}" 2>/dev/null || true
    wait "${worker_pids[@]}" 2>/dev/null || true
    worker_pids=()
}

stop_endpoint() {
    if [ -z "$endpoint_pid" ]; then return 0; fi
    kill -TERM "$endpoint_pid" 2>/dev/null || true
    wait "$endpoint_pid" 2>/dev/null || true
    endpoint_pid=
}

# How the ends of the jobs in a table were heard, and how long after the remote end each job had ended.
tell_how_heard() { # ROWS
    python3 "$root/scripts/heard.py" "$url" "$data/admin.key" "$out/journal.jsonl" <"$1"
}

# The same pictures once more, with every webhook lost and workers that cannot call back: only polling is left.
go_without_webhooks() {
    echo "Once more, with all webhooks lost and workers that cannot call back:"
    curl -sS --fail-with-body -H "Authorization: $client_key" -d '{"faults":{"webhook_drop":"always"}}' \
        "${RUNPOD_ENDPOINT_BASE_URL%/v2}/_darkroom/faults" >/dev/null
    stop_workers
    start_workers 2
    run_all "$out/rows-2.tsv"
    succeeded=$((succeeded + $(count_succeeded "$out/rows-2.tsv")))
    total=$((total * 2))
    tell_how_heard "$out/rows-2.tsv"
}
