# shellcheck shell=bash
# The pod part of the demo, sourced by demo.sh: the same photos are restored on a played ComfyUI pod, on RunPod Serverless (an
# endpoint on this machine whose worker drives a ComfyUI), and on this machine's CPU. Between the three runs of the same gateway
# nothing changes but COMFYUI_MODE.

pod_pid=
pod_url=

pod_is_up_or_gone() { [ -s "$out/pod.json" ] || ! kill -0 "$pod_pid" 2>/dev/null; }

# The played server talks with a test over its standard input, whose end ends it.
start_pod() {
    mkfifo "$out/pod.orders"
    "$root/tests/support/comfyui_server.py" --dir "$out/pod" --run-ms 400 --transform <"$out/pod.orders" >"$out/pod.json" 2>"$out/pod.log" &
    pod_pid=$!
    exec 9>"$out/pod.orders"
    if ! wait_until "$start_patience_s" pod_is_up_or_gone || [ ! -s "$out/pod.json" ]; then
        cat "$out/pod.log" >&2
        die "the played ComfyUI did not start"
    fi
    pod_url=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["url"])' "$out/pod.json")
    export COMFYUI_URL="$pod_url;name=desk-pod"
    echo "A played ComfyUI listens on $pod_url; it runs the workflow of the recipe restore.comfy, with ImageMagick for a model"
}

stop_pod() {
    if [ -z "$pod_pid" ]; then return 0; fi
    exec 9>&-
    kill -TERM "$pod_pid" 2>/dev/null || true
    wait "$pod_pid" 2>/dev/null || true
    pod_pid=
}

# run_mode MODE FILE...: one life of the gateway, with this mode and everything else as before.
run_mode() {
    local mode=$1 file type status time output id job
    shift
    echo
    echo "COMFYUI_MODE=$mode darkroom serve"
    export COMFYUI_MODE=$mode
    start_server
    "$bin/darkroom" run restore -p seed=7 --url "$url" --data "$data" -o "$out/results/$mode" --plain -- "$@" \
        >"$out/rows-$mode.tsv" 2>>"$out/run.log" || true
    while IFS=$'\t' read -r file type status time output id _; do
        job=$(curl -sS -H "Authorization: Bearer $(<"$data/admin.key")" "$url/api/v1/jobs/$id")
        printf '  %-12s  %-9s  %-7s  %-10s  %-10s  %s\n' "${file##*/}" "$status" "$time" \
            "$(json_value attempts.0.backend <<<"$job")" "$(json_value attempts.0.endpoint <<<"$job")" "$output"
        if [ "$status" = SUCCEEDED ] && [ "$(json_value attempts.0.backend <<<"$job")" = "$mode" ]; then
            succeeded=$((succeeded + 1))
            pairs+=("$file" "$output" "${file##*/}: $mode")
        fi
        total=$((total + 1))
    done <"$out/rows-$mode.tsv"
    stop_server
    server_pid=
}

# What two files show, whatever their format and size.
look_of() { convert "$1" -resize '64x64!' -depth 8 rgb:- | sha256sum; }

# The pod's pictures are neither the photos that it was given nor what this machine makes of them: it really did the work.
pod_did_the_work() { # PHOTO...
    local photo stem of_pod
    for photo in "$@"; do
        stem=$(basename "${photo%.*}")
        of_pod=$(look_of "$(echo "$out/results/pod/$stem"*)")
        if [ "$of_pod" = "$(look_of "$photo")" ] || [ "$of_pod" = "$(look_of "$(echo "$out/results/local/$stem"*)")" ]; then return 1; fi
    done
}

demo_pod() { # FILE...
    local mode photos=("$@") pairs=()
    if [ ${#photos[@]} -eq 0 ]; then
        "$bin/darkroom-shots" "$out/pictures" --seed 7 >"$out/pictures.tsv"
        photos=("$out"/pictures/old-photo-*.jpg)
    fi
    start_s3
    start_pod
    start_endpoint
    export RUNPOD_ENDPOINT_ID="ep-local;name=desk-endpoint;gpu=RTX 4090;worker=darkroom"
    # One more ComfyUI beside the worker would do the same: it drives this one.
    start_workers 1 "CALLBACK_SECRET=$CALLBACK_SECRET" "COMFY_HOST=${pod_url#http://}" RUNPOD_ALLOW_PRIVATE_DOWNLOAD_URLS=true
    succeeded=0 total=0
    for mode in pod serverless local; do run_mode "$mode" "${photos[@]}"; done
    echo
    echo "$succeeded of $total jobs succeeded where COMFYUI_MODE said, in $SECONDS s."
    if [ ${#pairs[@]} -gt 0 ]; then
        "$bin/darkroom-contact-sheet" "$out/contact-sheet.png" "${pairs[@]}"
        echo "Before and after, side by side: $out/contact-sheet.png"
    fi
    if [ "$succeeded" -ne $((3 * ${#photos[@]})) ]; then
        cat "$out/run.log" >&2
        tail -n 20 "$out/server.log" "$out"/worker-*.log >&2
        exit 1
    fi
    pod_did_the_work "${photos[@]}" || die "the pod's results are not its own"
}
