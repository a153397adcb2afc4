#include "server/api/reads.h"
#include "tests/unit/server/rpc/fixture.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

/* Reads that wait for their turn, behind a reader that the test keeps busy. */

struct desk {
    struct fixture fixture;
    struct store *store;
    struct api api;
    _Atomic int begun;
    _Atomic int read;
    _Atomic bool let_go;
    _Atomic int busy;
    _Atomic int all_read;
};

static struct desk desk;

static bool read(struct api *api, struct grpc_c_call *call, const void *request, struct view *view,
                 struct error *error)
{
    (void)api, (void)error;
    ck_assert_ptr_nonnull(view);
    atomic_fetch_add(&desk.read, 1);
    lab_lab_echo_reply(call, request);
    return true;
}

static void echo(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    (void)data;
    if (!strcmp(request->text, "wait")) {
        atomic_store(&desk.busy, 1);
        wait_until(&desk.all_read, 1);
        lab_lab_echo_reply(call, request);
        return;
    }
    read_later(&desk.api, call, request, read);
    atomic_fetch_add(&desk.begun, 1);
}

static void note_all_read(void *data)
{
    (void)data;
    atomic_store(&desk.all_read, 1);
}

static void keep_busy(void *data)
{
    (void)data;
    while (!atomic_load(&desk.let_go))
        sched_yield();
}

static void desk_open(void)
{
    struct error error;
    const struct store_options store = {.path = ":memory:", .clock = clock_real()};
    ck_assert(store_open(&store, &desk.store, &error));
    const struct masking_options masking = {.store = desk.store};
    ck_assert(masking_new(&masking, &desk.api.parts.masking, &error));
    desk.api.parts.readers = readers_new(1);
    ck_assert_ptr_nonnull(desk.api.parts.readers);
    ck_assert(readers_run(desk.api.parts.readers, keep_busy, NULL));
    const struct grpc_c_server_options options = {.threads = 1};
    fixture_start(&desk.fixture, &(struct lab_lab_service){.echo = echo}, &options);
}

static void desk_close(void)
{
    fixture_end(&desk.fixture);
    readers_free(desk.api.parts.readers);
    masking_free(desk.api.parts.masking);
    store_close(desk.store);
}

static struct peer_call *ask(const char *text)
{
    struct peer_call *call = peer_begin(&desk.fixture.peer, ECHO, 10000, NULL);
    ck_assert(send_text(call, text));
    ck_assert(peer_half_close(call));
    return call;
}

START_TEST(who_has_gone_by_its_turn_is_not_read_for)
{
    enum { GO = 5 };
    struct peer_call *gone[GO];
    desk_open();
    for (int i = 0; i < GO; i++)
        gone[i] = ask("goes");
    struct peer_call *stays = ask("stays");
    wait_until(&desk.begun, GO + 1);
    for (int i = 0; i < GO; i++) {
        peer_cancel(gone[i]);
        ck_assert_int_eq(peer_end(gone[i]).code, STATUS_CANCELLED);
    }
    /* Behind it on the connection, and on the only thread; which then learns nothing more until all have had their turn. */
    struct peer_call *waits = ask("wait");
    wait_until(&desk.busy, 1);
    ck_assert(readers_run(desk.api.parts.readers, note_all_read, NULL));
    atomic_store(&desk.let_go, true);
    wait_until(&desk.all_read, 1);
    ck_assert_int_eq(desk.read, 1);
    ck_assert_str_eq(receive_text(stays), "stays");
    ck_assert_int_eq(peer_end(stays).code, STATUS_OK);
    ck_assert_str_eq(receive_text(waits), "wait");
    ck_assert_int_eq(peer_end(waits).code, STATUS_OK);
    desk_close();
}
END_TEST

TEST_MAIN("reads", who_has_gone_by_its_turn_is_not_read_for)
