#include "tests/fault/disk_journal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MAPPED_MOST = 8, MAPPED_BYTES = 4096 };

struct mapped {
    const uint8_t *memory; /* NULL: free */
    size_t size;
    uint32_t handle;
    uint8_t seen[MAPPED_BYTES];
};

static struct mapped mappings[MAPPED_MOST];
static int journal = -1;
static uint64_t count;

void journal_begin(const char *path)
{
    if (!path)
        return;
    journal =
        (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal < 0)
        abort();
}

static void append(enum journal_kind kind, uint32_t handle, uint64_t number, const void *data,
                   size_t size)
{
    struct journal_head head = {(uint32_t)kind, handle, number, size};
    struct iovec parts[2] = {{&head, sizeof head}, {(void *)data, size}};
    /* A test that lost a record would prove nothing. */
    if (syscall(SYS_writev, journal, parts, 2) != (long)(sizeof head + size))
        abort();
    count++;
}

static void look(struct mapped *mapped)
{
    uint8_t now[MAPPED_BYTES];
    memcpy(now, mapped->memory, mapped->size);
    if (memcmp(now, mapped->seen, mapped->size) == 0)
        return;
    memcpy(mapped->seen, now, mapped->size);
    append(JOURNAL_WRITE, mapped->handle, 0, now, mapped->size);
}

static void look_at_all(void)
{
    for (size_t i = 0; i < MAPPED_MOST; i++) {
        if (mappings[i].memory)
            look(&mappings[i]);
    }
}

void journal_add(enum journal_kind kind, uint32_t handle, uint64_t number, const void *data,
                 size_t size)
{
    if (journal < 0)
        return;
    look_at_all();
    append(kind, handle, number, data, size);
}

void journal_add_pair(enum journal_kind kind, const char *from, const char *to)
{
    char both[2 * 4096];
    size_t from_size = strlen(from) + 1, to_size = strlen(to);
    if (from_size + to_size > sizeof both)
        abort();
    memcpy(both, from, from_size);
    memcpy(both + from_size, to, to_size);
    journal_add(kind, 0, 0, both, from_size + to_size);
}

uint64_t journal_count(void)
{
    return count;
}

void journal_map(uint32_t handle, const void *memory, size_t size)
{
    if (journal < 0)
        return;
    for (size_t i = 0; i < MAPPED_MOST; i++) {
        struct mapped *mapped = &mappings[i];
        if (mapped->memory || size > sizeof mapped->seen)
            continue;
        *mapped = (struct mapped){.memory = memory, .size = size, .handle = handle};
        memcpy(mapped->seen, memory, size);
        return;
    }
    abort(); /* more than this was made for */
}

void journal_unmap(const void *memory)
{
    for (size_t i = 0; i < MAPPED_MOST; i++) {
        if (mappings[i].memory == memory) {
            look(&mappings[i]);
            mappings[i].memory = NULL;
        }
    }
}
