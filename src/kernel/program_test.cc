#include "kernel/program.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "kernel/fd.h"
#include "kernel/forked.h"

namespace bailiwick {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class ProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/bailiwick-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    base_ = fs::canonical(name).string();
    for (const char* directory : {"bin", "more", "work"}) fs::create_directory(at(directory));
    search_ = at("bin") + ":" + at("more");
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(base_, ignored);
  }
  [[nodiscard]] std::string at(const std::string& relative) const { return base_ + "/" + relative; }
  std::string file(const std::string& relative, const std::string& text, unsigned mode = 0755) const {
    std::ofstream out(at(relative), std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    EXPECT_TRUE(out.good()) << relative;
    EXPECT_EQ(::chmod(at(relative).c_str(), mode), 0);
    return at(relative);
  }
  std::string link(const std::string& relative, const std::string& text) const {
    fs::create_symlink(text, at(relative));
    return at(relative);
  }
  [[nodiscard]] std::optional<ResolvedProgram> resolve(std::string_view name) const {
    return resolve_program(name, search_, at("work"));
  }
  // "FOUND -> PATH" below the tree.
  [[nodiscard]] std::string told(std::string_view name, const std::string& search) const {
    const auto program = resolve_program(name, search, at("work"));
    if (!program) return "nothing";
    const auto below = [&](const std::string& path) {
      return path.starts_with(base_ + "/") ? path.substr(base_.size() + 1) : path;
    };
    return below(program->found) + " -> " + below(program->path);
  }
  [[nodiscard]] std::string told(std::string_view name) const { return told(name, search_); }
  [[nodiscard]] std::vector<std::string> names_of(const std::string& path) {
    const auto program = resolve_program(path, "", "/");
    EXPECT_TRUE(program.has_value()) << path;
    return program ? known_.names_of(*program, digests_) : std::vector<std::string>{"nothing"};
  }

  std::string base_;
  std::string search_;
  KnownPrograms known_;
  DigestCache digests_;
};

TEST_F(ProgramTest, NamesAreLookedForAlongTheSearchPath) {
  file("bin/first", "1");
  file("more/first", "2");
  file("more/second", "2");
  EXPECT_EQ(told("first"), "bin/first -> bin/first");
  EXPECT_EQ(told("second"), "more/second -> more/second");
  EXPECT_EQ(told("third"), "nothing");
  EXPECT_EQ(told("first", at("bin") + "/"), "bin/first -> bin/first");
  EXPECT_EQ(told("first", "/nowhere:" + at("bin") + "/first:" + at("more")), "more/first -> more/first");
}

TEST_F(ProgramTest, EmptyAndRelativeEntriesMeanTheDirectory) {
  file("work/tool", "1");
  fs::create_directory(at("work/sub"));
  file("work/sub/other", "1");
  for (const std::string& search : {std::string(), ":" + at("bin"), at("bin") + ":", at("bin") + "::" + at("more")}) {
    EXPECT_EQ(told("tool", search), "work/tool -> work/tool") << search;
  }
  EXPECT_EQ(told("tool", at("bin")), "nothing");
  EXPECT_EQ(told("other", "sub"), "work/sub/other -> work/sub/other");
  EXPECT_EQ(told("tool", "."), "work/./tool -> work/tool");
}

TEST_F(ProgramTest, NamesWithASlashAreRelativeToTheDirectory) {
  file("work/tool", "1");
  file("bin/tool", "2");
  EXPECT_EQ(told("./tool"), "work/./tool -> work/tool");
  EXPECT_EQ(told("../bin/tool"), "work/../bin/tool -> bin/tool");
  EXPECT_EQ(told(at("bin/tool")), "bin/tool -> bin/tool");
  EXPECT_EQ(told("bin/tool"), "nothing");
  EXPECT_EQ(told("tool/"), "nothing");
}

TEST_F(ProgramTest, WhatCannotBeExecutedIsPassedOver) {
  fs::create_directory(at("bin/name"));
  file("more/name", "1");
  EXPECT_EQ(told("name"), "more/name -> more/name");
  file("bin/plain", "1", 0644);
  file("more/plain", "2");
  EXPECT_EQ(told("plain"), "more/plain -> more/plain");
  ASSERT_EQ(::mkfifo(at("bin/pipe").c_str(), 0755), 0);
  link("bin/loop", "loop2");
  link("bin/loop2", "loop");
  link("bin/dangling", "nowhere");
  for (const char* name : {"pipe", "loop", "dangling", ".", "..", ""}) EXPECT_EQ(told(name), "nothing") << name;
  file("more/loop", "1");
  EXPECT_EQ(told("loop"), "more/loop -> more/loop");
  EXPECT_EQ(told(std::string_view("plain\0x", 7)), "nothing");
  EXPECT_EQ(told(std::string(5000, 'x')), "nothing");
}

TEST_F(ProgramTest, LinksAreFollowedToTheEnd) {
  file("more/real.basic", "1");
  link("more/alternative", "real.basic");
  link("bin/vi", at("more/alternative"));
  EXPECT_EQ(told("vi"), "bin/vi -> more/real.basic");
  link("linked", "bin");
  EXPECT_EQ(told("vi", at("linked")), "linked/vi -> more/real.basic");
  std::string last = "real.basic";
  for (int i = 0; i < 39; ++i) {
    link("more/chain" + std::to_string(i), last);
    last = "chain" + std::to_string(i);
  }
  EXPECT_EQ(told(last), "more/chain38 -> more/real.basic");
  link("more/chain39", last);
  link("more/chain40", "chain39");
  EXPECT_EQ(told("chain40"), "nothing");  // the kernel's own limit
}

TEST_F(ProgramTest, TheFileIsTheOneThatIsThere) {
  file("bin/tool", "four");
  const auto program = resolve("tool");
  ASSERT_TRUE(program.has_value());
  struct ::stat info{};
  ASSERT_EQ(::stat(at("bin/tool").c_str(), &info), 0);
  EXPECT_EQ(program->file.device, info.st_dev);
  EXPECT_EQ(program->file.inode, info.st_ino);
  EXPECT_EQ(program->file.size, 4U);
  EXPECT_EQ(program->file.changed_ns, info.st_ctim.tv_sec * 1'000'000'000LL + info.st_ctim.tv_nsec);
  EXPECT_EQ(program->digest, std::nullopt);
}

TEST_F(ProgramTest, AccessIsThatOfTheEffectiveUser) {
  ASSERT_EQ(::chmod(base_.c_str(), 0755), 0);
  file("bin/ours", "1", ::geteuid() == 0 ? 0700 : 0077);
  file("more/ours", "2", 0755);
  if (::geteuid() == 0) {
    EXPECT_EQ(told("ours"), "bin/ours -> bin/ours");
  }
  EXPECT_SATISFIED(
      [&] {
        if (::geteuid() == 0 && ::seteuid(65534) != 0) return kNotPossibleHere;
        return told("ours") == "more/ours -> more/ours" ? 0 : 1;
      },
      "another uid");
}

TEST_F(ProgramTest, DigestsAreThoseOfTheContent) {
  file("bin/abc", "abc");
  file("bin/empty", "");
  EXPECT_EQ(hex(digests_.digest_of(at("bin/abc"), resolve("abc")->file).value()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(digests_.digest_of(at("bin/empty"), resolve("empty")->file).value()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  std::string large(3'000'001, 'x');
  file("bin/large", large);
  EXPECT_EQ(digests_.digest_of(at("bin/large"), resolve("large")->file), sha256(large));
}

TEST_F(ProgramTest, AnUntouchedFileIsReadOnce) {
  const auto program = resolve_program("sh", "/usr/bin:/bin", "/");
  ASSERT_TRUE(program.has_value());
  const auto digest = digests_.digest_of(program->path, program->file);
  ASSERT_TRUE(digest.has_value());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(digests_.digest_of(program->path, program->file), digest);
  EXPECT_EQ(digests_.files_read(), 1U);
}

// A second change within one tick of the clock leaves the ctime as it is.
TEST_F(ProgramTest, AFreshFileIsReadEachTime) {
  file("bin/tool", "one.");
  const auto program = resolve("tool");
  EXPECT_EQ(digests_.digest_of(program->path, program->file), sha256("one."));
  EXPECT_EQ(digests_.digest_of(program->path, program->file), sha256("one."));
  EXPECT_EQ(digests_.files_read(), 2U);
}

TEST_F(ProgramTest, AReplacedFileHasNoDigestUnderItsOldIdentity) {
  file("bin/tool", "one.");
  const auto before = resolve("tool");
  file("bin/new", "two.");
  fs::rename(at("bin/new"), at("bin/tool"));
  EXPECT_EQ(digests_.digest_of(before->path, before->file), std::nullopt);
  const auto after = resolve("tool");
  EXPECT_NE(after->file.inode, before->file.inode);
  EXPECT_EQ(digests_.digest_of(after->path, after->file), sha256("two."));
}

TEST_F(ProgramTest, AChangeInPlaceIsSeenThoughTheMtimeIsSetBack) {
  file("bin/tool", "one.");
  const auto before = resolve("tool");
  struct ::stat info{};
  ASSERT_EQ(::stat(before->path.c_str(), &info), 0);
  // Until the clock that stamps files has moved on.
  std::optional<ResolvedProgram> after;
  do {
    const Fd out(::open(before->path.c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::write(out.get(), "two.", 4), 4);
    const ::timespec times[2] = {info.st_atim, info.st_mtim};
    ASSERT_EQ(::futimens(out.get(), times), 0);
    after = resolve("tool");
  } while (after->file.changed_ns == before->file.changed_ns);
  ASSERT_EQ(::stat(before->path.c_str(), &info), 0);
  EXPECT_EQ(after->file.inode, before->file.inode);
  EXPECT_EQ(after->file.size, before->file.size);
  EXPECT_NE(after->file, before->file);
  EXPECT_EQ(digests_.digest_of(before->path, before->file), std::nullopt);
  EXPECT_EQ(digests_.digest_of(after->path, after->file), sha256("two."));
}

TEST_F(ProgramTest, WhatIsTooLargeIsNotRead) {
  file("bin/huge", "");
  ASSERT_EQ(::truncate(at("bin/huge").c_str(), (1LL << 30) + 1), 0);
  const auto huge = resolve("huge");
  EXPECT_EQ(digests_.digest_of(huge->path, huge->file), std::nullopt);
  file("bin/five", "12345");
  const auto five = resolve("five");
  EXPECT_EQ(digests_.digest_of(five->path, five->file, 4), std::nullopt);
  EXPECT_EQ(digests_.files_read(), 0U);
  EXPECT_NE(digests_.digest_of(five->path, five->file, 5), std::nullopt);
}

TEST_F(ProgramTest, AFifoInItsPlaceDoesNotBlock) {
  file("bin/tool", "1");
  const auto program = resolve("tool");
  fs::remove(at("bin/tool"));
  ASSERT_EQ(::mkfifo(at("bin/tool").c_str(), 0755), 0);
  EXPECT_EQ(digests_.digest_of(program->path, program->file), std::nullopt);
  EXPECT_EQ(digests_.files_read(), 0U);
}

// How a gate names what it holds: a program in memory has no other name, and any other name can be exchanged.
TEST_F(ProgramTest, AnOpenFileIsReadByItsDescriptor) {
  const Fd memory(::memfd_create("x", MFD_CLOEXEC));
  ASSERT_TRUE(memory.is_open() && write_all(memory.get(), "abc").has_value());
  struct ::stat info{};
  ASSERT_EQ(::fstat(memory.get(), &info), 0);
  const FileIdentity file{.device = info.st_dev,
                          .inode = info.st_ino,
                          .size = 3,
                          .changed_ns = info.st_ctim.tv_sec * 1'000'000'000LL + info.st_ctim.tv_nsec};
  EXPECT_EQ(digests_.digest_of("/proc/self/fd/" + std::to_string(memory.get()), file), sha256("abc"));
}

class KnownProgramsTest : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    file("bin/git", "the program git");
    file("bin/curl", "another program, a longer one");
    known_ = KnownPrograms::find({"git", "curl", at("bin/curl"), "not-there", "", "./git", "a/b"}, search_);
  }
};

TEST_F(KnownProgramsTest, UnderItsOwnNameThereIsNothingToSay) {
  EXPECT_THAT(names_of(at("bin/git")), IsEmpty());
  EXPECT_EQ(digests_.files_read(), 0U);
}

TEST_F(KnownProgramsTest, LinksAreKnownWithoutReading) {
  fs::create_hard_link(at("bin/git"), at("work/hard"));
  link("work/soft", at("bin/git"));
  link("work/softer", "soft");
  fs::create_hard_link(at("bin/curl"), at("work/git"));
  EXPECT_THAT(names_of(at("work/hard")), ElementsAre("git"));
  EXPECT_THAT(names_of(at("work/soft")), ElementsAre("git"));
  EXPECT_THAT(names_of(at("work/softer")), ElementsAre("git"));
  EXPECT_THAT(names_of(at("work/git")), ElementsAre("curl", at("bin/curl")));
  EXPECT_EQ(digests_.files_read(), 0U);
}

TEST_F(KnownProgramsTest, CopiesAreKnownByContent) {
  fs::copy_file(at("bin/git"), at("work/copy"));
  EXPECT_THAT(names_of(at("work/copy")), ElementsAre("git"));
  EXPECT_EQ(digests_.files_read(), 2U);
  fs::copy_file(at("bin/git"), at("work/git"));
  EXPECT_THAT(names_of(at("work/git")), IsEmpty());
}

TEST_F(KnownProgramsTest, OnlyFilesOfThatSizeAreRead) {
  file("work/other", "the program git, patched");
  EXPECT_THAT(names_of(at("work/other")), IsEmpty());
  EXPECT_EQ(digests_.files_read(), 0U);
  file("work/same-size", "the program gut");
  EXPECT_THAT(names_of(at("work/same-size")), IsEmpty());
  EXPECT_EQ(digests_.files_read(), 2U);
}

TEST_F(KnownProgramsTest, ADigestThatIsGivenIsNotComputedAgain) {
  file("work/copy", "the program git");
  auto program = resolve_program(at("work/copy"), "", "/");
  program->digest = sha256("the program git");
  EXPECT_THAT(known_.names_of(*program, digests_), ElementsAre("git"));
  EXPECT_EQ(digests_.files_read(), 1U);  // git's own
}

TEST_F(KnownProgramsTest, EveryFileOfThatNameIsKnown) {
  file("more/git", "an older git");
  known_ = KnownPrograms::find({"git"}, search_ + ":" + at("bin"));
  fs::copy_file(at("bin/git"), at("work/one"));
  fs::copy_file(at("more/git"), at("work/two"));
  EXPECT_THAT(names_of(at("work/one")), ElementsAre("git"));
  EXPECT_THAT(names_of(at("work/two")), ElementsAre("git"));
}

TEST_F(KnownProgramsTest, AnUpgradedProgramIsKnownByItsOldInodeOnly) {
  fs::create_hard_link(at("bin/git"), at("work/old"));
  fs::copy_file(at("bin/git"), at("work/copy"));
  file("bin/git.new", "a program newer");
  fs::rename(at("bin/git.new"), at("bin/git"));
  EXPECT_THAT(names_of(at("work/old")), ElementsAre("git"));
  EXPECT_THAT(names_of(at("work/copy")), IsEmpty());
}

TEST_F(KnownProgramsTest, RelativeEntriesOfTheSearchPathAreNotTheMachines) {
  file("work/evil", "the program git");
  ASSERT_EQ(::chdir(at("work").c_str()), 0);
  known_ = KnownPrograms::find({"evil"}, ":.:../work");
  fs::copy_file(at("work/evil"), at("work/copy"));
  EXPECT_THAT(names_of(at("work/copy")), IsEmpty());
  ASSERT_EQ(::chdir("/"), 0);
}

TEST_F(KnownProgramsTest, SystemDirectoriesAreLookedAtWhateverThePathSays) {
  known_ = KnownPrograms::find({"sh"}, "");
  const auto shell = resolve_program("sh", "/usr/bin:/bin", "/");
  ASSERT_TRUE(shell.has_value());
  fs::copy_file(shell->path, at("work/copy"));
  EXPECT_THAT(names_of(at("work/copy")), ElementsAre("sh"));
}

// Execute permission alone lets a program run; its content cannot be read, by us or by whoever would copy it.
TEST_F(KnownProgramsTest, AnUnreadableProgramIsKnownByItsInode) {
  ASSERT_EQ(::chmod(base_.c_str(), 0755), 0);
  file("work/copy", "the program git");
  ASSERT_EQ(::chmod(at("bin/git").c_str(), 0111), 0);
  fs::create_hard_link(at("bin/git"), at("work/hard"));
  EXPECT_SATISFIED(
      [&] {
        if (::geteuid() == 0 && ::seteuid(65534) != 0) return kNotPossibleHere;
        known_ = KnownPrograms::find({"git"}, search_);
        const auto git = resolve("git");
        if (!git || digests_.digest_of(git->path, git->file)) return 1;
        if (names_of(at("work/hard")) != std::vector<std::string>{"git"}) return 2;
        if (!names_of(at("work/copy")).empty()) return 3;
        return 0;
      },
      "another uid");
}

}  // namespace
}  // namespace bailiwick
