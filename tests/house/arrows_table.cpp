// The rows. Read from the ground up; DESIGN's drawing in ARCHITECTURE.md shows the same.
#include <array>

#include "tests/house/arrows.h"

namespace darkroom::house {
namespace {

constexpr std::string_view gateway_rooms =
    "base core recipes runpod/protocol ports http metrics store/sql store/sqlite store/postgres "
    "objects/files objects/guard objects/s3 "
    "runpod/client "
    "runpod/scale "
    "runpod/backend comfyui "
    "imaging/wire imaging/pool dispatch intake upkeep runpod/endpoint runpod/worker webhooks api cli app";

constexpr std::array house = {
    Room{"base", "", "", "the ground: everyone stands on it, it stands on nothing"},
    // Domain: pure.
    Room{"core", "base", "", "what Darkroom promises, readable and testable without anything that does I/O"},
    Room{"recipes", "base core", "", "how a type is done and which params it takes: data and pure checks"},
    Room{"runpod/protocol", "base core", "",
         "what is said between RunPod, its workers and Darkroom, as values: every side uses the same"},
    // Ports.
    Room{"ports", "base core", "tests/support",
         "abstract classes that speak the domain's words; no implementation to look at"},
    // Adapters: each can be deleted and only app and its own tests complain.
    Room{"http", "base core ports", "tests/support",
         "moves requests over the wire; knows no route and no job"},
    Room{"store/sql", "base core ports", "tests/support",
         "the rows of jobs and what a change of one does to others, in SQL that every database understands; "
         "what follows from what is core's"},
    Room{"metrics", "base core ports", "tests/support",
         "counts what the rooms tell of their work and shows it; nobody's decision depends on it"},
    Room{"store/sqlite", "base core ports store/sql", "tests/support tests/conformance",
         "keeps jobs in a file: its connection, its one writer, its schema"},
    Room{"store/postgres", "base core ports store/sql", "tests/support tests/conformance",
         "keeps jobs in a database that several nodes share: its connections, what they lock, its schema, "
         "who is alive"},
    Room{"objects/files", "base core ports", "tests/support tests/conformance",
         "keeps bytes; knows nothing of jobs"},
    Room{"objects/guard", "base core ports", "tests/support",
         "keeps a storage in trouble from holding up who uses it; knows no storage and no gate"},
    Room{"objects/s3", "base core ports", "tests/support",
         "keeps bytes in a bucket; knows nothing of jobs, and of HTTP only the port"},
    Room{"runpod/client", "base core ports runpod/protocol", "tests/support",
         "asks a RunPod endpoint; what the answers mean for a job is decided elsewhere"},
    Room{"runpod/backend", "base core recipes ports runpod/protocol runpod/client", "tests/support",
         "makes a RunPod endpoint a place where attempts run; stores and HTTP are ports to it, and what a "
         "foreign worker is sent is a recipe's workflow"},
    Room{"runpod/scale", "base core ports runpod/protocol runpod/client", "tests/support",
         "how many workers an endpoint should have, and why its jobs wait; knows no job"},
    Room{"comfyui", "base core ports", "tests/support http",
         "asks a ComfyUI server; what the answers mean for a job is decided elsewhere"},
    Room{"imaging/wire", "base core", "",
         "what gateway and pixel process say to each other; both sides link it"},
    Room{"imaging/pool", "base core ports imaging/wire", "tests/support",
         "the gateway's side of the pixel process: no image library comes near the gateway"},
    Room{"imaging/codec", "base core imaging/wire", "tests/support tools/pictures",
         "bytes to pixels and back"},
    Room{"imaging/ops", "base core", "imaging/codec tools/pictures tools/shots",
         "pixels to pixels: no files, no processes, no messages"},
    Room{"imaging/networks", "base imaging/ops", "",
         "does one stage of an operation with a network; knows no files and no jobs"},
    Room{"imaging/sandbox", "base core imaging/wire", "",
         "locks the pixel process down; knows nothing of pictures"},
    // Drivers: they see ports, never adapters.
    Room{"dispatch", "base core recipes ports", "tests/support",
         "drives jobs through any store and any backend"},
    Room{"intake", "base core ports", "tests/support",
         "how pictures come in: relayed, put into the store directly, or fetched from a URL"},
    Room{"upkeep", "base core ports", "tests/support",
         "keeps storage in order: expiry, retention, orphans, and a check of it all"},
    Room{"api", "base core recipes ports intake upkeep", "tests/support",
         "answers requests through any server and any store"},
    Room{"webhooks", "base core ports runpod/protocol", "tests/support",
         "keeps what RunPod and its workers say; what comes of it is dispatch's business"},
    Room{"runpod/worker", "base core recipes runpod/protocol ports", "tests/support",
         "takes jobs from an endpoint and reports their ends, over any HTTP client and any pixel process"},
    Room{"runpod/endpoint", "base core runpod/protocol ports", "tests/support",
         "plays RunPod for clients and workers, over any server and any HTTP client"},
    Room{"cli", "base core recipes ports", "tests/support", "talks to a gateway over the HTTP port"},
    // Wiring.
    Room{"app", gateway_rooms, "tests/support",
         "the only place that sees concrete adapters; links no image library"},
};

constexpr std::array outside = {
    Room{"apps/darkroom", "base app cli http", "",
         "a main that only wires; http is the command line's way to a gateway"},
    Room{"apps/darkroom-imaging",
         "base core imaging/wire imaging/codec imaging/ops imaging/networks imaging/sandbox",
         "imaging/pool tests/support tools/shots",
         "the pixel process: everything that touches pixels, nothing that touches jobs"},
    Room{"tools/pictures", "base", "", "reads and writes picture files for programs that are not shipped"},
    Room{"tools/shots", "base tools/pictures", "",
         "draws the pictures of the demo, the tests and the benchmarks"},
    Room{"tools/contact_sheet", "base tools/pictures", "tools/shots", "puts pictures side by side"},
    Room{"bench/imaging",
         "base core imaging/ops imaging/wire imaging/pool tools/pictures tools/shots tools/contact_sheet "
         "tests/support bench/gateway",
         "", "measures what operations make of pictures, and what the pixel process costs"},
    Room{"bench/store", "base core ports store/sql store/sqlite tests/support", "",
         "measures the store without a gateway around it"},
    Room{"bench/gateway",
         "base core recipes ports http metrics store/sql store/sqlite objects/files objects/s3 imaging/wire "
         "imaging/pool "
         "dispatch "
         "intake upkeep api cli app "
         "tests/support bench/store",
         "", "measures the gateway's own parts, wired as app wires them"},
    Room{"bench/relay", "base core ports http objects/s3 tests/support bench/gateway", "",
         "measures large files through the real program against the store alone"},
    Room{"bench/queue",
         "base core ports store/sql store/sqlite store/postgres tests/support bench/gateway bench/store", "",
         "measures the queue beside other people's: each side in a process of its own"},
    Room{"bench/worker", "base core ports http tests/support bench/gateway", "",
         "measures a worker's start and memory against the official one"},
    Room{"tests/support", "base core ports recipes", "",
         "fakes of the ports and helpers that any room's tests may use"},
    Room{"tests/conformance", "base core ports tests/support", "store/sqlite store/postgres objects/files",
         "one suite for each port; every implementation has to pass it"},
    Room{"tests/integration", gateway_rooms, "tests/support tests/conformance",
         "several rooms together inside one process"},
    Room{"tests/e2e", gateway_rooms, "tests/support tests/conformance tools/pictures tools/shots",
         "whole programs and what crosses rooms"},
    Room{"tests/s3", "base core ports http objects/s3", "tests/support tests/conformance",
         "the bucket against a real server, other people's clients and a bad network"},
    Room{"tests/worker", "base core runpod/protocol ports http", "tests/support tests/e2e",
         "the real worker against an endpoint that does as a test says"},
    Room{"tests/serverless", "base core ports runpod/protocol", "tests/support tests/e2e tests/runpod",
         "gateway, endpoint, workers and storage as real processes: the way of a job over RunPod"},
    Room{
        "tests/nodes", "base core ports", "tests/support tests/conformance tests/e2e tests/runpod",
        "several gateways over one Postgres as real processes: what is done to one of them, the others bear"},
    Room{"tests/pod", "base core ports", "tests/support tests/e2e tools/pictures",
         "gateway and a played ComfyUI as real processes: the way of a job over a pod"},
    Room{"tests/runpod", "base core ports http runpod/protocol", "tests/support",
         "darkroom endpoint against other people's clients and workers"},
    Room{"tests/house", "", "", "looks at text only, so that it builds when nothing else does"},
};

constexpr auto all_rooms = [] {
    std::array<Room, house.size() + outside.size()> all{};
    for (std::size_t i = 0; i < house.size(); ++i) all[i] = house[i];
    for (std::size_t i = 0; i < outside.size(); ++i) all[house.size() + i] = outside[i];
    return all;
}();

constexpr std::string_view pixel_rooms =
    "imaging/codec imaging/ops imaging/networks apps/darkroom-imaging tools/pictures tools/shots "
    "tools/contact_sheet "
    "bench/imaging";

constexpr std::array library_rows = {
    Library{"boost/asio", "http", "seconds of compile time in each file, and waiting belongs behind ports"},
    Library{"boost/beast", "http", "its parser is lenient; the checks around it are in one place"},
    Library{"curl/", "http", "outgoing requests go through ports/http_client.h, with deadlines"},
    Library{"sqlite3.h", "store/sqlite", "one writer, one connection that checkpoints"},
    Library{"opencv2/", pixel_rooms, "hostile bytes meet image libraries in the pixel process only"},
    Library{"opencv2/dnn.hpp", "imaging/networks",
            "a second image library of its own, with a parser of files"},
    Library{"vips/", pixel_rooms, "hostile bytes meet image libraries in the pixel process only"},
    Library{"seccomp.h", "imaging/sandbox", "what the pixel process may do is decided in one place"},
    Library{"linux/seccomp.h", "imaging/sandbox", "what the pixel process may do is decided in one place"},
    Library{"pugixml.hpp", "objects/s3", "XML is what S3 speaks, and nobody else here"},
    Library{"yaml.h", "recipes", "YAML is for recipes only, and comes in with limits and places"},
    Library{"rapidjson/", "recipes", "its schema validator is used; JSON itself is Boost.JSON"},
    Library{
        "CLI/",
        "cli apps/darkroom apps/darkroom-imaging tools/shots tools/contact_sheet bench/imaging bench/gateway "
        "bench/relay bench/worker bench/queue",
        "only programs have command lines"},
};

}  // namespace

std::span<const Room> rooms() { return all_rooms; }
std::span<const Library> libraries() { return library_rows; }

}  // namespace darkroom::house
