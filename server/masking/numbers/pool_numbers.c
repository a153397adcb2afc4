#include "server/masking/numbers/pool_numbers.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/numbers/pools.h"

enum { ROW_MEMORY = 256 * 1024 };

bool pool_numbers(struct rows *rows, const uint8_t *pool, number_look look, void *data,
                  struct error *error)
{
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(ROW_MEMORY);
    struct key prefix = key_numbers(rows->tenant, pool);
    struct scan *scan = rows_scan(rows, KV_LIVE, key_bytes(&prefix),
                                  bytes_after(key_bytes(&prefix), rows->arena), false);
    if (!arena || !scan) {
        scan_free(scan);
        return refuse(error, REFUSED_NO_MEMORY);
    }
    /* A pool may be larger than what one call may hold. */
    struct rows each = *rows;
    each.arena = arena;
    bool ok = true;
    for (; ok && scan_valid(scan); scan_next(scan), arena_reset(arena)) {
        Maskline__Store__V1__PhoneNumber *number = rows_record(
            &each, &maskline__store__v1__phone_number__descriptor, scan_value(scan).bytes, error);
        bool counts = number && (number_in_pool(number) || MUTANT("short_codes_are_of_the_pool"));
        ok = number && (!counts || look(data, &each, number, error));
    }
    ok = ok && scan_ok(scan, error);
    scan_free(scan);
    return ok;
}
