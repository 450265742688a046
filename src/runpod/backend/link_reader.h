// A picture at a URL that a worker names: its own bucket's signed link. Whoever may answer for a worker
// chooses this address, so the same rules hold as for a client's URL: looked up once, every address of it
// public or allowed by the operator, no redirects. The URL holds a signature and reaches no log.
#pragma once
#include <memory>
#include <string>

#include "core/input_url_rules.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/object_store.h"
#include "ports/resolver.h"

namespace darkroom::runpod {

/// Safe to use from many threads at once.
class LinkReader {
public:
    /// All references must outlive it and what it opened.
    LinkReader(ports::HttpClient& http, ports::Resolver& resolver, const ports::Clock& clock,
               core::InputUrlRules rules)
        : http_(http), resolver_(resolver), clock_(clock), rules_(std::move(rules)) {}

    /// `missing` where asking again does not help: refused, expired, not there, of unknown length.
    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open(const std::string& url) const;

private:
    using Addresses = ports::ObjectResult<std::vector<core::IpAddress>>;
    Addresses addresses_of(const core::InputUrl& url) const;
    ports::ObjectResult<std::unique_ptr<ports::OpenAnswer>> ask(const core::InputUrl& url) const;

    ports::HttpClient& http_;
    ports::Resolver& resolver_;
    const ports::Clock& clock_;
    const core::InputUrlRules rules_;
};

}  // namespace darkroom::runpod
