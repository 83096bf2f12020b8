#include "shell/launcher_table.h"

#include <algorithm>
#include <array>

namespace bailiwick::shell {
namespace {

using enum LauncherKind;

// Options of docker and podman, of the verbs with them, and of `compose`.
constexpr std::string_view kDocker = "a:c:de:f:h:il:m:p:tu:v:w:DH:PqTX";
constexpr std::string_view kDockerLongs =
    "entrypoint= rm interactive tty detach init privileged read-only no-healthcheck debug tls tlsverify quiet "
    "publish-all "
    "oom-kill-disable sig-proxy env= volume= workdir= user= name= network= net= platform= mount= publish= env-file= "
    "memory= cpus= cpu-shares= hostname= label= label-file= add-host= cap-add= cap-drop= gpus= security-opt= pull= "
    "restart= ulimit= shm-size= tmpfs= device= pid= ipc= uts= userns= cgroupns= dns= expose= group-add= ip= isolation= "
    "link= log-driver= log-opt= mac-address= memory-swap= network-alias= pids-limit= runtime= stop-signal= "
    "stop-timeout= sysctl= volume-driver= volumes-from= cidfile= detach-keys= index= config= context= host= log-level= "
    "tlscacert= tlscert= tlskey= file= project-name= project-directory= profile= parallel= progress= ansi= "
    "compatibility all-resources no-deps build use-aliases service-ports no-TTY remove-orphans quiet-pull connection= "
    "url= identity= root= runroot= storage-driver= storage-opt= remote log-level= arch= os= replace";
constexpr std::string_view kNpmLongs =
    "yes no quiet silent package= call= prefix= workspace= workspaces loglevel= registry= dir= filter= recursive "
    "workspace-root parallel reporter= shell-mode ws";
constexpr std::string_view kSystemdRun = "M:p:E:tPqGrdSu:H:C:";

constexpr auto kLaunchers = std::to_array<Launcher>({
    // shells
    {.names = "sh bash dash ash zsh ksh ksh93 mksh lksh oksh loksh pdksh yash posh rbash rzsh rksh",
     .kind = LauncherKind::shell},
    {.names = "fish csh tcsh nu elvish xonsh pwsh powershell scsh", .kind = opener},
    {.names = "eval", .kind = evaluates},
    {.names = ". source", .kind = sourcing},
    {.names = "trap", .kind = LauncherKind::trap},
    {.names = "command", .kind = prefix, .shorts = "pvV", .quits = "v V"},
    {.names = "builtin busybox toybox", .kind = prefix},
    {.names = "exec", .kind = prefix, .shorts = "cla:"},
    // they change what a name means
    {.names = "fc alias shopt enable", .kind = opener},
    {.names = "jobs hash", .kind = watched, .opens = "x p"},
    {.names = "mapfile readarray complete compgen",
     .kind = watched,
     .shorts = "d:n:O:s:u:c:A:F:G:P:S:W:X:o:",
     .texts = "C",
     .opens = "W"},
    {.names = "bind", .kind = watched, .opens = "x f"},
    // they read an operand as the name of a variable, index and all: a[$(command)]
    {.names = "read unset let getopts declare typeset local readonly",
     .kind = content,
     .needles = "$( `",
     .flags = names_variables},
    {.names = "printf test export wait", .kind = content, .needles = "$( `"},
    // before a command
    {.names = "env",
     .kind = assigning,
     .shorts = "iu:C:S:v0",
     .longs = "ignore-environment unset= chdir= split-string= debug null default-signal ignore-signal block-signal"},
    {.names = "cross-env cross-env-shell", .kind = assigning},
    {.names = "sudo",
     .kind = assigning,
     .shorts = "u:g:h:p:C:r:t:T:R:D:U:nEHikKlvVSbABPse",
     .longs = "user= group= host= prompt= chdir= chroot= non-interactive preserve-env set-home login shell stdin "
              "background askpass list validate edit",
     .opens = "e edit",
     .quits = "l v V list validate",
     .flags = else_shell},
    {.names = "sudoedit visudo vipw vigr", .kind = opener},
    {.names = "doas", .kind = assigning, .shorts = "u:C:a:nsL", .flags = else_shell},
    {.names = "pkexec", .kind = prefix, .longs = "user= disable-internal-agent keep-cwd", .flags = else_shell},
    {.names = "su",
     .kind = watched,
     .shorts = "c:s:g:G:w:flmpP",
     .longs = "command= session-command= shell= group= supp-group= whitelist-environment= login fast pty "
              "preserve-environment",
     .texts = "c command session-command",
     .opens = "s shell",
     .positionals = 1,
     .flags = else_shell},
    // with -u a command follows, without it is called as su is
    {.names = "runuser",
     .kind = prefix,
     .shorts = "u:c:s:g:G:w:flmpP",
     .longs = "user= command= session-command= shell= group= supp-group= whitelist-environment= login fast pty "
              "preserve-environment",
     .texts = "c command session-command",
     .opens = "s shell",
     .flags = else_shell},
    {.names = "runuser",
     .kind = watched,
     .shorts = "u:s:g:G:w:",
     .longs = "user= command= session-command= shell= group= supp-group= whitelist-environment=",
     .texts = "c command session-command",
     .flags = 0},
    {.names = "gosu su-exec setuidgid envuidgid envdir s6-setuidgid s6-envdir", .kind = prefix, .positionals = 1},
    {.names = "sg", .kind = string, .shorts = "c:", .texts = "c", .positionals = 1, .flags = again},
    {.names = "nohup setsid", .kind = prefix, .shorts = "cfw", .longs = "ctty fork wait"},
    {.names = "nice", .kind = prefix, .shorts = "n:0123456789", .longs = "adjustment="},
    {.names = "ionice",
     .kind = prefix,
     .shorts = "c:n:tp:P:u:",
     .longs = "class= classdata= ignore pid= pgid= uid=",
     .quits = "p P u pid pgid uid"},
    {.names = "chrt",
     .kind = prefix,
     .shorts = "abdfiormRT:P:D:pv",
     .longs = "all-tasks batch deadline fifo idle other rr max pid reset-on-fork sched-runtime= sched-period= "
              "sched-deadline= verbose",
     .quits = "p pid m max",
     .positionals = 1},
    {.names = "taskset",
     .kind = prefix,
     .shorts = "acp",
     .longs = "all-tasks cpu-list pid",
     .quits = "p pid",
     .positionals = 1},
    {.names = "numactl",
     .kind = prefix,
     .shorts = "i:N:C:m:p:P:lHs",
     .longs = "interleave= cpunodebind= physcpubind= membind= preferred= localalloc hardware show all"},
    {.names = "choom", .kind = prefix, .shorts = "n:p:", .longs = "adjust= pid=", .quits = "p pid"},
    {.names = "prlimit", .kind = prefix, .shorts = "p:", .flags = any_longs},
    {.names = "cgexec", .kind = prefix, .shorts = "g:", .longs = "sticky"},
    {.names = "chpst softlimit", .kind = prefix, .shorts = "u:U:e:/:n:l:L:m:d:o:p:f:c:r:t:a:s:v012PV"},
    {.names = "timeout gtimeout",
     .kind = prefix,
     .shorts = "k:s:vfp",
     .longs = "kill-after= signal= preserve-status foreground verbose",
     .positionals = 1},
    {.names = "torsocks torify tsocks proxychains proxychains4 trickle cpulimit eatmydata nocache gamemoderun mangohud "
              "ccache sccache distcc aa-exec runcon",
     .kind = prefix,
     .shorts = "f:qsu:d:l:p:v"},
    {.names = "qemu-x86_64 qemu-x86_64-static qemu-aarch64 qemu-aarch64-static qemu-arm qemu-arm-static qemu-i386 "
              "qemu-i386-static box64 wine wine64 mono",
     .kind = prefix,
     .shorts = "L:E:g:s:B:p:d:D:0:"},
    {.names = "ssh-agent", .kind = prefix, .shorts = "a:t:cskdDE:O:P:", .quits = "k"},
    {.names = "logsave", .kind = prefix, .shorts = "asv", .positionals = 1},
    // as a word of the grammar it stands before assignments, too
    {.names = "time gtime",
     .kind = assigning,
     .shorts = "pf:o:avq",
     .longs = "format= output= append verbose portability quiet"},
    {.names = "stdbuf", .kind = prefix, .shorts = "i:o:e:", .longs = "input= output= error="},
    {.names = "unbuffer", .kind = prefix, .shorts = "p"},
    {.names = "rlwrap",
     .kind = prefix,
     .shorts = "a:b:cC:D:e:f:g:hiH:I:lm:M:nNoO:p:P:q:rRs:S:t:uUvw:W:X:z:A",
     .opens = "z"},
    {.names = "catchsegv chronic ifne tini dumb-init catatonit ", .kind = prefix, .shorts = "sgvwc"},
    {.names = "setarch linux32 linux64 i386 x86_64 uname26",
     .kind = prefix,
     .shorts = "RFZLXBI3STv",
     .longs = "addr-no-randomize fdpic-funcptrs mmap-page-zero addr-compat-layout read-implies-exec 32bit short-inode "
              "whole-seconds sticky-timeouts 3gb 4gb uname-2.6 verbose",
     .optional = "linux32 linux64 i386 i486 i586 i686 athlon x86_64 arm armv7l armv8l aarch64 arm64 ppc ppc64 ppc64le "
                 "s390 s390x mips mips64 riscv64 uname26",
     .flags = again | else_shell},
    {.names = "setpriv",
     .kind = prefix,
     .shorts = "dh",
     .longs = "clear-groups init-groups keep-groups no-new-privs nnp reset-env groups= inh-caps= ambient-caps= "
              "bounding-set= ruid= euid= rgid= egid= reuid= regid= securebits= pdeathsig= selinux-label= "
              "apparmor-profile="},
    {.names = "capsh", .kind = opener},
    {.names = "unshare",
     .kind = prefix,
     .shorts = "muinpUfrcCTR:w:S:G:",
     .longs = "mount uts ipc net pid user cgroup time fork map-root-user map-current-user map-auto kill-child "
              "mount-proc keep-caps map-user= map-group= map-users= map-groups= propagation= setgroups= root= wd= "
              "setuid= setgid= monotonic= boottime=",
     .flags = else_shell},
    {.names = "nsenter",
     .kind = prefix,
     .shorts = "t:amuinpUCTFr:w:S:G:eZW:",
     .longs = "all target= mount uts ipc net pid user cgroup time root wd wdns= setuid= setgid= no-fork "
              "preserve-credentials env follow-context",
     .flags = else_shell},
    {.names = "chroot", .kind = prefix, .longs = "groups= userspec= skip-chdir", .positionals = 1, .flags = else_shell},
    {.names = "ip",
     .kind = prefix,
     .groups = "netns vrf net netn",
     .verbs = "exec exe ex e",
     .shorts = "46f:sdanrb:tonh",
     .opens = "b batch",
     .positionals = 1},
    {.names = "flock",
     .kind = prefix,
     .shorts = "sxeunow:E:Fc:",
     .longs = "shared exclusive unlock nonblock nb timeout= wait= conflict-exit-code= close no-fork verbose command=",
     .texts = "c command",
     .positionals = 1,
     .flags = again},
    {.names = "script",
     .kind = watched,
     .shorts = "c:I:O:B:T:E:m:o:aefqt",
     .longs = "command= log-in= log-out= log-io= log-timing= echo= logging-format= output-limit= append return flush "
              "force quiet",
     .texts = "c command",
     .positionals = 9,
     .flags = else_shell},
    {.names = "systemd-run",
     .kind = prefix,
     .shorts = kSystemdRun,
     .longs = "user system scope pty pipe quiet no-block wait collect remain-after-exit same-dir no-ask-password shell "
              "send-sighup unit= property= description= slice= slice-inherit service-type= uid= gid= nice= "
              "working-directory= setenv= on-active= on-boot= on-startup= on-unit-active= on-unit-inactive= "
              "on-calendar= timer-property= path-property= socket-property= host= machine=",
     .opens = "S shell"},
    {.names = "systemd-inhibit systemd-cat",
     .kind = prefix,
     .shorts = "t:p:",
     .longs = "what= who= why= mode= identifier= priority= stderr-priority="},
    {.names = "dbus-run-session",
     .kind = prefix,
     .longs = "config-file= dbus-daemon=",
     .opens = "dbus-daemon config-file"},
    {.names = "dbus-launch",
     .kind = prefix,
     .longs = "exit-with-session exit-with-x11 autolaunch= sh-syntax csh-syntax"},
    {.names = "xvfb-run",
     .kind = prefix,
     .shorts = "ae:f:n:lp:s:w:",
     .longs = "auto-servernum error-file= auth-file= server-num= listen-tcp xauth-protocol= server-args= wait="},
    {.names = "fakeroot fakechroot",
     .kind = prefix,
     .shorts = "l:s:i:ub:",
     .longs = "lib= faked= unknown-is-real fd-base=",
     .opens = "l lib faked",
     .flags = else_shell},
    {.names = "proot",
     .kind = prefix,
     .shorts = "r:b:q:w:v:k:0i:R:S:hV",
     .longs = "rootfs= bind= qemu= cwd= kernel-release= root-id change-id= link2symlink kill-on-exit",
     .opens = "q qemu",
     .flags = else_shell},
    {.names = "firejail", .kind = prefix, .opens = "join", .flags = any_longs | else_shell},
    {.names = "bwrap",
     .kind = prefix,
     .longs =
         "unshare-all share-net unshare-user unshare-user-try unshare-ipc unshare-pid unshare-net unshare-uts "
         "unshare-cgroup unshare-cgroup-try clearenv new-session die-with-parent as-pid-1 disable-userns "
         "assert-userns-disabled args= argv0= userns= userns2= pidns= uid= gid= hostname= chdir= setenv== unsetenv= "
         "lock-file= sync-fd= bind== bind-try== dev-bind== dev-bind-try== ro-bind== ro-bind-try== remount-ro= "
         "exec-label= file-label= proc= dev= tmpfs= mqueue= dir= file== bind-data== ro-bind-data== symlink== "
         "seccomp= add-seccomp-fd= block-fd= userns-block-fd= info-fd= json-status-fd= cap-add= cap-drop= perms= "
         "size= chmod== overlay-src= ro-overlay= tmp-overlay=",
     .opens = "args"},
    // debuggers and meters
    {.names = "strace",
     .kind = prefix,
     .shorts = "a:b:e:E:I:o:O:p:P:s:S:u:U:X:cCdDfFhiknNqrtTvVwxyYzZ",
     .longs = "follow-forks output-separately trace= signal= fault= inject= attach= output= string-limit= summary "
              "summary-only successful-only failed-only columns= env= user= quiet decode-fds relative-timestamps "
              "absolute-timestamps syscall-times stack-traces seccomp-bpf"},
    {.names = "ltrace",
     .kind = prefix,
     .shorts = "a:A:bcCD:e:fF:il:L:n:o:p:rs:StTu:w:x:XV",
     .longs = "output= library= indent= demangle"},
    {.names = "rr", .kind = prefix, .verbs = "record", .shorts = "nhcvw"},
    {.names = "valgrind", .kind = prefix, .shorts = "qvdh", .flags = any_longs},
    {.names = "perf",
     .kind = prefix,
     .verbs = "stat record trace mem c2c",
     .shorts = "e:p:t:C:r:x:F:c:o:D:I:G:m:b:j:N:T:dvgaABsinSqRWPz",
     .longs = "event= pid= tid= cpu= repeat= all-cpus detailed call-graph= freq= count= output= no-inherit verbose "
              "quiet no-big-num field-separator= delay= interval-print= per-core per-socket sync null",
     .opens = "pre post"},
    {.names = "gdb cgdb lldb ugdb gdb-multiarch", .kind = opener, .after = "--args --"},
    {.names = "hyperfine",
     .kind = texts,
     .shorts = "w:m:M:r:p:s:c:S:Niu:n:L:P:D:",
     .longs = "warmup= min-runs= max-runs= runs= prepare= setup= cleanup= conclude= shell= ignore-failure style= "
              "export-json= export-markdown= export-csv= show-output time-unit= command-name= parameter-list==",
     .texts = "p prepare s setup c cleanup conclude",
     .opens = "S shell"},
    {.names = "concurrently",
     .kind = texts,
     .shorts = "n:c:krp:",
     .longs = "names= prefix-colors= kill-others raw prefix= kill-others-on-fail success= group"},
    {.names = "entr", .kind = prefix, .shorts = "acdnprs:xz", .texts = "s"},
    {.names = "tsp", .kind = prefix, .shorts = "nfmdBEL:N:D:W:g"},
    {.names = "watchexec", .kind = opener, .after = "--"},
    {.names = "nodemon reflex air gomon tmux screen dtach abduco zellij byobu at batch crontab anacron run-parts "
              "start-stop-daemon daemonize supervisorctl incrontab systemtap stap bpftrace ",
     .kind = opener},
    {.names =
         "xterm x-terminal-emulator gnome-terminal konsole xfce4-terminal kitty alacritty foot urxvt st xinit startx "
         "gtk-launch gio xdg-open run-mailcap see m4 dc troff groff pdflatex xelatex lualatex latex tex pdftex",
     .kind = opener},
    {.names = "apt apt-get aptitude dpkg", .kind = content, .needles = "Invoke invoke DPkg Dir:: Acquire"},
    // many times
    {.names = "xargs gxargs",
     .kind = input,
     .shorts = "0rtpxoI:n:P:L:d:E:a:s:J:R:S:",
     .longs = "null no-run-if-empty verbose interactive exit open-tty max-args= max-procs= max-lines= delimiter= "
              "arg-file= max-chars= replace="},
    {.names = "parallel sem rush",
     .kind = LauncherKind::parallel,
     .shorts = "j:kn:N:P:0X:mqI:a:C:L:tuvS:",
     .longs = "jobs= keep-order null dry-run halt= colsep= progress bar id= fg wait arg-file= max-args= line-buffer "
              "tag ungroup delay= timeout= retries= will-cite joblog= resume no-notice"},
    {.names = "watch",
     .kind = string,
     .shorts = "n:dbcegtxq:",
     .longs = "interval= differences beep color errexit chgexit no-title exec equexit="},
    {.names = "find gfind bfs", .kind = LauncherKind::find},
    {.names = "fd fdfind", .kind = watched, .opens = "x X exec exec-batch"},
    {.names = "rg ripgrep", .kind = watched, .shorts = "e:f:g:t:T:A:B:C:m:M:j:r:E:d:", .opens = "pre hostname-bin"},
    // elsewhere
    {.names = "ssh",
     .kind = string,
     .shorts = "46AaCfGgKkMNnqsTtVvXxYyB:b:c:D:E:e:F:I:i:J:L:l:m:O:o:p:Q:R:S:W:w:P:",
     .opens = "F I",
     .quits = "N V G Q O W",
     .positionals = 1,
     .flags = again | else_shell},
    {.names = "mosh autossh rsh rexec rlogin dsh pssh pdsh clush et", .kind = opener},
    {.names = "sshpass", .kind = prefix, .shorts = "p:f:d:eP:v"},
    {.names = "scp sftp",
     .kind = watched,
     .shorts = "c:F:i:J:l:o:P:X:",
     .texts = "S",
     .opens = "D b F",
     .needles = "command provider xauth"},
    {.names = "rsync",
     .kind = watched,
     .shorts = "f:B:T:M:",
     .texts = "e rsh",
     .opens = "rsync-path daemon early-input M remote-option"},
    {.names = "adb", .kind = string, .verbs = "shell", .shorts = "s:deH:P:t:L:xTn", .flags = else_shell},
    {.names = "vagrant", .kind = watched, .texts = "c command"},
    {.names = "gcloud ", .kind = watched, .texts = "command"},
    {.names = "docker podman nerdctl docker.io",
     .kind = prefix,
     .groups = "container compose",
     .verbs = "run exec create",
     .shorts = kDocker,
     .longs = kDockerLongs,
     .opens = "entrypoint",
     .positionals = 1},
    {.names = "docker-compose podman-compose",
     .kind = prefix,
     .verbs = "run exec",
     .shorts = kDocker,
     .longs = kDockerLongs,
     .opens = "entrypoint",
     .positionals = 1},
    {.names = "kubectl oc k3s-kubectl kubecolor",
     .kind = prefix,
     .verbs = "exec run debug rsh",
     .shorts = "n:s:v:c:itqf:l:",
     .longs = "namespace= context= cluster= user= kubeconfig= server= token= as= as-group= as-uid= request-timeout= "
              "cache-dir= certificate-authority= client-certificate= client-key= insecure-skip-tls-verify "
              "tls-server-name= stdin tty quiet container= filename= pod-running-timeout= image= restart= env= rm "
              "command attach labels= port= overrides= target= profile= share-processes copy-to= password= username=",
     .after = "--",
     .positionals = 1},
    {.names = "lxc incus",
     .kind = prefix,
     .verbs = "exec",
     .shorts = "tTn",
     .longs = "env= cwd= user= group= mode= force-interactive project=",
     .after = "--",
     .positionals = 1},
    {.names = "machinectl multipass limactl minikube toolbox distrobox crictl ctr runc crun buildah "
              "singularity apptainer wsl flatpak snap",
     .kind = opener,
     .verbs = "exec shell run ssh enter start",
     .after = "--"},
    {.names = "systemd-nspawn schroot lxc-attach lxc-execute", .kind = opener, .after = "--"},
    // of languages
    {.names = "npx bunx pnpx", .kind = prefix, .shorts = "yqp:c:", .longs = kNpmLongs, .texts = "c call"},
    {.names = "npm",
     .kind = prefix,
     .verbs = "exec x",
     .shorts = "yqsdC:p:c:w:",
     .longs = kNpmLongs,
     .texts = "c call",
     .opens = "script-shell node-options"},
    {.names = "pnpm",
     .kind = prefix,
     .verbs = "exec dlx",
     .shorts = "rwC:F:c:p:",
     .longs = kNpmLongs,
     .texts = "c",
     .opens = "shell-mode script-shell"},
    {.names = "yarn yarnpkg",
     .kind = prefix,
     .groups = "workspace",
     .verbs = "dlx exec",
     .shorts = "p:qs",
     .longs = "package= quiet cwd= silent",
     .opens = "script-shell"},
    {.names = "bun", .kind = prefix, .verbs = "x", .shorts = "b", .longs = "bun silent cwd="},
    {.names = "bun", .kind = string, .verbs = "exec", .longs = "silent cwd="},
    {.names = "bun", .kind = interpreter, .shorts = "epr", .longs = "eval print preload"},
    {.names = "deno", .kind = opener, .verbs = "eval repl jupyter"},
    {.names = "uv",
     .kind = prefix,
     .groups = "tool",
     .verbs = "run x",
     .shorts = "p:qvnw:m",
     .longs =
         "python= with= with-editable= with-requirements= extra= group= package= directory= project= no-project "
         "no-sync frozen locked isolated quiet verbose offline no-cache dev no-dev all-extras all-groups no-group= "
         "only-group= only-dev no-env-file env-file= from= refresh index= index-url= extra-index-url= exact active "
         "native-tls cache-dir= config-file= no-config module"},
    {.names = "uvx",
     .kind = prefix,
     .shorts = "p:qvnw:",
     .longs = "python= with= with-editable= with-requirements= from= quiet verbose offline no-cache isolated refresh "
              "index= index-url= extra-index-url="},
    {.names = "pipx",
     .kind = prefix,
     .verbs = "run",
     .shorts = "qv",
     .longs = "spec= python= pip-args= index-url= no-cache path system-site-packages verbose"},
    {.names = "poetry pdm pipenv rye",
     .kind = prefix,
     .verbs = "run exec",
     .shorts = "C:p:nqvs",
     .longs = "directory= project= no-interaction no-ansi quiet verbose site-packages"},
    {.names = "hatch",
     .kind = prefix,
     .groups = "env",
     .verbs = "run",
     .shorts = "e:p:qv",
     .longs = "env= project= quiet verbose"},
    {.names = "conda mamba micromamba",
     .kind = prefix,
     .verbs = "run",
     .shorts = "n:p:v",
     .longs = "name= prefix= no-capture-output live-stream cwd= verbose dev debug-wrapper-scripts"},
    {.names = "bundle bundler", .kind = prefix, .verbs = "exec", .longs = "keep-file-descriptors gemfile= verbose"},
    {.names = "rbenv pyenv nodenv goenv jenv asdf volta fnm", .kind = prefix, .verbs = "exec run"},
    {.names = "nvm rustup direnv", .kind = prefix, .verbs = "exec run", .longs = "install silent", .positionals = 1},
    {.names = "mise rtx",
     .kind = prefix,
     .verbs = "exec x",
     .shorts = "C:E:qvyj:",
     .longs = "cd= env= quiet verbose yes jobs= raw",
     .texts = "c command",
     .after = "--",
     .flags = reads_input},
    {.names = "dotenv dotenvx doppler op infisical chamber aws-vault teller envchain",
     .kind = opener,
     .verbs = "run exec --",
     .after = "--"},
    {.names = "nix-shell", .kind = opener},
    {.names = "nix guix", .kind = opener, .verbs = "run shell develop eval repl"},
    {.names = "python pypy pypy3 ipython ipython3 jython micropython", .kind = interpreter, .shorts = "ci"},
    {.names = "perl", .kind = interpreter, .shorts = "eEMmdx"},
    {.names = "ruby jruby", .kind = interpreter, .shorts = "erx"},
    {.names = "lua luajit", .kind = interpreter, .shorts = "eli"},
    {.names = "node nodejs",
     .kind = interpreter,
     .shorts = "epri",
     .longs = "eval print require import loader experimental-loader interactive"},
    {.names = "tsx ts-node", .kind = interpreter, .shorts = "epr", .longs = "eval print require import"},
    {.names = "php",
     .kind = interpreter,
     .shorts = "rRBEFad",
     .longs = "run process-code process-begin process-end interactive define"},
    {.names = "osascript Rscript R julia groovy elixir iex erl raku scala kotlin jshell clojure bb octave maxima guile "
              "racket csi chicken sbcl clisp ecl gforth swipl ghci runghc runhaskell ocaml utop swift irb pry psysh "
              "gnuplot qjs mujs duk janet fennel wish tclsh expect",
     .kind = interpreter,
     .shorts = "eEcgx",
     .longs = "eval evaluate execute expression script load"},
    {.names = "awk gawk mawk nawk original-awk igawk", .kind = LauncherKind::awk},
    {.names = "sed gsed", .kind = LauncherKind::sed},
    {.names = "make gmake", .kind = LauncherKind::make, .shorts = "C:f:I:j:l:o:W:O:"},
    // others that start what they are told to
    {.names = "git", .kind = LauncherKind::git},
    {.names = "vi vim nvim view rvim gvim vimdiff nvi elvis ex ed red emacs emacsclient nano pico micro kak hx joe jed "
              "mg ne mcedit mc lynx w3m links elinks mutt mail mailx",
     .kind = opener},
    {.names = "tar bsdtar gtar star",
     .kind = watched,
     .shorts = "f:C:b:g:H:K:L:N:T:V:X:",
     .texts = "I to-command use-compress-program checkpoint-action",
     .opens = "F info-script new-volume-script rsh-command rmt-command",
     .flags = bundles},
    {.names = "zip", .kind = watched, .shorts = "b:n:t:P:s:i:x:", .opens = "TT unzip-command"},
    {.names = "cpio pax", .kind = watched, .opens = "rsh-command"},
    {.names = "split gsplit", .kind = watched, .shorts = "a:b:C:l:n:t:", .texts = "filter"},
    {.names = "sort gsort", .kind = watched, .shorts = "k:o:S:t:T:", .texts = "compress-program"},
    {.names = "man apropos whatis",
     .kind = watched,
     .shorts = "C:L:m:M:e:r:p:E:s:S:R:",
     .texts = "P pager",
     .opens = "H html"},
    {.names = "wget",
     .kind = watched,
     .shorts = "o:a:i:B:t:O:T:w:Q:P:U:l:A:R:D:I:X:",
     .opens = "use-askpass e execute"},
    {.names = "tcpdump dumpcap", .kind = watched, .shorts = "c:C:F:G:i:r:s:w:W:y:Z:", .opens = "z"},
    {.names = "nc ncat netcat socat",
     .kind = watched,
     .shorts = "p:s:w:i:o:x:m:g:G:",
     .opens = "e c exec sh-exec lua-exec"},
    {.names = "socat nmap", .kind = content, .needles = "EXEC exec SYSTEM system SHELL shell script"},
    {.names = "gcc g++ cc c++ clang clang++ ld gold", .kind = watched, .opens = "wrapper fplugin specs plugin"},
    {.names = "go", .kind = watched, .opens = "exec toolexec vettool"},
    {.names = "psql",
     .kind = content,
     .quits = "c command l list",
     .needles = "\\! \\g \\o \\copy program PROGRAM | \\i",
     .flags = reads_input},
    {.names = "mysql mariadb",
     .kind = content,
     .quits = "e execute",
     .needles = "\\! system source \\. pager \\P",
     .flags = reads_input},
    {.names = "sqlite3 sqlite",
     .kind = content,
     .needles = ".sh .sy .im .lo .re .on .ou .ex .w .b .cd load_extension( edit( -init",
     .positionals = 2,
     .flags = reads_input},
    {.names = "ld.so",
     .kind = prefix,
     .longs = "list verify inhibit-cache library-path= inhibit-rpath= audit= preload= argv0= list-tunables "
              "list-diagnostics glibc-hwcaps-prepend= glibc-hwcaps-mask=",
     .opens = "audit preload library-path",
     .quits = "list verify list-tunables list-diagnostics"},
});

// Names by hash, made when this is compiled; a slot that is taken leads to the next.
struct Slot {
  std::string_view name;
  std::uint8_t row = 0;
};

constexpr std::size_t hash_of(std::string_view name) {
  std::size_t out = name.size();
  for (const char c : name) out = (out ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return out ^ (out >> 32U);
}

template <typename Visit>
constexpr void each_name(Visit visit) {
  for (std::size_t row = 0; row < kLaunchers.size(); ++row) {
    std::string_view names = kLaunchers[row].names;
    while (!names.empty()) {
      const std::size_t end = std::min(names.find(' '), names.size());
      visit(names.substr(0, end), row);
      names.remove_prefix(std::min(end + 1, names.size()));
    }
  }
}

constexpr std::size_t kLongestName = [] {
  std::size_t out = 0;
  each_name([&](std::string_view name, std::size_t) { out = std::max(out, name.size()); });
  return out;
}();

constexpr std::size_t kNames = [] {
  std::size_t out = 0;
  each_name([&](std::string_view, std::size_t) { ++out; });
  return out;
}();

constexpr auto kSlots = [] {
  std::array<Slot, 1024> out{};
  each_name([&](std::string_view name, std::size_t row) {
    std::size_t at = hash_of(name) % out.size();
    while (!out[at].name.empty() && out[at].name != name) at = (at + 1) % out.size();
    // of two rows, the first
    if (out[at].name.empty()) out[at] = {.name = name, .row = static_cast<std::uint8_t>(row)};
  });
  return out;
}();
static_assert(kNames * 2 < kSlots.size() && kLaunchers.size() < 256);

}  // namespace

bool has_name(std::string_view list, std::string_view name) {
  if (name.empty() || name.contains(' ')) return false;
  for (std::size_t at = 0; (at = list.find(name, at)) != std::string_view::npos; ++at) {
    const std::size_t end = at + name.size();
    if ((at == 0 || list[at - 1] == ' ') && (end == list.size() || list[end] == ' ')) return true;
  }
  return false;
}

namespace {

const Launcher* exact(std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return nullptr;
  for (std::size_t at = hash_of(name);; ++at) {
    const Slot& slot = kSlots[at % kSlots.size()];
    if (slot.name.empty()) return nullptr;
    if (slot.name == name) return &kLaunchers[slot.row];
  }
}

}  // namespace

const Launcher* find_launcher(std::string_view name) {
  const Launcher* found = exact(name);
  if (found != nullptr || name.size() < 2) return found;
  if (name.starts_with("ld-") && name.contains(".so")) return exact("ld.so");
  if (const char last = name.back(); last < '0' || last > '9') return nullptr;
  const std::size_t end = name.find_last_not_of("0123456789.-");
  return end == std::string_view::npos ? nullptr : exact(name.substr(0, end + 1));
}

const Launcher* other_way(const Launcher* row, std::string_view name) {
  const Launcher* next = row + 1;
  return next != kLaunchers.data() + kLaunchers.size() && has_name(next->names, name) ? next : nullptr;
}

}  // namespace bailiwick::shell
