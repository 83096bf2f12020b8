#include "completions.h"

namespace bailiwick {
namespace {

constexpr std::string_view kBash = R"(# bash completion for bailiwick
_bailiwick() {
  local cur prev words cword i
  cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
  for ((i = 1; i < cword; i++)); do
    if [[ ${words[i]} == -- ]]; then
      COMP_WORDS=("${words[@]:i+1}"); COMP_CWORD=$((cword - i - 1))
      if ((COMP_CWORD == 0)); then COMPREPLY=($(compgen -c -- "$cur")); else COMPREPLY=($(compgen -f -- "$cur")); fi
      return
    fi
  done
  case $prev in
    --mode) COMPREPLY=($(compgen -W 'read-only workspace-write full-access' -- "$cur")); return ;;
    --network) COMPREPLY=($(compgen -W 'off host' -- "$cur")); return ;;
    --backend) COMPREPLY=($(compgen -W 'namespaces landlock auto' -- "$cur")); return ;;
    --agent) COMPREPLY=($(compgen -W 'codex claude gemini opencode none' -- "$cur")); return ;;
    --env) COMPREPLY=($(compgen -e -- "$cur")); return ;;
    --limit) COMPREPLY=($(compgen -W 'memory= pids= cpu= files= file-size= data= scratch=' -- "$cur")); compopt -o nospace; return ;;
    -C|--directory) COMPREPLY=($(compgen -d -- "$cur")); return ;;
    --read|--write|--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
  esac
  local options='-C --directory --mode --read --write --deny-read --socket --network --env --limit --backend --agent --scan-entries --allow-clipboard --help --'
  case ${words[1]} in
    run|exec) COMPREPLY=($(compgen -W "$options --timings" -- "$cur")) ;;
    sandbox) if ((cword == 2)); then COMPREPLY=($(compgen -W plan -- "$cur")); else COMPREPLY=($(compgen -W "$options --json" -- "$cur")); fi ;;
    doctor) COMPREPLY=($(compgen -W '--json --help' -- "$cur")) ;;
    completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W 'run exec sandbox doctor completion --help --version' -- "$cur")) ;;
  esac
}
complete -F _bailiwick bailiwick
)";

constexpr std::string_view kZsh = R"(#compdef bailiwick
_bailiwick() {
  local -a options
  options=(
    '(-C --directory)'{-C,--directory}'[work in this directory]:directory:_directories'
    '--mode[what may be changed]:mode:(read-only workspace-write full-access)'
    '*--read[let a path be read]:path:_files'
    '*--write[let a path be written]:path:_files'
    '*--deny-read[hide what matches]:glob:'
    '*--socket[let a Unix socket be reached]:path:_files'
    '--network[network]:network:(off host)'
    '*--env[let a variable in]:name:_parameters'
    '*--limit[budgets]:limits:(memory= pids= cpu= files= file-size= data= scratch=)'
    '--backend[backend]:backend:(namespaces landlock auto)'
    '--agent[agent profile]:agent:(codex claude gemini opencode none)'
    '--scan-entries[how many entries are searched]:number:'
    '--allow-clipboard[let the clipboard be written]'
    '--timings[print the time of each step]'
    '--json[print JSON]'
    '*::command:_normal'
  )
  if (( CURRENT == 2 )); then
    _values 'command' run exec sandbox doctor completion
    return
  fi
  case $words[2] in
    run|exec) shift words; (( CURRENT-- )); _arguments -S $options ;;
    sandbox) if (( CURRENT == 3 )); then _values 'command' plan; else shift 2 words; (( CURRENT -= 2 )); _arguments -S $options; fi ;;
    doctor) _arguments '--json[print JSON]' ;;
    completion) _values 'shell' bash zsh fish ;;
  esac
}
_bailiwick "$@"
)";

constexpr std::string_view kFish = R"(# fish completion for bailiwick
complete -c bailiwick -n __fish_use_subcommand -f -a run -d 'Run an agent as a session'
complete -c bailiwick -n __fish_use_subcommand -f -a exec -d 'Run one command, quietly'
complete -c bailiwick -n __fish_use_subcommand -f -a sandbox -d 'Look at the sandbox'
complete -c bailiwick -n __fish_use_subcommand -f -a doctor -d 'What this machine can enforce'
complete -c bailiwick -n __fish_use_subcommand -f -a completion -d 'Print a completion script'
set -l with '__fish_seen_subcommand_from run exec plan'
complete -c bailiwick -n $with -s C -l directory -x -a '(__fish_complete_directories)' -d 'Work in this directory'
complete -c bailiwick -n $with -l mode -x -a 'read-only workspace-write full-access'
complete -c bailiwick -n $with -l read -r -d 'Let a path be read'
complete -c bailiwick -n $with -l write -r -d 'Let a path be written'
complete -c bailiwick -n $with -l deny-read -x -d 'Hide what matches'
complete -c bailiwick -n $with -l socket -r -d 'Let a Unix socket be reached'
complete -c bailiwick -n $with -l network -x -a 'off host'
complete -c bailiwick -n $with -l env -x -a '(set -nx)' -d 'Let a variable in'
complete -c bailiwick -n $with -l limit -x -a 'memory= pids= cpu= files= file-size= data= scratch='
complete -c bailiwick -n $with -l backend -x -a 'namespaces landlock auto'
complete -c bailiwick -n $with -l agent -x -a 'codex claude gemini opencode none'
complete -c bailiwick -n $with -l scan-entries -x
complete -c bailiwick -n $with -l allow-clipboard
complete -c bailiwick -n '__fish_seen_subcommand_from run exec' -l timings
complete -c bailiwick -n '__fish_seen_subcommand_from sandbox; and not __fish_seen_subcommand_from plan' -f -a plan
complete -c bailiwick -n '__fish_seen_subcommand_from plan doctor' -l json
complete -c bailiwick -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'
)";

}  // namespace

std::string_view completion_script(std::string_view shell) {
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return kBash;
}

}  // namespace bailiwick
