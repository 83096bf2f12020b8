// Golden files for tests. With BAILIWICK_ACCEPT=1 in the environment the file is rewritten and the test is reported as
// skipped, so that it cannot pass by accident. Only for tests: needs GoogleTest.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace bailiwick {

// `path` is absolute: TEST_SOURCE_DIR "/testdata/NAME".
inline void check_golden(const std::string& path, const std::string& got) {
  const char* accept = std::getenv("BAILIWICK_ACCEPT");
  if (accept != nullptr && std::string_view(accept) == "1") {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << got;
    file.close();
    ASSERT_TRUE(file.good()) << "could not write " << path;
    GTEST_SKIP() << "rewrote " << path;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file.good()) << "no golden file " << path << "; BAILIWICK_ACCEPT=1 writes it";
  std::ostringstream wanted;
  wanted << file.rdbuf();
  EXPECT_EQ(got, wanted.str()) << "differs from " << path << "; if that is right, BAILIWICK_ACCEPT=1 rewrites it";
}

}  // namespace bailiwick
