#include "client/number_add.h"

#include "client/lines.h"
#include "client/progress.h"
#include "maskline/v1/phone_numbers.grpc-c-client.h"
#include "maskline/v1/phone_numbers.pb-c.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 64 * 1024 * 1024, CALL_MEMORY = 4 * 1024 * 1024 };

/* ---- the file ---- */

struct numbers {
    const char *name; /* for people */
    char **numbers;
    unsigned *lines;
    size_t count;
    size_t room;
};

static bool keep(struct cli *cli, struct numbers *numbers, const char *number, unsigned line)
{
    if (numbers->count == numbers->room) {
        size_t room = numbers->room ? numbers->room * 2 : 256;
        char **grown = arena_array(cli->arena, room, sizeof *grown);
        unsigned *lines = arena_array(cli->arena, room, sizeof *lines);
        if (!grown || !lines)
            return false;
        if (numbers->count > 0) {
            memcpy(grown, numbers->numbers, numbers->count * sizeof *grown);
            memcpy(lines, numbers->lines, numbers->count * sizeof *lines);
        }
        *numbers = (struct numbers){numbers->name, grown, lines, numbers->count, room};
    }
    numbers->lines[numbers->count] = line;
    numbers->numbers[numbers->count] = arena_string(cli->arena, number);
    return numbers->numbers[numbers->count++] != NULL;
}

/* What is left of a line without its comment and the blanks around. */
static char *strip(char *line)
{
    line[strcspn(line, "#")] = '\0';
    while (isspace((unsigned char)*line))
        line++;
    size_t size = strlen(line);
    while (size > 0 && isspace((unsigned char)line[size - 1]))
        line[--size] = '\0';
    return line;
}

static bool read_lines(struct cli *cli, FILE *file, struct numbers *numbers)
{
    char *line = NULL;
    size_t room = 0, whole = 0;
    bool ok = true, text = true;
    ssize_t size;
    for (unsigned at = 1; ok && (size = getline(&line, &room, file)) >= 0; at++) {
        whole += (size_t)size;
        size_t length = (size_t)size;
        lines_unmark(line, &length, at);
        const char *fault = lines_fault(line, length);
        text = !fault;
        if (fault)
            fprintf(stderr, "maskline: %s, line %u: %s\n", numbers->name, at, fault);
        char *number = strip(line);
        ok = text && whole <= FILE_MOST && (*number == '\0' || keep(cli, numbers, number, at));
    }
    free(line);
    if (!ok && text)
        fprintf(stderr, "maskline: %s is too large: split it\n", numbers->name);
    else if (ferror(file))
        fprintf(stderr, "maskline: cannot read %s: %s\n", numbers->name, strerror(errno));
    return ok && !ferror(file);
}

static bool read_file(struct cli *cli, const char *name, struct numbers *numbers)
{
    if (strcmp(name, "-") == 0) {
        numbers->name = "the standard input";
        return read_lines(cli, stdin, numbers);
    }
    numbers->name = name;
    FILE *file = fopen(name, "re");
    if (!file) {
        fprintf(stderr, "maskline: cannot read %s: %s\n", name, strerror(errno));
        return false;
    }
    bool ok = read_lines(cli, file, numbers);
    fclose(file);
    return ok;
}

/* ---- the calls ---- */

enum { PIECE_MOST = 500 }; /* numbers in one call */

/* The request of a piece: all its numbers alike, but for their digits. */
static bool fill_piece(struct cli *cli, const Maskline__V1__AddPhoneNumberRequest *like,
                       const struct numbers *numbers, size_t from, size_t count,
                       Maskline__V1__BatchAddPhoneNumbersRequest *request)
{
    maskline__v1__batch_add_phone_numbers_request__init(request);
    request->service = like->service;
    request->phone_numbers = arena_array(cli->arena, count, sizeof *request->phone_numbers);
    Maskline__V1__NewPhoneNumber *all = arena_array(cli->arena, count, sizeof *all);
    if (!request->phone_numbers || !all)
        return false;
    for (size_t i = 0; i < count; i++) {
        maskline__v1__new_phone_number__init(&all[i]);
        all[i].phone_number = numbers->numbers[from + i];
        all[i].country = like->country;
        all[i].friendly_name = like->friendly_name;
        all[i].capabilities = like->capabilities;
        all[i].reserved = like->reserved;
        all[i].carriers = like->carriers;
        all[i].n_carriers = like->n_carriers;
        request->phone_numbers[i] = &all[i];
    }
    request->n_phone_numbers = count;
    return true;
}

/* What there is to do about it is the same for all of a reason: see add_all. */
static void show_refusal(const struct numbers *numbers, size_t index,
                         const Maskline__V1__PhoneNumberRefusal *refused)
{
    fprintf(stderr, "maskline: %s, line %u, %s:\n  %s", numbers->name, numbers->lines[index],
            numbers->numbers[index], refused->reason);
    if (refused->original_code)
        fprintf(stderr, " (%d)", refused->original_code);
    fprintf(stderr, ": %s\n", refused->message);
}

/* What became of a piece; gives how many were refused, and what to do about the last of them that something can be done about. */
static size_t show_piece(struct listing *listing, const struct numbers *numbers, size_t from,
                         const Maskline__V1__BatchAddPhoneNumbersResponse *response,
                         const char **advice)
{
    size_t refused = 0;
    for (size_t i = 0; i < response->n_results && from + i < numbers->count; i++) {
        const Maskline__V1__BatchAddResult *result = response->results[i];
        if (result->outcome_case == MASKLINE__V1__BATCH_ADD_RESULT__OUTCOME_PHONE_NUMBER) {
            listing_add(listing, &result->phone_number->base);
        } else if (result->outcome_case == MASKLINE__V1__BATCH_ADD_RESULT__OUTCOME_REFUSED) {
            show_refusal(numbers, from + i, result->refused);
            const char *known = cli_advice(result->refused->reason);
            *advice = known ? known : *advice;
            refused++;
        }
    }
    return refused;
}

static int add_all(struct cli *cli, const struct numbers *numbers, const ProtobufCMessage *like,
                   struct arena *arena)
{
    struct listing listing = listing_begin(cli, cli->command->view);
    struct progress progress = progress_begin("adding numbers", numbers->count);
    size_t refused = 0;
    const char *advice = NULL;
    for (size_t from = 0, count; from < numbers->count; from += count, arena_reset(arena)) {
        progress_show(&progress, from);
        count = numbers->count - from < PIECE_MOST ? numbers->count - from : PIECE_MOST;
        Maskline__V1__BatchAddPhoneNumbersRequest request;
        const ProtobufCMessage *response = NULL;
        struct grpc_c_status ended;
        struct grpc_c_call_options call = cli_call(cli);
        if (!fill_piece(cli, (const Maskline__V1__AddPhoneNumberRequest *)(const void *)like,
                        numbers, from, count, &request)) {
            progress_clear(&progress);
            listing_end(&listing);
            return cli_no_memory();
        }
        bool answered = grpc_c_client_unary(
            cli->channel, &maskline_v1_phone_numbers_batch_add_phone_numbers__method, &call,
            &request.base, arena, &response, &ended);
        progress_clear(&progress);
        if (answered) {
            refused += show_piece(
                &listing, numbers, from,
                (const Maskline__V1__BatchAddPhoneNumbersResponse *)(const void *)response,
                &advice);
            continue;
        }
        fprintf(stderr, "maskline: %s, from line %u on:\n", numbers->name, numbers->lines[from]);
        int status = cli_failed(cli, &ended);
        fprintf(stderr,
                "  %zu were added before; of these it is not known. It is safe to repeat.\n",
                from - refused);
        listing_end(&listing);
        return status;
    }
    progress_clear(&progress);
    int status = listing_end(&listing);
    if (refused == 0)
        return status;
    fprintf(stderr, "maskline: %zu added, %zu refused\n", numbers->count - refused, refused);
    if (advice)
        fprintf(stderr, "  %s\n", advice);
    return EXIT_REFUSED;
}

int number_add(struct cli *cli)
{
    const char *file = input_text(cli, "file");
    if (!file && !input_word(cli, 1))
        return cli_usage("which number? `maskline number add SERVICE NUMBER`, or -f FILE");
    if (!file)
        return cli_invoke(cli);
    if (input_word(cli, 1))
        return cli_usage("a NUMBER or -f, not both");
    struct numbers numbers = {0};
    if (!read_file(cli, file, &numbers))
        return EXIT_USAGE;
    if (!cli_connect(cli))
        return EXIT_USAGE;
    /* What the command line says holds for each of them. */
    ProtobufCMessage *request = cli_request(cli);
    if (!request)
        return EXIT_USAGE;
    struct arena *arena = arena_new(CALL_MEMORY);
    int status = arena ? add_all(cli, &numbers, request, arena) : cli_no_memory();
    arena_free(arena);
    return status;
}
