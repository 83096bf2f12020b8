#include "session/record.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "kernel/forked.h"

namespace bailiwick {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

class RecordTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/bailiwick-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    base_ = name;
    state_ = base_ + "/state/bailiwick";
    plan_.workspace = "/srv/app";
    plan_.directory = "/srv/app/\xff\"\\\n";
    plan_.command = {"curl", "-H", "Authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789"};
    plan_.weaker = {"line one"};
    plan_.memory_bytes = 1ULL << 33;
    const auto id = make_session_id();
    ASSERT_TRUE(id.has_value());
    id_ = *id;
  }
  void TearDown() override { std::filesystem::remove_all(base_); }
  Result<SessionRecord> open() { return SessionRecord::open(state_, id_, plan_); }
  static std::vector<Json> lines_of(const SessionRecord& record) {
    const auto text = load_file(record.path() + "/record.jsonl", 1 << 20);
    EXPECT_TRUE(text.has_value()) << record.path();
    std::vector<Json> lines;
    const std::string whole = text.value_or("");
    for (const std::string_view line : split(trim(whole), '\n')) {
      lines.push_back(Json::parse(line, nullptr, false));
      EXPECT_FALSE(lines.back().is_discarded()) << line;
    }
    return lines;
  }
  static unsigned mode_of(const std::string& path) {
    struct ::stat info{};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777;
  }
  void expect_refused(const std::string& why) {
    const auto record = open();
    ASSERT_FALSE(record.has_value());
    EXPECT_EQ(record.error().kind, ErrorKind::sandbox);
    EXPECT_THAT(record.error().message(), HasSubstr(why));
  }

  std::string base_;
  std::string state_;
  SandboxPlan plan_;
  SessionId id_;
};

TEST_F(RecordTest, WhatIsAboutToStartIsWrittenFirst) {
  const auto record = open();
  ASSERT_TRUE(record.has_value()) << record.error().message();
  EXPECT_EQ(record->path(), state_ + "/sessions/" + format(id_));
  const std::vector<Json> lines = lines_of(*record);
  ASSERT_EQ(lines.size(), 1U);
  const Json& start = lines[0];
  EXPECT_EQ(start["kind"], "start");
  EXPECT_EQ(start["schema"], 1);
  EXPECT_EQ(start["session"], format(id_));
  EXPECT_EQ(start["workspace"], "/srv/app");
  EXPECT_EQ(start["directory"], "/srv/app/\\xff\"\\\\n");
  EXPECT_EQ(start["backend"], "namespaces");
  EXPECT_EQ(start["memory_bytes"], 1ULL << 33);
  EXPECT_EQ(start["weaker"], Json::array({"line one"}));
  EXPECT_EQ(start["command"][0], "curl");
  EXPECT_THAT(start["command"][2].get<std::string>(), Not(HasSubstr("abcdefghij"))) << "secrets do not enter records";
}

TEST_F(RecordTest, OnlyTheOwnerSeesIt) {
  const mode_t before = ::umask(0);
  const auto record = open();
  ::umask(before);
  ASSERT_TRUE(record.has_value());
  for (const std::string& path : {state_, state_ + "/sessions", record->path()})
    EXPECT_EQ(mode_of(path), 0700U) << path;
  EXPECT_EQ(mode_of(record->path() + "/record.jsonl"), 0600U);
}

TEST_F(RecordTest, AFullEnd) {
  auto record = open();
  ASSERT_TRUE(record.has_value());
  SessionEnd end;
  end.exit_code = 137;
  end.stopped_by = "memory limit: \"x\"";
  end.wall = std::chrono::seconds(2);
  end.cpu = std::chrono::nanoseconds(3);
  end.peak_process_bytes = 4;
  end.peak_memory_bytes = 5;
  end.peak_processes = 6;
  end.limited = {"ended a\tb", "and another"};
  end.covers_restored = 7;
  end.longest_restore_us = 8;
  ASSERT_TRUE(record->write_end(end).has_value());
  ASSERT_EQ(lines_of(*record).size(), 2U);
  Json json = lines_of(*record)[1];
  EXPECT_THAT(json["ended"].get<std::string>(), testing::EndsWith("Z"));
  json.erase("ended");
  EXPECT_EQ(
      json,
      Json::parse(
          R"({"schema":1,"kind":"end","exit_code":137,"stopped_by":"memory limit: \"x\"","wall_ns":2000000000,"cpu_ns":3,
    "peak_process_bytes":4,"peak_memory_bytes":5,"peak_processes":6,"limited":["ended a\tb","and another"],"covers_restored":7,
    "longest_restore_us":8,"terminal_sequences_dropped":0})"));
  EXPECT_FALSE(record->write_end(end).has_value()) << "what is written stays";
}

TEST_F(RecordTest, AFailureIsAnEndToo) {
  auto record = open();
  ASSERT_TRUE(record.has_value());
  ASSERT_TRUE(record->write_failure({.kind = ErrorKind::not_found, .what = "program `x` not found"}).has_value());
  ASSERT_EQ(lines_of(*record).size(), 2U);
  const Json json = lines_of(*record)[1];
  EXPECT_EQ(json["exit_code"], 127);
  EXPECT_EQ(json["error"], "program `x` not found");
}

TEST_F(RecordTest, NothingIsRunTwiceUnderOneName) {
  ASSERT_TRUE(open().has_value());
  expect_refused("could not write");
}

TEST_F(RecordTest, WithoutAPlaceNothingStarts) {
  state_ = "";
  expect_refused("set HOME or XDG_STATE_HOME");
}

TEST_F(RecordTest, AFileInTheWayIsSaid) {
  std::filesystem::create_directories(base_ + "/state");
  ASSERT_TRUE(open_file(state_, O_CREAT | O_WRONLY, 0600).has_value());
  expect_refused("nothing runs without a record");
}

TEST_F(RecordTest, ALinkInPlaceOfTheSessionsIsNotFollowed) {
  std::filesystem::create_directories(base_ + "/elsewhere");
  std::filesystem::create_directories(state_);
  std::filesystem::create_symlink(base_ + "/elsewhere", state_ + "/sessions");
  expect_refused("could not open `" + state_ + "/sessions`");
  EXPECT_TRUE(std::filesystem::is_empty(base_ + "/elsewhere"));
}

TEST_F(RecordTest, ADirectoryThatOthersCanWriteIsRefused) {
  std::filesystem::create_directories(state_ + "/sessions/" + format(id_));
  ASSERT_EQ(::chmod((state_ + "/sessions/" + format(id_)).c_str(), 0777), 0);
  expect_refused("can be written by others: make it yours with mode 0700");
}

TEST_F(RecordTest, AFullDiskStartsNothing) {
  EXPECT_SATISFIED(
      [&]() -> int {
        // a file of no bytes is all that may be written, as on a full disk
        const ::rlimit none{};
        ::signal(SIGXFSZ, SIG_IGN);
        if (::setrlimit(RLIMIT_FSIZE, &none) != 0) return 1;
        const auto record = open();
        return !record && record.error().message().find("nothing runs without a record") != std::string::npos ? 0 : 2;
      },
      "");
}

}  // namespace
}  // namespace bailiwick
