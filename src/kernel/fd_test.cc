#include "kernel/fd.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "kernel/forked.h"

namespace bailiwick {
namespace {

using testing::HasSubstr;

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }
bool is_close_on_exec(int fd) { return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }

TEST(Fd, ClosesOnceAndMoves) {
  auto pipe = open_pipe();
  ASSERT_TRUE(pipe.has_value());
  const int number = pipe->read.get();
  Fd moved = std::move(pipe->read);
  EXPECT_FALSE(pipe->read.is_open());  // NOLINT(bugprone-use-after-move): what is left behind is the point
  EXPECT_EQ(moved.get(), number);
  {
    const Fd last = std::move(moved);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
  const int write_end = pipe->write.get();
  pipe->write = Fd();
  EXPECT_FALSE(is_open(write_end));
}

TEST(Fd, ReleaseLeavesItOpen) {
  auto pipe = open_pipe();
  ASSERT_TRUE(pipe.has_value());
  const int number = pipe->read.release();
  EXPECT_FALSE(pipe->read.is_open());
  EXPECT_TRUE(is_open(number));
  ::close(number);
}

TEST(Fd, EveryDescriptorIsCloseOnExec) {
  const auto pipe = open_pipe();
  const auto pair = open_message_pair();
  const auto file = open_file("/dev/null", O_RDONLY);
  const auto directory = open_file("/", O_PATH | O_DIRECTORY);
  ASSERT_TRUE(pipe && pair && file && directory);
  const auto beneath = open_beneath(directory->get(), "dev/null", O_RDONLY);
  ASSERT_TRUE(beneath.has_value()) << beneath.error().message();
  for (const int fd :
       {pipe->read.get(), pipe->write.get(), pair->ours.get(), pair->theirs.get(), file->get(), beneath->get()}) {
    EXPECT_TRUE(is_close_on_exec(fd));
  }
  ASSERT_TRUE(send_message(pair->ours.get(), "x", STDERR_FILENO).has_value());
  const auto message = receive_message(pair->theirs.get(), 8);
  ASSERT_TRUE(message.has_value());
  EXPECT_TRUE(is_close_on_exec(message->fd.get()));
}

TEST(Fd, OpeningSaysWhatAndWhy) {
  const auto missing = open_file("/nothing\n/here", O_RDONLY);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().os_errno, ENOENT);
  EXPECT_THAT(missing.error().message(), HasSubstr("could not open `/nothing\\n/here`"));
}

struct BeneathCase {
  const char* relative;
  int wanted;
};
TEST(Fd, BeneathIsBeneath) {
  char name[] = "/tmp/bailiwick-test-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  const std::string base = name;
  std::filesystem::create_directory(base + "/sub");
  std::filesystem::create_symlink("/etc/passwd", base + "/absolute");
  std::filesystem::create_symlink("sub", base + "/near");
  const auto directory = open_file(base, O_PATH | O_DIRECTORY);
  ASSERT_TRUE(directory.has_value());
  for (const BeneathCase& one : {BeneathCase{"..", EXDEV},
                                 {"sub/../..", EXDEV},
                                 {"/etc/passwd", EXDEV},
                                 {"absolute", ELOOP},
                                 {"near", ELOOP},
                                 {"near/x", ELOOP},
                                 {"nothing", ENOENT}}) {
    const auto fd = open_beneath(directory->get(), one.relative, O_RDONLY);
    ASSERT_FALSE(fd.has_value()) << one.relative;
    EXPECT_EQ(fd.error().os_errno, one.wanted) << one.relative;
  }
  EXPECT_TRUE(open_beneath(directory->get(), "sub", O_RDONLY | O_DIRECTORY).has_value());
  const auto made = open_beneath(directory->get(), "sub/new", O_CREAT | O_EXCL | O_WRONLY, 0640);
  ASSERT_TRUE(made.has_value()) << made.error().message();
  struct ::stat info{};
  ASSERT_EQ(::fstat(made->get(), &info), 0);
  EXPECT_EQ(info.st_mode & 0600, 0600U);
  std::filesystem::remove_all(base);
}

TEST(Fd, ReadsUpToTheLimitAndNoFurther) {
  for (const std::size_t size : {0UL, 1UL, 16383UL, 16384UL, 16385UL, 60000UL}) {
    auto pipe = open_pipe();
    ASSERT_TRUE(pipe.has_value());
    const std::string sent(size, 'x');
    ASSERT_TRUE(write_all(pipe->write.get(), sent).has_value());
    pipe->write.close();
    const int again = ::dup(pipe->read.get());
    const auto got = read_all(pipe->read.get(), size);
    ASSERT_TRUE(got.has_value()) << size << ": exactly the limit is not too long";
    EXPECT_EQ(*got, sent);
    ::close(again);
    if (size == 0) continue;
    auto second = open_pipe();
    ASSERT_TRUE(second.has_value());
    ASSERT_TRUE(write_all(second->write.get(), sent).has_value());
    second->write.close();
    const auto refused = read_all(second->read.get(), size - 1);
    ASSERT_FALSE(refused.has_value()) << size;
    EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
    EXPECT_THAT(refused.error().message(), HasSubstr("longer than"));
  }
}

TEST(Fd, LoadingNamesTheFile) {
  const auto endless = load_file("/dev/zero", 100);
  ASSERT_FALSE(endless.has_value());
  EXPECT_THAT(endless.error().message(), HasSubstr("`/dev/zero`"));
  const auto directory = load_file("/", 100);
  ASSERT_FALSE(directory.has_value());
  EXPECT_EQ(directory.error().os_errno, EISDIR);
  EXPECT_EQ(load_file("/dev/null", 0).value_or("?"), "");
}

TEST(Fd, WritingToAClosedPipeIsAnError) {
  auto pipe = open_pipe();
  ASSERT_TRUE(pipe.has_value());
  pipe->read.close();
  EXPECT_SATISFIED(
      [&]() -> int {
        ::signal(SIGPIPE, SIG_IGN);
        const auto status = write_all(pipe->write.get(), "x");
        return !status && status.error().os_errno == EPIPE ? 0 : 1;
      },
      "");
}

TEST(Messages, KeepTheirEdges) {
  const auto pair = open_message_pair();
  ASSERT_TRUE(pair.has_value());
  ASSERT_TRUE(send_message(pair->ours.get(), "first").has_value());
  ASSERT_TRUE(send_message(pair->ours.get(), std::string("\0two", 4)).has_value());
  EXPECT_EQ(receive_message(pair->theirs.get(), 64)->bytes, "first");
  EXPECT_EQ(receive_message(pair->theirs.get(), 4)->bytes, std::string("\0two", 4));
}

TEST(Messages, CarryADescriptor) {
  const auto pair = open_message_pair();
  auto pipe = open_pipe();
  ASSERT_TRUE(pair && pipe);
  ASSERT_TRUE(send_message(pair->ours.get(), "here", pipe->write.get()).has_value());
  pipe->write.close();
  auto message = receive_message(pair->theirs.get(), 64);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->bytes, "here");
  ASSERT_TRUE(message->fd.is_open());
  ASSERT_TRUE(write_all(message->fd.get(), "through").has_value());
  message->fd.close();
  EXPECT_EQ(read_all(pipe->read.get(), 64).value_or("?"), "through");
}

TEST(Messages, OneThatIsTooLongIsAnErrorAndLeaksNoDescriptor) {
  const auto pair = open_message_pair();
  auto pipe = open_pipe();
  ASSERT_TRUE(pair && pipe);
  ASSERT_TRUE(send_message(pair->ours.get(), "12345", pipe->write.get()).has_value());
  pipe->write.close();
  const auto message = receive_message(pair->theirs.get(), 4);
  ASSERT_FALSE(message.has_value());
  EXPECT_EQ(message.error().kind, ErrorKind::sandbox);
  EXPECT_THAT(message.error().message(), HasSubstr("longer than agreed"));
  // the descriptor that came along is closed: the pipe has no writer left
  EXPECT_EQ(read_all(pipe->read.get(), 64).value_or("?"), "");
}

TEST(Messages, TheEndIsAnEmptyMessage) {
  auto pair = open_message_pair();
  ASSERT_TRUE(pair.has_value());
  pair->ours.close();
  const auto message = receive_message(pair->theirs.get(), 64);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->bytes, "");
  EXPECT_FALSE(message->fd.is_open());
  const auto status = send_message(pair->theirs.get(), "x");  // an error, not a signal
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().os_errno, EPIPE);
}

TEST(MessagePair, LastWordsArriveThoughOursWereNotRead) {
  auto pair = open_message_pair();
  ASSERT_TRUE(pair.has_value());
  ASSERT_TRUE(send_message(pair->theirs.get(), "last words").has_value());
  ASSERT_TRUE(send_message(pair->ours.get(), "never read").has_value());
  pair->theirs.close();
  const auto first = receive_message(pair->ours.get(), 64);
  ASSERT_TRUE(first.has_value()) << first.error().message();
  EXPECT_EQ(first->bytes, "last words");
  const auto second = receive_message(pair->ours.get(), 64);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->bytes, "");
}

}  // namespace
}  // namespace bailiwick
