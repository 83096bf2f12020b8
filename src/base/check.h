// Assertions. CHECK is always on and is for security invariants; DCHECK is for debugging.
#pragma once

namespace bailiwick {
[[noreturn]] void check_failed(const char* expression, const char* file, int line);
}  // namespace bailiwick

#define CHECK(expression) \
  (static_cast<bool>(expression) ? void() : ::bailiwick::check_failed(#expression, __FILE__, __LINE__))
#ifdef NDEBUG
#define DCHECK(expression) static_cast<void>(0)
#else
#define DCHECK(expression) CHECK(expression)
#endif
