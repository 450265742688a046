#include "objects/s3/s3_part_senders.h"

#include <system_error>
#include <utility>

namespace darkroom::objects {

S3PartSenders::S3PartSenders(const S3Multipart& upload, int at_once) : upload_(upload) {
    try {
        for (int i = 0; i < at_once; ++i) threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {  // as many as there are
    }
}

S3PartSenders::~S3PartSenders() {
    {
        const std::lock_guard lock(mutex_);
        waiting_.clear();
    }
    stop();
}

bool S3PartSenders::send(ports::FileSlice slice, std::string sha256) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.empty() || fault_; });  // each try has a deadline
    if (fault_) return false;
    etags_.emplace_back();
    waiting_.push_back({etags_.size(), std::move(slice), std::move(sha256)});
    changed_.notify_all();
    if (threads_.empty()) send_next(lock);
    return !fault_;
}

Result<std::vector<std::string>, S3Fault> S3PartSenders::finish() {
    stop();
    if (fault_) return Fail(*std::move(fault_));
    return std::move(etags_);
}

void S3PartSenders::stop() {
    {
        const std::lock_guard lock(mutex_);
        no_more_ = true;
        changed_.notify_all();
    }
    for (auto& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

void S3PartSenders::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return !waiting_.empty() || no_more_ || fault_; });
        if (waiting_.empty() || fault_) return;
        send_next(lock);
    }
}

void S3PartSenders::send_next(std::unique_lock<std::mutex>& lock) {
    const auto part = std::move(waiting_.front());
    waiting_.pop_front();
    changed_.notify_all();
    lock.unlock();
    auto etag = upload_.send(part.number, part.slice, part.sha256);
    lock.lock();
    if (etag) {
        etags_[part.number - 1] = *std::move(etag);
    } else if (!fault_) {
        fault_ = std::move(etag).error();
        changed_.notify_all();
    }
}

}  // namespace darkroom::objects
