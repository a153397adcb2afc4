#include "client/service_delete.h"

#include "client/progress.h"
#include "maskline/v1/events.grpc-c-client.h"
#include "maskline/v1/services.grpc-c-client.h"

enum { EVENT_MEMORY = 8 * 1024 * 1024 };

/* Counts the sessions that went since the deletion began; true at its end. */
static bool counts(const Maskline__V1__Event *event, bool *begun, uint64_t *sessions)
{
    if (event->type == MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_SERVICE_DELETING)
        *begun = true;
    else if (event->type == MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_SESSION_DELETED && *begun)
        (*sessions)++;
    return event->type == MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_SERVICE_DELETED;
}

/* Follows its log to the last event. */
static int wait_until_gone(struct cli *cli, const char *sid)
{
    Maskline__V1__EventType types[] = {MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_SERVICE_DELETING,
                                       MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_SESSION_DELETED,
                                       MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_SERVICE_DELETED};
    Maskline__V1__EventFilter filter = MASKLINE__V1__EVENT_FILTER__INIT;
    filter.types = types;
    filter.n_types = sizeof types / sizeof *types;
    Maskline__V1__StreamEventsRequest request = MASKLINE__V1__STREAM_EVENTS_REQUEST__INIT;
    request.service = arena_string(cli->arena, sid);
    request.filter = &filter;
    request.start_case = MASKLINE__V1__STREAM_EVENTS_REQUEST__START_FROM_OLDEST;
    request.from_oldest = true;
    struct maskline_v1_events_stream_events_call *stream =
        maskline_v1_events_stream_events_begin(cli->channel, NULL, &request);
    struct arena *arena = arena_new(EVENT_MEMORY);
    if (!stream || !arena)
        return cli_no_memory();
    struct progress progress = progress_begin("deleting sessions", 0);
    uint64_t sessions = 0;
    bool begun = false, gone = false;
    const Maskline__V1__StreamEventsResponse *response;
    while (maskline_v1_events_stream_events_read(stream, arena, &response)) {
        if (response->message_case == MASKLINE__V1__STREAM_EVENTS_RESPONSE__MESSAGE_EVENT)
            gone |= counts(response->event, &begun, &sessions);
        progress_show(&progress, sessions);
        arena_reset(arena);
    }
    progress_clear(&progress);
    arena_free(arena);
    struct grpc_c_status status;
    if (!maskline_v1_events_stream_events_finish(stream, cli->arena, &status))
        return cli_failed(cli, &status);
    return gone ? EXIT_DONE : EXIT_REFUSED;
}

/* What it is now. */
static const Maskline__V1__Service *get(struct cli *cli, const char *sid, int *ret_exit)
{
    Maskline__V1__GetServiceRequest request = MASKLINE__V1__GET_SERVICE_REQUEST__INIT;
    request.service = arena_string(cli->arena, sid);
    const Maskline__V1__GetServiceResponse *response = cli_ask(
        cli, &maskline_v1_services_get_service__method, &request.base, cli->arena, ret_exit);
    return response ? response->service : NULL;
}

int service_delete(struct cli *cli)
{
    Maskline__V1__DeleteServiceRequest request = MASKLINE__V1__DELETE_SERVICE_REQUEST__INIT;
    request.service = input_word(cli, 0);
    int status = EXIT_DONE;
    const Maskline__V1__DeleteServiceResponse *response = cli_ask(
        cli, &maskline_v1_services_delete_service__method, &request.base, cli->arena, &status);
    if (!response)
        return status;
    const Maskline__V1__Service *service = response->service;
    if (service && input_flag(cli, "wait")) {
        const char *sid = service->sid;
        status = wait_until_gone(cli, sid);
        if (status != EXIT_DONE)
            return status;
        service = get(cli, sid, &status);
        if (status != EXIT_DONE)
            return status;
    }
    struct listing listing = listing_begin(cli, cli->command->view);
    listing_add(&listing, (const ProtobufCMessage *)service);
    return listing_end(&listing);
}
