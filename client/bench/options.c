#include "client/bench/options.h"

#include "client/bench/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: maskline-bench [OPTION]... [-- SERVER-OPTION...]\n"
    "\n"
    "Measures Maskline beside a bare gRPC echo and PostgreSQL, in turns, in one run on one "
    "machine. It starts\n"
    "all servers itself, with stores in a temporary folder, and ends them. The load comes from "
    "this program, by\n"
    "the same client for Maskline and the echo, and shares the machine's cores with the servers.\n"
    "\n"
    "What is measured (without --mix: the whole table of bars)\n"
    "  --mix MIX            a workload, or several with their shares: "
    "message:80,get-session:15,create-session:5.\n"
    "                       May be repeated. Workloads:\n"
    "                         message         a text that a phone sends, Simulator.SendText: "
    "durable, relayed\n"
    "                         send            Interactions.SendMessage: the same, from the Service "
    "itself\n"
    "                         create-session  with two participants, whom the server gives "
    "numbers\n"
    "                         get-session     by SID, any of --sessions, all looked at before\n"
    "                         events          from the sending of a text to its event at a "
    "stream's reader\n"
    "  --load CxM[,CxM...]  closed loop: connections x calls in flight on each (default 8x64); a "
    "call that ends\n"
    "                       begins the next, and its time counts from its own beginning\n"
    "  --rate N             open loop: N calls a second whatever becomes of them; the time of a "
    "call counts from\n"
    "                       when it was due, so that a stall shows in all calls that it held up\n"
    "  --arrivals KIND      poisson (default) or constant distances of an open loop\n"
    "  --services N[,N...]  spread over so many Services (default 1; for the bars 1,1000)\n"
    "  --seconds S          of each measurement (default 2)\n"
    "  --rounds N           all peers in turn, N times (default 5; ratios are within a round)\n"
    "  --selection-curve    nothing else: what it costs to choose a number, in pools of 10 to "
    "10,000 numbers,\n"
    "                       beside up to 100,000 sessions, for people with up to 32 of their own\n"
    "  --quick              0.5 s, 3 rounds, 20,000 sessions: a look, not a verdict\n"
    "\n"
    "What it is compared with\n"
    "  --echo-threads N[,N] a gRPC C core server with N threads that gives back 128 bytes, and has "
    "no Maskline\n"
    "                       code in it (default 1,2; 0: no echo).\n"
    "                       Beside what writes, \"durable-N\" echoes of one thread, too: they make "
    "of the\n"
    "                       bytes N keys in RocksDB, one fsync for all that wait: 1, the least "
    "that\n"
    "                       a durable call can cost; 5, as many as a message has here, four of "
    "them\n"
    "                       behind the answer; 7, as many as a session has. And two that do the "
    "least that any\n"
    "                       server on these libraries must do: \"durable-message\" unpacks, "
    "hashes, "
    "looks the\n"
    "                       message up, writes its entry before the answer, behind it those of its "
    "sending and\n"
    "                       its receipt, and its rows, all as large as here; \"durable-session\" "
    "does "
    "so for a\n"
    "                       session. What they sustain counts until all is written. No domain is "
    "in them.\n"
    "                       Beside get-session \"echo-session\": it unpacks the request and packs "
    "as much as a\n"
    "                       session has, but reads nothing. What these three do not reach "
    "themselves is out of\n"
    "                       reach on this machine: their own ratios stand below Maskline's\n"
    "  --postgres DIR       PostgreSQL's programs (default /usr/lib/postgresql/15/bin; empty: "
    "without it). The\n"
    "                       same transactions by pgbench over a UNIX socket, synchronous_commit "
    "on, with as many\n"
    "                       connections as serve it best, and with no RPC in front\n"
    "\n"
    "The world\n"
    "  --pairs N            people who write to each other, two in each (default 256, one a "
    "Service at least)\n"
    "  --numbers N          proxy numbers of each Service (default 10)\n"
    "  --sessions N         to look up (default 100,000)\n"
    "  --subscribers N      event streams, for the memory of each (default 10,000; 0: not "
    "measured)\n"
    "  --events-rate N      texts a second while event streams are timed (default 1,000)\n"
    "  --seed N             of what is random (default 1)\n"
    "\n"
    "Output and places\n"
    "  --json FILE          for scripts as well; - for standard output instead of the table\n"
    "  --folder DIR         an empty folder for the stores, on the disk that counts (default a new "
    "one in TMPDIR)\n"
    "  --server-program F, --echo-program F\n"
    "                       instead of those in this program's own build\n"
    "\n"
    "answered = calls that ended well / time until the last answer. sustained = the same / time "
    "until each text\n"
    "was at its phone, each receipt in the log, and nothing left to be sent. CPU and disk are the "
    "process's own,\n"
    "by /proc, settling included.\n"
    "\n"
    "Examples\n"
    "  maskline-bench --quick\n"
    "  maskline-bench --mix message --load 8x64,64x64 --rounds 9 -- --threads 2\n"
    "  maskline-bench --mix message:80,get-session:15,create-session:5 --rate 5000 --services "
    "1000\n"
    "  maskline-bench --mix message --json - | jq '.ratios[] | select(.measure == \"sustained\")'\n"
    "\n"
    "Exit status: 0 done (also when a bar was missed), 1 something failed, 2 the command line is "
    "wrong.\n";

static bool bad(const char *name, const char *value, const char *why)
{
    fprintf(stderr, "maskline-bench: --%s '%s': %s (--help tells)\n", name, value, why);
    return false;
}

static bool read_number(const char *text, double least, double most, double *ret_value)
{
    char *end;
    *ret_value = strtod(text, &end);
    return end != text && *end == '\0' && *ret_value >= least && *ret_value <= most;
}

static bool read_count(const char *text, unsigned least, unsigned most, unsigned *ret_value,
                       const char **ret_end)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *ret_end = end;
    *ret_value = (unsigned)value;
    return *text >= '0' && *text <= '9' && value >= least && value <= most;
}

static bool read_list(const char *text, unsigned least, unsigned most, unsigned *items,
                      unsigned room, unsigned *ret_count)
{
    for (*ret_count = 0; *ret_count < room; text++) {
        if (!read_count(text, least, most, &items[(*ret_count)++], &text))
            return false;
        if (*text != ',')
            return *text == '\0';
    }
    return false;
}

static bool read_loads(const char *text, struct options *options)
{
    for (options->load_count = 0; options->load_count < LOADS_MOST; text++) {
        struct load_shape *load = &options->loads[options->load_count++];
        if (!read_count(text, 1, LOAD_CONNECTIONS_MOST, &load->connections, &text) ||
            *text++ != 'x' || !read_count(text, 1, 1024, &load->in_flight, &text) ||
            load->connections * load->in_flight > LOAD_SLOTS_MOST)
            return false;
        if (*text != ',')
            return *text == '\0';
    }
    return false;
}

static bool add_mix(const char *text, struct options *options)
{
    char why[160];
    if (options->mix_count == MIXES_MOST)
        return bad("mix", text, "too many of them");
    options->bars = false;
    return mix_parse(text, &options->mixes[options->mix_count++], why, sizeof why) ||
           bad("mix", text, why);
}

static bool set_text(const char *name, const char *value, struct options *options)
{
    const struct {
        const char *name;
        const char **to;
    } texts[] = {
        {"folder", &options->folder},
        {"json", &options->json},
        {"postgres", &options->postgres},
        {"server-program", &options->server_program},
        {"echo-program", &options->echo_program},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i].name, name) == 0) {
            *texts[i].to = value;
            return true;
        }
    return false;
}

/* Whether it is a count; when it is, `ret_ok` says whether the value is one. */
static bool set_count(const char *name, const char *value, struct options *options, bool *ret_ok)
{
    const struct {
        const char *name;
        unsigned least, most;
        unsigned *to;
    } counts[] = {
        {"rounds", 1, ROUNDS_MOST, &options->rounds},
        {"pairs", 1, 50000, &options->pairs},
        {"numbers", 2, 500, &options->numbers},
        {"sessions", 1, 10000000, &options->sessions},
        {"subscribers", 0, 100000, &options->subscribers},
        {"events-rate", 1, 100000, &options->events_rate},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (strcmp(counts[i].name, name) == 0) {
            const char *end;
            *ret_ok = (read_count(value, counts[i].least, counts[i].most, counts[i].to, &end) &&
                       *end == '\0') ||
                      bad(name, value, "not a number that it can be");
            return true;
        }
    return false;
}

static bool set_arrivals(const char *value, struct options *options)
{
    options->arrivals = strcmp(value, "constant") == 0 ? ARRIVALS_CONSTANT : ARRIVALS_POISSON;
    return options->arrivals == ARRIVALS_CONSTANT || strcmp(value, "poisson") == 0 ||
           bad("arrivals", value, "poisson or constant");
}

static bool set_lists(const char *name, const char *value, struct options *options, bool *ret_ok)
{
    if (strcmp(name, "load") == 0)
        *ret_ok = read_loads(value, options) || bad(name, value, "like 8x64 or 1x1,64x64");
    else if (strcmp(name, "services") == 0)
        *ret_ok = read_list(value, 1, 10000, options->services, SERVICES_MOST,
                            &options->services_count) ||
                  bad(name, value, "one to four numbers up to 10000");
    else if (strcmp(name, "echo-threads") == 0)
        *ret_ok =
            read_list(value, 0, 64, options->echo_threads, ECHOES_MOST, &options->echo_count) ||
            bad(name, value, "one to four numbers up to 64");
    else
        return false;
    return true;
}

static bool set(const char *name, const char *value, struct options *options)
{
    bool ok;
    double seed;
    if (set_text(name, value, options))
        return true;
    if (set_count(name, value, options, &ok) || set_lists(name, value, options, &ok))
        return ok;
    if (strcmp(name, "mix") == 0)
        return add_mix(value, options);
    if (strcmp(name, "arrivals") == 0)
        return set_arrivals(value, options);
    if (strcmp(name, "rate") == 0)
        return read_number(value, 0.1, 1e6, &options->rate) ||
               bad(name, value, "from 0.1 to 1,000,000 calls a second");
    if (strcmp(name, "seconds") == 0)
        return read_number(value, 0.05, 3600, &options->seconds) ||
               bad(name, value, "from 0.05 to 3600");
    if (strcmp(name, "seed") != 0)
        return bad(name, value, "there is no such option");
    if (!read_number(value, 0, 0x1p53, &seed))
        return bad(name, value, "not a whole number");
    options->seed = (uint64_t)seed;
    return true;
}

static const struct options defaults = {
    .postgres = "/usr/lib/postgresql/15/bin",
    .bars = true,
    .loads = {{8, 64}},
    .load_count = 1,
    .services = {1},
    .echo_threads = {1, 2},
    .echo_count = 2,
    .seconds = 2,
    .rounds = 5,
    .pairs = 256,
    .numbers = 10,
    .sessions = 100000,
    .subscribers = 10000,
    .events_rate = 1000,
    .seed = 1,
};

static void be_quick(struct options *options)
{
    options->curve_quick = true;
    options->seconds = 0.5;
    options->rounds = 3;
    options->sessions = 20000;
}

/* What was not given depends on what was. */
static void complete(struct options *options)
{
    if (options->services_count == 0) {
        options->services_count = options->bars ? 2 : 1;
        options->services[1] = 1000;
    }
    /* "0" is how a list of none is written. */
    if (options->echo_threads[0] == 0)
        options->echo_count = 0;
}

enum options_result options_read(char *const *arguments, struct options *ret_options)
{
    *ret_options = defaults;
    for (char *const *at = arguments; *at; at++) {
        if (strcmp(*at, "--help") == 0 || strcmp(*at, "-h") == 0) {
            fputs(help, stdout);
            return OPTIONS_HELP;
        }
        if (strcmp(*at, "--") == 0) {
            ret_options->server_arguments = (const char *const *)(at + 1);
            break;
        }
        if (strcmp(*at, "--selection-curve") == 0) {
            ret_options->curve = true;
            continue;
        }
        if (strcmp(*at, "--quick") == 0) {
            be_quick(ret_options);
            continue;
        }
        if (strncmp(*at, "--", 2) != 0 || !at[1]) {
            bad(*at + (strncmp(*at, "--", 2) == 0 ? 2 : 0), at[1] ? at[1] : "",
                at[1] ? "options begin with --" : "it wants a value");
            return OPTIONS_BAD;
        }
        if (!set(*at + 2, at[1], ret_options))
            return OPTIONS_BAD;
        at++;
    }
    complete(ret_options);
    return OPTIONS_OK;
}
