#include "client/cli.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

bool cli_connect(struct cli *cli)
{
    /* Who follows for days hears of a network that is silently gone within a minute. */
    static const struct grpc_c_channel_options options = {.keepalive_ms = 30000};
    struct error error;
    if (cli->channel)
        return true;
    cli->channel = grpc_c_channel_new(cli->server, &options, &error);
    if (!cli->channel)
        fprintf(stderr, "maskline: %s\n", error.message);
    return cli->channel != NULL;
}

struct grpc_c_call_options cli_call(const struct cli *cli)
{
    return (struct grpc_c_call_options){.timeout_ms = cli->timeout_ms};
}

int cli_usage(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("maskline: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return EXIT_USAGE;
}

int command_unknown(const char *noun, const char *typed)
{
    const char *nearest = command_nearest(noun, typed);
    const char *space = noun ? " " : "";
    noun = noun ? noun : "";
    if (nearest)
        return cli_usage("there is no command '%s%s%s'; did you mean `maskline %s%s%s`?", noun,
                         space, typed, noun, space, nearest);
    return cli_usage("there is no command '%s%s%s'; `maskline %s%s--help` lists them", noun, space,
                     typed, noun, space);
}

const char *cli_advice(const char *reason)
{
    static const struct {
        const char *reason;
        const char *advice;
    } known[] = {
        {"SERVICE_NOT_FOUND", "`maskline service list` shows the Services that there are."},
        {"SESSION_NOT_FOUND", "`maskline session list SERVICE` shows its sessions."},
        {"PHONE_NUMBER_NOT_FOUND", "`maskline number list SERVICE` shows its pool."},
        {"PARTICIPANT_NOT_FOUND", "`maskline participant list SERVICE SESSION` shows their SIDs."},
        {"INVALID_SID",
         "Lists show SIDs: `maskline participant list`, `maskline interaction list`."},
        {"HANDSET_NOT_FOUND", "`maskline handset add NUMBER` adds one."},
        {"POOL_EMPTY", "Add a number first: `maskline number add SERVICE NUMBER`."},
        {"ALL_NUMBERS_IN_USE", "Add numbers, or close sessions of this person."},
        {"NO_NEAR_NUMBER",
         "Add numbers there, or `maskline service update SERVICE --geo-matching best-effort`."},
        {"NUMBER_IN_USE",
         "Drain it first (`maskline number update ... --state draining`), or use --force."},
        {"EVENTS_PURGED",
         "`maskline events` without --after, and `watch --from-oldest`, begin at what is left."},
        {"POSITION_NOT_REACHED", "Without --after it begins at an event that there is."},
        {"SERVICE_NAME_TAKEN", "`maskline service get NAME` shows who has it; take another."},
        {"SESSION_NAME_TAKEN",
         "Take another name, or `maskline session get SERVICE NAME` shows who has it."},
        {"OPTED_OUT", "`maskline optout list SERVICE` shows who wants no messages."},
        {"BLOCKED", "`maskline block list SERVICE` shows who is kept from whom."},
        {"SESSION_CLOSED", "`maskline session reopen SERVICE SESSION` opens it again."},
        {"TOO_MANY_PARTICIPANTS",
         "`maskline participant remove SERVICE SESSION SID` makes room for another."},
        {"HANDSET_EXISTS", "It is there already: `maskline handset list`."},
        {"HANDSET_BUSY", "`maskline handset hang-up NUMBER` ends the call that it is in."},
        {"HANDSET_NOT_RINGING", "`maskline handset watch NUMBER` shows what has happened to it."},
        {"POOL_FULL", "`maskline service update SERVICE --most-unreserved COUNT` (or "
                      "--most-reserved) allows more."},
        {"COOL_DOWN_TOO_SHORT",
         "`maskline service update --help`: --cool-down, --message-life and --late-reply-window."},
        {"SIMULATOR_OFF", "This server has real carriers; handsets and clock are the simulator's."},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(reason, known[i].reason) == 0)
            return known[i].advice;
    return NULL;
}

/* Whether the message is what is wrong with that field, with its name or without, and nothing else. */
static bool said(const struct error *error, const struct error_field *field)
{
    size_t size = strlen(field->name);
    if (strcmp(error->message, field->description) == 0)
        return true;
    return strncmp(error->message, field->name, size) == 0 &&
           strncmp(error->message + size, ": ", 2) == 0 &&
           strcmp(error->message + size + 2, field->description) == 0;
}

static void print_details(const struct error *error)
{
    for (unsigned i = 0; i < error->field_count; i++)
        if (!said(error, &error->fields[i]))
            fprintf(stderr, "  %s: %s\n", error->fields[i].name, error->fields[i].description);
    for (unsigned i = 0; i < error->metadata_count; i++)
        fprintf(stderr, "  %s: %s\n", error->metadata[i].key, error->metadata[i].value);
    if (error->original != 0)
        fprintf(stderr, "  Twilio Proxy's code: %d\n", (int)error->original);
    if (error->retry_ms >= 0)
        fprintf(stderr, "  try again in %lld.%03lld s\n", (long long)(error->retry_ms / 1000),
                (long long)(error->retry_ms % 1000));
    const char *what_to_do = cli_advice(error->reason);
    if (!what_to_do && error->code == STATUS_DEADLINE_EXCEEDED)
        what_to_do = "--timeout gives it longer. It may have been done all the same: look first.";
    if (what_to_do)
        fprintf(stderr, "  %s\n", what_to_do);
}

int cli_error(const struct cli *cli, const struct error *error)
{
    bool unreachable = error->code == STATUS_UNAVAILABLE && !*error->reason;
    if (unreachable)
        fprintf(
            stderr,
            "maskline: no server answers at %s (%s)\n  Start one with `maskline serve`, name it "
            "with --server, or ask `maskline doctor`.\n",
            cli->server, error->message);
    else
        fprintf(stderr, "maskline: %s%s%s: %s\n", status_code_name(error->code),
                *error->reason ? " " : "", error->reason, error->message);
    print_details(error);
    return unreachable || error->code == STATUS_DEADLINE_EXCEEDED ? EXIT_UNREACHABLE : EXIT_REFUSED;
}

int cli_failed(const struct cli *cli, const struct grpc_c_status *status)
{
    struct error error;
    grpc_c_status_error(status, &error);
    return cli_error(cli, &error);
}

int cli_no_memory(void)
{
    fputs("maskline: no memory\n", stderr);
    return EXIT_REFUSED;
}

/* Whoever read our output may go while nothing happens, and nothing is written that would tell. */
static bool has_reader(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    return poll(&out, 1, 0) <= 0 || !(out.revents & (POLLERR | POLLNVAL));
}

/* On a thread of its own. Where the signal is ignored, the status is that of a write that fails. */
static void *wait_for_no_reader(void *unused)
{
    (void)unused;
    struct pollfd out = {.fd = STDOUT_FILENO};
    while (poll(&out, 1, -1) < 0 && errno == EINTR)
        ;
    if (!(out.revents & POLLERR))
        return NULL;
    raise(SIGPIPE);
    _exit(EXIT_REFUSED);
}

void cli_end_with_reader(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_for_no_reader, NULL) == 0)
        pthread_detach(thread);
}

bool cli_flush(void)
{
    static bool told;
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    /* What failed before this has left no errno. */
    const char *why = errno ? strerror(errno) : "a write failed";
    /* Who reads no more need not be told. */
    if (!told && has_reader())
        fprintf(stderr, "maskline: what was printed did not get out: %s\n", why);
    told = true;
    return false;
}
