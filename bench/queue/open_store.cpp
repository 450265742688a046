#include "bench/queue/open_store.h"

#include <cstdio>
#include <cstdlib>

#include "bench/store/load.h"
#ifdef DR_STORE_POSTGRES
#include "store/postgres/postgres_job_store.h"
#endif

namespace darkroom::bench {
namespace {

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "bench_queue: %s\n", why.c_str());
    std::exit(1);
}

#ifdef DR_STORE_POSTGRES
constexpr bool has_postgres = true;
std::unique_ptr<ports::JobStore> open_postgres(const std::string& url, ports::Random& random) {
    store::PostgresJobStore::Options options;
    options.node.name = "bench";
    auto opened = store::PostgresJobStore::open(url, random, options);
    if (!opened) give_up(opened.error().detail);
    return *std::move(opened);
}
#else
constexpr bool has_postgres = false;
std::unique_ptr<ports::JobStore> open_postgres(const std::string&, ports::Random&) {
    give_up("this build has no store for Postgres");
}
#endif

}  // namespace

bool has_queue_store(const std::string& kind) {
    return kind == "sqlite" || (kind == "postgres" && has_postgres);
}

std::unique_ptr<ports::JobStore> open_queue_store(const std::string& kind, const std::string& where,
                                                  ports::Random& random) {
    if (kind == "sqlite") return open_store(where, random);
    if (kind == "postgres") return open_postgres(where, random);
    give_up("there is no store \"" + kind + "\"");
}

}  // namespace darkroom::bench
