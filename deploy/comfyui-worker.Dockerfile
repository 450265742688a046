# The image of a worker with a ComfyUI beside it: `darkroom worker` takes jobs, ComfyUI works on them, and both live on one machine.
#
#   docker build -f deploy/comfyui-worker.Dockerfile --build-arg COMFYUI_IMAGE=you/comfyui:1 -t darkroom-comfyui-worker .
#
# ComfyUI is not part of Darkroom and is not copied here: COMFYUI_IMAGE is an image of yours that holds it in COMFYUI_DIR, with its nodes
# and with the packages of its Python (COMFYUI_PYTHON), built from Debian 12 or anything with the same libraries. Weights lie in it, or on
# a network volume at /runpod-volume/models, which ComfyUI finds by an extra_model_paths.yaml of that image.
ARG COMFYUI_IMAGE
FROM debian:12 AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        build-essential cmake ninja-build pkg-config \
        libboost1.81-dev libssl-dev libsqlite3-dev libcurl4-openssl-dev \
        rapidjson-dev libyaml-dev libspdlog-dev libcli11-dev libpugixml-dev \
        libvips-dev libopencv-imgproc-dev libopencv-dnn-dev libseccomp-dev \
    && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN cmake --preset release -S /src -B /build && ninja -C /build apps/all

FROM ${COMFYUI_IMAGE}
USER root
# The libraries that the two programs are linked with; ca-certificates for https.
RUN apt-get update && apt-get install -y --no-install-recommends \
        ca-certificates libcurl4 libssl3 libsqlite3-0 libspdlog1.10 libyaml-0-2 libpugixml1v5 \
        libvips42 libopencv-imgproc406 libseccomp2 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/bin/darkroom /build/bin/darkroom-imaging /usr/local/bin/
COPY deploy/comfyui-worker.sh /usr/local/bin/comfyui-worker
ARG COMFYUI_DIR=/opt/comfyui
ARG COMFYUI_PYTHON=python3
# ComfyUI listens for this machine alone: it has no login. Pictures hold no graph: it may hold secrets.
ENV COMFYUI_DIR=${COMFYUI_DIR} \
    COMFYUI_PYTHON=${COMFYUI_PYTHON} \
    COMFYUI_ARGS="--disable-metadata --disable-auto-launch" \
    COMFY_HOST=127.0.0.1:8188 \
    COMFY_INPUT_DIR=/tmp/comfyui/input \
    COMFY_OUTPUT_DIR=/tmp/comfyui/output \
    COMFY_TEMP_DIR=/tmp/comfyui/temp \
    DARKROOM_LOG_FORMAT=json
WORKDIR /tmp
# As exec form: SIGTERM reaches the script, which hands it to the worker and waits for its jobs.
ENTRYPOINT ["/usr/local/bin/comfyui-worker"]
