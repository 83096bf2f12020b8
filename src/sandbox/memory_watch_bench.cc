// What one tick costs, far from the limit (the usual case) and where each process's status is read.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "kernel/credentials.h"
#include "kernel/mount.h"
#include "sandbox/memory_watch.h"

namespace bailiwick {
namespace {

constexpr std::size_t kMiB = 1 << 20;

// `count` processes that do nothing, in a pid namespace of their own.
class Session {
 public:
  explicit Session(long count) {
    auto pair = open_message_pair();
    outside_ = ::fork();
    if (outside_ == 0) {
      pair->ours.close();
      run(pair->theirs.get(), count);
    }
    pair->theirs.close();
    socket_ = std::move(pair->ours);
    if (auto hello = receive_message(socket_.get(), 16)) proc_ = std::move(hello->fd);
  }
  ~Session() {
    socket_.close();
    ::waitpid(outside_, nullptr, 0);
  }
  Fd take_proc() { return std::move(proc_); }

 private:
  [[noreturn]] static void run(int socket, long count) {
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) != 0 || write_identity_maps(uid, gid) != 0) ::_exit(1);
    const pid_t init = ::fork();
    if (init != 0) {
      ::waitpid(init, nullptr, 0);
      ::_exit(0);
    }
    const Fd proc(make_proc());
    const Fd top(::openat(proc.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (long i = 1; i < count; ++i) {
      if (::fork() == 0) {
        while (true) ::pause();
      }
    }
    static_cast<void>(send_message(socket, "ready", top.get()));
    static_cast<void>(receive_message(socket, 16));
    ::_exit(0);
  }
  Fd socket_;
  Fd proc_;
  pid_t outside_ = -1;
};

void tick(benchmark::State& state, std::uint64_t limit) {
  Session session(state.range(0));
  MemoryWatch watch(session.take_proc(), limit);
  std::size_t processes = 0;
  for ([[maybe_unused]] auto _ : state) {
    const WatchResult result = watch.tick();
    processes = result.processes;
    if (result.verdict != WatchResult::Verdict::within) {
      state.SkipWithError("over the limit: something was killed");
      break;
    }
  }
  state.counters["processes"] = static_cast<double>(processes);
}

void far_from_the_limit(benchmark::State& state) { tick(state, 1ULL << 40); }

// The machine's shared memory is more than half of the limit.
void reading_each_status(benchmark::State& state) {
  const Fd memory(::memfd_create("bench", MFD_CLOEXEC));
  const std::string piece(kMiB, 'x');
  for (int i = 0; i < 400; ++i) static_cast<void>(write_all(memory.get(), piece));
  tick(state, 700 * kMiB);
}

BENCHMARK(far_from_the_limit)->Arg(5)->Arg(500)->Unit(benchmark::kMicrosecond);
BENCHMARK(reading_each_status)->Arg(5)->Arg(500)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace bailiwick
