/*
 * maskline-bench: Maskline beside a bare echo and PostgreSQL, in turns, in one run.
 */
#include "client/bench/folder.h"
#include "client/bench/json.h"
#include "client/bench/measure.h"
#include "client/bench/options.h"
#include "client/bench/peers.h"
#include "client/bench/report.h"
#include "client/bench/world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

enum { PATH_SIZE = 480 };

struct bench {
    const struct options *options;
    FILE *out; /* for people */
    struct report *report;
    char folder[PATH_SIZE];
    char server_program[PATH_SIZE];
    char echo_program[PATH_SIZE];
    struct peer echoes[ECHOES_MOST];
    struct peer server;
    struct world *world;
};

/* ---- one case: all peers, round by round ---- */

static bool keep(struct bench *bench, const struct sample *sample)
{
    report_print_sample(bench->out, sample);
    return report_add(bench->report, sample);
}

static bool measure_round(struct bench *bench, const struct mix *mix, struct sample *blank)
{
    for (unsigned i = 0; i < bench->options->echo_count; i++) {
        struct sample sample = *blank;
        snprintf(sample.peer, PEER_NAME, "echo-%u", bench->options->echo_threads[i]);
        if (!measure_echo(bench->options, &bench->echoes[i], &sample) || !keep(bench, &sample))
            return false;
    }
    struct sample sample = *blank;
    snprintf(sample.peer, PEER_NAME, "maskline");
    return measure_maskline(bench->options, mix, &bench->server, bench->world, &sample) &&
           keep(bench, &sample);
}

static bool measure_case(struct bench *bench, const struct mix *mix, const struct load_shape *load)
{
    struct sample blank = {.subject = {.services = bench->world->options.services,
                                       .connections = load->connections,
                                       .in_flight = load->in_flight,
                                       .rate = bench->options->rate}};
    memcpy(blank.subject.workload, mix->name, MIX_NAME);
    report_print_heads(bench->out, &blank.subject, bench->options->rounds, bench->options->seconds);
    for (blank.round = 1; blank.round <= bench->options->rounds; blank.round++)
        if (!measure_round(bench, mix, &blank))
            return false;
    return true;
}

/* ---- which cases ---- */

static bool measure_bars(struct bench *bench)
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
            !measure_case(bench, &mix, &cases[i].load))
            return false;
    }
    return true;
}

static bool measure_given(struct bench *bench)
{
    const struct options *options = bench->options;
    for (unsigned i = 0; i < options->mix_count; i++)
        for (unsigned j = 0; j < options->load_count; j++)
            if (!measure_case(bench, &options->mixes[i], &options->loads[j]))
                return false;
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

static bool measure_services(struct bench *bench, unsigned services)
{
    const struct options *options = bench->options;
    struct world_options world = {.services = services,
                                  .numbers = options->numbers,
                                  .pairs = options->pairs,
                                  .sessions = needs_sessions(options) ? options->sessions : 0};
    char folder[PATH_SIZE + 32];
    snprintf(folder, sizeof folder, "%s/services-%u", bench->folder, services);
    fprintf(bench->out, "\nMaking %u Service%s with %u sessions to look up\n", services,
            services == 1 ? "" : "s", world.sessions);
    fflush(bench->out);
    bool ok = peer_start_maskline(bench->server_program, folder, options->server_arguments,
                                  &bench->server);
    bench->world = ok ? world_make(bench->server.target, &world) : NULL;
    ok = bench->world && (options->bars ? measure_bars(bench) : measure_given(bench));
    world_free(bench->world);
    bench->world = NULL;
    peer_stop(&bench->server);
    folder_remove(folder);
    return ok;
}

static bool run(struct bench *bench)
{
    const struct options *options = bench->options;
    bool ok = true;
    for (unsigned i = 0; ok && i < options->echo_count; i++)
        ok = peer_start_echo(bench->echo_program, options->echo_threads[i], &bench->echoes[i]);
    for (unsigned i = 0; ok && i < options->services_count; i++)
        ok = measure_services(bench, options->services[i]);
    for (unsigned i = 0; i < options->echo_count; i++)
        peer_stop(&bench->echoes[i]);
    return ok;
}

/* ---- places ---- */

/* `given`, or `place` seen from this program's folder. */
static bool find_program(const char *given, const char *place, char *ret_path)
{
    char own[PATH_SIZE];
    ssize_t size = readlink("/proc/self/exe", own, sizeof own - 1);
    own[size > 0 ? size : 0] = '\0';
    char *slash = strrchr(own, '/');
    if (slash)
        *slash = '\0';
    int length = given ? snprintf(ret_path, PATH_SIZE, "%s", given)
                       : snprintf(ret_path, PATH_SIZE, "%s/%s", own, place);
    if (length < PATH_SIZE && access(ret_path, X_OK) == 0)
        return true;
    fprintf(stderr, "maskline-bench: cannot run %s: %s\n", ret_path, strerror(errno));
    return false;
}

/* Makes `bench->folder` ready; `ret_made` says that it is to be removed. */
static bool find_folder(struct bench *bench, bool *ret_made)
{
    const char *temporary = getenv("TMPDIR");
    *ret_made = !bench->options->folder;
    if (bench->options->folder)
        snprintf(bench->folder, PATH_SIZE, "%s", bench->options->folder);
    else
        snprintf(bench->folder, PATH_SIZE, "%s/maskline-bench.XXXXXX",
                 temporary && *temporary ? temporary : "/tmp");
    struct statfs disk;
    if ((*ret_made && !mkdtemp(bench->folder)) || statfs(bench->folder, &disk) != 0) {
        fprintf(stderr, "maskline-bench: %s: %s\n", bench->folder, strerror(errno));
        *ret_made = false;
        return false;
    }
    if (disk.f_type == TMPFS_MAGIC)
        fprintf(stderr,
                "maskline-bench: %s lies in memory, where nothing is durable: figures of "
                "writes say little. --folder names another place.\n",
                bench->folder);
    return true;
}

/* ---- the whole ---- */

static void write_json(FILE *out, const struct bench *bench, bool ok)
{
    struct json json = {.out = out};
    struct utsname machine;
    json_object(&json, NULL);
    json_flag(&json, "complete", ok);
    json_object(&json, "machine");
    json_count(&json, "cpus", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
    json_text(&json, "kernel", uname(&machine) == 0 ? machine.release : NULL);
    json_end(&json);
    json_object(&json, "settings");
    json_number(&json, "seconds", bench->options->seconds);
    json_count(&json, "rounds", bench->options->rounds);
    json_count(&json, "seed", bench->options->seed);
    json_end(&json);
    report_write(&json, bench->report);
    json_end(&json);
}

static bool put_json(const struct bench *bench, bool ok)
{
    const char *path = bench->options->json;
    if (!path)
        return true;
    bool own = strcmp(path, "-") == 0;
    FILE *out = own ? stdout : fopen(path, "we");
    if (out)
        write_json(out, bench, ok);
    bool written = out && fflush(out) == 0 && !ferror(out);
    if (out && !own)
        written = fclose(out) == 0 && written;
    if (!written)
        fprintf(stderr, "maskline-bench: %s: %s\n", path, strerror(errno));
    return written;
}

int main(int count, char **arguments)
{
    static struct options options;
    static struct bench bench;
    (void)count;
    switch (options_read(arguments + 1, &options)) {
    case OPTIONS_OK:
        break;
    case OPTIONS_HELP:
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    case OPTIONS_BAD:
        return 2;
    }
    bool made = false;
    bench.options = &options;
    bench.out = options.json && strcmp(options.json, "-") == 0 ? stderr : stdout;
    bench.report = report_new();
    bool ok = bench.report &&
              find_program(options.server_program, "../../server/maskline-server",
                           bench.server_program) &&
              find_program(options.echo_program, "echo-server", bench.echo_program) &&
              find_folder(&bench, &made) && run(&bench);
    if (bench.report) {
        report_print_summary(bench.out, bench.report);
        ok = put_json(&bench, ok) && ok;
    }
    report_free(bench.report);
    if (made)
        folder_remove(bench.folder);
    return ok && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
