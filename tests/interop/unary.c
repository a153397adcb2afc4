/*
 * The cases with plain calls of one message each way.
 */
#include "tests/interop/client.h"

#include "grpc/testing/test.grpc-c-client.h"
#include "proto/c/arena.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

bool empty_unary(struct run *run)
{
    const Grpc__Testing__Empty request = GRPC__TESTING__EMPTY__INIT;
    const struct grpc_c_call_options options = options_bounded();
    const Grpc__Testing__Empty *response = NULL;
    struct grpc_c_status status;
    grpc_testing_test_service_empty_call(run->channel, &options, &request, run->arena, &response,
                                         &status);
    if (!ended_with(run, &status, STATUS_OK))
        return false;
    if (!response || protobuf_c_message_get_packed_size(&response->base) != 0)
        return wrong(run, "the answer is not the empty message");
    return true;
}

static bool call_cacheable(struct run *run, const char *payload, ProtobufCBinaryData *ret_body)
{
    static const struct grpc_c_pair from = {"x-user-ip", "1.2.3.4", 7};
    struct grpc_c_call_options options = options_bounded();
    Grpc__Testing__SimpleRequest request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    Grpc__Testing__Payload stamp = GRPC__TESTING__PAYLOAD__INIT;
    const Grpc__Testing__SimpleResponse *response;
    struct grpc_c_status status;
    options.metadata = &from;
    options.metadata_count = 1;
    stamp.body.data = (uint8_t *)(uintptr_t)payload;
    stamp.body.len = strlen(payload);
    request.payload = &stamp;
    if (!grpc_testing_test_service_cacheable_unary_call(run->channel, &options, &request,
                                                        run->arena, &response, &status))
        return ended_with(run, &status, STATUS_OK);
    if (!response->payload || response->payload->body.len == 0)
        return wrong(run, "the answer has no payload");
    *ret_body = response->payload->body;
    return true;
}

/* What the server answers differs each time: only something that keeps answers can give one twice. */
bool cacheable_unary(struct run *run)
{
    ProtobufCBinaryData first;
    ProtobufCBinaryData second;
    struct timespec now;
    char payload[48];
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(payload, sizeof(payload), "%lld%09ld", (long long)now.tv_sec, now.tv_nsec);
    if (!call_cacheable(run, payload, &first) || !call_cacheable(run, payload, &second))
        return false;
    if (first.len == second.len && memcmp(first.data, second.data, first.len) == 0)
        return true;
    return wrong(run, "two equal requests were answered differently: no proxy has kept the first");
}

bool large_unary(struct run *run)
{
    const struct grpc_c_call_options options = options_bounded();
    Grpc__Testing__SimpleRequest request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    Grpc__Testing__Payload payload = zeros(LARGE_REQUEST);
    const Grpc__Testing__SimpleResponse *response;
    struct grpc_c_status status;
    request.response_size = LARGE_RESPONSE;
    request.payload = &payload;
    if (!grpc_testing_test_service_unary_call(run->channel, &options, &request, run->arena,
                                              &response, &status))
        return ended_with(run, &status, STATUS_OK);
    return are_zeros(run, response->payload, LARGE_RESPONSE);
}

/* Calls under way; the callbacks run on another thread. */
struct crowd {
    struct run *run;
    pthread_mutex_t mutex; /* over what follows, and `run` */
    pthread_cond_t fewer;
    int left;
    bool good;
};

static void one_done(void *data, const Grpc__Testing__SimpleResponse *response,
                     const struct grpc_c_status *status)
{
    struct crowd *crowd = data;
    pthread_mutex_lock(&crowd->mutex);
    bool good = ended_with(crowd->run, status, STATUS_OK) &&
                are_zeros(crowd->run, response->payload, LARGE_RESPONSE);
    crowd->good = crowd->good && good;
    crowd->left--;
    pthread_cond_signal(&crowd->fewer);
    pthread_mutex_unlock(&crowd->mutex);
}

static bool start_all(struct crowd *crowd, int count)
{
    const struct grpc_c_call_options options = options_bounded();
    Grpc__Testing__SimpleRequest request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    Grpc__Testing__Payload payload = zeros(LARGE_REQUEST);
    request.response_size = LARGE_RESPONSE;
    request.payload = &payload;
    for (int i = 0; i < count; i++) {
        pthread_mutex_lock(&crowd->mutex);
        crowd->left++;
        pthread_mutex_unlock(&crowd->mutex);
        if (grpc_testing_test_service_unary_call_start(crowd->run->channel, &options, &request,
                                                       one_done, crowd))
            continue;
        pthread_mutex_lock(&crowd->mutex);
        crowd->left--;
        pthread_mutex_unlock(&crowd->mutex);
        return false;
    }
    return true;
}

bool concurrent_large_unary(struct run *run)
{
    struct crowd crowd = {
        .run = run,
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .fewer = PTHREAD_COND_INITIALIZER,
        .good = true,
    };
    bool started = start_all(&crowd, run->calls);
    pthread_mutex_lock(&crowd.mutex);
    while (crowd.left > 0)
        pthread_cond_wait(&crowd.fewer, &crowd.mutex);
    pthread_mutex_unlock(&crowd.mutex);
    pthread_cond_destroy(&crowd.fewer);
    pthread_mutex_destroy(&crowd.mutex);
    if (!started)
        return wrong(run, "there is no memory");
    return crowd.good;
}
