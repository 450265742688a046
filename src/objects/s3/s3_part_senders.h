// Parts of one upload on their way side by side: while one waits for the server's disk, the next is already
// sent. The threads are this object's; they end with it.
#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "objects/s3/s3_multipart.h"

namespace darkroom::objects {

class S3PartSenders {
public:
    /// `upload` outlives this object. Where the system gives no thread, send() sends by itself.
    S3PartSenders(const S3Multipart& upload, int at_once);
    S3PartSenders(const S3PartSenders&) = delete;
    S3PartSenders& operator=(const S3PartSenders&) = delete;
    /// Waits for the parts under way; those that wait for their turn are not sent.
    ~S3PartSenders();

    /// The next part, with its hash. Returns when it is on its way or next in turn; false: a part could not
    /// be sent, so that there is no use in more of them.
    bool send(ports::FileSlice slice, std::string sha256);
    /// Waits for all of them. Their ETags in order, or why the first to fail could not be sent.
    Result<std::vector<std::string>, S3Fault> finish();

private:
    struct Part {
        std::size_t number = 0;  // from 1
        ports::FileSlice slice;
        std::string sha256;
    };

    void work();
    /// Called and left with the lock held, but not while sending.
    void send_next(std::unique_lock<std::mutex>& lock);
    void stop();

    const S3Multipart& upload_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Part> waiting_;
    std::vector<std::string> etags_;  // by number - 1; empty = not sent yet
    std::optional<S3Fault> fault_;
    bool no_more_ = false;
    std::vector<std::thread> threads_;  // last: they use everything above
};

}  // namespace darkroom::objects
