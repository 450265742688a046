// What a browser does with the links that Darkroom hands out: exactly the method, the URL and the headers it
// was told, and no key.
#pragma once
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "ports/http_client.h"
#include "tests/e2e/api_client.h"

namespace darkroom::e2e {

/// Follows a link, wherever it leads. A failure to get any answer is one of the test.
ports::FetchedAnswer follow(ports::HttpMethod method, const std::string& url,
                            const ports::HttpFields& headers = {}, const std::string& body = {});
inline ports::FetchedAnswer fetch(const std::string& url, const ports::HttpFields& headers = {}) {
    return follow(ports::HttpMethod::get, url, headers);
}
/// First value of a header of an answer; empty if missing.
std::string header_of(const ports::FetchedAnswer& answer, std::string_view name);

/// POST /uploads with the picture's length; the type is told by the name's ending.
boost::json::value invite(const ApiClient& client, const std::string& name, std::size_t bytes);
/// The status of a PUT as the invitation says.
int accept(const boost::json::value& invitation, const std::string& bytes);
ports::HttpFields headers_of(const boost::json::value& invitation);

/// Invitation and PUT, straight into the store; the upload's id.
std::string upload_directly(const ApiClient& client, const std::string& bytes,
                            const std::string& name = "shoe.png");

}  // namespace darkroom::e2e
