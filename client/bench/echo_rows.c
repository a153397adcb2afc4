#include "client/bench/echo_rows.h"

#include "maskline/bench/v1/echo.pb-c.h"
#include "maskline/bench/v1/record.pb-c.h"

#include <rocksdb/c.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes: of keys, and of values. */
enum {
    KEY_MOST = 64,
    KEY_ENTRY = 29,
    KEY_INTERACTION = 53,
    KEY_KNOWN = 37,
    KEY_SESSION = 37,
    KEY_ROUTE = 50,
    KEY_PERSON = 54,
    KEY_NUMBER = 50,
    VALUE_MOST = 512,
    VALUE_ACCEPTED = 371,
    VALUE_WENT_ON = 137,
    VALUE_INTERACTION = 366,
    VALUE_KNOWN = 54,
    VALUE_SESSION = 307,
    VALUE_CREATED = 486,
    VALUE_NEW_SESSION = 286,
    VALUE_ROUTE = 66,
};

enum { LETTER = 20, LENGTH_BYTE_MOST = 127, FILTER_BITS = 10, NUMBER = 12 };
#define TABLE_FILTER 0.02

static rocksdb_t *database;
static rocksdb_column_family_handle_t *log_family, *row_family;
static rocksdb_writeoptions_t *synced, *unlogged;
static rocksdb_readoptions_t *reads;
static rocksdb_writebatch_t *batch;
static unsigned char hash_key[crypto_generichash_KEYBYTES];
static uint64_t position;

static void check(char *failure)
{
    if (!failure)
        return;
    fprintf(stderr, "echo-server: %s\n", failure);
    abort();
}

/* What a store of many small rows is best served by. */
static rocksdb_options_t *options_new(void)
{
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_block_based_table_options_t *tables = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_filter_policy(
        tables, rocksdb_filterpolicy_create_bloom_full(FILTER_BITS));
    rocksdb_options_set_block_based_table_factory(options, tables);
    rocksdb_block_based_options_destroy(tables);
    rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, TABLE_FILTER);
    rocksdb_options_set_memtable_whole_key_filtering(options, 1);
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_create_missing_column_families(options, 1);
    rocksdb_options_set_error_if_exists(options, 1);
    return options;
}

int echo_rows_open(const char *folder)
{
    char *failure = NULL;
    rocksdb_options_t *options = options_new();
    const char *names[] = {"default", "rows"};
    const rocksdb_options_t *each[] = {options, options};
    rocksdb_column_family_handle_t *families[2];
    database = rocksdb_open_column_families(options, folder, 2, names, each, families, &failure);
    rocksdb_options_destroy(options);
    if (failure) {
        fprintf(stderr, "echo-server: %s\n", failure);
        free(failure);
        return 0;
    }
    log_family = families[0];
    row_family = families[1];
    synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(synced, 1);
    unlogged = rocksdb_writeoptions_create();
    rocksdb_writeoptions_disable_WAL(unlogged, 1);
    reads = rocksdb_readoptions_create();
    batch = rocksdb_writebatch_create();
    if (sodium_init() < 0)
        return 0;
    randombytes_buf(hash_key, sizeof hash_key);
    return 1;
}

void echo_rows_hash(struct echo_item *item, unsigned count)
{
    /* The bench always says the same: what a carrier or a client would have named is made here. */
    static _Atomic uint64_t named;
    Maskline__Bench__V1__EchoRequest *request =
        maskline__bench__v1__echo_request__unpack(NULL, item->size, item->bytes);
    if (!request)
        abort();
    for (unsigned i = 0; i < count; i++) {
        unsigned char name[ECHO_SID] = {0};
        uint64_t number = atomic_fetch_add(&named, 1);
        memcpy(name, &number, sizeof number);
        crypto_generichash(item->hashes[i], ECHO_HASH, name, sizeof name, hash_key,
                           sizeof hash_key);
    }
    maskline__bench__v1__echo_request__free_unpacked(request, NULL);
}

/* ---- keys ---- */

/* Tenant and Service are always the same, as with one Service; then a letter, and what it is the key of. */
static void key_of(char ret_key[KEY_MOST], char letter, const void *name, size_t size)
{
    memset(ret_key, 0, KEY_MOST);
    ret_key[LETTER] = letter;
    memcpy(ret_key + LETTER + 1, name, size);
}

static void key_of_two(char ret_key[KEY_MOST], char letter, const unsigned char *first,
                       const unsigned char *second)
{
    key_of(ret_key, letter, first, ECHO_SID);
    memcpy(ret_key + LETTER + 1 + ECHO_SID, second, ECHO_SID);
}

static void big_endian(uint64_t number, unsigned char ret_bytes[8])
{
    for (int i = 0; i < 8; i++)
        ret_bytes[i] = (unsigned char)(number >> (8 * (7 - i)));
}

/* In ascending order, as SIDs are when they are minted, with something random behind. */
static void mint(struct echo_thing *thing, const struct echo_item *item)
{
    memcpy(thing->hashes, item->hashes, sizeof thing->hashes);
    big_endian(position + 1, thing->sid);
    memcpy(thing->sid + 8, item->hashes[0], 8);
}

static void session_of(const struct echo_thing *thing, unsigned char ret_sid[ECHO_SID])
{
    memset(ret_sid, 0, ECHO_SID);
    ret_sid[ECHO_SID - 1] = thing->hashes[0][0];
}

/* ---- values ---- */

static size_t pack(const struct echo_thing *thing, const struct echo_item *item, size_t size,
                   unsigned char ret_bytes[VALUE_MOST])
{
    static unsigned char rest[VALUE_MOST];
    unsigned char session[ECHO_SID];
    session_of(thing, session);
    Maskline__Bench__V1__Record record = MASKLINE__BENCH__V1__RECORD__INIT;
    record.session = (ProtobufCBinaryData){sizeof session, session};
    if (size > VALUE_ROUTE) {
        record.interaction = (ProtobufCBinaryData){ECHO_SID, (uint8_t *)(uintptr_t)thing->sid};
        record.sender = (ProtobufCBinaryData){ECHO_HASH, (uint8_t *)(uintptr_t)thing->hashes[0]};
        record.time = (int64_t)position;
    }
    if (item)
        record.body = (ProtobufCBinaryData){item->size, (uint8_t *)(uintptr_t)item->bytes};
    size_t has = maskline__bench__v1__record__get_packed_size(&record);
    size_t head = size - has > LENGTH_BYTE_MOST + 2 ? 3 : 2; /* what comes before the rest */
    record.rest = (ProtobufCBinaryData){size - has - head, rest};
    return maskline__bench__v1__record__pack(&record, ret_bytes);
}

static void put(rocksdb_column_family_handle_t *family, const char key[KEY_MOST], size_t key_size,
                const struct echo_thing *thing, const struct echo_item *item, size_t size)
{
    unsigned char bytes[VALUE_MOST];
    size_t packed = size ? pack(thing, item, size, bytes) : 0;
    rocksdb_writebatch_put_cf(batch, family, key, key_size, (const char *)bytes, packed);
}

static void put_entry(const struct echo_thing *thing, const struct echo_item *item, size_t size)
{
    char key[KEY_MOST];
    unsigned char number[8];
    big_endian(++position, number);
    key_of(key, 'L', number, sizeof number);
    put(log_family, key, KEY_ENTRY, thing, item, size);
}

/* ---- messages ---- */

void echo_rows_look(const struct echo_thing *thing, unsigned which)
{
    char key[KEY_MOST];
    char *failure = NULL;
    key_of(key, 'D', thing->hashes[which], ECHO_HASH);
    rocksdb_pinnableslice_t *found =
        rocksdb_get_pinned_cf(database, reads, row_family, key, KEY_KNOWN, &failure);
    check(failure);
    rocksdb_pinnableslice_destroy(found);
}

void echo_rows_accepted(struct echo_thing *thing, const struct echo_item *item)
{
    mint(thing, item);
    put_entry(thing, item, VALUE_ACCEPTED);
}

void echo_rows_went_on(const struct echo_thing *thing)
{
    put_entry(thing, NULL, VALUE_WENT_ON);
}

void echo_rows_message(const struct echo_thing *thing)
{
    char key[KEY_MOST];
    unsigned char session[ECHO_SID];
    session_of(thing, session);
    key_of_two(key, 'I', session, thing->sid);
    put(row_family, key, KEY_INTERACTION, thing, NULL, VALUE_INTERACTION);
    key_of(key, 'D', thing->hashes[0], ECHO_HASH);
    put(row_family, key, KEY_KNOWN, thing, NULL, VALUE_KNOWN);
}

void echo_rows_session_of(const struct echo_thing *thing)
{
    char key[KEY_MOST];
    unsigned char session[ECHO_SID];
    session_of(thing, session);
    key_of(key, 'S', session, ECHO_SID);
    put(row_family, key, KEY_SESSION, thing, NULL, VALUE_SESSION);
}

/* ---- sessions ---- */

void echo_rows_created(struct echo_thing *thing, const struct echo_item *item)
{
    char key[KEY_MOST];
    mint(thing, item);
    put_entry(thing, NULL, VALUE_CREATED);
    key_of(key, 'S', thing->sid, ECHO_SID);
    put(row_family, key, KEY_SESSION, thing, NULL, VALUE_NEW_SESSION);
    for (unsigned i = 0; i < ECHO_HASHES; i++) {
        key_of(key, 'R', thing->hashes[i], ECHO_HASH);
        put(row_family, key, KEY_ROUTE, thing, NULL, VALUE_ROUTE);
    }
}

void echo_rows_session(const struct echo_thing *thing)
{
    char key[KEY_MOST];
    for (unsigned i = 0; i < ECHO_HASHES; i++) {
        unsigned char number[NUMBER] = {(unsigned char)('0' + i)};
        key_of_two(key, 'i', thing->hashes[i], thing->sid);
        put(row_family, key, KEY_PERSON, thing, NULL, 0);
        key_of(key, 'w', number, sizeof number);
        memcpy(key + LETTER + 1 + NUMBER + 1, thing->sid, ECHO_SID);
        put(row_family, key, KEY_NUMBER, thing, NULL, 0);
    }
}

/* ---- writing ---- */

static void write_out(const rocksdb_writeoptions_t *options)
{
    char *failure = NULL;
    if (rocksdb_writebatch_count(batch) == 0)
        return;
    rocksdb_write(database, options, batch, &failure);
    check(failure);
    rocksdb_writebatch_clear(batch);
}

void echo_rows_write_durably(void)
{
    write_out(synced);
}

void echo_rows_write(void)
{
    write_out(unlogged);
}
