// An authority of a test's own and a certificate from it for servers on this machine, made anew for each
// object by the openssl program.
#pragma once
#include <filesystem>

#include "tests/support/temp_dir.h"

namespace darkroom::testing {

class Certificates {
public:
    /// For 127.0.0.1 and localhost.
    Certificates();

    const std::filesystem::path& folder() const { return folder_.path(); }
    std::filesystem::path authority() const { return folder() / "authority.crt"; }
    std::filesystem::path certificate() const { return folder() / "server.crt"; }
    std::filesystem::path key() const { return folder() / "server.key"; }

private:
    TempDir folder_;
};

}  // namespace darkroom::testing
