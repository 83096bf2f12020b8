#include "kernel/procfs.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bailiwick {
namespace {

using testing::Contains;
using testing::SizeIs;

TEST(Procfs, Meminfo) {
  const auto memory = parse_meminfo(
      "MemTotal:       24684092 kB\nSwapTotal: 100 kB\nSwapFree: 60 kB\nAnonPages:  69360 kB\nShmem:   8856 "
      "kB\nShmemHugePages: 7 kB\n"
      "PageTables: 2780 kB\nHugetlb: 2048 kB\n");
  ASSERT_TRUE(memory.has_value());
  EXPECT_EQ(memory->anonymous, 69360U * 1024);
  EXPECT_EQ(memory->shmem, 8856U * 1024);
  EXPECT_EQ(memory->page_tables, 2780U * 1024);
  EXPECT_EQ(memory->swap_used, 40U * 1024);
  EXPECT_EQ(memory->hugetlb, 2048U * 1024);
  for (const char* broken : {"", "Shmem", "MemTotal: 1 kB\n"})
    EXPECT_FALSE(parse_meminfo(broken).has_value()) << broken;
}

TEST(Procfs, Statm) {
  const auto statm = parse_statm("765 426 388 5 0 90 0\n", 4096);
  ASSERT_TRUE(statm.has_value());
  EXPECT_EQ(statm->resident, 426U * 4096);
  EXPECT_EQ(statm->shared, 388U * 4096);
  for (const char* broken : {"", "1", "1 2", "1 x 3", "1 -2 3"})
    EXPECT_FALSE(parse_statm(broken, 4096).has_value()) << broken;
}

TEST(Procfs, Status) {
  const auto status = parse_memory_status(
      "Name:\tRssAnon: 9 kB\\nName:\tx\nUmask:\t0022\nVmRSS:\t1664 kB\nRssAnon:\t112 kB\nRssFile:\t1552 "
      "kB\nRssShmem:\t4 kB\nVmPTE:\t48 kB\n"
      "VmSwap:\t8 kB\nHugetlbPages:\t2048 kB\n");
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->name, "RssAnon: 9 kB\\nName:\tx") << "a name is not a field";
  EXPECT_EQ(status->anonymous, 112U * 1024);
  EXPECT_EQ(status->shmem, 4U * 1024);
  EXPECT_EQ(status->page_tables, 48U * 1024);
  EXPECT_EQ(status->swap, 8U * 1024);
  EXPECT_EQ(status->hugetlb, 2048U * 1024);
  const auto zombie = parse_memory_status("Name:\tgone\nState:\tZ (zombie)\n");
  ASSERT_TRUE(zombie.has_value());
  EXPECT_EQ(zombie->anonymous, 0U);
  EXPECT_FALSE(parse_memory_status("").has_value());
}

TEST(Procfs, Rollup) {
  const auto share = parse_rollup(
      "55-77 ---p 00000000 00:00 0   [rollup]\nRss: 9 kB\nPss: 330 kB\nPss_Anon: 112 kB\nPss_Shmem: 3 kB\nSwapPss: 2 "
      "kB\n");
  ASSERT_TRUE(share.has_value());
  EXPECT_EQ(share->anonymous, 112U * 1024);
  EXPECT_EQ(share->shmem, 3U * 1024);
  EXPECT_EQ(share->swap, 2U * 1024);
  EXPECT_FALSE(parse_rollup("Pss: 1 kB\n").has_value()) << "older than 5.4";
}

TEST(Procfs, Stat) {
  struct Row {
    const char* text;
    char state;
    pid_t parent;
  };
  for (const Row& row : {Row{"7 (cat) S 4 7 7 0 -1 1 2 3 4 5 6 7 8 9 20 0 3 0 991 1", 'S', 4},
                         Row{"7 (a) Z 1 ( x) Z 12 7 7 0 -1 1 2 3 4 5 6 7 8 9 20 0 3 0 991 1", 'Z', 12}}) {
    const auto state = parse_stat(row.text);
    ASSERT_TRUE(state.has_value()) << row.text;
    EXPECT_EQ(state->state, row.state);
    EXPECT_EQ(state->parent, row.parent);
    EXPECT_EQ(state->threads, 3U);
    EXPECT_EQ(state->start_ticks, 991U);
  }
  for (const char* broken : {"", "7 (cat", "7 (cat)", "7 (cat) S", "7 (cat) Sx 4", "7 (cat) \n 4", "7 (cat) 0 4"})
    EXPECT_FALSE(parse_stat(broken).has_value()) << broken;
}

TEST(Procfs, SmapsInPiecesOfEverySize) {
  const std::string text =
      "7f00-7f01 rw-s 00000000 00:01 42                         /memfd:a b (deleted)\nSize: 4 kB\nPss: 12 "
      "kB\nPss_Dirty: 99 kB\n"
      "7f01-7f02 rw-p 00000000 00:00 0 \nPss: 50 kB\n"
      "7f02-7f03 rw-s 00000000 fe:01 42 /file\nPss: 51 kB\n"
      "7f03-7f04 rw-s 00000000 00:01 43 /dev/zero (deleted)\nPss: 8 kB\nVmFlags: rd wr\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    SharedMappings mappings(makedev(0, 1));
    for (std::size_t at = 0; at < text.size(); at += size) mappings.feed(std::string_view(text).substr(at, size));
    ASSERT_THAT(mappings.shares(), SizeIs(2)) << size;
    EXPECT_EQ(mappings.shares()[0].inode, 42U);
    EXPECT_EQ(mappings.shares()[0].bytes, 12U * 1024);
    EXPECT_EQ(mappings.shares()[1].inode, 43U);
    EXPECT_EQ(mappings.shares()[1].bytes, 8U * 1024);
  }
}

TEST(Procfs, FindsOneself) {
  const Fd proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::vector<int> pids;
  ASSERT_TRUE(list_numbers(proc.get(), pids));
  EXPECT_THAT(pids, Contains(::getpid()));
  const Fd self = open_process_directory(proc.get(), ::getpid());
  EXPECT_EQ(find_outer_pid(self.get(), ::getpid()), ::getpid());
  std::string text;
  ASSERT_TRUE(read_at(self.get(), "stat", text, 4096));
  EXPECT_EQ(parse_stat(text)->parent, ::getppid());
  EXPECT_FALSE(read_at(self.get(), "no such file", text, 4096));
  EXPECT_FALSE(open_process_directory(proc.get(), 0x7fffffff).is_open());
}

TEST(Procfs, ProcessesHaveTheirOwnMemory) {
  EXPECT_TRUE(have_same_memory(::getpid(), ::getpid()));
  EXPECT_FALSE(have_same_memory(::getpid(), ::getppid()));
}

TEST(Procfs, AMemfdIsFoundByItsInodeAndAFifoIsNotWaitedFor) {
  const Fd memory(::memfd_create("x", MFD_CLOEXEC));
  ASSERT_TRUE(write_all(memory.get(), std::string(1 << 20, 'x')).has_value());
  struct ::stat about{};
  ASSERT_EQ(::fstat(memory.get(), &about), 0);
  auto pipe = open_pipe();
  ASSERT_TRUE(pipe.has_value());
  const Fd self(::open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::uint64_t bytes = 0;
  const auto add = [&](HeldInode held) {
    if (held.inode == about.st_ino) bytes += held.bytes;
  };
  std::size_t budget = 1000;
  EXPECT_TRUE(list_held_inodes(self.get(), shared_memory_device(), budget, add));
  EXPECT_EQ(bytes, 1U << 20);
  EXPECT_LT(budget, 1000U);
  budget = 1;
  EXPECT_FALSE(list_held_inodes(self.get(), shared_memory_device(), budget, add));
}

TEST(Procfs, KillsByDirectoryAndNeverASuccessor) {
  const Fd proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const pid_t child = ::fork();
  if (child == 0) {
    while (true) ::pause();
  }
  const Fd directory = open_process_directory(proc.get(), child);
  EXPECT_EQ(kill_process(directory.get()), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(kill_process(directory.get()), -1);
  EXPECT_EQ(errno, ESRCH);
}

}  // namespace
}  // namespace bailiwick
