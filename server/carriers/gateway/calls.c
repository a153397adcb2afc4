/*
 * Calls that the domain has placed or hung up: they wait until the program pulls them, and a call then for its result. What becomes of
 * a call that no program took is told to the domain by the gateway itself.
 */
#include "proto/c/fault.h"
#include "server/carriers/gateway/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096, AGAIN_AFTER_US = MICROSECONDS };

static size_t bucket_of(const char *key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32) % BUCKETS;
}

static void put(struct placings *list, struct placing *placing)
{
    placing->newer = NULL;
    placing->older = list->newest;
    *(list->newest ? &list->newest->newer : &list->oldest) = placing;
    list->newest = placing;
}

static void take(struct placings *list, struct placing *placing)
{
    *(placing->older ? &placing->older->newer : &list->oldest) = placing->newer;
    *(placing->newer ? &placing->newer->older : &list->newest) = placing->older;
}

static void placing_free(struct placing *placing)
{
    plan_done(&placing->plan);
    free(placing);
}

static void free_list(struct placings *list)
{
    while (list->oldest) {
        struct placing *placing = list->oldest;
        take(list, placing);
        placing_free(placing);
    }
}

bool orders_init(struct orders *orders)
{
    orders->buckets = calloc(BUCKETS, sizeof(*orders->buckets));
    orders->placing_buckets = calloc(BUCKETS, sizeof(*orders->placing_buckets));
    if (orders->buckets && orders->placing_buckets)
        return true;
    free(orders->buckets);
    free(orders->placing_buckets);
    return false;
}

void orders_done(struct orders *orders)
{
    free_list(&orders->queued);
    free_list(&orders->handed);
    free_list(&orders->ended);
    while (orders->oldest) {
        struct hanging_up *hanging_up = orders->oldest;
        orders->oldest = hanging_up->newer;
        free(hanging_up);
    }
    free(orders->buckets);
    free(orders->placing_buckets);
}

/* That is queued or handed, and whose it is; NULL: nobody's is meant, but any. */
static struct placing *find(const struct gateway *gateway, const struct gateway_attachment *program,
                            const char *key)
{
    struct placing *placing = gateway->orders.placing_buckets[bucket_of(key)];
    while (placing &&
           ((program && placing->program != program) || strcmp(placing->plan.plan.key, key) != 0))
        placing = placing->next_in_bucket;
    return placing;
}

static void out_of_table(struct orders *orders, struct placing *placing)
{
    struct placing **link = &orders->placing_buckets[bucket_of(placing->plan.plan.key)];
    while (*link != placing)
        link = &(*link)->next_in_bucket;
    *link = placing->next_in_bucket;
}

/* ---- hanging up ---- */

static struct hanging_up **find_hang_up(struct orders *orders, const char *key)
{
    struct hanging_up **link = &orders->buckets[bucket_of(key)];
    while (*link && strcmp((*link)->key, key) != 0)
        link = &(*link)->next_in_bucket;
    return link;
}

/* To be told to whoever is attached, or comes next. What finds no room is asked for again by the domain. */
static void want_hang_up(struct gateway *gateway, const char *key)
{
    struct orders *orders = &gateway->orders;
    if (*find_hang_up(orders, key) || orders->hanging_up_count == GATEWAY_HANG_UPS)
        return;
    if (!gateway->current && MUTANT("hang_up_waits_for_no_program"))
        return;
    struct hanging_up *hanging_up = calloc(1, sizeof *hanging_up);
    if (!hanging_up)
        return;
    snprintf(hanging_up->key, sizeof hanging_up->key, "%s", key);
    hanging_up->order = ++gateway->told;
    hanging_up->next_in_bucket = orders->buckets[bucket_of(key)];
    orders->buckets[bucket_of(key)] = hanging_up;
    *(orders->newest ? &orders->newest->newer : &orders->oldest) = hanging_up;
    orders->newest = hanging_up;
    orders->hanging_up_count++;
}

static bool carries_calls(const struct gateway *gateway, const struct gateway_attachment *program)
{
    return gateway->current == program && (program->program.call_abilities & CALL_CAN_CARRY);
}

bool orders_have_hang_up(const struct gateway *gateway, const struct gateway_attachment *program)
{
    const struct hanging_up *next = gateway->orders.oldest;
    return next && carries_calls(gateway, program) &&
           (!program->answers || next->order < program->answers->order ||
            MUTANT("hang_up_overtakes_its_plan"));
}

bool orders_give_hang_up(struct gateway *gateway, struct arena *arena,
                         struct gateway_output *ret_output)
{
    struct orders *orders = &gateway->orders;
    struct hanging_up *hanging_up = orders->oldest;
    const char *key = arena_string(arena, hanging_up->key);
    if (!key)
        return false;
    *ret_output = (struct gateway_output){.kind = GATEWAY_HANG_UP, .key = key};
    *find_hang_up(orders, key) = hanging_up->next_in_bucket;
    orders->oldest = hanging_up->newer;
    if (!orders->oldest)
        orders->newest = NULL;
    orders->hanging_up_count--;
    free(hanging_up);
    return true;
}

/* ---- calls that no program took ---- */

/* Takes it out of its list: its end is to be told. */
static void end(struct gateway *gateway, struct placings *list, struct placing *placing,
                enum call_status status, const char *carrier_code)
{
    take(list, placing);
    out_of_table(&gateway->orders, placing);
    placing->program = NULL;
    placing->end = status;
    placing->deadline = INT64_MIN;
    snprintf(placing->carrier_code, sizeof placing->carrier_code, "%s", carrier_code);
    put(&gateway->orders.ended, placing);
    worker_by(gateway->worker, INT64_MIN);
}

/* A program has it, perhaps, and says nothing. */
static void lose(struct gateway *gateway, struct placing *placing)
{
    if (!MUTANT("lost_call_rings_on"))
        want_hang_up(gateway, placing->plan.plan.key);
    end(gateway, &gateway->orders.handed, placing, CALL_GONE, "");
}

void orders_lose(struct gateway *gateway, const struct gateway_attachment *program)
{
    struct orders *orders = &gateway->orders;
    struct placing *newer;
    for (struct placing *placing = orders->queued.oldest; placing; placing = newer) {
        newer = placing->newer;
        if (placing->program == program && !MUTANT("place_goes_to_the_next_program"))
            end(gateway, &orders->queued, placing, CALL_FAILED, "");
    }
    for (struct placing *placing = orders->handed.oldest; placing; placing = newer) {
        newer = placing->newer;
        if (placing->program == program)
            lose(gateway, placing);
    }
}

unsigned orders_give_up(struct gateway *gateway, int64_t now)
{
    struct orders *orders = &gateway->orders;
    unsigned count = 0;
    for (; orders->queued.oldest && orders->queued.oldest->deadline <= now; count++)
        end(gateway, &orders->queued, orders->queued.oldest, CALL_FAILED, "");
    for (; orders->handed.oldest && orders->handed.oldest->deadline <= now; count++)
        lose(gateway, orders->handed.oldest);
    if (count > 0 && gateway->current)
        attachment_wake(gateway->current);
    return count;
}

static int64_t sooner(int64_t deadline, const struct placings *list)
{
    return list->oldest && list->oldest->deadline < deadline ? list->oldest->deadline : deadline;
}

int64_t orders_deadline(const struct orders *orders)
{
    return sooner(sooner(sooner(WORKER_NEVER, &orders->queued), &orders->handed), &orders->ended);
}

static void told(void *data, const struct call_answer *answer)
{
    struct placing *placing = data;
    struct gateway *gateway = placing->gateway;
    const struct error *error = answer->error;
    bool again = error && !MUTANT("end_of_untaken_call_told_once") &&
                 error->code != STATUS_NOT_FOUND && error->code != STATUS_PERMISSION_DENIED &&
                 error->code != STATUS_INVALID_ARGUMENT;
    pthread_mutex_lock(&gateway->lock);
    if (again && !gateway->stopped) {
        placing->deadline = clock_now(&gateway->timeouts) + AGAIN_AFTER_US;
        put(&gateway->orders.ended, placing);
        worker_by(gateway->worker, placing->deadline);
    } else {
        gateway->orders.placing_count--;
        placing_free(placing);
    }
    pthread_mutex_unlock(&gateway->lock);
}

/* The oldest end whose time has come; NULL. */
static struct placing *next_ended(struct gateway *gateway, int64_t now)
{
    struct placings *ended = &gateway->orders.ended;
    pthread_mutex_lock(&gateway->lock);
    struct placing *placing = gateway->stopped ? NULL : ended->oldest;
    while (placing && placing->deadline > now)
        placing = placing->newer;
    if (placing)
        take(ended, placing);
    pthread_mutex_unlock(&gateway->lock);
    return placing;
}

unsigned orders_tell(struct gateway *gateway, int64_t now)
{
    unsigned count = 0;
    struct placing *placing;
    while ((placing = next_ended(gateway, now))) {
        placing->progress = (struct call_progress){
            .carrier = gateway->name,
            .key = placing->plan.plan.key,
            .side = CALL_FIRST,
            .status = placing->end,
            .seconds = -1,
            .carrier_code = placing->carrier_code,
            .provider_id = "",
        };
        ingress_call_progress(gateway->masking, &placing->progress, told, placing);
        count++;
    }
    return count;
}

/* ---- calls that a program is to place ---- */

bool orders_have_call(struct gateway *gateway, const struct gateway_attachment *program)
{
    struct placings *queued = &gateway->orders.queued;
    if (gateway->current != program)
        return false;
    int64_t now = clock_now(&gateway->clock);
    while (queued->oldest && queued->oldest->plan.plan.expire_time < now)
        end(gateway, queued, queued->oldest, CALL_FAILED, "");
    return queued->oldest != NULL;
}

bool orders_give_call(struct gateway *gateway, struct arena *arena,
                      struct gateway_output *ret_output)
{
    struct orders *orders = &gateway->orders;
    struct placing *placing = orders->queued.oldest;
    struct gateway_output output = {.kind = GATEWAY_PLACE_CALL};
    if (!plan_to_arena(&placing->plan.plan, arena, &output.plan))
        return false;
    *ret_output = output;
    take(&orders->queued, placing);
    put(&orders->handed, placing);
    placing->handed = true;
    return true;
}

/* That the program was given, and has not said anything of. */
static struct placing *find_handed(const struct gateway *gateway,
                                   const struct gateway_attachment *program, const char *key)
{
    struct placing *placing = find(gateway, program, key);
    return placing && placing->handed ? placing : NULL;
}

void orders_taken(struct gateway *gateway, const struct gateway_attachment *program,
                  const char *key)
{
    struct placing *placing = find_handed(gateway, program, key);
    if (!placing)
        return;
    take(&gateway->orders.handed, placing);
    out_of_table(&gateway->orders, placing);
    gateway->orders.placing_count--;
    placing_free(placing);
}

void gateway_placed(struct gateway_attachment *attachment, const char *key, bool taken,
                    const char *carrier_code)
{
    struct gateway *gateway = attachment->gateway;
    pthread_mutex_lock(&gateway->lock);
    struct placing *placing = find_handed(gateway, attachment, key);
    if (taken)
        orders_taken(gateway, attachment, key);
    else if (placing)
        end(gateway, &gateway->orders.handed, placing, CALL_FAILED, carrier_code);
    pthread_mutex_unlock(&gateway->lock);
}

/* ---- from the domain ---- */

static unsigned abilities(void *data)
{
    struct gateway *gateway = data;
    return atomic_load(&gateway->call_abilities);
}

/* The lock is held. */
static bool queue(struct gateway *gateway, const struct call_plan *plan, int64_t deadline)
{
    struct gateway_attachment *current = gateway->current;
    const unsigned needed = CALL_CAN_CARRY | CALL_CAN_PLACE;
    if (find(gateway, NULL, plan->key))
        return true;
    if (!current || (current->program.call_abilities & needed) != needed ||
        gateway->orders.placing_count == GATEWAY_CALLS)
        return false;
    struct placing *placing = calloc(1, sizeof *placing);
    if (!placing || !plan_copy(&placing->plan, plan)) {
        free(placing);
        return false;
    }
    placing->gateway = gateway;
    placing->program = current;
    placing->deadline = deadline;
    struct placing **bucket = &gateway->orders.placing_buckets[bucket_of(plan->key)];
    placing->next_in_bucket = *bucket;
    *bucket = placing;
    put(&gateway->orders.queued, placing);
    gateway->orders.placing_count++;
    attachment_wake(current);
    return true;
}

static bool place(void *data, const struct call_plan *plan)
{
    struct gateway *gateway = data;
    int64_t deadline = clock_now(&gateway->timeouts) + (int64_t)GATEWAY_PLACE_S * MICROSECONDS;
    pthread_mutex_lock(&gateway->lock);
    bool taken = queue(gateway, plan, deadline);
    pthread_mutex_unlock(&gateway->lock);
    if (taken)
        worker_by(gateway->worker, deadline);
    return taken;
}

static void hang_up(void *data, const char *key)
{
    struct gateway *gateway = data;
    pthread_mutex_lock(&gateway->lock);
    struct placing *placing = find(gateway, NULL, key);
    if (placing && !placing->handed)
        end(gateway, &gateway->orders.queued, placing, CALL_CANCELED, "");
    else if (!gateway->stopped)
        want_hang_up(gateway, key);
    if (gateway->current)
        attachment_wake(gateway->current);
    pthread_mutex_unlock(&gateway->lock);
}

const struct call_port gateway_call_port = {
    .abilities = abilities,
    .place = place,
    .hang_up = hang_up,
};
