#include "tests/fault/disk_faults.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RULES_MOST = 16, FILE_MOST = 4096, WORD_MOST = 64 };

struct rule {
    enum fault_call call;
    char pattern[WORD_MOST];
    char effect[WORD_MOST];
    struct fault fault;
    bool kills;
    unsigned long skip;
    unsigned long times;
};

static const char *const CALLS[FAULT_CALLS] = {"open",  "read",   "write", "sync",  "resize",
                                               "mkdir", "rename", "link",  "unlink"};

static char path_of_rules[FILE_MOST];
static char path_of_hits[FILE_MOST + 8];
static struct stat read_last;
static struct rule rules[RULES_MOST];
static size_t rule_count;
static uint64_t quota = UINT64_MAX;

static void wrong(const char *line)
{
    fprintf(stderr, "disk faults: cannot read the rule: %s\n", line);
    abort();
}

static unsigned long number_after(const char *word, const char *text, unsigned long otherwise)
{
    const char *found = strstr(text, word);
    return found ? strtoul(found + strlen(word), NULL, 10) : otherwise;
}

static bool set_effect(struct rule *rule, const char *rest)
{
    if (strcmp(rule->effect, "ENOSPC") == 0)
        rule->fault.failure = ENOSPC;
    else if (strcmp(rule->effect, "EIO") == 0)
        rule->fault.failure = EIO;
    else if (strcmp(rule->effect, "EMFILE") == 0)
        rule->fault.failure = EMFILE;
    else if (strcmp(rule->effect, "tear") == 0)
        rule->fault = (struct fault){.failure = EIO, .tears = true};
    else if (strcmp(rule->effect, "delay") == 0)
        rule->fault.delay_ms = (unsigned)number_after(" delay ", rest, 0);
    else if (strcmp(rule->effect, "kill") == 0)
        rule->kills = true;
    else
        return false;
    return true;
}

static void read_rule(const char *line)
{
    char call[WORD_MOST];
    if (strncmp(line, "quota ", 6) == 0) {
        quota = strtoull(line + 6, NULL, 10);
        return;
    }
    if (rule_count == RULES_MOST)
        wrong(line);
    struct rule *rule = &rules[rule_count++];
    *rule = (struct rule){.call = FAULT_CALLS};
    if (sscanf(line, "%63s %63s %63s", call, rule->pattern, rule->effect) != 3)
        wrong(line);
    for (enum fault_call each = 0; each < FAULT_CALLS; each++) {
        if (strcmp(CALLS[each], call) == 0)
            rule->call = each;
    }
    rule->skip = number_after(" skip ", line, 0);
    rule->times = number_after(" times ", line, (unsigned long)-1);
    if (rule->call == FAULT_CALLS || !set_effect(rule, line))
        wrong(line);
}

static void read_rules(void)
{
    static char text[FILE_MOST];
    int file = (int)syscall(SYS_openat, AT_FDCWD, path_of_rules, O_RDONLY | O_CLOEXEC);
    long size = file < 0 ? -1 : syscall(SYS_read, file, text, sizeof text - 1);
    if (size < 0)
        abort();
    (void)syscall(SYS_close, file);
    text[size] = '\0';
    rule_count = 0;
    quota = UINT64_MAX;
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        if (*line)
            read_rule(line);
    }
}

static void look_at_rules(void)
{
    struct stat now;
    if (!*path_of_rules || stat(path_of_rules, &now) != 0)
        return;
    if (now.st_ino == read_last.st_ino && now.st_mtim.tv_sec == read_last.st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == read_last.st_mtim.tv_nsec)
        return;
    read_last = now;
    read_rules();
}

void faults_begin(const char *path)
{
    if (!path)
        return;
    snprintf(path_of_rules, sizeof path_of_rules, "%s", path);
    snprintf(path_of_hits, sizeof path_of_hits, "%s.hits", path);
}

void faults_tell(enum fault_call call, const char *path, const char *effect)
{
    char line[FILE_MOST];
    int size = snprintf(line, sizeof line, "%s %s %s\n", CALLS[call], path, effect);
    int file = (int)syscall(SYS_openat, AT_FDCWD, path_of_hits,
                            O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0)
        return; /* there may be no descriptors left: that is what some tests are about */
    (void)syscall(SYS_write, file, line, (size_t)size);
    (void)syscall(SYS_close, file);
}

struct fault faults_of(enum fault_call call, const char *path)
{
    look_at_rules();
    for (size_t i = 0; i < rule_count; i++) {
        struct rule *rule = &rules[i];
        if (rule->call != call || fnmatch(rule->pattern, path, 0) != 0)
            continue;
        if (rule->skip > 0) {
            rule->skip--;
            continue;
        }
        if (rule->times == 0)
            continue;
        rule->times--;
        faults_tell(call, path, rule->effect);
        if (rule->kills)
            raise(SIGKILL);
        return rule->fault;
    }
    return (struct fault){0};
}

uint64_t faults_quota(void)
{
    look_at_rules();
    return quota;
}
