#include "client/session_batch.h"

#include "client/lines.h"
#include "client/progress.h"
#include "maskline/v1/participants.pb-c.h"
#include "maskline/v1/sessions.grpc-c-client.h"
#include "proto/c/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_MEMORY = 64 * 1024,
    ANSWER_MEMORY = 4 * 1024 * 1024,
    AHEAD =
        128, /* entries that are written before their answers are read: fewer than a server takes in */
    PEOPLE = 2
};

struct batch {
    struct cli *cli;
    const char *name; /* of the file, for people */
    struct maskline_v1_sessions_batch_sessions_call *stream;
    struct listing listing;
    struct progress progress;
    struct arena *lines, *answers;
    uint64_t written, answered;
    uint64_t refused; /* by the server, or here: a line that is none of ours */
    uint64_t done;
};

/* ---- lines ---- */

struct Maskline__V1__ParticipantSpec *session_person(struct arena *arena, char *text)
{
    Maskline__V1__ParticipantSpec *spec = arena_alloc(arena, sizeof *spec);
    if (!spec)
        return cli_no_memory(), NULL;
    maskline__v1__participant_spec__init(spec);
    spec->identifier = text;
    char *at = strchr(text, '@');
    if (at) {
        *at = '\0';
        spec->proxy_identifier = at + 1;
    }
    return spec;
}

static char *word(char **rest)
{
    *rest += strspn(*rest, " \t\r\n");
    char *found = strsep(rest, " \t\r\n");
    if (!*rest)
        *rest = found + strlen(found);
    return *found ? found : NULL;
}

static bool bad(struct batch *batch, unsigned line)
{
    progress_clear(&batch->progress);
    fprintf(
        stderr,
        "maskline: %s, line %u: it is `create NAME NUMBER NUMBER`, with - for no name, or `close "
        "SESSION`\n",
        batch->name, line);
    return false;
}

static bool read_create(struct batch *batch, char *rest, unsigned line,
                        Maskline__V1__BatchSessionsRequest *entry)
{
    struct arena *arena = batch->lines;
    Maskline__V1__CreateSessionRequest *create = arena_alloc(arena, sizeof *create);
    Maskline__V1__ParticipantSpec **people = arena_array(arena, PEOPLE, sizeof *people);
    char *name = word(&rest);
    const struct given *ttl = input_given(batch->cli, "ttl");
    const char *request = input_text(batch->cli, "request-id");
    if (!create || !people)
        return cli_no_memory(), false;
    if (!name)
        return bad(batch, line);
    maskline__v1__create_session_request__init(create);
    create->service = input_word(batch->cli, 0);
    if (strcmp(name, "-") != 0)
        create->unique_name = name;
    if (ttl)
        create->ttl = duration_new(arena, ttl->value);
    if (request)
        create->request_id = arena_printf(arena, "%s-%u", request, line);
    create->participants = people;
    for (char *number; (number = word(&rest));) {
        if (create->n_participants == PEOPLE)
            return bad(batch, line);
        people[create->n_participants] = session_person(arena, number);
        if (!people[create->n_participants++])
            return false;
    }
    entry->entry_case = MASKLINE__V1__BATCH_SESSIONS_REQUEST__ENTRY_CREATE;
    entry->create = create;
    return !arena_full(arena) || (cli_no_memory(), false);
}

static bool read_close(struct batch *batch, char *rest, unsigned line,
                       Maskline__V1__BatchSessionsRequest *entry)
{
    Maskline__V1__SessionToClose *close = arena_alloc(batch->lines, sizeof *close);
    if (!close)
        return cli_no_memory(), false;
    maskline__v1__session_to_close__init(close);
    close->service = input_word(batch->cli, 0);
    char *session = word(&rest);
    if (!session || word(&rest))
        return bad(batch, line);
    close->session = session;
    entry->entry_case = MASKLINE__V1__BATCH_SESSIONS_REQUEST__ENTRY_CLOSE;
    entry->close = close;
    return true;
}

/* ---- answers ---- */

static int show_error(const struct batch *batch, uint64_t line, const Maskline__V1__EntryError *of)
{
    struct error error;
    error_set(&error, (enum status_code)of->code, of->reason, 0, "%s", of->message);
    for (size_t i = 0; i < of->n_field_violations; i++)
        error_field(&error, of->field_violations[i]->field, "%s",
                    of->field_violations[i]->description);
    for (size_t i = 0; i < of->n_metadata; i++)
        error_metadata(&error, of->metadata[i]->key, "%s", of->metadata[i]->value);
    fprintf(stderr, "maskline: %s, line %llu:\n", batch->name, (unsigned long long)line);
    return cli_error(batch->cli, &error);
}

static bool read_answer(struct batch *batch)
{
    const Maskline__V1__BatchSessionsResponse *answer;
    arena_reset(batch->answers);
    if (!maskline_v1_sessions_batch_sessions_read(batch->stream, batch->answers, &answer))
        return false;
    batch->answered++;
    progress_show(&batch->progress, batch->answered);
    if (answer->outcome_case == MASKLINE__V1__BATCH_SESSIONS_RESPONSE__OUTCOME_ERROR) {
        batch->refused++;
        progress_clear(&batch->progress);
        show_error(batch, answer->tag, answer->error);
    } else {
        batch->done++;
        listing_add(&batch->listing, answer->session ? &answer->session->base : NULL);
    }
    return true;
}

/* ---- the file ---- */

static bool is_text(struct batch *batch, const char *text, size_t size, unsigned line)
{
    const char *fault = lines_fault(text, size);
    if (!fault)
        return true;
    progress_clear(&batch->progress);
    fprintf(stderr, "maskline: %s, line %u: %s\n", batch->name, line, fault);
    return false;
}

/* False when the stream is cut. A line that cannot be read hinders no other. */
static bool take_line(struct batch *batch, char *text, size_t size, unsigned line)
{
    Maskline__V1__BatchSessionsRequest entry = MASKLINE__V1__BATCH_SESSIONS_REQUEST__INIT;
    lines_unmark(text, &size, line);
    if (!is_text(batch, text, size, line)) {
        batch->refused++;
        return true;
    }
    text[strcspn(text, "#")] = '\0';
    arena_reset(batch->lines);
    char *verb = word(&text);
    if (!verb)
        return true;
    entry.tag = line;
    bool good = strcmp(verb, "create") == 0  ? read_create(batch, text, line, &entry)
                : strcmp(verb, "close") == 0 ? read_close(batch, text, line, &entry)
                                             : bad(batch, line);
    if (!good) {
        batch->refused++;
        return true;
    }
    if (batch->written - batch->answered >= AHEAD && !read_answer(batch))
        return false;
    if (!maskline_v1_sessions_batch_sessions_write(batch->stream, &entry))
        return false;
    batch->written++;
    return true;
}

/* False when the file cannot be read to its end; what was written before is answered in any case. */
static bool take_file(struct batch *batch, FILE *file)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t size;
    bool taken = true;
    for (unsigned line = 1; taken && (size = getline(&text, &room, file)) >= 0; line++)
        taken = take_line(batch, text, (size_t)size, line);
    free(text);
    if (ferror(file))
        fprintf(stderr, "maskline: cannot read %s: %s\n", batch->name, strerror(errno));
    maskline_v1_sessions_batch_sessions_write_done(batch->stream);
    while (read_answer(batch))
        ;
    return !ferror(file);
}

static int finish(struct batch *batch, bool whole)
{
    struct grpc_c_status status;
    progress_clear(&batch->progress);
    bool ok = maskline_v1_sessions_batch_sessions_finish(batch->stream, batch->cli->arena, &status);
    int shown = listing_end(&batch->listing);
    if (!ok) {
        int failed = cli_failed(batch->cli, &status);
        fprintf(stderr, "  %llu lines were answered before.\n",
                (unsigned long long)batch->answered);
        return failed;
    }
    if (batch->refused > 0)
        fprintf(stderr, "maskline: %llu done, %llu refused\n", (unsigned long long)batch->done,
                (unsigned long long)batch->refused);
    if (!whole)
        return EXIT_USAGE;
    return batch->refused > 0 ? EXIT_REFUSED : shown;
}

static int run(struct batch *batch, FILE *file)
{
    struct cli *cli = batch->cli;
    if (!cli_connect(cli))
        return EXIT_USAGE;
    batch->lines = arena_new(LINE_MEMORY);
    batch->answers = arena_new(ANSWER_MEMORY);
    batch->stream = batch->lines && batch->answers
                        ? maskline_v1_sessions_batch_sessions_begin(cli->channel, NULL)
                        : NULL;
    int status = EXIT_REFUSED;
    if (batch->stream) {
        batch->listing = listing_begin(cli, cli->command->view);
        batch->progress = progress_begin("sessions", 0);
        status = finish(batch, take_file(batch, file));
    } else {
        cli_no_memory();
    }
    arena_free(batch->lines);
    arena_free(batch->answers);
    return status;
}

int session_batch(struct cli *cli)
{
    const char *name = input_text(cli, "file");
    if (!name)
        return cli_usage("which file? `maskline session batch SERVICE -f FILE`");
    struct batch batch = {.cli = cli, .name = name};
    if (strcmp(name, "-") == 0) {
        batch.name = "the standard input";
        return run(&batch, stdin);
    }
    FILE *file = fopen(name, "re");
    if (!file) {
        fprintf(stderr, "maskline: cannot read %s: %s\n", name, strerror(errno));
        return EXIT_USAGE;
    }
    int status = run(&batch, file);
    fclose(file);
    return status;
}
