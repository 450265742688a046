#include "http/handler_pool.h"

#include <algorithm>
#include <system_error>

#include "base/log.h"

namespace darkroom::http {
namespace {

// Instrumented code needs several times the stack.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t stack_factor = 8;
#else
constexpr std::size_t stack_factor = 1;
#endif

}  // namespace

HandlerPool::HandlerPool(const std::string& name, unsigned threads, std::size_t stack_bytes)
    : name_(name.substr(0, 15)),
      threads_max_(std::max(threads, 1u)),
      stack_bytes_(stack_bytes * stack_factor) {
    threads_.reserve(threads_max_);
    const std::lock_guard lock(mutex_);
    if (const int error = start_thread(); error != 0)
        throw std::system_error(error, std::generic_category(), "cannot start a handler thread");
}

// Under the lock; 0 = it is on its way.
int HandlerPool::start_thread() {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_bytes_);
    pthread_t thread{};
    const int error = pthread_create(&thread, &attributes, &HandlerPool::thread_main, this);
    pthread_attr_destroy(&attributes);
    if (error != 0) return error;
    threads_.push_back(thread);
    ++starting_;
    return 0;
}

// Under the lock. Where the machine gives no more threads, those that there are do the work, and the next
// task that waits is another try.
void HandlerPool::start_another_if_needed() {
    const bool needed = tasks_.size() > idle_ && starting_ == 0 && threads_.size() < threads_max_;
    if (!needed || stopping_ || start_thread() == 0 || told_of_lack_) return;
    told_of_lack_ = true;
    log::warning("fewer handler threads than wanted", {{"threads", std::int64_t(threads_.size())}});
}

HandlerPool::~HandlerPool() { stop(); }

void HandlerPool::submit(Task task) {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        tasks_.push_back(std::move(task));
        wake = should_wake_another();
        if (wake) ++waking_;
        start_another_if_needed();
    }
    if (wake) ready_.notify_one();
}

void HandlerPool::stop() {
    std::deque<Task> dropped;  // destroyed without the lock: a task may own anything
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        dropped.swap(tasks_);
    }
    ready_.notify_all();
    for (const auto thread : threads_) pthread_join(thread, nullptr);
    threads_.clear();
}

void* HandlerPool::thread_main(void* self) {
    auto* const pool = static_cast<HandlerPool*>(self);
    pthread_setname_np(pthread_self(), pool->name_.c_str());
    pool->work();
    return nullptr;
}

void HandlerPool::work() {
    std::unique_lock lock(mutex_);
    --starting_;
    while (true) {
        while (tasks_.empty()) {
            if (stopping_) return;
            ++idle_;
            ready_.wait(lock);
            --idle_;
            if (waking_ > 0) --waking_;
        }
        Task task = std::move(tasks_.front());
        tasks_.pop_front();
        const bool wake = should_wake_another();
        if (wake) ++waking_;
        start_another_if_needed();
        lock.unlock();
        if (wake) ready_.notify_one();
        task();
        task = nullptr;
        lock.lock();
    }
}

}  // namespace darkroom::http
