// The whole gateway as one object: configuration in, wired rooms out. This is the only place that sees
// concrete adapters. Starting takes up what an earlier process left; stopping records every end, so that the
// next start finds nothing broken.
#pragma once
#include <memory>
#include <string>

#include "app/settings.h"
#include "app/start_failure.h"
#include "base/result.h"

namespace darkroom::app {

class Gateway {
public:
    static Result<std::unique_ptr<Gateway>, StartFailure> start(const Settings& settings);
    /// As stop(), if that was not called.
    ~Gateway();
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    /// Requests in flight get up to `grace` to end; work on this machine is interrupted and queued again.
    void stop(Milliseconds grace);

    /// Reads the folder of recipes again; what is found goes to the log. If it cannot be read, all stays.
    void reload_recipes();

    const std::string& url() const;      // with the real port
    const std::string& api_key() const;  // the admin key
    bool created_key() const;            // on this start

private:
    class Rooms;
    explicit Gateway(std::unique_ptr<Rooms> rooms);
    std::unique_ptr<Rooms> rooms_;
};

}  // namespace darkroom::app
