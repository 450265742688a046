#include "tests/support/certificates.h"

#include <string>
#include <vector>

#include "base/check.h"
#include "tests/support/programs.h"

namespace darkroom::testing {
namespace {

// A self-signed one, but for what `more` says.
void make_certificate(const std::filesystem::path& folder, const std::string& name,
                      const std::vector<std::string>& more) {
    ChildPlan plan;
    plan.program = program_in_path("openssl");
    DR_CHECK(!plan.program.empty());
    plan.arguments = {
        "req",   "-x509", "-nodes", "-newkey",     "ec",      "-pkeyopt",   "ec_paramgen_curve:P-256",
        "-days", "2",     "-out",   name + ".crt", "-keyout", name + ".key"};
    plan.arguments.insert(plan.arguments.end(), more.begin(), more.end());
    plan.working_dir = folder;
    plan.err_file = folder / "openssl.log";
    run_to_end(plan);
}

}  // namespace

Certificates::Certificates() {
    make_certificate(folder(), "authority", {"-subj", "/CN=authority of a test"});
    make_certificate(
        folder(), "server",
        {"-subj", "/CN=server of a test", "-CA", "authority.crt", "-CAkey", "authority.key", "-addext",
         "subjectAltName=IP:127.0.0.1,DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"});
}

}  // namespace darkroom::testing
