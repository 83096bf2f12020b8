#include "policy/policy.h"

#include <gtest/gtest.h>

namespace bailiwick {
namespace {

TEST(Policy, NamesRoundTrip) {
  for (const Mode mode : {Mode::read_only, Mode::workspace_write, Mode::full_access})
    EXPECT_EQ(*parse_mode(name_of(mode)), mode);
  for (const NetworkMode mode : {NetworkMode::off, NetworkMode::host}) EXPECT_EQ(*parse_network(name_of(mode)), mode);
  for (const BackendChoice choice : {BackendChoice::namespaces, BackendChoice::landlock, BackendChoice::automatic}) {
    EXPECT_EQ(*parse_backend(name_of(choice)), choice);
  }
  EXPECT_EQ(parse_mode("yolo").error().kind, ErrorKind::usage);
}

TEST(Policy, LimitsChangeOnlyWhatTheyName) {
  Limits limits;
  ASSERT_TRUE(parse_limits("memory=2G,cpu=1.5", limits));
  ASSERT_TRUE(parse_limits("pids=7,files=64,file-size=1M,scratch=8M", limits));
  EXPECT_EQ(limits, (Limits{.memory_bytes = 2ULL << 30,
                            .processes = 7,
                            .cpus = 1.5,
                            .open_files = 64,
                            .file_bytes = 1 << 20,
                            .scratch_bytes = 8 << 20}));
}

TEST(Policy, ABadLimitChangesNothing) {
  for (const char* text : {"", "memory", "memory=", "memory=1", "memory=1G,memory=2G", "pids=0", "pids=1,cpu=0",
                           "cpu=nan", "files=3", "swap=1G", "memory=1G,"}) {
    Limits limits;
    EXPECT_FALSE(parse_limits(text, limits)) << text;
    EXPECT_EQ(limits, Limits{}) << text;
  }
}

TEST(Policy, Environment) {
  for (const char* text : {"A_1=b=c", "A", "A="}) EXPECT_EQ(*parse_environment(text), text);
  for (const char* text : {"", "=x", "1A", "A B", "A-B=1"}) EXPECT_FALSE(parse_environment(text)) << text;
}

}  // namespace
}  // namespace bailiwick
