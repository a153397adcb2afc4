#include "client/doctor.h"

#include "maskline/v1/events.grpc-c-client.h"
#include "maskline/v1/services.grpc-c-client.h"
#include "proto/c/clock.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>

/* Nobody runs this before it was written. */
#define WRITTEN_US INT64_C(1767225600000000) /* 2026 */
#define LATEST_US  INT64_C(4102444800000000) /* 2100 */

enum { FAR_US = 2 * MICROSECONDS };

static const char *show_distance(struct arena *arena, int64_t us)
{
    return arena_printf(arena, "%.1f s", (double)(us < 0 ? -us : us) / MICROSECONDS);
}

/* When the store was last written to, by the clock of then; 0: not known. */
static int64_t last_written_us(const char *data)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/data", data);
    int64_t newest = 0;
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        struct stat file;
        if (fstatat(dirfd(folder), entry->d_name, &file, 0) != 0)
            continue;
        int64_t at = (int64_t)file.st_mtim.tv_sec * MICROSECONDS + file.st_mtim.tv_nsec / 1000;
        newest = at > newest ? at : newest;
    }
    if (folder)
        closedir(folder);
    return newest;
}

static void check_machine(struct doctor *doctor)
{
    struct clock clock = clock_real();
    int64_t now = clock_now(&clock);
    const char *text = show_time(doctor->cli->arena, timestamp_new(doctor->cli->arena, now));
    int64_t written = doctor->has_store ? last_written_us(doctor->data) : 0;
    if (now < WRITTEN_US || now > LATEST_US)
        doctor_say(doctor, VERDICT_FAIL, "clock", "it says %s: set it", text);
    else if (now + FAR_US < written)
        doctor_say(
            doctor, VERDICT_FAIL, "clock",
            "it says %s, and the store was written to %s after that: it was set back; set it "
            "right",
            text, show_distance(doctor->cli->arena, written - now));
    else
        doctor_say(doctor, VERDICT_OK, "clock", "it says %s UTC, and the store nothing later",
                   text);
}

static void check_steering(struct doctor *doctor)
{
    struct timex state = {0};
    int kept = adjtimex(&state);
    if (kept < 0)
        return;
    if (kept == TIME_ERROR || state.status & STA_UNSYNC)
        doctor_say(doctor, VERDICT_WARN, "clock",
                   "nothing keeps it right: install chrony, or systemd-timesyncd");
    else
        doctor_say(doctor, VERDICT_OK, "clock", "it is kept right, to %.1f ms",
                   (double)state.maxerror / 1000);
}

/* The server's time, as the stream of some Service's events tells it; 0: not known. */
static int64_t server_time_us(struct cli *cli, char *service)
{
    Maskline__V1__StreamEventsRequest request = MASKLINE__V1__STREAM_EVENTS_REQUEST__INIT;
    request.service = service;
    request.start_case = MASKLINE__V1__STREAM_EVENTS_REQUEST__START_FROM_NOW;
    request.from_now = true;
    struct grpc_c_call_options call = cli_call(cli);
    struct maskline_v1_events_stream_events_call *stream =
        maskline_v1_events_stream_events_begin(cli->channel, &call, &request);
    if (!stream)
        return 0;
    int64_t time = 0;
    const Maskline__V1__StreamEventsResponse *response;
    if (maskline_v1_events_stream_events_read(stream, cli->arena, &response) &&
        response->message_case == MASKLINE__V1__STREAM_EVENTS_RESPONSE__MESSAGE_HEARTBEAT)
        timestamp_to_us(response->heartbeat->time, &time);
    maskline_v1_events_stream_events_cancel(stream);
    struct grpc_c_status status;
    maskline_v1_events_stream_events_finish(stream, cli->arena, &status);
    return time;
}

static void check_server(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    Maskline__V1__ListServicesRequest request = MASKLINE__V1__LIST_SERVICES_REQUEST__INIT;
    request.page_size = 1;
    const Maskline__V1__ListServicesResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!cli->channel || !maskline_v1_services_list_services(cli->channel, &call, &request,
                                                             cli->arena, &response, &status))
        return;
    int64_t time = response->n_services > 0 ? server_time_us(cli, response->services[0]->sid) : 0;
    if (time == 0)
        return;
    struct clock clock = clock_real();
    int64_t ahead = time - clock_now(&clock);
    const char *text = show_distance(cli->arena, ahead);
    if (ahead > FAR_US || ahead < -FAR_US)
        doctor_say(
            doctor, VERDICT_WARN, "clock",
            "the server's is %s %s this machine's (`maskline clock move` does that; else set "
            "the one that is wrong)",
            text, ahead > 0 ? "ahead of" : "behind");
    else
        doctor_say(doctor, VERDICT_OK, "clock", "the server's agrees with this machine's");
}

void doctor_clock(struct doctor *doctor)
{
    check_machine(doctor);
    check_steering(doctor);
    check_server(doctor);
}
