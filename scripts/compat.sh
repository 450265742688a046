#!/usr/bin/env bash
# RunPod's own Python package, unmodified, as client and as worker against `darkroom endpoint`. It comes from a package
# registry into build/compat/; where that does not answer, this says so aloud and nothing is claimed.
# usage: scripts/compat.sh PROGRAM
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

version=1.12.0
program=${1:?which darkroom?}
venv=build/compat/venv

fetch() {
    if [ "$(cat build/compat/fetched 2>/dev/null)" = "$version" ]; then return 0; fi
    mkdir -p build/compat
    python3 -m venv "$venv" >build/compat/pip.log 2>&1 || return 1
    "$venv/bin/pip" install --quiet --disable-pip-version-check --timeout 20 --retries 1 "runpod==$version" \
        >>build/compat/pip.log 2>&1 || return 1
    echo "$version" >build/compat/fetched
}

if ! fetch; then
    tail -n 3 build/compat/pip.log >&2 || true
    echo "== NOT TRIED: the package registry did not answer, so RunPod's Python package $version is not here" >&2
    exit 0
fi
exec "$venv/bin/python" tests/runpod/compat/sdk_test.py "$program"
