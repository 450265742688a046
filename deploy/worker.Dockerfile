# The image of `darkroom worker`: what it needs on Debian 12 and nothing else, run by a user without rights.
#
#   docker build -f deploy/worker.Dockerfile -t darkroom-worker .
#
# RunPod sets the addresses of its endpoint; set CALLBACK_SECRET in the endpoint's environment. A network volume appears at /runpod-volume
# by itself; it must be writable for user 10001.
FROM debian:12 AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        build-essential cmake ninja-build pkg-config \
        libboost1.81-dev libssl-dev libsqlite3-dev libcurl4-openssl-dev \
        rapidjson-dev libyaml-dev libspdlog-dev libcli11-dev libpugixml-dev \
        libvips-dev libopencv-imgproc-dev libopencv-dnn-dev libseccomp-dev \
    && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN cmake --preset release -S /src -B /build && ninja -C /build apps/all

FROM debian:12-slim
# The libraries that the two programs are linked with; ca-certificates for https.
RUN apt-get update && apt-get install -y --no-install-recommends \
        ca-certificates libcurl4 libssl3 libsqlite3-0 libspdlog1.10 libyaml-0-2 libpugixml1v5 \
        libvips42 libopencv-imgproc406 libseccomp2 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin darkroom
COPY --from=build /build/bin/darkroom /build/bin/darkroom-imaging /usr/local/bin/
USER 10001
WORKDIR /tmp
ENV DARKROOM_LOG_FORMAT=json
# As exec form: SIGTERM reaches the worker itself, which then ends its jobs.
ENTRYPOINT ["/usr/local/bin/darkroom", "worker"]
