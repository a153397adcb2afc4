#include "proto/c/fault.h"
#include "server/masking/outbox/outbox_internal.h"

#include <stdlib.h>
#include <string.h>

/* SIDs end in random bits. */
static uint64_t sid_hash(const uint8_t *sid)
{
    uint64_t hash;
    memcpy(&hash, sid + SID_BYTES - sizeof hash, sizeof hash);
    return hash * UINT64_C(0x9e3779b97f4a7c15) >> 8;
}

static uint64_t leg_hash(const uint8_t *interaction, uint32_t leg)
{
    return sid_hash(interaction) + leg;
}

/* What is in one lane: a session's letters; of notices, which have none, those of one Service: what waits for one holds back nothing of
 * another. */
static const uint8_t *lane_session(const struct letter *letter)
{
    static const sid_bytes none;
    bool notice = !memcmp(letter->id.session, none, SID_BYTES);
    return notice && !MUTANT("notices_share_lanes") ? log_service(&letter->id.log)
                                                    : letter->id.session;
}

static uint64_t lane_hash(const struct letter *letter)
{
    return sid_hash(lane_session(letter)) ^ (sid_hash(letter->participant) << 1);
}

struct letter *letter_new(const struct log_id *log, const uint8_t *session,
                          const uint8_t *interaction, uint32_t leg, const uint8_t *participant)
{
    struct letter *letter = calloc(1, sizeof *letter);
    if (!letter)
        return NULL;
    letter->id.log = *log;
    letter->id.leg = leg;
    memcpy(letter->id.session, session, SID_BYTES);
    memcpy(letter->id.interaction, interaction, SID_BYTES);
    memcpy(letter->participant, participant, SID_BYTES);
    return letter;
}

struct letter *letter_find(struct outbox *outbox, const uint8_t *interaction, uint32_t leg)
{
    uint64_t hash = leg_hash(interaction, leg);
    struct table_link *link = NULL;
    while ((link = table_find(&outbox->letters, hash, link))) {
        struct letter *letter = (struct letter *)link;
        if (letter->id.leg == leg && !memcmp(letter->id.interaction, interaction, SID_BYTES))
            return letter;
    }
    return NULL;
}

bool letter_add(struct outbox *outbox, struct letter *letter)
{
    bool room = outbox->letters.count < outbox->limits.legs;
    bool known = room && letter_find(outbox, letter->id.interaction, letter->id.leg);
    if (room && !known &&
        table_add(&outbox->letters, &letter->link,
                  leg_hash(letter->id.interaction, letter->id.leg)))
        return true;
    if (!known)
        backlog_note(outbox, &letter->id.log, letter->due);
    free(letter);
    return false;
}

void letter_forget(struct outbox *outbox, struct letter *letter)
{
    table_remove(&outbox->letters, &letter->link);
    free(letter);
}

void letter_ready(struct outbox *outbox, struct letter *letter)
{
    letter->next = NULL;
    *outbox->ready_last = letter;
    outbox->ready_last = &letter->next;
}

struct lane *lane_find(struct outbox *outbox, const struct letter *letter)
{
    if (!outbox->lanes.count)
        return NULL;
    uint64_t hash = lane_hash(letter);
    const uint8_t *session = lane_session(letter);
    struct table_link *link = NULL;
    while ((link = table_find(&outbox->lanes, hash, link))) {
        struct lane *lane = (struct lane *)link;
        if (!memcmp(lane->session, session, SID_BYTES) &&
            !memcmp(lane->participant, letter->participant, SID_BYTES))
            return lane;
    }
    return NULL;
}

static bool is_before(const struct letter *one, const struct letter *other)
{
    int order = memcmp(one->id.interaction, other->id.interaction, SID_BYTES);
    return order < 0 || (!order && one->id.leg < other->id.leg);
}

bool lane_holds_back(const struct lane *lane, const struct letter *letter)
{
    return !MUTANT("order_not_kept") && ((lane->first && is_before(lane->first, letter)) ||
                                         (lane->trying && is_before(lane->trying, letter)));
}

static void lane_free(struct outbox *outbox, struct lane *lane)
{
    table_remove(&outbox->lanes, &lane->link);
    free(lane);
}

static struct lane *lane_make(struct outbox *outbox, const struct letter *letter)
{
    struct lane *lane = calloc(1, sizeof *lane);
    if (!lane)
        return NULL;
    memcpy(lane->session, lane_session(letter), SID_BYTES);
    memcpy(lane->participant, letter->participant, SID_BYTES);
    lane->heap_index = LANE_NOWHERE;
    lane->expire = INT64_MAX;
    if (!table_add(&outbox->lanes, &lane->link, lane_hash(letter))) {
        free(lane);
        return NULL;
    }
    return lane;
}

/* ---- the heap of lanes, by due ---- */

static void heap_set(struct outbox *outbox, unsigned index, struct lane *lane)
{
    outbox->heap[index] = lane;
    lane->heap_index = index;
}

static void heap_up(struct outbox *outbox, unsigned index)
{
    struct lane *lane = outbox->heap[index];
    while (index && outbox->heap[(index - 1) / 2]->due > lane->due) {
        heap_set(outbox, index, outbox->heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    heap_set(outbox, index, lane);
}

static void heap_down(struct outbox *outbox, unsigned index)
{
    struct lane *lane = outbox->heap[index];
    for (;;) {
        unsigned child = index * 2 + 1;
        if (child >= outbox->heap_count)
            break;
        if (child + 1 < outbox->heap_count &&
            outbox->heap[child + 1]->due < outbox->heap[child]->due)
            child++;
        if (outbox->heap[child]->due >= lane->due)
            break;
        heap_set(outbox, index, outbox->heap[child]);
        index = child;
    }
    heap_set(outbox, index, lane);
}

static void heap_remove(struct outbox *outbox, struct lane *lane)
{
    unsigned index = lane->heap_index;
    if (index == LANE_NOWHERE)
        return;
    struct lane *last = outbox->heap[--outbox->heap_count];
    lane->heap_index = LANE_NOWHERE;
    if (last == lane)
        return;
    heap_set(outbox, index, last);
    heap_up(outbox, index);
    heap_down(outbox, last->heap_index);
}

/* Room for one more than there are lanes was made when the lane was. */
static void heap_put(struct outbox *outbox, struct lane *lane)
{
    heap_remove(outbox, lane);
    heap_set(outbox, outbox->heap_count++, lane);
    heap_up(outbox, lane->heap_index);
}

static bool heap_reserve(struct outbox *outbox)
{
    if (outbox->lanes.count < outbox->heap_room)
        return true;
    unsigned room = outbox->heap_room ? outbox->heap_room * 2 : 64;
    struct lane **heap = realloc(outbox->heap, room * sizeof(struct lane *));
    if (!heap)
        return false;
    outbox->heap = heap;
    outbox->heap_room = room;
    return true;
}

/* ---- lanes ---- */

static void lane_place(struct lane *lane, struct letter *letter)
{
    letter->next = NULL;
    if (letter->expire && letter->expire < lane->expire)
        lane->expire = letter->expire;
    if (!lane->first || is_before(lane->last, letter)) {
        if (lane->first)
            lane->last->next = letter;
        else
            lane->first = letter;
        lane->last = letter;
        return;
    }
    struct letter **place = &lane->first;
    while (is_before(*place, letter))
        place = &(*place)->next;
    letter->next = *place;
    *place = letter;
}

static struct letter *lane_take(struct lane *lane)
{
    struct letter *letter = lane->first;
    lane->first = letter->next;
    if (!lane->first)
        lane->last = NULL;
    letter->next = NULL;
    return letter;
}

struct lane *lane_insert(struct outbox *outbox, struct letter *letter)
{
    struct lane *lane = lane_find(outbox, letter);
    if (!lane && heap_reserve(outbox))
        lane = lane_make(outbox, letter);
    if (!lane) {
        backlog_note(outbox, &letter->id.log, letter->due);
        letter_forget(outbox, letter);
        return NULL;
    }
    if (lane->trying == letter)
        lane->trying = NULL;
    lane_place(lane, letter);
    return lane;
}

void lane_schedule(struct outbox *outbox, struct lane *lane)
{
    if (lane->listed) {
        /* It waits for a carrier; only the ends of lives are looked after. */
        lane->due = lane->expire;
        if (lane->first)
            heap_put(outbox, lane);
        else
            heap_remove(outbox, lane);
        return;
    }
    if (!lane->first || lane->trying) {
        heap_remove(outbox, lane);
        if (!lane->first && !lane->trying)
            lane_free(outbox, lane);
        return;
    }
    /* One behind a letter that waits long may be at the end of its life before. */
    lane->due = lane->expire < lane->first->due ? lane->expire : lane->first->due;
    heap_put(outbox, lane);
}

void lane_hold(struct outbox *outbox, struct letter *letter)
{
    struct lane *lane = lane_find(outbox, letter);
    if (!lane && heap_reserve(outbox))
        lane = lane_make(outbox, letter);
    if (!lane || lane->trying)
        return;
    lane->trying = letter;
    lane_schedule(outbox, lane);
}

/* What waits may fill three quarters of the memory; the rest is for what does not need to. */
static bool too_many_wait(const struct outbox *outbox)
{
    return outbox->letters.count > outbox->limits.legs / 4 * 3;
}

/* Out of the memory; the store still has it. */
static void letter_put_off(struct outbox *outbox, struct letter *letter, int64_t now)
{
    backlog_note(outbox, &letter->id.log, letter->due);
    lane_release(outbox, letter, now);
    letter_forget(outbox, letter);
}

void letter_wait(struct outbox *outbox, struct letter *letter, int64_t now)
{
    if (letter->expire && letter->due > letter->expire)
        letter->due = letter->expire;
    letter->cold = true;
    if (too_many_wait(outbox)) {
        letter_put_off(outbox, letter, now);
        return;
    }
    struct lane *lane = lane_insert(outbox, letter);
    if (lane)
        lane_schedule(outbox, lane);
}

void letter_park(struct outbox *outbox, struct letter *letter, struct port *port)
{
    letter->port = port;
    letter->due = 0;
    struct lane *lane = lane_insert(outbox, letter);
    if (!lane)
        return;
    if (lane->listed) {
        lane_schedule(outbox, lane);
        return;
    }
    struct parked *parked = &outbox->parked[ports_index(outbox->masking->ports, port)];
    lane->listed = true;
    lane->next = NULL;
    if (parked->first)
        parked->last->next = lane;
    else
        parked->first = lane;
    parked->last = lane;
    lane_schedule(outbox, lane);
}

void lane_release(struct outbox *outbox, struct letter *letter, int64_t now)
{
    struct lane *lane = lane_find(outbox, letter);
    if (!lane || lane->trying != letter)
        return;
    lane->trying = NULL;
    while (lane->first && lane->first->due <= now)
        letter_ready(outbox, lane_take(lane));
    lane_schedule(outbox, lane);
}

/* The first letter is tried, and those whose life is over are ended. */
static void lane_fire(struct outbox *outbox, struct lane *lane, int64_t now)
{
    heap_remove(outbox, lane);
    if (!lane->listed && lane->first->due <= now) {
        lane->trying = lane_take(lane);
        letter_ready(outbox, lane->trying);
    }
    struct letter **place = &lane->first;
    lane->last = NULL;
    lane->expire = INT64_MAX;
    while (*place) {
        struct letter *letter = *place;
        if (letter->expire && letter->expire <= now) {
            *place = letter->next;
            letter_ready(outbox, letter);
        } else {
            if (letter->expire && letter->expire < lane->expire)
                lane->expire = letter->expire;
            lane->last = letter;
            place = &letter->next;
        }
    }
    lane_schedule(outbox, lane);
}

int64_t lanes_fire(struct outbox *outbox, int64_t now)
{
    while (outbox->heap_count && outbox->heap[0]->due <= now)
        lane_fire(outbox, outbox->heap[0], now);
    return outbox->heap_count ? outbox->heap[0]->due : INT64_MAX;
}

void lanes_unpark(struct outbox *outbox)
{
    unsigned count = ports_count(outbox->masking->ports);
    for (unsigned i = 0; i < count; i++) {
        struct port *port = ports_at(outbox->masking->ports, i);
        unsigned busy = atomic_load(&port->in_flight);
        unsigned room = busy < outbox->limits.in_flight ? outbox->limits.in_flight - busy : 0;
        struct parked *parked = &outbox->parked[i];
        for (; parked->first && room; room--) {
            struct lane *lane = parked->first;
            parked->first = lane->next;
            lane->listed = false;
            lane_schedule(outbox, lane);
        }
    }
}

void lanes_hurry(struct outbox *outbox, const struct port *port, int64_t now)
{
    for (unsigned i = 0; i < outbox->heap_count; i++) {
        struct lane *lane = outbox->heap[i];
        struct letter *first = lane->first;
        /* One that another life of this server has tried may be this carrier's. */
        bool its = port && (first->port == port || !first->port);
        if (!lane->listed && first->due > now && (first->held || its)) {
            first->due = now;
            lane->due = now;
        }
    }
    for (unsigned i = outbox->heap_count / 2; i-- > 0;)
        heap_down(outbox, i);
}

void lane_hurry(struct outbox *outbox, const struct errand *errand, int64_t now)
{
    struct letter of = {.next = NULL};
    memcpy(of.id.session, errand->session, SID_BYTES);
    memcpy(of.participant, errand->participant, SID_BYTES);
    struct lane *lane = lane_find(outbox, &of);
    if (!lane || lane->listed)
        return;
    for (struct letter *letter = lane->first; letter; letter = letter->next) {
        if (letter->due > now)
            letter->due = now;
    }
    lane_schedule(outbox, lane);
}

static void free_link(struct table_link *link)
{
    free(link);
}

void letters_clear(struct outbox *outbox)
{
    table_clear(&outbox->letters, free_link);
    table_clear(&outbox->lanes, free_link);
    free(outbox->heap);
    outbox->heap = NULL;
    outbox->heap_count = outbox->heap_room = 0;
    outbox->ready = NULL;
    outbox->ready_last = &outbox->ready;
}
