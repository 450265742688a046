#include "intake/url_guard.h"

#include "base/log.h"

namespace darkroom::intake {

Result<CheckedUrl, Refusal> check_url(core::InputUrl url, const core::InputUrlRules& rules,
                                      ports::Resolver& resolver) {
    if (auto why = core::refuse_url(url, rules)) return Fail(Refusal(UrlRefused{*std::move(why)}));
    std::vector<core::IpAddress> addresses;
    if (url.address) {
        addresses.push_back(*url.address);
    } else {
        auto resolved = resolver.resolve(url.host);
        if (!resolved || resolved->empty()) {
            const auto detail = resolved ? "no address" : resolved.error();
            log::info("the host of an input URL was not found", {{"host", url.host}, {"detail", detail}});
            return Fail(Refusal(UrlFailed{"The host of the URL was not found.", true}));
        }
        addresses = *std::move(resolved);
    }
    for (const auto& address : addresses) {
        if (auto why = core::refuse_address(url, address, rules)) {
            log::info("an input URL was refused", {{"host", url.host}, {"address", address.str()}});
            return Fail(Refusal(UrlRefused{*std::move(why)}));
        }
    }
    return CheckedUrl{std::move(url), std::move(addresses)};
}

}  // namespace darkroom::intake
