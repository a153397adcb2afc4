#include "client/bench/echo_log.h"

#include <pthread.h>
#include <rocksdb/c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_SIZE = 8, AFTER_SIZE = 128 };

static rocksdb_t *database;
static rocksdb_writeoptions_t *synced, *unsynced;
static struct echo_log_keys each;
static void (*tell)(struct echo_item *item);
static uint64_t position;

/* In ascending order, as the keys of a log are. */
static void next_key(char ret_key[KEY_SIZE])
{
    position++;
    for (int i = 0; i < KEY_SIZE; i++)
        ret_key[i] = (char)(position >> (8 * (KEY_SIZE - 1 - i)));
}

static void add(rocksdb_writebatch_t *batch, unsigned keys, const void *bytes, size_t size)
{
    for (unsigned i = 0; i < keys; i++) {
        char key[KEY_SIZE];
        next_key(key);
        rocksdb_writebatch_put(batch, key, KEY_SIZE, bytes, size);
    }
}

static void write_out(rocksdb_writebatch_t *batch, const rocksdb_writeoptions_t *options)
{
    char *failure = NULL;
    rocksdb_write(database, options, batch, &failure);
    if (failure)
        abort();
    rocksdb_writebatch_destroy(batch);
}

/* How many they are. */
static unsigned write_before(const struct echo_item *list)
{
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    unsigned count = 0;
    for (; list; list = list->next, count++)
        add(batch, each.before, list->bytes, list->size);
    write_out(batch, synced);
    return count;
}

/* The calls' bytes are gone by now: others do as well. */
static void write_after(unsigned calls)
{
    static const char bytes[AFTER_SIZE];
    if (!each.after)
        return;
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    add(batch, calls * each.after, bytes, sizeof bytes);
    write_out(batch, unsynced);
}

static void *run(void *data)
{
    for (;;) {
        struct echo_item *list = echo_queue_take(1);
        unsigned count = write_before(list);
        for (struct echo_item *next; list; list = next) {
            next = list->next;
            tell(list);
        }
        write_after(count);
    }
    return data;
}

int echo_log_start(const char *folder, struct echo_log_keys keys,
                   void (*durable)(struct echo_item *item))
{
    char *failure = NULL;
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_error_if_exists(options, 1);
    database = rocksdb_open(options, folder, &failure);
    rocksdb_options_destroy(options);
    if (failure) {
        fprintf(stderr, "echo-server: %s\n", failure);
        free(failure);
        return 0;
    }
    synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(synced, 1);
    unsynced = rocksdb_writeoptions_create();
    each = keys;
    tell = durable;
    pthread_t thread;
    return pthread_create(&thread, NULL, run, NULL) == 0;
}
