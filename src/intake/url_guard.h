// The part of the guard against server-side request forgery that asks what a name means. The name is resolved
// once; every address of it must pass core/input_url_rules.h, and only these addresses may be connected to:
// whoever resolves again later asks somebody else (DNS rebinding).
#pragma once
#include <variant>
#include <vector>

#include "base/result.h"
#include "core/input_url_rules.h"
#include "intake/refusal.h"
#include "ports/resolver.h"

namespace darkroom::intake {

/// A URL with the addresses that its host may be reached at; never none.
struct CheckedUrl {
    core::InputUrl url;
    std::vector<core::IpAddress> addresses;
};

/// One address that is refused refuses the name, whatever its other addresses are. Fails with UrlRefused, or
/// with UrlFailed where the name has no address now. Nothing is connected to.
Result<CheckedUrl, Refusal> check_url(core::InputUrl url, const core::InputUrlRules& rules,
                                      ports::Resolver& resolver);

}  // namespace darkroom::intake
