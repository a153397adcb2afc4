#include "client/bench/streams.h"

#include "client/bench/clock.h"
#include "client/rpc/client.h"
#include "maskline/v1/events.grpc-c-client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATIENCE_S = 60 };

struct stream {
    struct streams *all;
    struct maskline_v1_events_stream_events_async *call; /* NULL: never begun */
    bool ready;
};

struct streams {
    struct streams_options options;
    struct grpc_c_channel **channels;
    struct stream *streams;
    pthread_mutex_t lock; /* over what follows */
    pthread_cond_t changed;
    unsigned ready;
    unsigned running;
    bool closing;
    char failure[200];
};

static void on_message(void *data, const Maskline__V1__StreamEventsResponse *message)
{
    struct stream *stream = data;
    struct streams *all = stream->all;
    if (message->message_case == MASKLINE__V1__STREAM_EVENTS_RESPONSE__MESSAGE_EVENT) {
        if (all->options.accepted)
            all->options.accepted(all->options.data, message->event);
        return;
    }
    if (stream->ready)
        return;
    stream->ready = true;
    pthread_mutex_lock(&all->lock);
    all->ready++;
    pthread_cond_signal(&all->changed);
    pthread_mutex_unlock(&all->lock);
}

static void on_end(void *data, const struct grpc_c_status *status)
{
    struct stream *stream = data;
    struct streams *all = stream->all;
    pthread_mutex_lock(&all->lock);
    stream->call = NULL;
    all->running--;
    if (!all->closing && all->failure[0] == '\0')
        snprintf(all->failure, sizeof all->failure, "%s: %s", status_code_name(status->code),
                 status->message);
    pthread_cond_signal(&all->changed);
    pthread_mutex_unlock(&all->lock);
}

static bool begin(struct streams *all, unsigned index)
{
    static const struct maskline_v1_events_stream_events_callbacks callbacks = {
        .on_message = on_message, .on_end = on_end};
    Maskline__V1__EventType types[] = {MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_INTERACTION_CREATED};
    Maskline__V1__EventFilter filter = MASKLINE__V1__EVENT_FILTER__INIT;
    Maskline__V1__StreamEventsRequest request = MASKLINE__V1__STREAM_EVENTS_REQUEST__INIT;
    struct stream *stream = &all->streams[index];
    filter.types = types;
    filter.n_types = 1;
    request.service = (char *)(uintptr_t)all->options.service(all->options.data, index);
    request.filter = &filter;
    stream->all = all;
    /* Held until the call is noted: it may end before that. */
    pthread_mutex_lock(&all->lock);
    stream->call = maskline_v1_events_stream_events_start(
        all->channels[index % all->options.connections],
        &(struct grpc_c_call_options){.wait_for_ready = true}, &request, &callbacks, stream);
    all->running += stream->call != NULL;
    bool ok = stream->call && all->failure[0] == '\0';
    pthread_mutex_unlock(&all->lock);
    return ok;
}

static bool wait_until_ready(struct streams *all)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&all->lock);
    int late = 0;
    while (all->ready < all->options.count && all->failure[0] == '\0' && late == 0)
        late = pthread_cond_timedwait(&all->changed, &all->lock, &until);
    bool ok = all->ready == all->options.count && all->failure[0] == '\0';
    if (!ok)
        fprintf(stderr, "maskline-bench: %u of %u event streams began; %s\n", all->ready,
                all->options.count, all->failure);
    pthread_mutex_unlock(&all->lock);
    return ok;
}

static bool open_channels(struct streams *all)
{
    const struct grpc_c_channel_options own = {.own_connection = true, .lean = true};
    for (unsigned i = 0; i < all->options.connections; i++) {
        struct error error;
        all->channels[i] = grpc_c_channel_new(all->options.target, &own, &error);
        if (!all->channels[i])
            return false;
    }
    return true;
}

static bool open_all(struct streams *all)
{
    if (!open_channels(all))
        return false;
    for (unsigned i = 0; i < all->options.count; i++)
        if (!begin(all, i))
            break;
    return wait_until_ready(all);
}

struct streams *streams_open(const struct streams_options *options)
{
    struct streams *all = calloc(1, sizeof *all);
    if (!all)
        return NULL;
    all->options = *options;
    all->channels = calloc(options->connections, sizeof(struct grpc_c_channel *));
    all->streams = calloc(options->count + 1, sizeof *all->streams);
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->changed, NULL);
    if (all->channels && all->streams && open_all(all))
        return all;
    streams_close(all);
    return NULL;
}

void streams_close(struct streams *all)
{
    if (!all)
        return;
    pthread_mutex_lock(&all->lock);
    all->closing = true;
    for (unsigned i = 0; all->streams && i < all->options.count; i++)
        if (all->streams[i].call)
            maskline_v1_events_stream_events_abandon(all->streams[i].call);
    while (all->running > 0)
        pthread_cond_wait(&all->changed, &all->lock);
    pthread_mutex_unlock(&all->lock);
    for (unsigned i = 0; all->channels && i < all->options.connections; i++)
        grpc_c_channel_free(all->channels[i]);
    pthread_cond_destroy(&all->changed);
    pthread_mutex_destroy(&all->lock);
    free(all->channels);
    free(all->streams);
    free(all);
}
