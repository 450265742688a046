// Problem documents of the API (RFC 9457) as sentences. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace darkroom::cli {

/// What a server says when it does not grant a request.
struct ServerProblem {
    int status = 0;
    std::string code;  // stable; empty if the answer was no problem document (a proxy's page)
    std::string detail;
    std::string request_id;
    struct Field {
        std::string pointer;
        std::string detail;
    };
    std::vector<Field> fields;
    bool final = false;  // the server says that the same request will not succeed later

    /// Is the request itself wrong (its type or params), so that the same one with another file fails alike?
    bool concerns_every_file() const;
};

/// Never fails: what cannot be read as a problem document becomes "HTTP <status>".
ServerProblem read_problem(int status, std::string_view body);

/// "params.tolerance must be between 0 and 60, got 99"; one sentence for each field, or one for the whole.
std::vector<std::string> sentences(const ServerProblem& problem);
/// The same in one line.
std::string in_one_line(const ServerProblem& problem);

}  // namespace darkroom::cli
