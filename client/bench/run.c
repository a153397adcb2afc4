#include "client/bench/run.h"

#include "client/bench/folder.h"
#include "client/bench/measure.h"
#include "client/bench/memory.h"
#include "client/bench/peers.h"
#include "client/bench/postgres.h"
#include "client/bench/world.h"

#include <string.h>

enum { PATH_SIZE = 512, DURABLES = 5 };

/* Echoes that write as many keys as Maskline does, or as any durable server must. Of a message: its entry in the log, and behind the
 * answer two for what becomes of it, the interaction's row, and the one that knows it again. Then those that do all of a message
 * or a session that any server must. */
static const struct {
    const char *name;
    unsigned before, after; /* the answer */
    const char *whole;      /* NULL: so many keys */
    bool creates;           /* beside the creation of sessions; else beside messages */
} durables[DURABLES] = {
    {DURABLE_PEER "1", 1, 0, NULL, false},
    {DURABLE_PEER "5", 1, 4, NULL, false},
    {DURABLE_PEER "message", 0, 0, "message", false},
    {DURABLE_PEER "7", 7, 0, NULL, true},
    {DURABLE_PEER "session", 0, 0, "session", true},
};

struct run {
    struct run_options given;
    const struct options *options;
    struct report *report;
    struct peer echoes[ECHOES_MOST];
    struct peer durables[DURABLES];
    struct peer look;          /* answers as much as a session that was looked up */
    struct postgres *postgres; /* NULL: not compared with */
    struct peer server;
    struct world *world;
};

/* ---- one case: all peers, round by round ---- */

static bool keep(struct run *run, const struct sample *sample)
{
    report_print_sample(run->given.out, sample);
    return report_add(run->report, sample);
}

static bool round_of_echoes(struct run *run, const struct sample *blank)
{
    for (unsigned i = 0; i < run->options->echo_count; i++) {
        struct sample sample = *blank;
        snprintf(sample.peer, PEER_NAME, "echo-%u", run->options->echo_threads[i]);
        if (!measure_echo(run->options, &run->echoes[i], false, &sample) || !keep(run, &sample))
            return false;
    }
    return true;
}

/* Beside what writes, the least that a write can cost. */
static bool round_of_durable(struct run *run, const struct mix *mix, const struct sample *blank)
{
    unsigned creates = mix->weights[KIND_CREATE_SESSION];
    unsigned messages = mix->weights[KIND_MESSAGE] + mix->weights[KIND_SEND];
    for (unsigned i = 0; i < DURABLES && run->options->echo_count > 0; i++) {
        if ((durables[i].creates ? creates : messages) == 0)
            continue;
        struct sample sample = *blank;
        snprintf(sample.peer, PEER_NAME, "%s", durables[i].name);
        if (!measure_echo(run->options, &run->durables[i], durables[i].whole != NULL, &sample) ||
            !keep(run, &sample))
            return false;
    }
    return true;
}

/* Beside what looks sessions up, the least that such an answer can cost. */
static bool round_of_look(struct run *run, const struct mix *mix, const struct sample *blank)
{
    if (mix->weights[KIND_GET_SESSION] == 0 || run->options->echo_count == 0)
        return true;
    struct sample sample = *blank;
    snprintf(sample.peer, PEER_NAME, LOOK_PEER);
    return measure_look(run->options, &run->look, &sample) && keep(run, &sample);
}

/* Whether PostgreSQL does the same. It is not measured with few calls in flight: it has the connections that it likes best. */
static bool has_script(const struct mix *mix, const struct sample *blank,
                       enum postgres_script *ret_script)
{
    *ret_script =
        mix->weights[KIND_CREATE_SESSION] > 0 ? POSTGRES_CREATE_SESSION : POSTGRES_MESSAGE;
    return mix->weights[KIND_GET_SESSION] + mix->weights[KIND_EVENTS] == 0 &&
           (mix->sum == mix->weights[KIND_CREATE_SESSION] ||
            mix->sum == mix->weights[KIND_MESSAGE] || mix->sum == mix->weights[KIND_SEND]) &&
           blank->subject.connections * blank->subject.in_flight >= 512 && blank->subject.rate <= 0;
}

static bool round_of_postgres(struct run *run, const struct mix *mix, const struct sample *blank)
{
    enum postgres_script script;
    if (!run->postgres || !has_script(mix, blank, &script))
        return true;
    struct sample sample = *blank;
    snprintf(sample.peer, PEER_NAME, "postgres");
    return measure_postgres(run->options, run->postgres, script, &sample) && keep(run, &sample);
}

static bool round_of_maskline(struct run *run, const struct mix *mix, const struct sample *blank)
{
    struct sample sample = *blank;
    snprintf(sample.peer, PEER_NAME, "maskline");
    return measure_maskline(run->options, mix, &run->server, run->world, &sample) &&
           keep(run, &sample);
}

static bool measure_case(struct run *run, const struct mix *mix, const struct load_shape *load)
{
    struct sample blank = {.subject = {.services = run->world->options.services,
                                       .connections = load->connections,
                                       .in_flight = load->in_flight,
                                       .rate = run->options->rate}};
    memcpy(blank.subject.workload, mix->name, MIX_NAME);
    report_print_heads(run->given.out, &blank.subject, run->options->rounds, run->options->seconds);
    for (blank.round = 1; blank.round <= run->options->rounds; blank.round++)
        if (!round_of_echoes(run, &blank) || !round_of_durable(run, mix, &blank) ||
            !round_of_look(run, mix, &blank) || !round_of_maskline(run, mix, &blank) ||
            !round_of_postgres(run, mix, &blank))
            return false;
    return true;
}

/* ---- event streams ---- */

static bool round_of_events(struct run *run, const struct sample *blank, double *ret_share)
{
    double bare = 0;
    for (unsigned i = 0; i < run->options->echo_count; i++) {
        struct sample sample = *blank;
        snprintf(sample.peer, PEER_NAME, "echo-%u", run->options->echo_threads[i]);
        if (!measure_talk(run->options, &run->echoes[i], &sample) || !keep(run, &sample))
            return false;
        if (i == 0)
            bare = sample.latency_us[PERCENTILE_99];
    }
    struct sample sample = *blank;
    snprintf(sample.peer, PEER_NAME, "maskline");
    if (!measure_events(run->options, &run->server, run->world, &sample) || !keep(run, &sample))
        return false;
    *ret_share =
        sample.latency_us[PERCENTILE_99] / (sample.kind_us[KIND_MESSAGE][PERCENTILE_99] + bare);
    return true;
}

/* The bar: an event is as late as a durable call and a message on a bare stream together, at the 99th percentile. */
static bool tell_share(struct run *run, double *shares)
{
    struct figure figure = {.value = middle(shares, run->options->rounds),
                            .unit = "",
                            .most = run->options->echo_count > 0 ? 1 : 0};
    snprintf(figure.name, sizeof figure.name, "event p99 / (text's p99 + bare stream's p99), %u S.",
             run->world->options.services);
    return report_figure(run->report, &figure);
}

static bool measure_events_case(struct run *run)
{
    double shares[ROUNDS_MOST];
    double rate = run->options->rate > 0 ? run->options->rate : run->options->events_rate;
    struct sample blank = {.subject = {.workload = "events",
                                       .services = run->world->options.services,
                                       .connections = 8,
                                       .in_flight = 64,
                                       .rate = rate}};
    report_print_heads(run->given.out, &blank.subject, run->options->rounds, run->options->seconds);
    for (blank.round = 1; blank.round <= run->options->rounds; blank.round++)
        if (!round_of_events(run, &blank, &shares[blank.round - 1]))
            return false;
    return tell_share(run, shares);
}

/* ---- which cases ---- */

static bool measure_bars(struct run *run)
{
    static const struct {
        const char *mix;
        struct load_shape load;
    } cases[] = {
        {"message", {1, 1}},   {"message", {1, 64}},     {"message", {8, 64}},
        {"message", {64, 64}}, {"get-session", {8, 64}}, {"create-session", {8, 64}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mix mix;
        char why[64];
        if (!mix_parse(cases[i].mix, &mix, why, sizeof why) ||
            !measure_case(run, &mix, &cases[i].load))
            return false;
    }
    return measure_events_case(run);
}

static bool measure_given(struct run *run)
{
    const struct options *options = run->options;
    for (unsigned i = 0; i < options->mix_count; i++) {
        bool events = options->mixes[i].weights[KIND_EVENTS] > 0;
        if (events && !measure_events_case(run))
            return false;
        for (unsigned j = 0; j < options->load_count && !events; j++)
            if (!measure_case(run, &options->mixes[i], &options->loads[j]))
                return false;
    }
    return true;
}

/* ---- servers ---- */

static bool needs_sessions(const struct options *options)
{
    bool needed = options->bars;
    for (unsigned i = 0; i < options->mix_count; i++)
        needed |= options->mixes[i].weights[KIND_GET_SESSION] > 0;
    return needed;
}

/* In a store of its own: what was measured before must not matter. */
static bool measure_services(struct run *run, unsigned services)
{
    const struct options *options = run->options;
    struct world_options world = {.services = services,
                                  .numbers = options->numbers,
                                  .pairs = options->pairs,
                                  .sessions = needs_sessions(options) ? options->sessions : 0};
    char folder[PATH_SIZE];
    snprintf(folder, sizeof folder, "%.400s/services-%u", run->given.folder, services);
    fprintf(run->given.out, "\nMaking %u Service%s, %u sessions to look up\n", services,
            services == 1 ? "" : "s", world.sessions);
    fflush(run->given.out);
    bool ok = peer_start_maskline(run->given.server_program, folder, options->server_arguments,
                                  &run->server);
    run->world = ok ? world_make(run->server.target, &world) : NULL;
    ok = run->world && (options->bars ? measure_bars(run) : measure_given(run));
    world_free(run->world);
    run->world = NULL;
    peer_stop(&run->server);
    folder_remove(folder);
    return ok;
}

static bool tell_memory(struct run *run, const struct memory *memory)
{
    struct figure idle = {.name = "resident with an empty store",
                          .value = (double)memory->idle_bytes / (1024 * 1024),
                          .unit = "MiB",
                          .most = 40};
    struct figure subscriber = {
        .value = memory->bytes_a_subscriber / 1024, .unit = "KiB", .most = 20};
    snprintf(subscriber.name, sizeof subscriber.name, "resident for each of %u event streams",
             run->options->subscribers);
    return report_figure(run->report, &idle) &&
           (run->options->subscribers == 0 || report_figure(run->report, &subscriber));
}

/* On a server of its own: memory that was had once is not given back. */
static bool measure_memory(struct run *run)
{
    char folder[PATH_SIZE];
    struct memory memory;
    snprintf(folder, sizeof folder, "%.400s/memory", run->given.folder);
    bool ok = peer_start_maskline(run->given.server_program, folder, run->options->server_arguments,
                                  &run->server) &&
              memory_measure(&run->server, run->options->subscribers, &memory) &&
              tell_memory(run, &memory);
    peer_stop(&run->server);
    folder_remove(folder);
    return ok;
}

static bool start_postgres(struct run *run)
{
    char folder[PATH_SIZE];
    unsigned services = 1;
    for (unsigned i = 0; i < run->options->services_count; i++)
        if (run->options->services[i] > services)
            services = run->options->services[i];
    struct postgres_options options = {.programs = run->options->postgres,
                                       .folder = folder,
                                       .services = services,
                                       .pairs = run->options->pairs};
    if (*run->options->postgres == '\0')
        return true;
    snprintf(folder, sizeof folder, "%.400s/postgres", run->given.folder);
    fputs("Making a store in PostgreSQL\n", run->given.out);
    fflush(run->given.out);
    run->postgres = postgres_start(&options);
    return run->postgres != NULL;
}

static bool start_echoes(struct run *run)
{
    const struct options *options = run->options;
    char folder[PATH_SIZE];
    for (unsigned i = 0; i < options->echo_count; i++)
        if (!peer_start_echo(run->given.echo_program, options->echo_threads[i], &run->echoes[i]))
            return false;
    if (options->echo_count > 0 && !peer_start_look(run->given.echo_program, &run->look))
        return false;
    for (unsigned i = 0; i < DURABLES && options->echo_count > 0; i++) {
        snprintf(folder, sizeof folder, "%.400s/%s", run->given.folder, durables[i].name);
        if (durables[i].whole
                ? !peer_start_whole(run->given.echo_program, folder, durables[i].whole,
                                    &run->durables[i])
                : !peer_start_durable(run->given.echo_program, folder, durables[i].before,
                                      durables[i].after, &run->durables[i]))
            return false;
    }
    return true;
}

static void stop_echoes(struct run *run)
{
    char folder[PATH_SIZE];
    for (unsigned i = 0; i < run->options->echo_count; i++)
        peer_stop(&run->echoes[i]);
    peer_stop(&run->look);
    for (unsigned i = 0; i < DURABLES; i++) {
        peer_stop(&run->durables[i]);
        snprintf(folder, sizeof folder, "%.400s/%s", run->given.folder, durables[i].name);
        folder_remove(folder);
    }
}

bool run_all(const struct run_options *given, struct report *report)
{
    const struct options *options = given->options;
    struct run run = {.given = *given, .options = options, .report = report};
    bool ok =
        (!options->bars || measure_memory(&run)) && start_postgres(&run) && start_echoes(&run);
    for (unsigned i = 0; ok && i < options->services_count; i++)
        ok = measure_services(&run, options->services[i]);
    stop_echoes(&run);
    postgres_stop(run.postgres);
    return ok;
}
