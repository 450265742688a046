// The threads that run request handlers: plain blocking code on small stacks. Work is taken in the order it
// came. Waking is frugal: at most one thread is on its way up at a time, and each thread that takes work
// while more is waiting wakes the next, so short handlers are done by few threads and blocking ones never
// hold up the rest. A thread is started when there is first work for it, because each costs memory, and
// stays.
#pragma once
#include <pthread.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace darkroom::http {

class HandlerPool {
public:
    using Task = std::function<void()>;

    /// At most `threads` of them, named `name`, with stacks of `stack_bytes`. Throws std::system_error if not
    /// even one can be started.
    HandlerPool(const std::string& name, unsigned threads, std::size_t stack_bytes);
    HandlerPool(const HandlerPool&) = delete;
    HandlerPool& operator=(const HandlerPool&) = delete;
    ~HandlerPool();

    /// Any thread. A task must not throw. After stop(), tasks are dropped.
    void submit(Task task);

    /// Drops what has not begun, waits for what has, joins. Twice is safe. Not from a task.
    void stop();

private:
    static void* thread_main(void* self);
    void work();
    bool should_wake_another() const { return idle_ > 0 && waking_ == 0 && !tasks_.empty(); }
    void start_another_if_needed();
    int start_thread();

    const std::string name_;
    const std::size_t threads_max_;
    const std::size_t stack_bytes_;
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<Task> tasks_;
    unsigned idle_ = 0;      // threads that wait, including those on their way up
    unsigned waking_ = 0;    // woken, not yet running
    unsigned starting_ = 0;  // started, not yet running
    bool told_of_lack_ = false;
    bool stopping_ = false;
    std::vector<pthread_t> threads_;
};

}  // namespace darkroom::http
