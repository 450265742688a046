# How ./dev gets what it needs: Debian's packages by apt, and what is fetched into build/ for tests and benchmarks alone.
# Read by ./dev, which has say, die and quietly.

install_missing() {
    local missing
    if ! command -v dpkg-query >/dev/null; then
        for missing in cmake ninja g++ pkg-config; do
            command -v "$missing" >/dev/null && continue
            die "this is not a Debian system and $missing is missing; the packages to match are named at the top of ./dev"
        done
        return
    fi
    missing=$(comm -23 <(printf '%s\n' "$@" | sort -u) <(installed_of "$@" | sort -u) | xargs)
    if [ -z "$missing" ]; then return; fi

    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "these packages are missing, and only root can install them: $missing"
        as_root=(sudo)
    fi
    mkdir -p build
    say "installing (this can take a few minutes): $missing"
    # shellcheck disable=SC2086  # one word for each package
    plan_install $missing
    case " $missing " in *" postgresql-15 "*) keep_postgres_from_starting ;; esac
    # shellcheck disable=SC2086
    apt_quietly -y --no-install-recommends install $missing
    may_start_postgres
}

# Debian's Postgres makes a cluster when it is first installed, and starts it. Nobody here needs that, and port 5432 may
# be somebody's: while it is being installed, this note in a folder that the package reads says no.
postgres_note=/etc/postgresql-common/createcluster.d/darkroom-dev.conf
keep_postgres_from_starting() {
    run_as_root mkdir -p "${postgres_note%/*}"
    echo "create_main_cluster = false" | run_as_root tee "$postgres_note" >/dev/null
    trap may_start_postgres EXIT
}

may_start_postgres() {
    if [ -e "$postgres_note" ]; then run_as_root rm -f "$postgres_note"; fi
    trap - EXIT
}

run_as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

# fetch_npm FOLDER FROM WHAT: what FROM/package-lock.json names, into build/FOLDER; for tests and benchmarks only. Where
# the registry does not answer, what needs it says so and goes without.
fetch_npm() {
    local folder=build/$1 from=$2 what=$3
    if cmp -s "$from/package-lock.json" "$folder/fetched.json"; then return; fi
    mkdir -p "$folder"
    cp "$from/package.json" "$from/package-lock.json" "$folder/"
    if ! (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund \
        --fetch-retries=1 --fetch-timeout=20000 >npm.log 2>&1); then
        say "could not be fetched ($folder/npm.log), so it will be skipped: $what"
        return
    fi
    cp "$from/package-lock.json" "$folder/fetched.json"
}

# promtool reads deploy/prometheus as Prometheus does. It is taken out of Debian's package, for tests only: installed, that
# would bring a server that starts by itself, a user, and the libraries of its pages.
fetch_promtool() {
    if command -v promtool >/dev/null || [ -x build/promtool/promtool ]; then return; fi
    if ! command -v apt-get >/dev/null; then return; fi
    mkdir -p build/promtool
    if ! take_promtool >build/promtool/apt.log 2>&1; then
        run_as_root apt-get -q update >>build/promtool/apt.log 2>&1 || true  # lists that are missing or old
        if ! take_promtool >>build/promtool/apt.log 2>&1; then
            say "could not be fetched (build/promtool/apt.log), so it will be skipped: promtool's test of the alerts"
        fi
    fi
}

take_promtool() (
    cd build/promtool || exit 1
    rm -f prometheus_*.deb
    apt-get -q download prometheus &&
        dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xO ./usr/bin/promtool >promtool.part &&
        chmod +x promtool.part && mv promtool.part promtool && rm -f prometheus_*.deb
)

installed_of() { dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p'; }

# Learns from a dry run whether the package lists are there, and what would have to go.
plan_install() {
    local removed
    if ! LC_ALL=C apt-get -s --no-install-recommends install "$@" >build/apt-plan.log 2>&1; then
        apt_quietly update
        if ! LC_ALL=C apt-get -s --no-install-recommends install "$@" >build/apt-plan.log 2>&1; then
            grep -E '^(E:| )' build/apt-plan.log >&2 || true
            die "apt cannot install these; Darkroom is built on Debian 12 (bookworm)"
        fi
    fi
    removed=$(awk '$1 == "Remv" {print $2}' build/apt-plan.log | xargs)
    if [ -z "$removed" ]; then return; fi
    say "libboost1.81-dev cannot be installed beside Debian's default libboost1.74-dev; apt will remove: $removed"
    if [ -t 0 ]; then
        local answer
        read -r -p "Go on? [y/N] " answer
        [[ $answer == [yY]* ]] || die "nothing was installed or removed"
    fi
}

apt_quietly() {
    quietly build/apt.log "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 "$@"
}
