#!/bin/sh
# ComfyUI and `darkroom worker` in one container. The worker waits until ComfyUI listens, and its end is the container's end, with its
# code: RunPod then starts another one. ComfyUI is started again when it ends, because what was only too large for the memory of this
# machine must not cost the machine; the job it worked on is told as worker_crashed.
# Set: COMFYUI_DIR, COMFY_HOST, COMFY_INPUT_DIR, COMFY_OUTPUT_DIR, COMFY_TEMP_DIR; else as in comfyui-worker.Dockerfile.
set -u

: "${COMFYUI_DIR:?where is ComfyUI?}"
: "${COMFY_HOST:=127.0.0.1:8188}"
: "${COMFY_INPUT_DIR:=/tmp/comfyui/input}"
: "${COMFY_OUTPUT_DIR:=/tmp/comfyui/output}"
: "${COMFY_TEMP_DIR:=/tmp/comfyui/temp}"
export COMFY_HOST COMFY_INPUT_DIR COMFY_OUTPUT_DIR COMFY_TEMP_DIR
mkdir -p "$COMFY_INPUT_DIR" "$COMFY_OUTPUT_DIR" "$COMFY_TEMP_DIR" || exit 78

comfyui=''
worker=''

watch_over_comfyui() {
    child=''
    trap '[ -z "$child" ] || kill "$child" 2>/dev/null; exit 0' TERM
    while :; do
        # ComfyUI makes a folder "temp" below the one that it is told.
        # shellcheck disable=SC2086  # the arguments are several
        "${COMFYUI_PYTHON:-python3}" "$COMFYUI_DIR/main.py" --listen "${COMFY_HOST%:*}" --port "${COMFY_HOST##*:}" \
            --input-directory "$COMFY_INPUT_DIR" --output-directory "$COMFY_OUTPUT_DIR" \
            --temp-directory "${COMFY_TEMP_DIR%/temp}" ${COMFYUI_ARGS:-} &
        child=$!
        wait "$child"
        echo "comfyui-worker: ComfyUI ended with $?; it is started again" >&2
        sleep 1
    done
}

watch_over_comfyui &
comfyui=$!
"${DARKROOM:-darkroom}" worker "$@" &
worker=$!
trap 'kill -TERM "$worker" 2>/dev/null' TERM INT

# A trapped signal ends `wait` early: then it is waited for once more.
wait "$worker"
code=$?
while kill -0 "$worker" 2>/dev/null; do
    wait "$worker"
    code=$?
done
kill -TERM "$comfyui" 2>/dev/null
wait "$comfyui" 2>/dev/null
exit "$code"
