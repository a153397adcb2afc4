#include "tests/fuzz/entries_replay.h"
#include "tests/fuzz/oracle.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_SECONDS = 20, SHOWN = 48 };

static const size_t MEMORY = (size_t)256 * 1024 * 1024;

/* ---- a write that fails ---- */

static atomic_bool fails;

static void commit(void *data, struct kv *kv, struct kv_batch *batch,
                   void (*committed)(void *group, const struct error *failure), void *group)
{
    (void)data;
    struct error error;
    bool ok = atomic_exchange(&fails, false)
                  ? error_set(&error, STATUS_UNAVAILABLE, "FUZZ", 0, "The fuzzer wants it so.")
                  : kv_write(kv, batch, false, &error);
    committed(group, ok ? NULL : &error);
}

const struct durability replay_durability = {.commit = commit};

struct breaking {
    struct command command; /* first */
    atomic_bool done;
};

static bool breaking_decide(struct command *command, struct txn *txn)
{
    (void)command;
    return txn_put(txn, KV_META, (struct bytes){"~", 1}, (struct bytes){"", 0}, 0);
}

static void breaking_done(struct command *command, enum command_outcome outcome,
                          const struct error *error)
{
    must(outcome == COMMAND_UNKNOWN, "a failed write is told as %d: %s", (int)outcome,
         error ? error->message : "");
    atomic_store(&((struct breaking *)(void *)command)->done, true);
}

static void forget_and_replay(struct pipeline *pipeline)
{
    struct breaking breaking = {.command = {.decide = breaking_decide, .done = breaking_done}};
    struct error why;
    time_t end = time(NULL) + PATIENCE_SECONDS;
    atomic_store(&fails, true);
    pipeline_submit(pipeline, &breaking.command);
    while (!atomic_load(&breaking.done))
        sched_yield();
    while (pipeline_refuses(pipeline, &why)) {
        must(time(NULL) <= end, "what was derived once cannot be replayed");
        sched_yield();
    }
}

/* ---- all rows ---- */

struct row {
    struct row *next;
    struct bytes key;
    struct kv_value value;
};

static struct bytes copy(struct arena *arena, struct bytes bytes)
{
    struct bytes made = {arena_copy(arena, bytes.data, bytes.size), bytes.size};
    if (!made.data)
        abort();
    return made;
}

static struct scan *scan_family(struct view *view, enum kv_family family)
{
    static const struct bytes ALL = {"", 0};
    struct scan *scan = view ? view_scan(view, family, ALL, ALL, false) : NULL;
    if (!scan)
        abort();
    return scan;
}

/* The store's own rows tell how far it is. */
static bool is_stores_own(enum kv_family family, struct bytes key)
{
    return family == KV_META && key.size > 0 && *(const char *)key.data == '\0';
}

static struct row *see_family(struct view *view, enum kv_family family, struct arena *arena)
{
    struct row *rows = NULL, **end = &rows;
    struct scan *scan = scan_family(view, family);
    for (; scan_valid(scan); scan_next(scan)) {
        struct row *row = arena_alloc(arena, sizeof *row);
        if (!row)
            abort();
        row->key = copy(arena, scan_key(scan));
        row->value = scan_value(scan);
        row->value.bytes = copy(arena, row->value.bytes);
        if (is_stores_own(family, row->key))
            continue;
        *end = row;
        end = &row->next;
    }
    scan_free(scan);
    return rows;
}

static void see_all(struct store *store, struct arena *arena, struct row *ret_rows[KV_FAMILIES])
{
    struct view *view = view_open(store);
    for (enum kv_family family = 0; family < KV_FAMILIES; family++)
        ret_rows[family] = see_family(view, family, arena);
    view_close(view);
}

static bool same_bytes(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static const char *show(struct bytes bytes, char text[2 * SHOWN + 1])
{
    static const char digits[] = "0123456789abcdef";
    size_t count = bytes.size < SHOWN ? bytes.size : SHOWN;
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = ((const uint8_t *)bytes.data)[i];
        text[2 * i] = digits[byte >> 4];
        text[2 * i + 1] = digits[byte & 15];
    }
    text[2 * count] = '\0';
    return text;
}

static void must_equal(enum kv_family family, const struct row *live, const struct row *replayed)
{
    char key[2 * SHOWN + 1], other[2 * SHOWN + 1];
    for (; live && replayed; live = live->next, replayed = replayed->next) {
        must(same_bytes(live->key, replayed->key), "family %d: derived has %s, replayed %s",
             (int)family, show(live->key, key), show(replayed->key, other));
        must(same_bytes(live->value.bytes, replayed->value.bytes) &&
                 live->value.purge_after == replayed->value.purge_after &&
                 live->value.sequence == replayed->value.sequence,
             "family %d: %s was derived (%lld, %llu) as %s, and replayed (%lld, %llu) as another",
             (int)family, show(live->key, key), (long long)live->value.purge_after,
             (unsigned long long)live->value.sequence, show(live->value.bytes, other),
             (long long)replayed->value.purge_after, (unsigned long long)replayed->value.sequence);
    }
    must(!live && !replayed, "family %d: only %s has %s", (int)family,
         live ? "what was derived" : "the replay", show((live ? live : replayed)->key, key));
}

void replay_check(struct store *store, struct pipeline *pipeline)
{
    struct arena *arena = arena_new(MEMORY);
    struct row *live[KV_FAMILIES], *replayed[KV_FAMILIES];
    if (!arena)
        abort();
    see_all(store, arena, live);
    forget_and_replay(pipeline);
    see_all(store, arena, replayed);
    for (enum kv_family family = 0; family < KV_FAMILIES; family++)
        must_equal(family, live[family], replayed[family]);
    arena_free(arena);
}
