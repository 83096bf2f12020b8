// spawnbench: how long does it take to start, run and reap a command, and how much memory does it peak at?
//
//   cc -O2 -o spawnbench spawnbench.c
//   spawnbench [-n runs-per-round] [-r rounds] [-t max-seconds-per-command] [-g gap-milliseconds] LIST
//
// LIST has one command a line:  name<TAB>command with arguments   ('single' and "double" quotes are understood; no shell is involved; lines
// beginning with # are skipped). A leading word  10=/path  opens that file for reading as descriptor 10, anew for each run. Commands are
// interleaved round by round, and the first one rotates, so that drift of a shared machine hits all alike.
// Prints TSV: name runs min_us p50_us p90_us p99_us cpu_us maxrss_kib exit
// cpu is the median of user and system time, and maxrss the largest, of the child and of the descendants that it has waited for (wait4): on
// a busy machine, cpu says what the wall clock cannot. Round -1 warms up, uncounted.
// With a gap the machine rests before each run, so that what the kernel still takes apart after one (namespaces, mounts) is not paid for by
// the next: the time of one start, not of starts in a row.
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

struct command {
  char *name, **argv;
  posix_spawn_file_actions_t files;
  double *micros, *cpu_micros, spent;
  int count, capacity, status;
  long maxrss_kib;
};

static double now_micros(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double cpu_of(const struct rusage *u) {
  return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1e6 + (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec);
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void *check_alloc(void *p) {
  if (!p) {
    fprintf(stderr, "spawnbench: out of memory\n");
    exit(2);
  }
  return p;
}

static char **split_words(char *s) {
  char **words = check_alloc(calloc(strlen(s) + 2, sizeof *words));
  int n = 0;
  while (*s) {
    while (*s == ' ') s++;
    if (!*s) break;
    char *out = s, *start = s, quote = 0;
    for (; *s && (quote || *s != ' '); s++) {
      if (quote) {
        if (*s == quote) quote = 0;
        else *out++ = *s;
      } else if (*s == '\'' || *s == '"') quote = *s;
      else *out++ = *s;
    }
    int at_end = !*s;
    *out = 0;
    words[n++] = start;
    if (at_end) break;
    s++;
  }
  return words;
}

// Takes the leading  FD=/path  words off the command.
static void open_files(struct command *c) {
  posix_spawn_file_actions_init(&c->files);
  posix_spawn_file_actions_addopen(&c->files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&c->files, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&c->files, 2, "/dev/null", O_WRONLY, 0);
  for (; c->argv[0] && isdigit((unsigned char)c->argv[0][0]); c->argv++) {
    char *end;
    long fd = strtol(c->argv[0], &end, 10);
    if (*end != '=' || fd < 3) break;
    posix_spawn_file_actions_addopen(&c->files, (int)fd, end + 1, O_RDONLY, 0);
  }
}

static struct command *load_list(const char *path, int *count) {
  FILE *f = fopen(path, "r");
  if (!f) {
    perror(path);
    exit(2);
  }
  struct command *list = NULL;
  char *line = NULL;
  size_t capacity = 0;
  ssize_t length;
  *count = 0;
  while ((length = getline(&line, &capacity, f)) > 0) {
    if (line[length - 1] == '\n') line[--length] = 0;
    char *tab = strchr(line, '\t');
    if (!length || *line == '#' || !tab) continue;
    *tab = 0;
    list = check_alloc(realloc(list, sizeof *list * (size_t)(*count + 1)));
    struct command *c = &list[(*count)++];
    memset(c, 0, sizeof *c);
    c->name = check_alloc(strdup(line));
    c->argv = split_words(check_alloc(strdup(tab + 1)));
    open_files(c);
  }
  free(line);
  fclose(f);
  return list;
}

static long gap_millis;

static void run_once(struct command *c, int is_counted) {
  pid_t pid;
  int status;
  struct rusage usage;
  if (gap_millis > 0) {
    struct timespec gap = {.tv_sec = gap_millis / 1000, .tv_nsec = gap_millis % 1000 * 1000000};
    nanosleep(&gap, NULL);
  }
  double start = now_micros();
  int error = posix_spawnp(&pid, c->argv[0], &c->files, NULL, c->argv, environ);
  if (error) {
    fprintf(stderr, "%s: %s\n", c->name, strerror(error));
    c->status = 127 << 8;
    return;
  }
  while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {}
  double took = now_micros() - start;
  c->status = status;
  if (!is_counted) return;
  c->spent += took;
  if (c->count == c->capacity) {
    c->capacity = c->capacity ? c->capacity * 2 : 64;
    c->micros = check_alloc(realloc(c->micros, sizeof(double) * (size_t)c->capacity));
    c->cpu_micros = check_alloc(realloc(c->cpu_micros, sizeof(double) * (size_t)c->capacity));
  }
  c->cpu_micros[c->count] = cpu_of(&usage);
  c->micros[c->count++] = took;
  if (usage.ru_maxrss > c->maxrss_kib) c->maxrss_kib = usage.ru_maxrss;
}

int main(int argc, char **argv) {
  int runs = 20, rounds = 5, option;
  double max_seconds = 20;
  while ((option = getopt(argc, argv, "n:r:t:g:")) != -1) {
    if (option == 'n') runs = atoi(optarg);
    else if (option == 'r') rounds = atoi(optarg);
    else if (option == 't') max_seconds = atof(optarg);
    else if (option == 'g') gap_millis = atol(optarg);
    else return 2;
  }
  if (optind >= argc) {
    fprintf(stderr, "usage: spawnbench [-n N] [-r N] [-t SECONDS] [-g MILLISECONDS] LIST\n");
    return 2;
  }
  int count;
  struct command *list = load_list(argv[optind], &count);
  for (int round = -1; round < rounds; round++)
    for (int i = 0; i < count; i++) {
      struct command *c = &list[(i + round + 1) % count];
      if (c->spent > max_seconds * 1e6 && c->count >= 5) continue;
      for (int k = 0; k < (round < 0 ? 2 : runs); k++) run_once(c, round >= 0);
    }
  printf("name\truns\tmin_us\tp50_us\tp90_us\tp99_us\tcpu_us\tmaxrss_kib\texit\n");
  for (int i = 0; i < count; i++) {
    struct command *c = &list[i];
    if (!c->count) {
      printf("%s\t0\t0\t0\t0\t0\t0\t0\t127\n", c->name);
      continue;
    }
    qsort(c->micros, (size_t)c->count, sizeof(double), compare);
    qsort(c->cpu_micros, (size_t)c->count, sizeof(double), compare);
    printf("%s\t%d\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%ld\t%d\n", c->name, c->count, c->micros[0], c->micros[c->count / 2],
           c->micros[(int)(c->count * .9)], c->micros[(int)(c->count * .99)], c->cpu_micros[c->count / 2], c->maxrss_kib,
           WIFSIGNALED(c->status) ? 128 + WTERMSIG(c->status) : WEXITSTATUS(c->status));
  }
}
