#include "sandbox/memory_watch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstring>
#include <functional>
#include <memory>

#include "base/text.h"
#include "kernel/credentials.h"
#include "kernel/mount.h"
#include "kernel/process.h"

namespace bailiwick {
namespace {

using Verdict = WatchResult::Verdict;
constexpr std::uint64_t kMiB = 1 << 20;

// Inside: what the processes of the fake session do. Each function returns when the memory is there.
void* fill(void* at, std::uint64_t bytes) {
  // Odd bytes: a page of zeros could be shared.
  for (std::uint64_t i = 0; i < bytes; i += 4096)
    static_cast<volatile char*>(at)[i] = static_cast<char>(1 + i / 4096 % 250);
  return at;
}
void* map(std::uint64_t bytes, int protection, int flags, int fd = -1) {
  void* at = ::mmap(nullptr, bytes, protection, flags, fd, 0);
  if (at == MAP_FAILED) ::_exit(9);
  return at;
}
void* anonymous(std::uint64_t bytes) {
  return fill(map(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS), bytes);
}
int written_memfd(std::uint64_t bytes) {
  const int fd = ::memfd_create("session", MFD_CLOEXEC);
  std::string piece(kMiB, 'x');
  for (std::uint64_t done = 0; done < bytes; done += piece.size()) {
    if (::write(fd, piece.data(), piece.size()) != static_cast<ssize_t>(piece.size())) ::_exit(8);
  }
  return fd;
}
[[noreturn]] void stay() {
  while (true) ::pause();
}
// Children that run `body` and stay; returns when all have run it.
void with_children(int count, const std::function<void()>& body) {
  int ends[2];
  if (::pipe(ends) != 0) ::_exit(7);
  for (int i = 0; i < count; ++i) {
    if (::fork() == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      body();
      static_cast<void>(!::write(ends[1], "x", 1));
      stay();
    }
  }
  char byte = 0;
  for (int i = 0; i < count; ++i) static_cast<void>(!::read(ends[0], &byte, 1));
}

void run_role(const std::string& role, std::uint64_t bytes) {
  ::prctl(PR_SET_NAME, role.c_str());
  if (role == "anonymous") {
    anonymous(bytes);
  } else if (role == "shared") {  // one mapping, four processes
    void* at = fill(map(bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS), bytes);
    with_children(3, [=] { fill(at, bytes); });
  } else if (role == "forked") {  // copies that nobody has written to
    anonymous(bytes);
    with_children(4, [] {});
  } else if (role == "unshared") {  // copies that everybody has written to
    void* at = anonymous(bytes);
    with_children(4, [=] { fill(at, bytes); });
  } else if (role == "memfd") {
    static_cast<void>(written_memfd(bytes));
  } else if (role == "memfd-twice") {  // two descriptors, two processes, one memory
    static_cast<void>(::dup(written_memfd(bytes)));
    with_children(1, [] {});
  } else if (role == "memfd-mapped") {  // held and mapped
    const int fd = written_memfd(bytes);
    fill(map(bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd), bytes);
  } else if (role == "memfd-and-map") {  // half held, half mapped: neither alone is much
    static_cast<void>(written_memfd(bytes / 2));
    fill(map(bytes / 2, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS), bytes / 2);
  } else if (role == "tables") {  // reading far apart: no memory but that of the page tables
    constexpr std::uint64_t kSpan = 2 * kMiB;
    const std::uint64_t length = bytes / 4096 * kSpan;
    void* at = map(length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
    ::madvise(at, length, MADV_NOHUGEPAGE);
    for (std::uint64_t i = 0; i < length; i += kSpan) static_cast<void>(static_cast<volatile char*>(at)[i]);
  }
}

// A process tree in its own user and pid namespaces, and its /proc as seen from here. Pid 1 starts what it is told to.
class FakeSession {
 public:
  FakeSession() {
    auto pair = open_message_pair();
    if (!pair) return;
    socket_ = std::move(pair->ours);
    outside_ = ::fork();
    if (outside_ == 0) {
      socket_.close();
      run_outside(pair->theirs.get());
    }
    pair->theirs.close();
    auto hello = receive_message(socket_.get(), 64);
    if (hello) proc_ = std::move(hello->fd);
  }
  ~FakeSession() {
    if (outside_ <= 0) return;
    socket_.close();  // pid 1 ends, and everything with it; the process outside ends when all is gone
    ::waitpid(outside_, nullptr, 0);
  }
  Fd take_proc() { return std::move(proc_); }
  // Returns when the role has its memory.
  int start(const std::string& role, std::uint64_t bytes) {
    const auto pid = parse_number(ask(fmt::format("{} {}", role, bytes)).bytes, 1, INT_MAX);
    EXPECT_TRUE(pid.has_value()) << role;
    return pid ? static_cast<int>(*pid) : -1;
  }
  void wait_for_end_of(int pid) { static_cast<void>(ask(fmt::format("wait {}", pid))); }
  Message ask(const std::string& request) {
    if (!send_message(socket_.get(), request)) return {};
    auto answer = receive_message(socket_.get(), 64);
    return answer ? std::move(*answer) : Message{};
  }

 private:
  [[noreturn]] static void run_outside(int socket) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) != 0 || write_identity_maps(uid, gid) != 0) ::_exit(1);
    const pid_t init = ::fork();
    if (init == 0) run_init(socket);
    ::waitpid(init, nullptr, 0);
    ::_exit(0);
  }
  [[noreturn]] static void run_init(int socket) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const Fd proc(make_proc());
    const Fd top(::openat(proc.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!send_message(socket, "ready", top.get())) ::_exit(2);
    while (true) {
      const auto request = receive_message(socket, 64);
      if (!request || request->bytes.empty()) ::_exit(0);
      const auto words = request->bytes;
      const std::string role = words.substr(0, words.find(' '));
      const std::uint64_t value = std::strtoull(words.c_str() + role.size(), nullptr, 10);
      if (role == "wait") {
        ::waitpid(static_cast<pid_t>(value), nullptr, 0);
        static_cast<void>(send_message(socket, "gone"));
      } else if (role == "init") {  // pid 1 itself
        anonymous(value);
        static_cast<void>(send_message(socket, "1"));
      } else if (role == "tmpfs") {
        const Fd tmpfs(make_tmpfs("512m", "0755", "64"));
        const Fd file(::openat(tmpfs.get(), "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        static_cast<void>(write_all(file.get(), std::string(value, 'x')));
        const Fd directory(::openat(tmpfs.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        static_cast<void>(send_message(socket, "0", directory.get()));
      } else {
        start_role(socket, role, value);
      }
    }
  }
  static void start_role(int socket, const std::string& role, std::uint64_t bytes) {
    int ready[2];
    if (::pipe(ready) != 0) ::_exit(3);
    const pid_t child = ::fork();
    if (child == 0) {
      if (role == "vfork") {
        anonymous(bytes);
        // The child has its parent's memory, and the parent stands still, as it does before an exec that waits for an
        // answer.
        if (::syscall(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, nullptr, nullptr, nullptr, nullptr) == 0) {
          ::prctl(PR_SET_PDEATHSIG, SIGKILL);
          static_cast<void>(!::write(ready[1], "x", 1));
          while (true) ::pause();
        }
        stay();
      }
      run_role(role, bytes);
      static_cast<void>(!::write(ready[1], "x", 1));
      stay();
    }
    ::close(ready[1]);
    char byte = 0;
    const bool has_started = ::read(ready[0], &byte, 1) == 1;
    ::close(ready[0]);
    static_cast<void>(send_message(socket, has_started ? std::to_string(child) : "-1"));
  }
  Fd socket_;
  Fd proc_;
  pid_t outside_ = -1;
};

enum class User : std::uint8_t { caller, ordinary };
class Watch : public testing::TestWithParam<User> {
 protected:
  // Runs `body` as the user in question; an ordinary one in a process of its own.
  static void run(const std::function<void()>& body) {
    if (GetParam() == User::caller || ::geteuid() != 0) return body();
    const pid_t child = ::fork();
    if (child == 0) {
      constexpr unsigned kNobody = 65534;
      if (::setgroups(0, nullptr) != 0 || ::setresgid(kNobody, kNobody, kNobody) != 0 ||
          ::setresuid(kNobody, kNobody, kNobody) != 0 || ::prctl(PR_SET_DUMPABLE, 1) != 0) {
        ::_exit(2);
      }
      body();
      std::fflush(nullptr);
      ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "as an ordinary user: " << status;
  }
};
INSTANTIATE_TEST_SUITE_P(Memory, Watch, testing::Values(User::caller, User::ordinary),
                         [](const auto& row) { return row.param == User::caller ? "AsCaller" : "AsOrdinaryUser"; });

struct Role {
  const char* name;
  std::uint64_t bytes;
};
// With the roles running: what the first tick says, and who was killed (index into `roles`, -1: nobody).
struct Row {
  const char* what;
  std::vector<Role> roles;
  std::uint64_t limit;
  int killed;
};
const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {"little", {{"anonymous", 20 * kMiB}}, 400 * kMiB, -1},
      {"the larger of two", {{"anonymous", 60 * kMiB}, {"anonymous", 140 * kMiB}}, 160 * kMiB, 1},
      {"whichever comes first in the list", {{"anonymous", 140 * kMiB}, {"anonymous", 60 * kMiB}}, 160 * kMiB, 0},
      {"shared by four, counted once", {{"shared", 100 * kMiB}}, 200 * kMiB, -1},
      {"forked and not written, counted once", {{"forked", 100 * kMiB}}, 250 * kMiB, -1},
      {"a memfd in no resident set", {{"anonymous", 40 * kMiB}, {"memfd", 160 * kMiB}}, 150 * kMiB, 1},
      {"a memfd that is within", {{"anonymous", 40 * kMiB}, {"memfd", 80 * kMiB}}, 170 * kMiB, -1},
      {"a memfd by two descriptors in two processes, once", {{"memfd-twice", 100 * kMiB}}, 180 * kMiB, -1},
      {"a memfd held and mapped, once", {{"memfd-mapped", 100 * kMiB}}, 180 * kMiB, -1},
      {"half in a memfd, half mapped: both", {{"memfd-and-map", 200 * kMiB}}, 150 * kMiB, 0},
      {"vfork: the same memory, once", {{"vfork", 100 * kMiB}}, 180 * kMiB, -1},
      {"vfork: one that is too large", {{"vfork", 200 * kMiB}}, 150 * kMiB, 0},
      {"page tables", {{"tables", 100 * kMiB}}, 80 * kMiB, 0},
  };
  return all;
}

TEST_P(Watch, EndsTheRightOne) {
#ifdef BAILIWICK_SANITIZED
  GTEST_SKIP() << "a sanitizer's own memory is counted too";
#endif
  for (const Row& row : rows()) {
    SCOPED_TRACE(row.what);
    run([&] {
      FakeSession session;
      MemoryWatch watch(session.take_proc(), row.limit);
      std::vector<int> pids;
      for (const Role& role : row.roles) pids.push_back(session.start(role.name, role.bytes));
      ASSERT_THAT(pids, testing::Each(testing::Gt(1)));
      const WatchResult first = watch.tick();
      EXPECT_GE(first.processes, 1 + row.roles.size());
      EXPECT_EQ(first.peak_bytes, first.bytes);
      EXPECT_EQ(first.unread, 0U);
      if (row.killed < 0) {
        EXPECT_EQ(first.verdict, Verdict::within) << first.bytes / kMiB << " MiB";
        EXPECT_EQ(first.killed, std::nullopt);
        EXPECT_LE(first.bytes, row.limit);
        return;
      }
      ASSERT_EQ(first.verdict, Verdict::killed) << first.bytes / kMiB << " MiB";
      EXPECT_GT(first.bytes, row.limit);
      ASSERT_TRUE(first.killed.has_value());
      const auto victim = static_cast<std::size_t>(row.killed);
      if (std::string_view(row.roles[victim].name) != "vfork") {
        EXPECT_EQ(first.killed->pid, pids[victim]);
        session.wait_for_end_of(pids[victim]);
        const WatchResult after = watch.tick();
        EXPECT_EQ(after.verdict, Verdict::within) << after.bytes / kMiB << " MiB";
        EXPECT_EQ(after.peak_bytes, first.bytes);
      }
    });
  }
}

TEST_P(Watch, EndsTheSessionWhenOneWasNotEnough) {
  run([] {
    FakeSession session;
    MemoryWatch watch(session.take_proc(), 80 * kMiB);
    const int small = session.start("anonymous", 120 * kMiB);
    const int large = session.start("anonymous", 150 * kMiB);
    ASSERT_GT(small, 1);
    const WatchResult first = watch.tick();
    ASSERT_EQ(first.verdict, Verdict::killed);
    EXPECT_EQ(first.killed->pid, large);
    EXPECT_EQ(first.killed->name, "anonymous");
    EXPECT_GE(first.killed->bytes, 150 * kMiB);
    session.wait_for_end_of(large);
    const WatchResult second = watch.tick();
    EXPECT_EQ(second.verdict, Verdict::end_session);
    EXPECT_EQ(second.killed, std::nullopt);
  });
}

TEST_P(Watch, ManySmallOnesEndTheSession) {
#ifdef BAILIWICK_SANITIZED
  GTEST_SKIP() << "a sanitizer's own memory is counted too";
#endif
  run([] {
    FakeSession session;
    MemoryWatch watch(session.take_proc(), 150 * kMiB);
    const int parent = session.start("unshared", 60 * kMiB);
    ASSERT_GT(parent, 1);
    WatchResult result = watch.tick();
    ASSERT_EQ(result.verdict, Verdict::killed) << "writing to a forked copy takes memory, though no resident set grows";
    do {
      result = watch.tick();
    } while (result.verdict == Verdict::dying);
    EXPECT_EQ(result.verdict == Verdict::within || result.verdict == Verdict::end_session, true);
  });
}

TEST_P(Watch, NeverEndsPid1) {
  run([] {
    FakeSession session;
    MemoryWatch watch(session.take_proc(), 60 * kMiB);
    session.start("init", 120 * kMiB);
    const WatchResult result = watch.tick();
    EXPECT_EQ(result.verdict, Verdict::end_session);
    EXPECT_EQ(result.killed, std::nullopt);
    EXPECT_EQ(result.processes, 1U);
  });
}

TEST_P(Watch, AnotherTimeIsAFirstTimeAgain) {
#ifdef BAILIWICK_SANITIZED
  GTEST_SKIP() << "a sanitizer's own memory is counted too";
#endif
  run([] {
    FakeSession session;
    MemoryWatch watch(session.take_proc(), 80 * kMiB);
    for (int round = 0; round < 3; ++round) {
      const int pid = session.start("anonymous", 120 * kMiB);
      ASSERT_EQ(watch.tick().verdict, Verdict::killed) << round;
      session.wait_for_end_of(pid);
      ASSERT_EQ(watch.tick().verdict, Verdict::within) << round;
    }
  });
}

TEST_P(Watch, MoreDescriptorsThanItLooksAtAreNoHidingPlace) {
  run([] {
    FakeSession session;
    MemoryWatch watch(session.take_proc(), 150 * kMiB, {.descriptor_budget = 1});
    // It goes by what the machine took since the start; what others gave back meanwhile can hide some of it, for a
    // while.
    Verdict verdict = Verdict::within;
    for (int round = 0; round < 5 && verdict == Verdict::within; ++round) {
      ASSERT_GT(session.start("memfd", 200 * kMiB), 1);
      verdict = watch.tick().verdict;
    }
    EXPECT_NE(verdict, Verdict::within);
  });
}

TEST_P(Watch, TmpfsOfTheSessionIsMemory) {
  run([] {
    FakeSession session;
    MemoryWatchOptions options;
    options.tmpfs.push_back(std::move(session.ask("tmpfs 134217728").fd));
    ASSERT_TRUE(options.tmpfs.front().is_open());
    session.start("anonymous", 10 * kMiB);
    MemoryWatch watch(session.take_proc(), 100 * kMiB, std::move(options));
    const WatchResult result = watch.tick();
    EXPECT_EQ(result.verdict, Verdict::killed);
    EXPECT_GE(result.bytes, 138 * kMiB);
  });
}

TEST_P(Watch, MoreOftenWhenNearTheLimit) {
#ifdef BAILIWICK_SANITIZED
  GTEST_SKIP() << "a sanitizer's own memory is counted too";
#endif
  run([] {
    struct Near {
      std::uint64_t limit;
      std::chrono::milliseconds wanted;
    };
    FakeSession session;
    const auto grown = session.start("anonymous", 100 * kMiB);
    ASSERT_GT(grown, 1);
    const Fd proc = session.take_proc();
    for (const auto& [limit, wanted] :
         {Near{4000 * kMiB, std::chrono::milliseconds(100)},   // far, and 1/16 is more than it has
          Near{1000 * kMiB, std::chrono::milliseconds(20)},    // far, but it grew by more than 1/16
          Near{150 * kMiB, std::chrono::milliseconds(20)},     // more than half
          Near{110 * kMiB, std::chrono::milliseconds(10)}}) {  // more than 7/8
      MemoryWatch watch(Fd(::dup(proc.get())), limit);
      EXPECT_EQ(watch.tick().next, wanted) << limit;
    }
    MemoryWatch calm(Fd(::dup(proc.get())), 1000 * kMiB);
    static_cast<void>(calm.tick());
    EXPECT_EQ(calm.tick().next, std::chrono::milliseconds(100)) << "it has stopped growing";
  });
}

TEST_P(Watch, WithoutANamespaceOnlyDescendantsAreCounted) {
  run([] {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t parent = ::fork();
    if (parent == 0) {
      with_children(1, [] { anonymous(150 * kMiB); });
      static_cast<void>(!::write(ready[1], "x", 1));
      stay();
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    const auto own = anonymous(200 * kMiB);  // ours does not count
    MemoryWatch watch(Fd(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), 100 * kMiB,
                      {.descendants_of = ::getpid()});
    const WatchResult first = watch.tick();
    EXPECT_EQ(first.verdict, Verdict::killed);
    EXPECT_EQ(first.processes, 2U);
    ASSERT_TRUE(first.killed.has_value());
    EXPECT_NE(first.killed->pid, parent);
    ::munmap(own, 200 * kMiB);
    ::kill(parent, SIGKILL);
    ::waitpid(parent, nullptr, 0);
  });
}

TEST_P(Watch, BlindnessEndsTheSession) {
  run([] {
    FakeSession session;
    // A limit that the machine's own memory is more than half of: every way of counting is tried.
    MemoryWatch watch(session.take_proc(), 150 * kMiB);
    const void* ours = anonymous(10 * kMiB);
    const Fd memory(written_memfd(120 * kMiB));
    ASSERT_NE(ours, nullptr);
    ASSERT_EQ(watch.tick().verdict, Verdict::within);
    ::rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const ::rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    int ticks = 0;
    WatchResult result;
    do {
      result = watch.tick();
      EXPECT_EQ(result.unread, 1U);
    } while (result.verdict == Verdict::within && ++ticks < 100);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(result.verdict, Verdict::end_session);
  });
}

TEST_P(Watch, AnEmptyOrEndedSessionIsWithin) {
  run([] {
    auto session = std::make_unique<FakeSession>();
    MemoryWatch watch(session->take_proc(), 100 * kMiB);
    EXPECT_EQ(watch.tick().processes, 1U);
    session.reset();
    const WatchResult result = watch.tick();
    EXPECT_EQ(result.verdict, Verdict::within);
    EXPECT_EQ(result.processes, 0U);
  });
}

}  // namespace
}  // namespace bailiwick
