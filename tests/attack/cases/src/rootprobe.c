/* rootprobe NAME TOK [ARG...] : prints NAME:TOK when a door that only root finds open is open.  Doors are opened, never gone through: what
   would change the machine is opened without writing, or asked for with arguments that no kernel acts on. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
static int hits;
static const char *tok;
static void hit(const char *what, const char *detail) { hits++; printf("%s: %s\n%s:%s\n", what, detail, what, tok); }
/* mounts a new instance of `type` and opens `name` in it for writing */
static void fresh(const char *what, const char *type, const char *options, const char *name) {
  char path[256];
  mkdir("fresh", 0755);
  if (mount("rt", "fresh", type, 0, options)) { printf("mount %s: %m\n", type); return; }
  snprintf(path, sizeof path, "fresh/%s", name);
  int f = *name ? open(path, O_WRONLY) : 0;
  if (f >= 0) hit(what, path); else printf("%s: %m\n", path);
  if (f > 0) close(f);
  umount2("fresh", MNT_DETACH);
}
static void set_id(void) {
  umask(0);
  close(open("s-chmod", O_CREAT | O_WRONLY, 0755)); chmod("s-chmod", 04755);
  int f = open("s-fchmod", O_CREAT | O_WRONLY, 0755); fchmod(f, 04755);
  close(open("s-fchmodat", O_CREAT | O_WRONLY, 0755)); syscall(SYS_fchmodat, AT_FDCWD, "s-fchmodat", 04755);
  close(open("s-fchmodat2", O_CREAT | O_WRONLY, 0755)); syscall(452, AT_FDCWD, "s-fchmodat2", 04755, 0);
  open("s-open", O_CREAT | O_WRONLY, 04755);
#ifdef SYS_open
  syscall(SYS_open, "s-open2", O_CREAT | O_WRONLY, 04755); syscall(SYS_creat, "s-creat", 04755);
  syscall(SYS_mknod, "s-mknod", S_IFREG | 04755, 0);
#endif
  syscall(SYS_mknodat, AT_FDCWD, "s-mknodat", S_IFREG | 04755, 0);
  struct open_how how = {.flags = O_CREAT | O_WRONLY, .mode = 04755};
  syscall(SYS_openat2, AT_FDCWD, "s-openat2", &how, sizeof how);
  int t = open(".", O_TMPFILE | O_WRONLY, 04755);
  char p[64]; snprintf(p, sizeof p, "/proc/self/fd/%d", t); linkat(AT_FDCWD, p, AT_FDCWD, "s-tmpfile", AT_SYMLINK_FOLLOW);
}
int main(int c, char **v) {
  const char *n = v[1]; tok = v[2];
  if (!strcmp(n, "setid")) set_id();
  else if (!strcmp(n, "open")) {  /* open TOK r|w FILE... */
    for (int i = 4; i < c; i++) { int f = open(v[i], (*v[3] == 'w' ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_NOCTTY); if (f >= 0) hit("open", v[i]); else printf("%s: %m\n", v[i]); } }
  else if (!strcmp(n, "chardev")) {  /* chardev TOK DIR... : a node of an endless source of zeros */
    for (int i = 3; i < c; i++) { char p[256]; snprintf(p, sizeof p, "%s/rt-node", v[i]); unlink(p);
      if (mknod(p, S_IFCHR | 0600, makedev(1, 5))) { printf("%s: %m\n", p); continue; }
      int f = open(p, O_RDONLY); if (f >= 0) hit("chardev", p); else printf("%s: %m\n", p); unlink(p); } }
  else if (!strcmp(n, "caps")) {  /* every set raised as far as it goes; what a new program then has */
    struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0}; struct __user_cap_data_struct d[2];
    if (c > 3) { syscall(SYS_capget, &h, d); unsigned long all = d[0].effective | d[0].permitted | d[1].effective | d[1].permitted; if (all) hit("caps", "after exec"); return !hits; }
    prctl(PR_SET_SECUREBITS, 0); memset(d, 0xff, sizeof d); d[1].effective = d[1].permitted = d[1].inheritable = 0x1ff;
    if (syscall(SYS_capset, &h, d)) { perror("capset"); syscall(SYS_capget, &h, d); for (int i = 0; i < 2; i++) d[i].inheritable = d[i].permitted; syscall(SYS_capset, &h, d); }
    for (int i = 0; i < 41; i++) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0);
    setresuid(0, 0, 0); execl("/proc/self/exe", v[0], n, tok, "again", NULL); perror("exec"); }
  else if (!strcmp(n, "mounts")) {
    fresh("mounts", "proc", 0, "sysrq-trigger"); fresh("mounts", "sysfs", 0, "kernel/uevent_helper"); fresh("mounts", "sysfs", 0, "kernel/mm/transparent_hugepage/enabled");
    fresh("mounts", "devtmpfs", 0, "kmsg"); fresh("mounts", "binfmt_misc", 0, "register"); fresh("mounts", "cgroup2", 0, "cgroup.procs");
    fresh("mounts", "debugfs", 0, ""); fresh("mounts", "tracefs", 0, "trace_marker"); fresh("mounts", "securityfs", 0, ""); fresh("mounts", "bpf", 0, ""); }
  else if (!strcmp(n, "release_agent")) { char o[80]; snprintf(o, sizeof o, "none,name=rt-%s", tok); fresh(n, "cgroup", o, "release_agent"); }
  else if (!strcmp(n, "seize")) {  /* seize TOK PID... : attached without being stopped; the kernel lets go when we end */
    for (int i = 3; i < c; i++) if (!ptrace(PTRACE_SEIZE, atoi(v[i]), 0, 0)) hit(n, v[i]); else printf("%s: %m\n", v[i]); }
  else if (!strcmp(n, "rawsocket")) {
    if (socket(AF_PACKET, SOCK_RAW, 0) >= 0) hit(n, "packet"); if (socket(AF_INET, SOCK_RAW, 1) >= 0) hit(n, "raw IP"); if (socket(AF_INET6, SOCK_RAW, 58) >= 0) hit(n, "raw IPv6"); }
  else if (!strcmp(n, "machine")) {  /* each is answered after the check of the capability, and none changes anything */
    struct timex t = {.modes = ADJ_TICK, .tick = 1}; errno = 0;
    if (adjtimex(&t) < 0 && errno == EINVAL) hit(n, "adjtimex");
    if (syscall(SYS_reboot, 0, 0, 0, 0) && errno == EINVAL) hit(n, "reboot");
    if (syscall(SYS_swapoff, "/nonexistent") && errno == ENOENT) hit(n, "swapoff");
    if (syscall(SYS_acct, "/nonexistent") && errno == ENOENT) hit(n, "acct");
    if (syscall(SYS_delete_module, "rt nonexistent", O_NONBLOCK) && errno == ENOENT) hit(n, "delete_module");
    if (syscall(SYS_init_module, "x", 1, "") && errno == ENOEXEC) hit(n, "init_module"); }
  else if (!strcmp(n, "hostname")) { if (!sethostname(tok, strlen(tok))) hit(n, "set"); }
  else if (!strcmp(n, "priority")) {  /* of this process only */
    struct sched_param p = {.sched_priority = 1};
    if (!sched_setscheduler(0, SCHED_FIFO, &p)) hit(n, "real time"); p.sched_priority = 0; sched_setscheduler(0, SCHED_OTHER, &p);
    if (!setpriority(PRIO_PROCESS, 0, -10)) hit(n, "nice"); if (!syscall(SYS_ioprio_set, 1, 0, 1 << 13 | 4)) hit(n, "I/O"); }
  else return 2;
  return !hits;
}
