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
    -C|--directory|--cwd) COMPREPLY=($(compgen -d -- "$cur")); return ;;
    --from) COMPREPLY=($(compgen -W 'codex claude' -- "$cur")); return ;;
    --read|--write|--socket|--policy|--key|-o|--output) COMPREPLY=($(compgen -f -- "$cur")); return ;;
  esac
  local options='-C --directory --policy --mode --read --write --deny-read --socket --network --env --limit --backend --agent --scan-entries --allow-clipboard --help --'
  case ${words[1]} in
    run|exec) COMPREPLY=($(compgen -W "$options --timings" -- "$cur")) ;;
    sandbox) if ((cword == 2)); then COMPREPLY=($(compgen -W plan -- "$cur")); else COMPREPLY=($(compgen -W "$options --json" -- "$cur")); fi ;;
    doctor) COMPREPLY=($(compgen -W '--json --help' -- "$cur")) ;;
    policy)
      if ((cword == 2)); then COMPREPLY=($(compgen -W 'show check explain test diff lint import init sign verify keygen' -- "$cur")); return; fi
      case ${words[2]} in
        show) COMPREPLY=($(compgen -W '--layers --policy --json --help' -- "$cur")) ;;
        explain) COMPREPLY=($(compgen -W 'exec shell net read write mcp --policy --json --without-gate --cwd --method --path --help' -- "$cur")) ;;
        check|init) COMPREPLY=($(compgen -W '--user --json --output --help' -- "$cur") $(compgen -f -- "$cur")) ;;
        import) COMPREPLY=($(compgen -W '--from --output --json --help' -- "$cur") $(compgen -f -- "$cur")) ;;
        sign) COMPREPLY=($(compgen -W '--key --serial --not-before --expires --days --output --help' -- "$cur") $(compgen -f -- "$cur")) ;;
        verify) COMPREPLY=($(compgen -W '--key --last-serial --json --help' -- "$cur") $(compgen -f -- "$cur")) ;;
        *) COMPREPLY=($(compgen -W '--policy --json --output --help' -- "$cur") $(compgen -f -- "$cur")) ;;
      esac ;;
    completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W 'run exec sandbox policy doctor completion --help --version' -- "$cur")) ;;
  esac
}
complete -F _bailiwick bailiwick
)";

constexpr std::string_view kZsh = R"(#compdef bailiwick
_bailiwick() {
  local -a options
  options=(
    '(-C --directory)'{-C,--directory}'[work in this directory]:directory:_directories'
    '*--policy[one more policy file]:file:_files'
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
    _values 'command' run exec sandbox policy doctor completion
    return
  fi
  case $words[2] in
    run|exec) shift words; (( CURRENT-- )); _arguments -S $options ;;
    sandbox) if (( CURRENT == 3 )); then _values 'command' plan; else shift 2 words; (( CURRENT -= 2 )); _arguments -S $options; fi ;;
    doctor) _arguments '--json[print JSON]' ;;
    policy)
      if (( CURRENT == 3 )); then _values 'command' show check explain test diff lint import init sign verify keygen; return; fi
      if [[ $words[3] == explain ]]; then
        shift 2 words; (( CURRENT -= 2 ))
        _arguments '*--policy[use this file]:file:_files' '--json[print JSON]' '--without-gate[as where only a hook decides]' \
          '--cwd[as if in this directory]:directory:_directories' '--method[HTTP method]:method:' '--path[path of the URL]:path:' \
          '1:action:(exec shell net read write mcp)' '*:word:_files'
      else
        shift 2 words; (( CURRENT -= 2 ))
        _arguments '--layers[each layer by itself]' '*--policy[use this file]:file:_files' '--json[print JSON]' '--user[as a user'"'"'s file]' \
          '--from[whose format]:format:(codex claude)' '(-o --output)'{-o,--output}'[where to]:file:_files' '*--key[key file]:file:_files' \
          '--serial[number of the bundle]:number:' '--last-serial[refuse a lower one]:number:' '--not-before[when it begins]:time:' \
          '--expires[when it ends]:time:' '--days[how long it holds]:number:' '*:file:_files'
      fi ;;
    completion) _values 'shell' bash zsh fish ;;
  esac
}
_bailiwick "$@"
)";

constexpr std::string_view kFish = R"(# fish completion for bailiwick
complete -c bailiwick -n __fish_use_subcommand -f -a run -d 'Run an agent as a session'
complete -c bailiwick -n __fish_use_subcommand -f -a exec -d 'Run one command, quietly'
complete -c bailiwick -n __fish_use_subcommand -f -a sandbox -d 'Look at the sandbox'
complete -c bailiwick -n __fish_use_subcommand -f -a policy -d 'Show, write, test and explain policy'
complete -c bailiwick -n __fish_use_subcommand -f -a doctor -d 'What this machine can enforce'
complete -c bailiwick -n __fish_use_subcommand -f -a completion -d 'Print a completion script'
set -l with '__fish_seen_subcommand_from run exec plan'
complete -c bailiwick -n $with -s C -l directory -x -a '(__fish_complete_directories)' -d 'Work in this directory'
complete -c bailiwick -n $with -l policy -r -d 'One more policy file'
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
complete -c bailiwick -n '__fish_seen_subcommand_from plan doctor policy' -l json
set -l verbs show check explain test diff lint import init sign verify keygen
complete -c bailiwick -n "__fish_seen_subcommand_from policy; and not __fish_seen_subcommand_from $verbs" -f -a "$verbs"
complete -c bailiwick -n '__fish_seen_subcommand_from explain' -f -a 'exec shell net read write mcp'
complete -c bailiwick -n '__fish_seen_subcommand_from explain' -l without-gate -d 'As where only a hook decides'
complete -c bailiwick -n '__fish_seen_subcommand_from explain' -l cwd -x -a '(__fish_complete_directories)'
complete -c bailiwick -n '__fish_seen_subcommand_from explain' -l method -x
complete -c bailiwick -n '__fish_seen_subcommand_from explain' -l path -x
complete -c bailiwick -n '__fish_seen_subcommand_from show explain test' -l policy -r -d 'Use this file'
complete -c bailiwick -n '__fish_seen_subcommand_from show' -l layers -d 'Each layer by itself'
complete -c bailiwick -n '__fish_seen_subcommand_from import' -l from -x -a 'codex claude'
complete -c bailiwick -n '__fish_seen_subcommand_from import init sign keygen' -s o -l output -r -d 'Where to'
complete -c bailiwick -n '__fish_seen_subcommand_from init check' -l user -d 'As a file of a user'
complete -c bailiwick -n '__fish_seen_subcommand_from sign verify' -l key -r
complete -c bailiwick -n '__fish_seen_subcommand_from sign' -l serial -x
complete -c bailiwick -n '__fish_seen_subcommand_from sign' -l not-before -x
complete -c bailiwick -n '__fish_seen_subcommand_from sign' -l expires -x
complete -c bailiwick -n '__fish_seen_subcommand_from sign' -l days -x
complete -c bailiwick -n '__fish_seen_subcommand_from verify' -l last-serial -x
complete -c bailiwick -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'
)";

}  // namespace

std::string_view completion_script(std::string_view shell) {
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return kBash;
}

}  // namespace bailiwick
