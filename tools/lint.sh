#!/usr/bin/env bash
# `make lint`: what can be told without running anything. One line per step, and what a step found below it; exit 1 if any found something.
# clang-tidy looks at build/dev's compile commands, and at what is newer than its last clean look only (LINT_ALL=1: at everything).
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
jobs=${JOBS:-$(nproc)}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
bad=0

step() { # name, what it looked at, command...
  local name=$1 what=$2 started=$SECONDS
  shift 2
  if "$@" >"$out/log" 2>&1; then
    printf '%-14s ok       %s (%ds)\n' "$name" "$what" $((SECONDS - started))
  else
    printf '%-14s FAILED   %s (%ds)\n' "$name" "$what" $((SECONDS - started))
    sed 's/^/  /' "$out/log" | head -n 200
    bad=1
  fi
}

# Files that are tracked and still there: a rename that is not committed yet is no finding.
tracked() { # pathspec...
  git ls-files -z -- "$@" | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done
}
mapfile -d '' sources < <(tracked '*.cc' '*.h')
mapfile -d '' scripts < <(tracked '*.sh' .ci/run)
mapfile -d '' python < <(tracked '*.py')

format() { # one line per file, not per place
  clang-format-19 --dry-run -Werror "${sources[@]}" 2>"$out/places" && return 0
  grep -E '^[^ ]+:[0-9]+:[0-9]+: error:' "$out/places" | cut -d: -f1 | sort | uniq -c | sed -E 's/ *([0-9]+) (.*)/\2: \1 places; `make format` rewrites it/'
  return 1
}

# The key of a clean look: the file as the preprocessor sees it, its flags, the checks and the program. What was clean under the same key is not
# looked at again; only clean results are kept, and none where the file does not even preprocess.
tidy_one() { # source
  local file=$1 flags key=
  flags=$(python3 - "$file" <<'PY'
import json, os, shlex, sys
wanted = os.path.realpath(sys.argv[1])
for entry in json.load(open("build/dev/compile_commands.json")):
    if os.path.realpath(entry["file"]) == wanted:
        words = shlex.split(entry["command"])
        words = words[1:] if os.path.basename(words[0]) == "ccache" else words
        cut = next(i for i, word in enumerate(words) if word in ("-o", "-MD"))
        print(shlex.join(words[:cut]))
        break
PY
  )
  [ -n "$flags" ] || { echo "$file: not in build/dev/compile_commands.json: list it in a CMakeLists.txt"; return 1; }
  if (eval "$flags -C -E $(printf %q "$file")") >"$2/$$.ii" 2>/dev/null; then
    key=$({ cat .clang-tidy "$2/$$.ii"; clang-tidy-19 --version; echo "$flags"; } | sha256sum | cut -c1-40)
    if [ -z "${LINT_ALL:-}" ] && [ -e "build/tidy/$key" ]; then return 0; fi
  fi
  clang-tidy-19 --quiet --warnings-as-errors='*' -p build/dev "$file" 2>/dev/null || return 1
  [ -z "$key" ] || : >"build/tidy/$key"
}
export -f tidy_one
tidy() {
  cmake --preset dev >"$out/configure" 2>&1 || { cat "$out/configure"; return 1; }
  mkdir -p build/tidy
  find build/tidy -type f -mtime +14 -delete
  # A fuzzer is in build/dev's commands only when fuzzers are configured there; the `fuzz` preset compiles them with the same warnings.
  printf '%s\0' "${sources[@]}" | grep -zE '\.cc$' | grep -zvE '_fuzz\.cc$' | xargs -0 -P "$jobs" -I{} bash -c 'tidy_one "$1" "$2"' tidy_one {} "$out"
}

shell() { shellcheck -S warning "${scripts[@]}"; }

compile_python() {
  python3 - "${python[@]}" <<'PY'
import sys
bad = 0
for path in sys.argv[1:]:
    try:
        compile(open(path, "rb").read(), path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as problem:
        print(f"{path}: {problem}")
        bad = 1
sys.exit(bad)
PY
}

rooms() { python3 -B tests/rooms_check.py; }

step format "${#sources[@]} files" format
step clang-tidy "$(printf '%s\n' "${sources[@]}" | grep -E '\.cc$' | grep -cvE '_fuzz\.cc$') sources" tidy
step shellcheck "${#scripts[@]} scripts" shell
step python "${#python[@]} files" compile_python
step rooms "arrows of src/" rooms
exit "$bad"
