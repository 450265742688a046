#!/usr/bin/env bash
# The main job from end to end: pictures (drawn, or those named) go through `darkroom run` to a real `darkroom serve`, and
# come back into demo-out/ with a contact sheet of before and after. Exits 0 only if every job succeeded. Needs the built
# programs and nothing else; called by ./dev demo.
set -euo pipefail
export LC_ALL=C

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
bin=${DEMO_BIN:-$root/build/bin}
out=demo-out
data=$out/data
server_pid=

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

server_answers() { "$bin/darkroom" --data "$data" types -q >/dev/null 2>&1; }
server_is_gone() { ! kill -0 "$server_pid" 2>/dev/null; }
server_is_up_or_gone() { { [ -s "$data/gateway.json" ] && server_answers; } || server_is_gone; }

start_server() {
    DARKROOM_LISTEN=127.0.0.1:0 DARKROOM_DATA_DIR=$data "$bin/darkroom" serve >"$out/server.log" 2>&1 &
    server_pid=$!
    if ! wait_until "$start_patience_s" server_is_up_or_gone || server_is_gone; then
        tail -n 20 "$out/server.log" >&2
        die "the server did not start"
    fi
    url=$(sed -n 's/.*"url" *: *"\([^"]*\)".*/\1/p' "$data/gateway.json")
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
    local command=("$bin/darkroom" run "$type" "${params[@]}" --data "$data" -o "$out/results" --plain -- "$@")
    if [ -t 2 ]; then
        "${command[@]}" || true
    else
        "${command[@]}" 2>>"$out/run.log" || true
    fi
}

run_all() {
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
    done >"$out/rows.tsv"
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
    for file in "$@"; do # as seen from where the caller stands
        case $file in *$'\t'* | *$'\n'*) die "a name with a tab or a line end does not fit into the table" ;; esac
        files+=("$(realpath -m -- "$file")")
    done
    cd "$root"
    unset DARKROOM_URL # the demo has a server of its own
    rm -rf "$out"
    mkdir -p "$out"
    trap stop_server EXIT
    trap 'exit 130' INT TERM

    choose_pictures "${files[@]}" >"$out/pictures.tsv"
    start_server
    run_all
    print_table
    total=$(wc -l <"$out/pictures.tsv")
    succeeded=$(cut -f 3 "$out/rows.tsv" | grep -c '^SUCCEEDED$' || true)
    echo "$succeeded of $total jobs succeeded in $SECONDS s."
    draw_contact_sheet
    stop_server
    server_pid=
    if [ "$succeeded" -ne "$total" ]; then
        if [ -s "$out/run.log" ]; then cat "$out/run.log" >&2; fi
        exit 1
    fi
}

main "$@"
