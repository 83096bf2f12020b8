// What every function that can fail returns. Owns nothing. Any thread.
//
// A denial is a value (a Verdict), never an Error: an Error means that something could not work.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace bailiwick {

// What went wrong, as far as the caller must know. `exit_code()` maps each kind to the program's exit code.
enum class ErrorKind : std::uint8_t {
  usage,      // the command line is not understood                      -> 2
  invalid,    // policy, configuration or input is not valid             -> 3
  sandbox,    // the sandbox could not be built, a kernel call failed    -> 125
  denied,     // denied, or not executable                               -> 126
  not_found,  // the program to run does not exist                       -> 127
};

// `what` starts lower-case, has no full stop, quotes user input in backticks and says what to do next.
struct Error {
  ErrorKind kind = ErrorKind::sandbox;
  std::string what;
  int os_errno = 0;                  // 0, or the errno of the call that failed
  std::vector<std::string> context;  // innermost first

  Error&& in(std::string step) && {
    context.push_back(std::move(step));
    return std::move(*this);
  }
  // "outer: inner: what: strerror"
  [[nodiscard]] std::string message() const;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] int exit_code(ErrorKind kind);

// An Error of kind `sandbox` from the current errno.
[[nodiscard]] std::unexpected<Error> os_error(std::string what);
[[nodiscard]] std::unexpected<Error> os_error(std::string what, int os_errno);
[[nodiscard]] std::unexpected<Error> fail(ErrorKind kind, std::string what);

}  // namespace bailiwick

#define BW_CONCAT_(a, b) a##b
#define BW_CONCAT(a, b) BW_CONCAT_(a, b)

// TRY(f());                     return the error of a Status or Result
// TRY_ASSIGN(auto x, f());      declare x from the value, or return the error
#define TRY(expression)                                          \
  do {                                                           \
    if (auto bw_status_ = (expression); !bw_status_.has_value()) \
      return std::unexpected(std::move(bw_status_).error());     \
  } while (false)
#define TRY_ASSIGN(declaration, expression) TRY_ASSIGN_(BW_CONCAT(bw_result_, __LINE__), declaration, expression)
// NOLINTBEGIN(bugprone-macro-parentheses): `name` and `declaration` are declared, which parentheses would prevent
#define TRY_ASSIGN_(name, declaration, expression)                        \
  auto name = (expression);                                               \
  if (!name.has_value()) return std::unexpected(std::move(name).error()); \
  declaration = std::move(*name)
// NOLINTEND(bugprone-macro-parentheses)
