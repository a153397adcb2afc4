#include "storage/store_internal.h"
#include "tests/fault/subject.h"
#include "tests/unit/storage/tools.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_US = 60000000 };

static struct subject subject;
static struct error error;

static void say_error(void)
{
    printf("failed %s %s: %s\n", status_code_name(error.code), error.reason, error.message);
}

/* append LOG COUNT: one after the other; tells what became of them, and why the last that was not durable was not. */
static void append_some(unsigned log, unsigned count)
{
    static struct dice dice = {1};
    static uint32_t mark;
    unsigned outcomes[3] = {0};
    error_clear(&error);
    for (unsigned i = 0; i < count; i++) {
        struct append append = {.log = log % WORLD_LOGS};
        append.entry = world_entry(&dice, ++mark);
        if (!append_run(subject.pipeline, &append))
            error = append.error;
        outcomes[append.outcome]++;
    }
    printf("durable %u unknown %u refused %u %s\n", outcomes[COMMAND_DURABLE],
           outcomes[COMMAND_UNKNOWN], outcomes[COMMAND_REFUSED], error.reason);
}

/* burst LOG COUNT: the same, all at once. */
static void append_at_once(unsigned log, unsigned count)
{
    enum { AT_ONCE_MOST = 1000 };
    static struct append appends[AT_ONCE_MOST];
    unsigned durable = 0;
    count = count < AT_ONCE_MOST ? count : AT_ONCE_MOST;
    error_clear(&error);
    memset(appends, 0, sizeof appends);
    for (unsigned i = 0; i < count; i++) {
        appends[i].log = log % WORLD_LOGS;
        appends[i].entry.mark = i;
        append_start(subject.pipeline, &appends[i]);
    }
    for (unsigned i = 0; i < count; i++) {
        append_wait(&appends[i]);
        durable += appends[i].outcome == COMMAND_DURABLE;
        if (appends[i].outcome != COMMAND_DURABLE)
            error = appends[i].error;
    }
    printf("durable %u of %u %s\n", durable, count, error.reason);
}

static bool read_family(struct view *view, enum kv_family family, unsigned *count)
{
    static const struct bytes ALL;
    struct scan *scan = view_scan(view, family, ALL, ALL, false);
    if (!scan)
        return store_no_memory(&error);
    for (; scan_valid(scan); scan_next(scan))
        ++*count;
    bool ok = scan_ok(scan, &error);
    scan_free(scan);
    return ok;
}

/* rows: reads everything; what could be read must be right. */
static void read_rows(void)
{
    unsigned counts[KV_FAMILIES] = {0};
    struct view *view = view_open(subject.store);
    bool ok = view || store_no_memory(&error);
    for (enum kv_family family = 0; ok && family < KV_FAMILIES; family++)
        ok = read_family(view, family, &counts[family]);
    if (view)
        view_close(view);
    if (!ok) {
        say_error();
        return;
    }
    if (!subject_agrees(&subject, NULL, 0))
        _exit(1); /* the check has left its view open */
    printf("ok %u\n", counts[KV_LOG]);
}

/* flush: what is in memory goes to the engine. */
static void flush(void)
{
    if (pipeline_flush(subject.pipeline, &error))
        printf("ok\n");
    else
        say_error();
}

/* compact: everything goes to its last place on the disk. */
static void compact(void)
{
    bool ok = pipeline_flush(subject.pipeline, &error);
    for (enum kv_family family = 0; ok && family < KV_FAMILIES; family++)
        ok = kv_compact(subject.store->kv, family, &error);
    if (ok)
        printf("ok\n");
    else
        say_error();
}

/* ready: waits until changes are not refused. */
static void wait_until_ready(void)
{
    int64_t end = monotonic_us() + PATIENCE_US;
    while (pipeline_refuses(subject.pipeline, &error)) {
        if (monotonic_us() > end) {
            say_error();
            return;
        }
        sched_yield();
    }
    printf("ok\n");
}

static void obey(const char *line)
{
    unsigned log, count;
    if (sscanf(line, "append %u %u", &log, &count) == 2)
        append_some(log, count);
    else if (sscanf(line, "burst %u %u", &log, &count) == 2)
        append_at_once(log, count);
    else if (strcmp(line, "rows\n") == 0)
        read_rows();
    else if (strcmp(line, "compact\n") == 0)
        compact();
    else if (strcmp(line, "flush\n") == 0)
        flush();
    else if (strcmp(line, "ready\n") == 0)
        wait_until_ready();
    else
        printf("what?\n");
}

int subject_talk(const char *path)
{
    char line[128];
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!subject_open(&subject, path, &error)) {
        say_error();
        return 2;
    }
    printf("open\n");
    while (fgets(line, sizeof line, stdin))
        obey(line);
    subject_close(&subject);
    printf("closed\n");
    return 0;
}
