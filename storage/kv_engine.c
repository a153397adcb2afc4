#include "storage/kv_internal.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    MIB = 1024 * 1024,
    DEFAULT_CACHE = 64 * MIB,
    DEFAULT_WRITE_BUFFER = 64 * MIB,
    BLOOM_BITS = 12, /* a file that is searched in vain costs more than the bits that tell so */
    OPEN_FILES = 512,
    LOG_BLOCK = 16 * 1024,
    ROW_BLOCK = 8 * 1024,
    SHARD_BITS = 4,       /* of the cache; a shard must hold many blocks */
    TABLE_FORMAT = 5,     /* whole-key filters and indexes in their newest form */
    NOTHING = 6,          /* above all levels */
    FIRST_COMPRESSED = 1, /* level */
};

/* Of a memtable's size. */
static const double MEMTABLE_BLOOM = 0.02;

/* One for each tenant, Service or pool, and kind of key, KV_HINTED bytes: what storage/keys.h begins a key with. */
static const char INSERT_HINTS[] = "memtable_insert_with_hint_prefix_extractor=fixed:21";
_Static_assert(KV_HINTED == 21, "as many as the option says");

/* RocksDB wants one that is called "default". */
const char *const KV_FAMILY_NAMES[KV_FAMILIES] = {"log", "live", "idx", "default"};

static unsigned char filter_drops(void *data, int level, const char *key, size_t key_size,
                                  const char *existing, size_t existing_size, char **new_value,
                                  size_t *new_size, unsigned char *changed)
{
    (void)level, (void)key, (void)key_size, (void)new_value, (void)new_size;
    struct kv_engine *engine = data;
    struct kv_value value;
    *changed = 0;
    return kv_value_read(existing, existing_size, &value) && value.purge_after != 0 &&
           value.purge_after < atomic_load(&engine->purge_before);
}

static const char *filter_name(void *data)
{
    (void)data;
    return "maskline.purge_after";
}

static void filter_gone(void *data)
{
    (void)data;
}

static void set_tables(struct kv_engine *engine, enum kv_family family)
{
    rocksdb_block_based_table_options_t *tables = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_block_cache(tables, engine->cache);
    /* Filters and indexes count as cache: memory stays bounded, however large the store is. They come in small pieces: one of a whole file
     * is larger than a shard of the cache, which would drop it after every read. */
    rocksdb_block_based_options_set_index_type(
        tables, rocksdb_block_based_table_index_type_two_level_index_search);
    rocksdb_block_based_options_set_partition_filters(tables, 1);
    rocksdb_block_based_options_set_pin_top_level_index_and_filter(tables, 1);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(tables, 1);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(tables, 1);
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(tables, 1);
    rocksdb_block_based_options_set_format_version(tables, TABLE_FORMAT);
    rocksdb_block_based_options_set_block_size(tables, family == KV_LOG ? LOG_BLOCK : ROW_BLOCK);
    /* The log is read in ranges, never searched for what may be absent. */
    if (family != KV_LOG)
        rocksdb_block_based_options_set_filter_policy(
            tables, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS));
    rocksdb_options_set_block_based_table_factory(engine->families[family], tables);
    rocksdb_block_based_options_destroy(tables);
}

/* Where the last key of a kind went, the next one goes nearby: a flush's rows come in order. Without, each key is looked for from the
 * top, since a batch that is written alone gets no hints of its own. The engine takes a hint for the place of a range, too, which lies
 * elsewhere: where ranges are deleted there must be none (kv_batch_delete_range). Its C interface knows the option only by
 * name; where it does not, keys are found more slowly. */
static void set_insert_hints(struct kv_engine *engine, enum kv_family family)
{
    char *failure = NULL;
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_get_options_from_string(engine->families[family], INSERT_HINTS, options, &failure);
    if (failure) {
        rocksdb_free(failure);
        rocksdb_options_destroy(options);
        return;
    }
    rocksdb_options_destroy(engine->families[family]);
    engine->families[family] = options;
}

static void set_family(struct kv_engine *engine, enum kv_family family, size_t write_buffer)
{
    if (family == KV_LIVE || family == KV_IDX)
        set_insert_hints(engine, family);
    rocksdb_options_t *options = engine->families[family];
    rocksdb_options_set_write_buffer_size(options, write_buffer);
    rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1);
    rocksdb_options_set_compression(options, rocksdb_lz4_compression);
    rocksdb_options_set_bottommost_compression(options, rocksdb_zstd_compression);
    /* What a memtable is written to is soon read and written again, compressed then: little of the disk, and much work in the way of the
     * calls. */
    rocksdb_options_set_min_level_to_compress(options, FIRST_COMPRESSED);
    if (family != KV_LOG) {
        rocksdb_options_set_compaction_filter(options, engine->filter);
        /* Much that is asked for is not there: whether a message was seen before, whether a number is claimed. */
        rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, MEMTABLE_BLOOM);
        rocksdb_options_set_memtable_whole_key_filtering(options, 1);
    }
    if (family == KV_LIVE)
        rocksdb_options_set_prefix_extractor(options, kv_group_prefixes());
    set_tables(engine, family);
}

/* RocksDB keeps a diary for people, the file LOG. When a full or failing disk refuses a line of it, the next line ends the process, in
 * builds with assertions as Debian's is; that, not the writing of data, is what a full disk would kill us with. Above all its levels
 * not even the lines at the opening are written; what fails is told by each call's error anyway. */
static void set_diary(rocksdb_options_t *database)
{
    rocksdb_options_set_info_log_level(database, NOTHING);
    rocksdb_options_set_keep_log_file_num(database, 2);
}

/* Such a level has no name, so that RocksDB cannot write down its options, which nobody reads, and leaves drafts of them that
 * it never removes. */
void kv_engine_tidy(const char *path)
{
    char draft[4096];
    DIR *folder = opendir(path);
    if (!folder)
        return;
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (fnmatch("OPTIONS-*.dbtmp", entry->d_name, 0) == 0 &&
            (size_t)snprintf(draft, sizeof draft, "%s/%s", path, entry->d_name) < sizeof draft)
            (void)unlink(draft);
    }
    closedir(folder);
}

static void set_database(struct kv_engine *engine, const struct kv_options *options,
                         size_t write_buffer)
{
    rocksdb_options_t *database = engine->database;
    bool may_make = !options->must_exist && !options->read_only;
    rocksdb_options_set_create_if_missing(database, may_make);
    rocksdb_options_set_create_missing_column_families(database, may_make);
    rocksdb_options_set_paranoid_checks(database, 1);
    rocksdb_options_set_wal_recovery_mode(
        database, options->mend ? rocksdb_point_in_time_recovery
                                : rocksdb_tolerate_corrupted_tail_records_recovery);
    rocksdb_options_set_db_write_buffer_size(database, write_buffer);
    /* A quiet family must not keep old logs alive, which a start has to read. */
    rocksdb_options_set_max_total_wal_size(database, 2 * write_buffer);
    rocksdb_options_set_max_open_files(database, OPEN_FILES);
    rocksdb_options_set_max_background_jobs(database, 2);
    rocksdb_options_set_avoid_unnecessary_blocking_io(database, 1);
    rocksdb_options_set_bytes_per_sync(database, MIB);
    rocksdb_options_set_skip_stats_update_on_db_open(database, 1);
    rocksdb_options_set_stats_dump_period_sec(database, 0);
    rocksdb_options_set_stats_persist_period_sec(database, 0);
    set_diary(database);
    if (engine->memory)
        rocksdb_options_set_env(database, engine->memory);
}

static rocksdb_cache_t *new_cache(size_t bytes)
{
    rocksdb_lru_cache_options_t *options = rocksdb_lru_cache_options_create();
    rocksdb_lru_cache_options_set_capacity(options, bytes);
    rocksdb_lru_cache_options_set_num_shard_bits(options, SHARD_BITS);
    rocksdb_cache_t *cache = rocksdb_cache_create_lru_opts(options);
    rocksdb_lru_cache_options_destroy(options);
    return cache;
}

void kv_engine_make(struct kv_engine *engine, const struct kv_options *options, bool in_memory)
{
    size_t write_buffer = options->write_buffer ? options->write_buffer : DEFAULT_WRITE_BUFFER;
    memset(engine, 0, sizeof *engine);
    engine->cache = new_cache(options->cache_bytes ? options->cache_bytes : DEFAULT_CACHE);
    if (in_memory)
        engine->memory = rocksdb_create_mem_env();
    engine->filter =
        rocksdb_compactionfilter_create(engine, filter_gone, filter_drops, filter_name);
    engine->database = rocksdb_options_create();
    set_database(engine, options, write_buffer);
    for (enum kv_family family = 0; family < KV_FAMILIES; family++) {
        engine->families[family] = rocksdb_options_create_copy(engine->database);
        set_family(engine, family, write_buffer);
    }
}

void kv_engine_drop(struct kv_engine *engine)
{
    for (enum kv_family family = 0; family < KV_FAMILIES; family++)
        rocksdb_options_destroy(engine->families[family]);
    rocksdb_options_destroy(engine->database);
    rocksdb_compactionfilter_destroy(engine->filter);
    if (engine->memory)
        rocksdb_env_destroy(engine->memory);
    rocksdb_cache_destroy(engine->cache);
}
