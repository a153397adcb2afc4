#include "storage/kv_internal.h"

#include <stdlib.h>
#include <string.h>

struct kv_iterator {
    rocksdb_iterator_t *iterator; /* NULL: there is nothing, and that is known */
    rocksdb_readoptions_t *read;  /* the bounds are its own */
    bool backwards;
    bool valid;
    bool damaged; /* a value without a header */
    struct kv_value value;
    size_t from_size;
    uint8_t bounds[]; /* both; RocksDB keeps pointers to them */
};

static void look(struct kv_iterator *iterator)
{
    iterator->valid = !iterator->damaged && rocksdb_iter_valid(iterator->iterator);
    if (!iterator->valid)
        return;
    size_t size;
    const char *data = rocksdb_iter_value(iterator->iterator, &size);
    iterator->damaged = !kv_value_read(data, size, &iterator->value);
    iterator->valid = !iterator->damaged;
}

static bool is_empty(struct bytes from, struct bytes to)
{
    size_t shorter = from.size < to.size ? from.size : to.size;
    int order = shorter ? memcmp(from.data, to.data, shorter) : 0;
    return to.size && (order > 0 || (order == 0 && from.size >= to.size));
}

static void seek(struct kv_iterator *iterator)
{
    if (iterator->backwards)
        rocksdb_iter_seek_to_last(iterator->iterator);
    else
        rocksdb_iter_seek(iterator->iterator, (const char *)iterator->bounds, iterator->from_size);
    look(iterator);
}

static void open_engine(struct kv_iterator *iterator, struct kv *kv,
                        const struct kv_snapshot *snapshot, enum kv_family family, bool group,
                        size_t to_size)
{
    char *bounds = (char *)iterator->bounds;
    iterator->read = rocksdb_readoptions_create();
    if (snapshot)
        rocksdb_readoptions_set_snapshot(iterator->read, snapshot->snapshot);
    if (iterator->from_size && iterator->backwards)
        rocksdb_readoptions_set_iterate_lower_bound(iterator->read, bounds, iterator->from_size);
    if (to_size)
        rocksdb_readoptions_set_iterate_upper_bound(iterator->read, bounds + iterator->from_size,
                                                    to_size);
    /* Only a scan of one group may rely on the filters: to any other they would hide what there is. */
    rocksdb_readoptions_set_total_order_seek(iterator->read, !group);
    rocksdb_readoptions_set_prefix_same_as_start(iterator->read, group);
    iterator->iterator =
        rocksdb_create_iterator_cf(kv->handle, iterator->read, kv->families[family]);
}

/* Of a group that has just been found empty memory tells so, until something is written in it. */
static void scan_group(struct kv_iterator *iterator, struct kv *kv,
                       const struct kv_snapshot *snapshot, enum kv_family family,
                       struct bytes group, size_t to_size)
{
    uint64_t moment = snapshot ? snapshot->moment : KV_ROWS_NOW;
    struct kv_rows_ticket ticket;
    if (kv->rows && kv_rows_none(kv->rows, moment, family, group, &ticket))
        return;
    open_engine(iterator, kv, snapshot, family, true, to_size);
    seek(iterator);
    char *text = NULL;
    rocksdb_iter_get_error(iterator->iterator, &text);
    if (kv->rows && !iterator->valid && !iterator->damaged && !text)
        kv_rows_keep_none(kv->rows, moment, &ticket, family, group);
    rocksdb_free(text);
}

struct kv_iterator *kv_scan(struct kv *kv, const struct kv_snapshot *snapshot,
                            enum kv_family family, struct bytes from, struct bytes to,
                            bool backwards)
{
    struct kv_iterator *iterator =
        kv->handle ? calloc(1, sizeof *iterator + from.size + to.size) : NULL;
    if (!iterator)
        return NULL;
    if (from.size)
        memcpy(iterator->bounds, from.data, from.size);
    if (to.size)
        memcpy(iterator->bounds + from.size, to.data, to.size);
    iterator->from_size = from.size;
    iterator->backwards = backwards;
    if (kv_group_scanned(family, from, to, backwards)) {
        scan_group(iterator, kv, snapshot, family, from, to.size);
        return iterator;
    }
    open_engine(iterator, kv, snapshot, family, false, to.size);
    if (!is_empty(from, to))
        seek(iterator);
    return iterator;
}

bool kv_scan_valid(const struct kv_iterator *iterator)
{
    return iterator->valid;
}

void kv_scan_next(struct kv_iterator *iterator)
{
    if (!iterator->valid)
        return;
    if (iterator->backwards)
        rocksdb_iter_prev(iterator->iterator);
    else
        rocksdb_iter_next(iterator->iterator);
    look(iterator);
}

struct bytes kv_scan_key(const struct kv_iterator *iterator)
{
    struct bytes key;
    key.data = rocksdb_iter_key(iterator->iterator, &key.size);
    return key;
}

struct kv_value kv_scan_value(const struct kv_iterator *iterator)
{
    return iterator->value;
}

bool kv_scan_ok(const struct kv_iterator *iterator, struct error *error)
{
    if (iterator->damaged)
        return error_set(error, STATUS_DATA_LOSS, "STORE_CORRUPT", 0,
                         "The store is damaged: a value has no header.");
    char *text = NULL;
    if (iterator->iterator)
        rocksdb_iter_get_error(iterator->iterator, &text);
    return !text || kv_failure(error, "reading", text);
}

void kv_scan_free(struct kv_iterator *iterator)
{
    if (!iterator)
        return;
    if (iterator->iterator) {
        rocksdb_iter_destroy(iterator->iterator);
        rocksdb_readoptions_destroy(iterator->read);
    }
    free(iterator);
}
