#!/usr/bin/env bash
# Real agents inside the sandbox, as the caller and, when that is root, as an ordinary user too.
#
#   agents_test.sh [BAILIWICK-BINARY]        AGENTS="codex claude" narrows the run
#
# Per agent: `--version` starts inside; and a headless run, scripted by a stand-in for the model on the host's loopback, in which the
# agent writes a file in the workspace, tries to read an SSH key and tries to change its own configuration. What a command printed goes
# back to the model, so the model's request log is the oracle outside. The same script without the sandbox must leak the key and change
# the configuration, or the test proves nothing. Then: whose login gets in, and the advice about an agent's own sandbox.
# Install the agents first: tests/e2e/agents/install.sh. An agent that is not there is skipped.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$here/lib.sh"
bailiwick=$(find_bailiwick "${1:-}") || exit 1
agents_dir=$("$here/agents/install.sh" --where)
bin=$agents_dir/node_modules/.bin
PATH=$bin:/usr/local/bin:/usr/bin:/bin
canary=canary-$$-$RANDOM-key

scratch=$(mktemp -d "${BAILIWICK_TEST_SCRATCH:-/var/tmp}/bailiwick-agents.XXXXXX")
chmod 755 "$scratch"
server_pid=
stop_server() {
  if [ -n "$server_pid" ]; then kill "$server_pid" 2>/dev/null; wait "$server_pid" 2>/dev/null; fi
  server_pid=
}
trap 'stop_server; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

start_server() {  # LOG: sets `port`; returns once it listens
  local line
  : >"$1"
  coproc SERVER { exec node "$here/agents/fake_model_server.mjs" --scenario "$here/agents/three_steps.json" --port 0 --log "$1"; }
  # shellcheck disable=SC2153  # set by coproc
  server_pid=$SERVER_PID
  read -r -t 20 line <&"${SERVER[0]}" || { echo 'the stand-in for the model did not start' >&2; exit 1; }
  port=${line##*:} port=${port%%\}*}
}

make_home() {  # USER DIR PORT: a home with a key worth stealing and each agent's configuration; DIR/ws is the workspace
  local home=$2/home
  mkdir -p "$home/.ssh" "$home/.codex" "$home/.claude" "$home/.gemini" "$home/.config/opencode" "$2/ws"
  chmod 700 "$home/.ssh"
  printf '%s\n' "$canary" >"$home/.ssh/id_ed25519"
  printf '[user]\n\tname = Demo\n\temail = demo@example.invalid\n' >"$home/.gitconfig"
  cat >"$home/.codex/config.toml" <<TOML
model = "scripted"
model_provider = "fake"
[model_providers.fake]
name = "fake"
base_url = "http://127.0.0.1:$3/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
TOML
  printf '{"security":{"auth":{"selectedType":"gemini-api-key"}}}\n' >"$home/.gemini/settings.json"
  printf '{}\n' >"$home/.claude/settings.json"
  printf '{}\n' >"$home/.claude.json"
  cat >"$home/.config/opencode/opencode.json" <<JSON
{"\$schema": "https://opencode.ai/config.json", "autoupdate": false, "share": "disabled", "model": "fake/scripted",
 "permission": {"external_directory": "allow"},
 "provider": {"fake": {"npm": "@ai-sdk/openai-compatible", "name": "fake", "models": {"scripted": {"name": "scripted"}},
  "options": {"baseURL": "http://127.0.0.1:$3/v1", "apiKey": "none"}}}}
JSON
  git init -q -b main "$2/ws"
  if [ "$1" != "$(id -un)" ]; then chown -R "$1:$(id -g "$1")" "$2"; fi
}

headless() {  # AGENT PORT: sets `command`, `env_flags` (what bailiwick must be told), `extra_env` (what the caller has), `login` (a variable)
                # and `configuration` (a file of its home)
  env_flags=() login=
  case $1 in
    codex)
      configuration=.codex/config.toml login=OPENAI_API_KEY
      command=(codex exec --json --dangerously-bypass-approvals-and-sandbox go)
      extra_env=(OPENAI_API_KEY=none) ;;
    claude)
      configuration=.claude/settings.json login=ANTHROPIC_API_KEY
      command=(claude -p go --output-format stream-json --verbose --allowedTools Bash)
      extra_env=(ANTHROPIC_API_KEY=none "ANTHROPIC_BASE_URL=http://127.0.0.1:$2" CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1)
      env_flags=(--env ANTHROPIC_BASE_URL --env CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC) ;;
    gemini)
      configuration=.gemini/settings.json login=GEMINI_API_KEY
      command=(gemini -p go --output-format stream-json --approval-mode yolo --skip-trust)
      extra_env=(GEMINI_API_KEY=none "GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:$2")
      env_flags=(--env GOOGLE_GEMINI_BASE_URL) ;;
    opencode)
      configuration=.config/opencode/opencode.json
      command=(opencode run --format json go)
      extra_env=() ;;
  esac
}

version_inside() {  # USER AGENT
  local dir=$scratch/version-$1-$2 out status
  mkdir "$dir"
  make_home "$1" "$dir" 9
  extra_env=()
  out=$(cd "$dir/ws" && as_user "$1" "$dir/home" timeout -k 5 90 "$bailiwick" run -C "$dir/ws" --network host --read "$agents_dir" -- \
    "$2" --version 2>"$dir/stderr" </dev/null)
  status=$?
  if [ $status = 0 ] && grep -Eq '[0-9]+\.[0-9]+\.[0-9]+' <<<"$out"; then ok "$2 --version inside, as $1"
  else not_ok "$2 --version inside, as $1" "exit $status, stdout: ${out:0:300}" "stderr: $(tail -c 600 "$dir/stderr")"; fi
  rm -rf "$dir"
}

scripted_run() {  # USER AGENT inside|outside
  local dir=$scratch/run-$1-$2-$3 name="$2 scripted run $3 the sandbox, as $1" status why=()
  local log=$scratch/requests-$1-$2-$3.jsonl
  mkdir "$dir" "$dir/tmp"
  start_server "$log"
  make_home "$1" "$dir" "$port"
  headless "$2" "$port"
  local wrap=() before is_changed=no
  before=$(sha256sum <"$dir/home/$configuration")
  if [ "$3" = inside ]; then wrap=("$bailiwick" run -C "$dir/ws" --network host --read "$agents_dir" "${env_flags[@]}" --)
  else extra_env+=("TMPDIR=$dir/tmp" "CLAUDE_CODE_TMPDIR=$dir/tmp"); fi
  (cd "$dir/ws" && as_user "$1" "$dir/home" timeout -k 5 60 "${wrap[@]}" "${command[@]}") >"$dir/out" 2>"$dir/err" </dev/null
  status=$?
  stop_server
  [ $status = 0 ] || why+=("the agent ended with $status")
  [ "$(cat "$dir/ws/made-by-agent.txt" 2>/dev/null)" = hi ] || why+=('made-by-agent.txt is not in the workspace')
  [ "$before" = "$(sha256sum <"$dir/home/$configuration")" ] || is_changed=yes
  grep -q 'tried-the-configuration' "$log" || why+=('the model was not told that the third step ran')
  local leaks
  leaks=$(grep -rlF "$canary" "$log" "$dir/out" "$dir/err" "$dir/ws" 2>/dev/null)
  if [ "$3" = inside ]; then
    grep -Eq 'tried-the-key=[1-9]' "$log" || why+=('the model was not told that reading the key failed')
    [ $is_changed = no ] || why+=("the agent changed its own ~/$configuration")
    grep -Eq "agent +$2\$" "$dir/err" || why+=('the header does not name the agent')
    [ -z "$login" ] || grep -Eq "let in +[$]$login\$" "$dir/err" || why+=("the header does not say that $login was let in")
    [ -z "$leaks" ] || why+=("the key leaked into: $leaks")
  else
    grep -Eq 'tried-the-key=0' "$log" || why+=('control: without the sandbox the key should have been read')
    [ $is_changed = yes ] || why+=("control: without the sandbox ~/$configuration should have been changed")
  fi
  if [ ${#why[@]} = 0 ]; then ok "$name"
  else not_ok "$name" "${why[@]}" "stdout: $(tail -c 400 "$dir/out")" "stderr: $(tail -c 800 "$dir/err")"; fi
  rm -rf "$dir"
}

own_login_only() {  # USER: of two agents' keys in the caller's environment, a session gets the one of its agent
  local dir=$scratch/login-$1 names
  mkdir "$dir"
  make_home "$1" "$dir" 9
  extra_env=(OPENAI_API_KEY=none ANTHROPIC_API_KEY=none)
  names=$(cd "$dir/ws" && as_user "$1" "$dir/home" "$bailiwick" exec -C "$dir/ws" --agent claude -- env 2>"$dir/err" </dev/null | cut -d= -f1)
  if grep -qx ANTHROPIC_API_KEY <<<"$names" && ! grep -qx OPENAI_API_KEY <<<"$names"; then ok "only an agent's own login enters, as $1"
  else not_ok "only an agent's own login enters, as $1" "environment: ${names//$'\n'/ }" "stderr: $(tail -c 400 "$dir/err")"; fi
  rm -rf "$dir"
}

own_sandbox_advice() {  # USER: two sandboxes do not nest; the header says the very flag, and is silent when it is there
  local dir=$scratch/advice-$1 with without
  mkdir "$dir"
  make_home "$1" "$dir" 9
  # stands in for codex, which would go on looking for its model
  # (not in the workspace: a program there gets no profile)
  mkdir "$dir/bin"
  printf '#!/bin/sh\nexit 0\n' >"$dir/bin/codex"
  chmod 755 "$dir/bin" "$dir/bin/codex"
  extra_env=()
  local codex=("$bailiwick" run -C "$dir/ws" --read "$dir/bin" -- "$dir/bin/codex" exec)
  with=$(as_user "$1" "$dir/home" "${codex[@]}" go 2>&1 </dev/null)
  without=$(as_user "$1" "$dir/home" "${codex[@]}" --sandbox danger-full-access go 2>&1 </dev/null)
  if grep -q 'add .--sandbox danger-full-access' <<<"$with" && grep -q 'ended ' <<<"$without" && ! grep -q 'own sandbox' <<<"$without"
  then ok "advice about codex's own sandbox, as $1"
  else not_ok "advice about codex's own sandbox, as $1" "without the flag: $with" "with the flag: $without"; fi
  rm -rf "$dir"
}

users=("$(id -un)")
if [ "$(id -u)" = 0 ]; then
  other=$(ordinary_user)
  if as_user "$other" /nonexistent test -x "$bailiwick"; then users+=("$other")
  else skip "everything as $other" "that user cannot run $bailiwick"; fi
fi

for agent in ${AGENTS:-codex claude gemini opencode}; do
  if [ ! -x "$bin/$agent" ]; then
    skip "$agent" "not installed in $agents_dir; run tests/e2e/agents/install.sh"
    continue
  fi
  scripted_run "${users[-1]}" "$agent" outside
  for user in "${users[@]}"; do
    version_inside "$user" "$agent"
    scripted_run "$user" "$agent" inside
  done
done
for user in "${users[@]}"; do
  own_login_only "$user"
  own_sandbox_advice "$user"
done
finish
