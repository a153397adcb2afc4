#include "server/rpc/health.h"

#include "grpc/health/v1/health.pb-c.h"
#include "tests/unit/server/rpc/fixture.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CHECK "/grpc.health.v1.Health/Check"
#define WATCH "/grpc.health.v1.Health/Watch"

enum { GONE = -1, SERVING = 1, NOT_SERVING = 2, SERVICE_UNKNOWN = 3 };

struct clinic {
    struct grpc_c_server *server;
    struct grpc_c_health *health;
    struct peer peer;
};

static void open_clinic(struct clinic *clinic)
{
    struct error error;
    int port;
    clinic->server = grpc_c_server_new(NULL, &error);
    clinic->health = grpc_c_health_new(&error);
    ck_assert_ptr_nonnull(clinic->server);
    ck_assert_ptr_nonnull(clinic->health);
    ck_assert(grpc_c_health_add(clinic->health, clinic->server, &error));
    ck_assert(grpc_c_server_listen(clinic->server, "127.0.0.1:0", &port, &error));
    ck_assert(grpc_c_server_start(clinic->server, &error));
    clinic->peer = peer_new(port, NULL);
}

static void close_clinic(struct clinic *clinic)
{
    ck_assert(grpc_c_server_stop(clinic->server, 5000));
    peer_free(&clinic->peer);
    grpc_c_server_free(clinic->server);
    grpc_c_health_free(clinic->health);
}

static int read_status(uint8_t *bytes, size_t size)
{
    if (!bytes)
        return GONE;
    Grpc__Health__V1__HealthCheckResponse *response =
        grpc__health__v1__health_check_response__unpack(NULL, size, bytes);
    ck_assert_ptr_nonnull(response);
    int status = (int)response->status;
    grpc__health__v1__health_check_response__free_unpacked(response, NULL);
    free(bytes);
    return status;
}

static Grpc__Health__V1__HealthCheckRequest request_for(const char *service)
{
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    request.service = (char *)(uintptr_t)service;
    return request;
}

static int check(struct clinic *clinic, const char *service, int *ret_status)
{
    Grpc__Health__V1__HealthCheckRequest request = request_for(service);
    struct outcome outcome = peer_unary(&clinic->peer, CHECK, &request.base, 5000);
    *ret_status = read_status(outcome.response, outcome.response_size);
    return outcome.code;
}

static struct peer_call *watch(struct clinic *clinic, const char *service)
{
    Grpc__Health__V1__HealthCheckRequest request = request_for(service);
    struct peer_call *call = peer_begin(&clinic->peer, WATCH, 10000, NULL);
    ck_assert(peer_send(call, &request.base));
    ck_assert(peer_half_close(call));
    return call;
}

static int next_status(struct peer_call *call)
{
    size_t size = 0;
    uint8_t *bytes = peer_receive(call, &size);
    return read_status(bytes, size);
}

START_TEST(checks)
{
    struct clinic clinic;
    int status;
    open_clinic(&clinic);
    ck_assert_int_eq(check(&clinic, "", &status), 0);
    ck_assert_int_eq(status, NOT_SERVING);
    ck_assert(grpc_c_health_set(clinic.health, "", true));
    ck_assert_int_eq(check(&clinic, "", &status), 0);
    ck_assert_int_eq(status, SERVING);
    ck_assert_int_eq(check(&clinic, "a.B", &status), STATUS_NOT_FOUND);
    ck_assert(grpc_c_health_set(clinic.health, "a.B", true));
    ck_assert_int_eq(check(&clinic, "a.B", &status), 0);
    ck_assert_int_eq(status, SERVING);
    grpc_c_health_set_all(clinic.health, false);
    ck_assert_int_eq(check(&clinic, "a.B", &status), 0);
    ck_assert_int_eq(status, NOT_SERVING);
    close_clinic(&clinic);
}
END_TEST

START_TEST(watches)
{
    struct clinic clinic;
    open_clinic(&clinic);
    struct peer_call *call = watch(&clinic, "a.B");
    struct peer_call *other = watch(&clinic, "");
    ck_assert_int_eq(next_status(call), SERVICE_UNKNOWN);
    ck_assert_int_eq(next_status(other), NOT_SERVING);
    ck_assert(grpc_c_health_set(clinic.health, "a.B", true));
    ck_assert_int_eq(next_status(call), SERVING);
    /* The same again is no news. */
    ck_assert(grpc_c_health_set(clinic.health, "a.B", true));
    ck_assert(grpc_c_health_set(clinic.health, "a.B", false));
    ck_assert_int_eq(next_status(call), NOT_SERVING);
    ck_assert(grpc_c_health_set(clinic.health, "", true));
    ck_assert_int_eq(next_status(other), SERVING);
    peer_cancel(other);
    (void)peer_end(other);
    ck_assert(grpc_c_health_set(clinic.health, "a.B", true));
    ck_assert_int_eq(next_status(call), SERVING);
    peer_cancel(call);
    (void)peer_end(call);
    close_clinic(&clinic);
}
END_TEST

static void *stop(void *data)
{
    struct clinic *clinic = data;
    grpc_c_health_set_all(clinic->health, false);
    ck_assert(grpc_c_server_stop(clinic->server, 5000));
    return NULL;
}

START_TEST(a_watch_hears_of_the_drain)
{
    struct clinic clinic;
    pthread_t thread;
    open_clinic(&clinic);
    ck_assert(grpc_c_health_set(clinic.health, "", true));
    struct peer_call *call = watch(&clinic, "");
    ck_assert_int_eq(next_status(call), SERVING);
    ck_assert_int_eq(pthread_create(&thread, NULL, stop, &clinic), 0);
    ck_assert_int_eq(next_status(call), NOT_SERVING);
    ck_assert_int_eq(next_status(call), GONE);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_UNAVAILABLE);
    pthread_join(thread, NULL);
    close_clinic(&clinic);
}
END_TEST

TEST_MAIN("health", checks, watches, a_watch_hears_of_the_drain)
