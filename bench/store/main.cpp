// bench_store [FOLDER] [LONGEST_QUEUE]: what the SQLite store costs on this disk, as Markdown. Works in a new
// folder inside FOLDER (default: here) and removes it.
#include <stdlib.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "bench/store/measure.h"

int main(int argc, char** argv) {
    namespace fs = std::filesystem;
    auto folder = (fs::path(argc > 1 ? argv[1] : ".") / "bench-store-XXXXXX").string();
    const int longest_queue = argc > 2 ? std::atoi(argv[2]) : 1'000'000;
    if (longest_queue < 10'000) {
        std::fprintf(stderr, "bench_store: the longest queue must be at least 10000\n");
        return 64;
    }
    if (::mkdtemp(folder.data()) == nullptr) {
        std::perror("bench_store: cannot make a folder to work in");
        return 1;
    }
    darkroom::bench::measure_commits(folder);
    darkroom::bench::measure_claims(folder, longest_queue);
    fs::remove_all(folder);
    return 0;
}
