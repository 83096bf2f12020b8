#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace bailiwick {

std::string Error::message() const {
  std::string text;
  for (auto step = context.rbegin(); step != context.rend(); ++step) text += *step + ": ";
  text += what;
  if (os_errno != 0) {
    text += ": ";
    const char* name = ::strerrordesc_np(os_errno);
    text += name != nullptr ? name : "unknown error";
  }
  return text;
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return 2;
    case ErrorKind::invalid: return 3;
    case ErrorKind::sandbox: return 125;
    case ErrorKind::denied: return 126;
    case ErrorKind::not_found: return 127;
  }
  return 125;
}

std::unexpected<Error> os_error(std::string what) { return os_error(std::move(what), errno); }
std::unexpected<Error> os_error(std::string what, int os_errno) {
  return std::unexpected(
      Error{.kind = ErrorKind::sandbox, .what = std::move(what), .os_errno = os_errno, .context = {}});
}
std::unexpected<Error> fail(ErrorKind kind, std::string what) {
  return std::unexpected(Error{.kind = kind, .what = std::move(what), .os_errno = 0, .context = {}});
}

}  // namespace bailiwick
