// SPDX-License-Identifier: Apache-2.0
// Mutex, Lock and CondVar that clang's thread-safety analysis understands (preset clang: -Wthread-safety is an error).
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define BELLHOP_TSA(x) __attribute__((x))
#else
#define BELLHOP_TSA(x)
#endif
#define CAPABILITY(x) BELLHOP_TSA(capability(x))
#define SCOPED_CAPABILITY BELLHOP_TSA(scoped_lockable)
#define GUARDED_BY(x) BELLHOP_TSA(guarded_by(x))
#define REQUIRES(...) BELLHOP_TSA(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) BELLHOP_TSA(acquire_capability(__VA_ARGS__))
#define RELEASE(...) BELLHOP_TSA(release_capability(__VA_ARGS__))
#define EXCLUDES(...) BELLHOP_TSA(locks_excluded(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS BELLHOP_TSA(no_thread_safety_analysis)

namespace bellhop::core {

class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class SCOPED_CAPABILITY Lock {
 public:
  explicit Lock(Mutex &mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~Lock() RELEASE() { mutex_.unlock(); }
  Lock(const Lock &) = delete;
  Lock &operator=(const Lock &) = delete;

 private:
  Mutex &mutex_;
};

// Waits are loops in the caller (`while (!ready_) changed_.wait(mutex_);`), so that the analysis sees the guarded
// reads.
class CondVar {
 public:
  void wait(Mutex &mutex) REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    changed_.wait(lock);
    lock.release();
  }
  // Returns false when the time is over. Monotonic.
  bool wait_for(Mutex &mutex, std::chrono::milliseconds limit) REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool in_time =
        changed_.wait_until(lock, std::chrono::steady_clock::now() + limit) == std::cv_status::no_timeout;
    lock.release();
    return in_time;
  }
  void notify_one() { changed_.notify_one(); }
  void notify_all() { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

}  // namespace bellhop::core
