// A directory of a test's own, removed at its end. Only for tests: needs GoogleTest.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "kernel/fd.h"

namespace bailiwick {

class TempTree {
 public:
  TempTree() {
    char name[] = "/tmp/bailiwick-test-XXXXXX";
    EXPECT_NE(::mkdtemp(name), nullptr);
    path_ = std::filesystem::canonical(name).string();
  }
  TempTree(const TempTree&) = delete;
  TempTree& operator=(const TempTree&) = delete;
  ~TempTree() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  // Each takes a path relative to the tree, makes the directories above it, and gives the whole path.
  std::string at(const std::string& relative) const { return relative.empty() ? path_ : path_ + "/" + relative; }
  std::string directory(const std::string& relative) const {
    std::filesystem::create_directories(at(relative));
    return at(relative);
  }
  std::string file(const std::string& relative, const std::string& text = "x\n") const {
    std::filesystem::create_directories(std::filesystem::path(at(relative)).parent_path());
    std::ofstream out(at(relative), std::ios::binary);
    out << text;
    out.close();
    EXPECT_TRUE(out.good()) << relative;
    return at(relative);
  }
  std::string program(const std::string& relative) const {
    const std::string path = file(relative, "#!/bin/sh\n");
    EXPECT_EQ(::chmod(path.c_str(), 0755), 0);
    return path;
  }
  std::string symlink(const std::string& relative, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(at(relative)).parent_path());
    std::filesystem::create_symlink(text, at(relative));
    return at(relative);
  }
  std::string fifo(const std::string& relative) const {
    EXPECT_EQ(::mkfifo(at(relative).c_str(), 0600), 0);
    return at(relative);
  }
  std::string socket(const std::string& relative) const {
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = at(relative);
    EXPECT_LT(path.size(), sizeof address.sun_path);
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_TRUE(fd.is_open() && ::bind(fd.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address) == 0);
    return path;
  }

 private:
  std::string path_;
};

}  // namespace bailiwick
