// What is learned about the server while working with it: in which region and at which address the bucket
// really is, and how far this machine's clock is from the server's. Shared by all threads of a client.
#pragma once
#include <mutex>
#include <optional>
#include <string>

#include "base/time.h"
#include "objects/s3/s3_address.h"

namespace darkroom::objects {

struct S3Route {
    S3Address address;
    std::string region;
};

/// When a try began and ended by this machine's clock, and what the server's said in between.
struct S3Times {
    TimePoint sent;
    TimePoint received;
    std::optional<TimePoint> date;
    Milliseconds signed_with{0};  // the offset that its signature had

    /// How far the server's clock is ahead; 0 where both may be right. A Date has whole seconds.
    std::optional<Milliseconds> offset() const;
};

class S3Bearings {
public:
    S3Bearings(const S3Settings& settings, S3Route route) : settings_(settings), route_(std::move(route)) {}

    S3Route route() const;
    /// From now on for all requests. Warns once, naming the setting.
    void move_to(const S3Route& route);

    /// What is to be added to this machine's clock for a request to be signed in time; 0 until more than a
    /// minute was seen, because servers accept minutes and their Date is no precise instrument.
    Milliseconds applied_offset() const;
    /// As last seen, however small; nothing before the first answer.
    std::optional<Milliseconds> seen_offset() const;

    /// After an answer that was a success.
    void see(const S3Times& times);
    /// After RequestTimeTooSkewed: takes over the server's time. False if the request was signed by
    /// that time already, so that trying again would be no use.
    bool take_over(const S3Times& times);

private:
    void warn_of_clock(Milliseconds offset);

    const S3Settings& settings_;
    mutable std::mutex mutex_;
    S3Route route_;
    std::optional<Milliseconds> seen_;
    Milliseconds applied_{0};
    bool warned_of_clock_ = false;
    bool warned_of_region_ = false;
};

}  // namespace darkroom::objects
