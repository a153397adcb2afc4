#include "tests/unit/server/masking/world.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What stands in the store. */

static struct interaction_list list(struct world *world, const struct talk *talk)
{
    struct interaction_list list;
    struct error error;
    struct view *view = masking_view(world->masking);
    ck_assert_ptr_nonnull(view);
    ck_assert_msg(interactions_list(view, world->store, world->service, talk->session,
                                    &(struct interaction_filter){0},
                                    &(struct page){.size = 1000, .token = ""}, world->arena, &list,
                                    &error),
                  "%s", error.message);
    view_close(view);
    return list;
}

unsigned world_interactions(struct world *world, const struct talk *talk)
{
    return (unsigned)list(world, talk).count;
}

const Maskline__Store__V1__Interaction *world_interaction(struct world *world,
                                                          const struct talk *talk, unsigned index)
{
    struct interaction_list all = list(world, talk);
    ck_assert_uint_lt(index, all.count);
    return all.interactions[index];
}

const Maskline__Store__V1__Leg *world_leg(struct world *world, const struct talk *talk,
                                          unsigned index)
{
    const Maskline__Store__V1__Interaction *interaction = world_interaction(world, talk, index);
    ck_assert_uint_eq(interaction->n_outbound, 1);
    return interaction->outbound[0];
}

static bool read_session(struct world *world, const struct talk *talk,
                         struct session_result *ret_result)
{
    struct error error;
    struct view *view = masking_view(world->masking);
    ck_assert_ptr_nonnull(view);
    bool found = sessions_get(view, world->store, world->service, talk->session, world->arena,
                              ret_result, &error);
    view_close(view);
    return found;
}

const Maskline__Store__V1__Session *world_session(struct world *world, const struct talk *talk)
{
    struct session_result result;
    ck_assert(read_session(world, talk, &result));
    return result.session;
}

bool world_has_session(struct world *world, const struct talk *talk)
{
    struct session_result result;
    return read_session(world, talk, &result);
}

struct log_id world_log(struct world *world)
{
    uint8_t sid[SID_BYTES];
    ck_assert(sid_parse("KS", world->service, sid));
    return key_log(world->tenant ? world->tenant : TENANT_DEFAULT, sid);
}

uint64_t world_entries(struct world *world)
{
    struct log_id log = world_log(world);
    return pipeline_position(masking_pipeline(world->masking), &log);
}

/* NULL: it is not there. */
static const Maskline__Store__V1__Entry *find_entry(struct world *world, uint64_t position)
{
    struct log_id log = world_log(world);
    struct key key = key_log_entry(&log, position);
    struct kv_value value;
    struct error error;
    struct view *view = masking_view(world->masking);
    ck_assert_ptr_nonnull(view);
    enum kv_found found = view_get(view, KV_LOG, key_bytes(&key), world->arena, &value, &error);
    view_close(view);
    ck_assert_int_ne(found, KV_FAILED);
    if (found == KV_ABSENT)
        return NULL;
    Maskline__Store__V1__Entry *entry = maskline__store__v1__entry__unpack(
        arena_allocator(world->arena), value.bytes.size, value.bytes.data);
    ck_assert_ptr_nonnull(entry);
    return entry;
}

const Maskline__Store__V1__Entry *world_entry(struct world *world, uint64_t position)
{
    const Maskline__Store__V1__Entry *entry = find_entry(world, position);
    ck_assert_ptr_nonnull(entry);
    return entry;
}

const Maskline__Store__V1__Entry *world_last(struct world *world,
                                             Maskline__Store__V1__Entry__ChangeCase kind)
{
    struct log_id log = world_log(world);
    for (uint64_t position = world_entries(world); position; position--) {
        const Maskline__Store__V1__Entry *entry = find_entry(world, position);
        if (!entry) {
            /* What is too old may go at any time. */
            ck_assert_uint_lt(position, pipeline_oldest(masking_pipeline(world->masking), &log));
            return NULL;
        }
        if (entry->change_case == kind)
            return entry;
    }
    return NULL;
}

unsigned world_rows(struct world *world, enum kv_family family, struct key prefix)
{
    struct view *view = masking_view(world->masking);
    ck_assert_ptr_nonnull(view);
    struct scan *scan = view_scan(view, family, key_bytes(&prefix),
                                  bytes_after(key_bytes(&prefix), world->arena), false);
    unsigned count = 0;
    for (; scan_valid(scan); scan_next(scan))
        count++;
    scan_free(scan);
    view_close(view);
    return count;
}

void folder_remove(const char *path)
{
    DIR *folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            unlinkat(dirfd(folder), entry->d_name, 0) != 0) {
            char inner[512];
            snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
            folder_remove(inner);
        }
    }
    closedir(folder);
    rmdir(path);
}

/* ---- rows as no version writes them ---- */

struct swapping {
    struct command command;
    struct waiter waiter;
    struct swap *swap;
};

static bool swap_decide(struct command *command, struct txn *txn)
{
    struct swap *swap = ((struct swapping *)command)->swap;
    struct kv_value there;
    struct error error;
    ck_assert_int_eq(txn_get(txn, KV_LIVE, key_bytes(&swap->key), &there, &error), KV_FOUND);
    ck_assert_uint_le(there.bytes.size, sizeof swap->row);
    ck_assert(
        txn_put(txn, KV_LIVE, key_bytes(&swap->key), (struct bytes){swap->row, swap->size}, 0));
    memcpy(swap->row, there.bytes.data, there.bytes.size);
    swap->size = there.bytes.size;
    return true;
}

static void swapped(struct command *command, enum command_outcome outcome,
                    const struct error *error)
{
    ck_assert_int_eq(outcome, COMMAND_DURABLE);
    waiter_finish(&((struct swapping *)command)->waiter, error);
}

void world_swap(struct world *world, struct swap *swap)
{
    struct swapping swapping = {.command = {.decide = swap_decide, .done = swapped}};
    swapping.swap = swap;
    waiter_init(&swapping.waiter);
    pipeline_submit(masking_pipeline(world->masking), &swapping.command);
    waiter_wait(&swapping.waiter);
}
