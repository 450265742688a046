#!/usr/bin/env bash
# The main job from end to end: pictures (drawn, or those named) go through `darkroom run` to a real `darkroom serve`, and
# come back into demo-out/ with a contact sheet of before and after. With --s3 all pictures live in an S3 server that checks
# signatures, and one more goes there and back by curl alone, through signed links. With --runpod the work is done by two workers
# behind a RunPod endpoint, all on this machine (demo_runpod.sh). With --pod the same photos are restored on a ComfyUI pod, by
# RunPod and here, switched by one variable (demo_pod.sh). Exits 0 only if every job succeeded. Needs the built programs,
# and for --s3, --runpod and --pod the packages of the tests; called by ./dev demo.
set -euo pipefail
export LC_ALL=C

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
bin=${DEMO_BIN:-$root/build/bin}
out=demo-out
data=$out/data
server_pid=
s3_pid=
with_s3=
with_runpod=
with_pod=

# shellcheck source=scripts/demo_runpod.sh
source "$root/scripts/demo_runpod.sh"
# shellcheck source=scripts/demo_pod.sh
source "$root/scripts/demo_pod.sh"

start_patience_s=20
stop_patience_s=15

die() {
    echo "demo: $*" >&2
    exit 1
}

# Looks again and again whether a condition holds, for at most so many seconds.
wait_until() { # SECONDS COMMAND...
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        if ((SECONDS >= deadline)); then return 1; fi
        sleep 0.05
    done
}

# ---- The server --------------------------------------------------------------------------------------------------

# The server is named by its address and the storage by its kind: a .env in the repository may name others.
server_url() { sed -n 's/.*"url" *: *"\([^"]*\)".*/\1/p' "$data/gateway.json"; }
server_answers() { "$bin/darkroom" --url "$(server_url)" --data "$data" types -q >/dev/null 2>&1; }
server_is_gone() { ! kill -0 "$server_pid" 2>/dev/null; }
server_is_up_or_gone() { { [ -s "$data/gateway.json" ] && server_answers; } || server_is_gone; }

start_server() {
    DARKROOM_LISTEN=127.0.0.1:0 DARKROOM_DATA_DIR=$data DARKROOM_STORAGE=${with_s3:-fs} "$bin/darkroom" serve >"$out/server.log" 2>&1 &
    server_pid=$!
    if ! wait_until "$start_patience_s" server_is_up_or_gone || server_is_gone; then
        tail -n 20 "$out/server.log" >&2
        die "the server did not start"
    fi
    url=$(server_url)
    echo "Darkroom listens on $url, data in $data"
}

stop_server() {
    if [ -z "$server_pid" ] || server_is_gone; then return 0; fi
    kill -TERM "$server_pid"
    if ! wait_until "$stop_patience_s" server_is_gone; then
        echo "demo: the server did not stop within $stop_patience_s s" >&2
        kill -KILL "$server_pid"
    fi
    wait "$server_pid" || true
}

# ---- The S3 server -----------------------------------------------------------------------------------------------

s3_is_up_or_gone() { [ -s "$out/s3.json" ] || ! kill -0 "$s3_pid" 2>/dev/null; }
s3_is_gone() { ! kill -0 "$s3_pid" 2>/dev/null; }
s3_value() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$out/s3.json" "$1"; }

# Darkroom learns of the bucket as it would of any other: by its environment.
start_s3() {
    "$root/tests/support/s3_server.py" --dir "$out/s3" >"$out/s3.json" 2>"$out/s3.log" &
    s3_pid=$!
    if ! wait_until "$start_patience_s" s3_is_up_or_gone || [ ! -s "$out/s3.json" ]; then
        cat "$out/s3.log" >&2
        die "the S3 server did not start"
    fi
    S3_BUCKET=$(s3_value bucket) S3_ENDPOINT=$(s3_value endpoint) AWS_REGION=$(s3_value region)
    AWS_ACCESS_KEY_ID=$(s3_value access_key) AWS_SECRET_ACCESS_KEY=$(s3_value secret_key)
    export S3_BUCKET S3_ENDPOINT AWS_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    echo "OpenStack Swift listens on $S3_ENDPOINT and checks every signature; bucket $S3_BUCKET"
}

stop_s3() {
    if [ -z "$s3_pid" ] || s3_is_gone; then return 0; fi
    kill -TERM "$s3_pid"
    wait_until "$stop_patience_s" s3_is_gone || kill -KILL "$s3_pid"
    wait "$s3_pid" || true
}

json_value() { python3 -c 'import json, sys; v = json.load(sys.stdin)
for name in sys.argv[1].split("."): v = v[int(name)] if name.isdigit() else v[name]
print(v)' "$1"; }
without_query() { echo "${1%%\?*}"; }

# The same as any app does it, with nothing but curl: ask, PUT to the store, create, GET from the store.
go_by_hand() { # FILE
    local file=$1 bytes upload id link job result
    bytes=$(stat -c %s "$file")
    api() { curl -sS --fail-with-body -H "Authorization: Bearer $(<"$data/admin.key")" "$@"; }
    echo "One more by curl alone:"
    upload=$(api -d "{\"filename\":\"${file##*/}\",\"bytes\":$bytes}" "$url/api/v1/uploads")
    id=$(json_value id <<<"$upload")
    link=$(json_value url <<<"$upload")
    curl -sS --fail-with-body -T "$file" -H "Content-Type: $(json_value headers.Content-Type <<<"$upload")" "$link"
    echo "  PUT $(without_query "$link")  $bytes bytes, straight into the store"
    job=$(api -H 'Prefer: wait=60' -H 'Content-Type: application/json' \
        -d "{\"type\":\"bg_remove\",\"inputs\":[{\"upload\":\"$id\"}]}" "$url/api/v1/jobs")
    echo "  POST /api/v1/jobs  $(json_value status <<<"$job")"
    result=$(json_value output_urls.0 <<<"$job")
    curl -sS --fail -o "$out/results/by-hand.png" "$result"
    echo "  GET $(without_query "$result")  $(stat -c %s "$out/results/by-hand.png") bytes"
    [ "$(json_value status <<<"$job")" = SUCCEEDED ] && [ "$(without_query "$result")" != "${result}" ] &&
        [[ $link == "$S3_ENDPOINT"/* && $result == "$S3_ENDPOINT"/* ]]
}

# What is in the bucket, seen by somebody else's client.
count_objects() {
    local folder counts=
    for folder in uploaded restored thumbnails; do
        counts+="${counts:+, }$(aws --endpoint-url "$S3_ENDPOINT" s3 ls --recursive "s3://$S3_BUCKET/$folder/" | wc -l) $folder"
    done
    echo "In the bucket, as awscli lists it: $counts. Pictures in the data folder:" \
        "$(find "$data" -type f \( -name '*.jpg' -o -name '*.png' -o -name '*.webp' \) | wc -l)."
}

# ---- The pictures ------------------------------------------------------------------------------------------------

# Lines of TYPE <tab> FILE: the drawn pictures come with the type that suits them, one's own have their background removed.
choose_pictures() {
    if [ $# -eq 0 ]; then
        "$bin/darkroom-shots" "$out/pictures" --seed 7
        return
    fi
    local file
    for file in "$@"; do printf 'bg_remove\t%s\n' "$file"; done
}

# Runs all pictures of one type in one go; rows of FILE TYPE STATUS TIME OUTPUT ID, in the order of the files.
# A terminal gets the progress bar; otherwise what is said goes into a file that is shown if something failed.
run_type() { # TYPE FILE...
    local type=$1
    shift
    local params=()
    # The drawn ones are logos: what shows through their letters is background too.
    if [ "$type" = jpeg_to_png ]; then params=(-p interior=remove); fi
    local command=("$bin/darkroom" run "$type" "${params[@]}" --url "$url" --data "$data" -o "$out/results" --plain -- "$@")
    if [ -t 2 ]; then
        "${command[@]}" || true
    else
        "${command[@]}" 2>>"$out/run.log" || true
    fi
}

run_all() { # ROWS
    local type file
    local -A files_of=()
    local -a types=() files=()
    while IFS=$'\t' read -r type file; do
        if [ -z "${files_of[$type]:-}" ]; then types+=("$type"); fi
        files_of[$type]+=$file$'\n'
    done <"$out/pictures.tsv"
    for type in "${types[@]}"; do
        mapfile -t files < <(printf '%s' "${files_of[$type]}")
        run_type "$type" "${files[@]}"
    done >"$1"
}

count_succeeded() { # ROWS
    cut -f 3 "$1" | grep -c '^SUCCEEDED$' || true
}

# ---- What came of it ---------------------------------------------------------------------------------------------

print_table() {
    local file type status time output rest
    local format='%-22s  %-11s  %-9s  %-7s  %s\n'
    # shellcheck disable=SC2059  # the format is ours
    printf "$format" FILE TYPE STATUS TIME OUTPUT
    while IFS=$'\t' read -r file type status time output rest; do
        # shellcheck disable=SC2059
        printf "$format" "${file##*/}" "$type" "$status" "$time" "$output"
    done <"$out/rows.tsv"
}

draw_contact_sheet() {
    local file type status time output rest pairs=()
    while IFS=$'\t' read -r file type status time output rest; do
        if [ "$status" = SUCCEEDED ]; then pairs+=("$file" "$output" "${file##*/}: $type"); fi
    done <"$out/rows.tsv"
    if [ ${#pairs[@]} -eq 0 ]; then return; fi
    "$bin/darkroom-contact-sheet" "$out/contact-sheet.png" "${pairs[@]}"
    echo "Before and after, side by side: $out/contact-sheet.png"
}

main() {
    local program total succeeded
    for program in darkroom darkroom-imaging darkroom-shots darkroom-contact-sheet; do
        [ -x "$bin/$program" ] || die "$program is not built; ./dev demo builds it"
    done
    local file files=()
    case ${1:-} in
        --s3) with_s3=s3 && shift ;;
        --runpod) with_s3=s3 with_runpod=1 && shift ;;
        --pod) with_s3=s3 with_pod=1 && shift ;;
    esac
    for file in "$@"; do # as seen from where the caller stands
        case $file in *$'\t'* | *$'\n'*) die "a name with a tab or a line end does not fit into the table" ;; esac
        files+=("$(realpath -m -- "$file")")
    done
    cd "$root"
    rm -rf "$out"
    mkdir -p "$out"
    trap 'stop_server; stop_workers; stop_endpoint; stop_pod; stop_s3' EXIT
    trap 'exit 130' INT TERM

    if [ -n "$with_pod" ]; then
        demo_pod "${files[@]}"
        return
    fi
    choose_pictures "${files[@]}" >"$out/pictures.tsv"
    if [ -n "$with_s3" ]; then start_s3; fi
    if [ -n "$with_runpod" ]; then start_endpoint; fi
    start_server
    if [ -n "$with_runpod" ]; then start_workers 2 "CALLBACK_SECRET=$CALLBACK_SECRET"; fi
    run_all "$out/rows.tsv"
    print_table
    total=$(wc -l <"$out/pictures.tsv")
    succeeded=$(count_succeeded "$out/rows.tsv")
    echo "$succeeded of $total jobs succeeded in $SECONDS s."
    draw_contact_sheet
    if [ -n "$with_runpod" ]; then
        tell_how_heard "$out/rows.tsv"
        go_without_webhooks
        count_objects
    elif [ -n "$with_s3" ]; then
        go_by_hand "$(head -n 1 "$out/pictures.tsv" | cut -f 2)" || die "the way by curl failed"
        count_objects
    fi
    stop_server
    server_pid=
    if [ "$succeeded" -ne "$total" ]; then
        if [ -s "$out/run.log" ]; then cat "$out/run.log" >&2; fi
        exit 1
    fi
}

main "$@"
