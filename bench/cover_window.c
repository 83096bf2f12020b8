/* How long a protected file is bare after a host program replaced it by a rename: bench/cover_window.sh.

   cover_window attack FILE             inside: opens FILE for writing without pause; one record on standard output for each time it could
   cover_window replace FILE N WAIT_MS COMMAND...
                                        outside: starts COMMAND (a sandbox that runs the attack), replaces FILE N times, prints the figures;
                                        WAIT_MS lie between the writing of the new file and its rename: git renames at once */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct window { int64_t first, closed; }; /* CLOCK_MONOTONIC, which is the host's inside too */

static int64_t now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000LL + t.tv_nsec; }
static void wait_ms(int ms) { struct timespec t = {ms / 1000, ms % 1000 * 1000000L}; nanosleep(&t, NULL); }
static void die(const char *what) { perror(what); exit(1); }

static int attack(const char *file) {
  struct window w = {0, 0};
  if (write(1, &w, sizeof w) != sizeof w) return 1; /* ready */
  for (;;) {
    int fd = open(file, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
      if (w.first == 0) w.first = now();
      close(fd);
    } else if (w.first != 0 && errno != ENOENT) {
      w.closed = now();
      if (write(1, &w, sizeof w) != sizeof w) return 0;
      w.first = 0;
    }
  }
}

static int by_size(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void print(const char *what, int64_t *times, int n) {
  qsort(times, n, sizeof *times, by_size);
  printf("  %s: p50 %.3f ms, p90 %.3f ms, max %.3f ms\n", what, times[n / 2] / 1e6, times[n * 9 / 10] / 1e6, times[n - 1] / 1e6);
}

static int replace(const char *file, int n, int wait, char **command) {
  char temporary[4096];
  int out[2];
  snprintf(temporary, sizeof temporary, "%s.lock", file);
  if (pipe(out) != 0) die("pipe");
  pid_t child = fork();
  if (child == 0) {
    dup2(out[1], 1);
    close(out[0]);
    close(out[1]);
    execvp(command[0], command);
    die(command[0]);
  }
  close(out[1]);
  struct window w;
  if (read(out[0], &w, sizeof w) != sizeof w) { fprintf(stderr, "the attack did not start\n"); return 1; }
  int64_t *renamed = calloc(n + 1, sizeof *renamed), *open_for = calloc(n, sizeof *open_for), *bare_for = calloc(n, sizeof *bare_for);
  for (int i = 0; i < n; i++) {
    wait_ms(100);
    FILE *f = fopen(temporary, "w");
    if (f == NULL) die(temporary);
    fprintf(f, "[core]\n\tbare = false\n[user]\n\tname = %d\n", i);
    if (fclose(f) != 0) die(temporary);
    if (wait != 0) wait_ms(wait);
    renamed[i] = now();
    if (rename(temporary, file) != 0) die(file);
  }
  wait_ms(300);
  renamed[n] = INT64_MAX;
  int ended_early = waitpid(child, NULL, WNOHANG) != 0;
  if (!ended_early) kill(child, SIGTERM);
  int opened = 0, at = 0, last = -1;
  while (read(out[0], &w, sizeof w) == sizeof w) {
    while (at < n && renamed[at + 1] <= w.first) at++;
    if (at == last) { /* bare a second time after the same rename */
      open_for[opened - 1] += w.closed - w.first;
      bare_for[opened - 1] = w.closed - renamed[at];
      continue;
    }
    last = at;
    open_for[opened] = w.closed - w.first;
    bare_for[opened++] = w.closed - renamed[at];
  }
  if (!ended_early) waitpid(child, NULL, 0);
  printf("renamed %s: opened in %d of %d%s\n", wait != 0 ? "later" : "at once", opened, n, ended_early ? "; THE SESSION ENDED EARLY" : "");
  if (opened != 0) {
    print("from the first opening to the first refusal", open_for, opened);
    print("from the rename to the first refusal", bare_for, opened);
  }
  return ended_early;
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  if (argc == 3 && strcmp(argv[1], "attack") == 0) return attack(argv[2]);
  if (argc > 5 && strcmp(argv[1], "replace") == 0) return replace(argv[2], atoi(argv[3]), atoi(argv[4]), argv + 5);
  fprintf(stderr, "usage: cover_window attack FILE | replace FILE N WAIT_MS COMMAND...\n");
  return 2;
}
