#include "client/bench/echo_whole.h"

#include "client/bench/echo_rows.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LATER = 1024, SESSIONS_OF_MESSAGES = 256, HASHED_MESSAGE = 1, HASHED_SESSION = 2 };

static int is_message;
static void (*tell)(struct echo_item *item);

/* Those whose rows are not written yet, in order: of the first `delivered` the log has all, of the first `sent` it knows that
 * they were sent. A session is both at once. */
static struct echo_thing *things;
static size_t room, count, sent, delivered;

static struct echo_item *resting; /* answered when there is nothing left */

static struct echo_thing *thing_add(const struct echo_item *item)
{
    if (count == room) {
        room = room ? 2 * room : LATER;
        struct echo_thing *more = realloc(things, room * sizeof *things);
        if (!more)
            abort();
        things = more;
    }
    struct echo_thing *thing = &things[count++];
    memcpy(thing->hashes, item->hashes, sizeof thing->hashes);
    return thing;
}

static void accept_one(const struct echo_item *item)
{
    struct echo_thing *thing = thing_add(item);
    echo_rows_look(thing, 0);
    if (is_message) {
        echo_rows_accepted(thing, item);
    } else {
        echo_rows_look(thing, 1);
        echo_rows_created(thing, item);
    }
}

/* What the groups before have begun. */
static void go_on(void)
{
    for (size_t i = delivered; i < count; i++)
        echo_rows_went_on(&things[i]);
    delivered = sent;
    sent = count;
}

static void answer(struct echo_item *list)
{
    for (struct echo_item *next; list; list = next) {
        next = list->next;
        if (list->rests) {
            list->next = resting;
            resting = list;
        } else {
            tell(list);
        }
    }
}

static void run_group(struct echo_item *list)
{
    if (is_message)
        go_on();
    for (const struct echo_item *item = list; item; item = item->next)
        if (!item->rests)
            accept_one(item);
    if (!is_message)
        sent = delivered = count;
    echo_rows_write_durably();
    answer(list);
}

static void write_rows(void)
{
    for (size_t i = 0; i < delivered; i++) {
        if (is_message)
            echo_rows_message(&things[i]);
        else
            echo_rows_session(&things[i]);
    }
    /* Of a session's row only the newest matters. */
    size_t first = delivered > SESSIONS_OF_MESSAGES ? delivered - SESSIONS_OF_MESSAGES : 0;
    for (size_t i = first; is_message && i < delivered; i++)
        echo_rows_session_of(&things[i]);
    echo_rows_write();
    memmove(things, things + delivered, (count - delivered) * sizeof *things);
    count -= delivered;
    sent -= delivered;
    delivered = 0;
}

static void *run(void *data)
{
    for (;;) {
        run_group(echo_queue_take(delivered == count));
        if (delivered >= LATER || (resting && delivered == count && count > 0))
            write_rows();
        for (struct echo_item *item = count == 0 ? resting : NULL; item; item = resting) {
            resting = item->next;
            tell(item);
        }
    }
    return data;
}

int echo_whole_start(const char *folder, const char *what, void (*done)(struct echo_item *item))
{
    pthread_t thread;
    is_message = strcmp(what, "message") == 0;
    tell = done;
    if (!is_message && strcmp(what, "session") != 0) {
        fprintf(stderr, "echo-server: %s: message or session\n", what);
        return 0;
    }
    return echo_rows_open(folder) && pthread_create(&thread, NULL, run, NULL) == 0;
}

void echo_whole_add(struct echo_item *item)
{
    if (!item->rests)
        echo_rows_hash(item, is_message ? HASHED_MESSAGE : HASHED_SESSION);
    echo_queue_add(item);
}
