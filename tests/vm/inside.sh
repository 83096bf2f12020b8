#!/bin/bash
# In the virtual machine, as process 1: mounts what a booted Debian has, delegates a cgroup to an ordinary user, runs the tests. run.sh.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
only=${1:-}
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t mqueue mqueue /dev/mqueue
ln -sfn /proc/self/fd /dev/fd
for d in /tmp /run /var/tmp; do mount -t tmpfs -o mode=1777 t $d; done
chmod 755 /run
mount /dev/vda /home
mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
ip link set lo up
trap 'sync; echo o > /proc/sysrq-trigger; sleep 60' EXIT

user=bwtest
id -u $user >/dev/null 2>&1 || useradd --no-create-home --home-dir /home/$user --shell /bin/bash $user
mkdir -p /home/$user && chown $user: /home/$user
uid=$(id -u $user)

# As systemd delegates to a user: everything below user@UID.service is theirs; a session sits in a leaf of it.
top=/sys/fs/cgroup/user.slice/user-$uid.slice/user@$uid.service
mkdir -p $top/app.slice/session.scope
for d in /sys/fs/cgroup /sys/fs/cgroup/user.slice /sys/fs/cgroup/user.slice/user-$uid.slice $top $top/app.slice; do
  echo "+memory +pids +cpu" > $d/cgroup.subtree_control || echo "VM no controllers at $d"
done
mkdir -p /sys/fs/cgroup/init.scope && echo $$ > /sys/fs/cgroup/init.scope/cgroup.procs
for d in $top $top/app.slice $top/app.slice/session.scope; do chown $user $d $d/cgroup.{procs,threads,subtree_control}; done

passed=0 failed=0 skipped=0
say() { echo "VM $*"; }
as_user() { # in the delegated leaf, with the user's rights
  (echo $BASHPID > $top/app.slice/session.scope/cgroup.procs
   exec setpriv --reuid $user --regid $user --init-groups env -i HOME=/home/$user USER=$user LOGNAME=$user PATH=/usr/local/bin:/usr/bin:/bin \
     LANG=C.UTF-8 BAILIWICK=/opt/vm/bailiwick BAILIWICK_TEST_DEADLINE=120 "$@")
}
check() { # title, shell code as the user in a workspace; it succeeds or prints why not
  local title=$1 out
  if out=$(as_user bash -c "set -e; cd /home/$user/work; $2" 2>&1); then passed=$((passed + 1)); say "ok      $title"
  else failed=$((failed + 1)); say "FAILED  $title"; sed 's/^/VM   /' <<<"$out" | tail -n 25; fi
}
record='newest() { ls -td ~/.local/state/bailiwick/sessions/*/ | head -n 1; }
has() { python3 -c "import json,sys; v=json.load(open(sys.argv[1]))[sys.argv[2]]; print(sys.argv[2], v); sys.exit(not eval(sys.argv[3], {}, {\"v\": v}))" "$(newest)$1" "$2" "$3"; }
b=$BAILIWICK
'
as_user mkdir -p /home/$user/work

say "== $(uname -r), Landlock $(as_user /opt/vm/bailiwick doctor --json 2>/dev/null | python3 -c 'import json,sys; h=json.load(sys.stdin)["host"]; print("ABI", h["landlock_abi"], "cgroup", h["cgroup_parent"], h["cgroup_controllers"])' 2>&1 | tail -n 1)"
as_user /opt/vm/bailiwick doctor > /tmp/doctor.txt 2>&1; say "doctor ends with $?"; sed 's/^/VM   /' /tmp/doctor.txt

say "== budgets by cgroup"
check "doctor names the delegated cgroup and its three controllers" "$record
  \$b doctor --json | python3 -c 'import json,sys; h=json.load(sys.stdin)[\"host\"]; print(h); sys.exit(not (h[\"cgroup_parent\"] and {\"memory\",\"pids\",\"cpu\"} <= set(h[\"cgroup_controllers\"])))'"
check "a session starts and ends" "$record
  \$b exec -- true; has start.json memory 'v == \"cgroup\"'; has end.json exit_code 'v == 0'"
check "nothing of it is left in the cgroup tree" "! ls -d /sys/fs/cgroup/user.slice/user-*/user@*/app.slice/bailiwick-* /sys/fs/cgroup/user.slice/user-*/user@*/app.slice/session.scope/bailiwick-* 2>/dev/null"
check "memory: a hog is ended by the kernel at 64 MiB" "$record
  if \$b exec --limit memory=64M -- python3 -c 'x = bytearray(300 << 20); print(\"survived\")'; then echo it lived; exit 1; fi
  has start.json memory 'v == \"cgroup\"'; has end.json limited 'any(\"memory\" in x for x in v)'; has end.json peak_memory_bytes 'v <= 70 << 20'"
check "memory: many processes count together" "$record
  \$b exec --limit memory=96M -- sh -c 'for i in 1 2 3 4 5 6; do python3 -c \"import time; x = bytearray(40 << 20); time.sleep(15)\" & done; wait' || true
  has end.json limited 'any(\"memory\" in x for x in v)'"
check "memory: what fits is let be" "$record
  \$b exec --limit memory=256M -- python3 -c 'x = bytearray(60 << 20)'; has end.json limited 'v == []'"
check "memory: the page cache of files does not end a session" "$record
  \$b exec --limit memory=64M -- sh -c 'head -c 150M /dev/zero > big && cat big > /dev/null && rm big'; has end.json limited 'v == []'"
check "pids: a fork bomb stays at 40" "$record
  \$b exec --limit pids=40 -- python3 -c '
import os, time
n = 0
try:
    while n < 400:
        if os.fork() == 0: time.sleep(60); os._exit(0)
        n += 1
except OSError as e: print(\"stopped at\", n, e)
raise SystemExit(0 if 10 < n <= 40 else 1)'
  has end.json limited 'any(\"process\" in x for x in v)'"
check "pids: a true fork bomb ends with the session, and the machine lives" "$record
  timeout 60 \$b exec --limit pids=60 -- bash -c 'f() { f | f & }; f; sleep 3' || true
  test \$(ps -u \$(id -u) -o pid= | wc -l) -lt 20"
check "cpu: half a CPU is about half the time" "$record
  \$b exec --limit cpu=0.5 -- python3 -c 'import time
e = time.monotonic() + 6
while time.monotonic() < e: pass'
  python3 - \"\$(newest)end.json\" <<'P'
import json, sys
e = json.load(open(sys.argv[1])); share = e['cpu_ns'] / e['wall_ns']; print('share', share)
sys.exit(not 0.3 < share < 0.65)
P"
check "all budgets at once, in the summary of run" "$record
  \$b run --limit memory=64M,pids=50,cpu=1.5 -- python3 -c 'x = bytearray(300 << 20)' > out 2>&1 || true; cat out; grep -qi 'memory limit' out"
check "killed from outside, the supervisor leaves no process" "$record
  \$b exec -- sleep 300 & p=\$!; sleep 4; kill -9 \$p; sleep 3; ! pgrep -u \$(id -u) -x sleep"
check "the next session sweeps nothing and starts" "$record
  \$b exec -- true"

# each test of the integration tests counts
run_integration() { # who, file
  local log=/tmp/$1-$2.log ran
  say "== $2 as $1"
  if [ "$1" = root ]; then (cd /opt/vm/integration && BAILIWICK=/opt/vm/bailiwick BAILIWICK_TEST_DEADLINE=120 timeout 900 python3 -B "$2.py" $only) 2>&1 | tee "$log"
  else as_user bash -c "cd /opt/vm/integration && exec timeout 900 python3 -B $2.py $only" 2>&1 | tee "$log"; fi
  ran=$(sed -nE 's/^Ran ([0-9]+) tests?.*/\1/p' "$log")
  if [ -z "$ran" ]; then failed=$((failed + 1)); say "FAILED  $2 as $1 did not end"; tail -n 15 "$log" | sed 's/^/VM   /'; return; fi
  local bad skips
  bad=$(grep -cE '^(ERROR|FAIL): ' "$log")
  skips=$(grep -cE ' \.\.\. skipped ' "$log")
  passed=$((passed + ran - bad - skips)) failed=$((failed + bad)) skipped=$((skipped + skips))
  say "ok      $((ran - bad - skips)) of $ran"
  grep -E ' \.\.\. skipped ' "$log" | sed 's/^/VM skip    /'
  awk '/^(ERROR|FAIL): /{on=1} on' "$log" | head -n 150 | sed 's/^/VM   /'
}
if [ "$only" != attacks ]; then
  for file in exec_test sandbox_test terminal_test; do run_integration $user $file; done
  run_integration root sandbox_test
fi

# What root can show here and often not on a machine for development: modules, kexec, I/O ports, device nodes, the kernel's log.
if [ -z "$only" ] || [ "$only" = attacks ]; then
  say "== attacks with root as caller"
  log=/tmp/attack.log
  (cd /opt/vm/attack && BAILIWICK=/opt/vm/bailiwick timeout 900 ./run.py --differential --launcher bailiwick --user root --report-groups '' --slow 4 \
    --only S43,S50,S57,S65,Z01,Z06,Z10,Z11,Z12,Z16,Z24,Z27,Z30,Z31,Z32,Z33,Z34,Z37,Z40,Z41,B01,B144) 2>&1 | tee $log
  counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed' $log | tail -n 1)
  if [ -z "$counts" ]; then failed=$((failed + 1)); say "FAILED  the attacks did not end"; tail -n 15 $log | sed 's/^/VM   /'
  else
    read -r ok _ bad _ away _ <<<"${counts//,/}"
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + away))
    say "ok      $counts"
    grep -E '^(FAILED|n-a|skip)' $log | sed 's/^/VM   /'
  fi
fi

say "$passed passed, $failed failed, $skipped skipped"
