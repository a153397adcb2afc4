#include "client/number_add.h"

#include "client/progress.h"
#include "client/reflect.h"

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
    bool ok = true;
    ssize_t size;
    for (unsigned at = 1; ok && (size = getline(&line, &room, file)) >= 0; at++) {
        whole += (size_t)size;
        char *number = strip(line);
        ok = whole <= FILE_MOST && (*number == '\0' || keep(cli, numbers, number, at));
    }
    free(line);
    if (!ok)
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

static int add_all(struct cli *cli, const struct numbers *numbers, ProtobufCMessage *request,
                   struct arena *arena)
{
    struct listing listing = listing_begin(cli, cli->command->view);
    struct progress progress = progress_begin("adding numbers", numbers->count);
    size_t refused = 0;
    for (size_t i = 0; i < numbers->count; i++, arena_reset(arena)) {
        progress_show(&progress, i);
        int status = EXIT_DONE;
        const ProtobufCMessage *response = NULL;
        struct grpc_c_status ended;
        struct grpc_c_call_options call = cli_call(cli);
        reflect_set(cli->arena, request, "phone_number", numbers->numbers[i], 0);
        if (grpc_c_client_unary(cli->channel, cli->command->method, &call, request, arena,
                                &response, &ended)) {
            listing_add(&listing, reflect_message(response, cli->command->shown));
            continue;
        }
        progress_clear(&progress);
        fprintf(stderr, "maskline: %s, line %u, %s:\n", numbers->name, numbers->lines[i],
                numbers->numbers[i]);
        status = cli_failed(cli, &ended);
        refused++;
        if (status == EXIT_UNREACHABLE || ended.code == STATUS_NOT_FOUND) {
            fprintf(stderr, "  %zu were added before; from this line on none was.\n",
                    i + 1 - refused);
            listing_end(&listing);
            return status;
        }
    }
    progress_clear(&progress);
    int status = listing_end(&listing);
    if (refused == 0)
        return status;
    fprintf(stderr, "maskline: %zu added, %zu refused\n", numbers->count - refused, refused);
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
    /* The same request for every number, but for the number. */
    ProtobufCMessage *request = cli_request(cli);
    if (!request)
        return EXIT_USAGE;
    struct arena *arena = arena_new(CALL_MEMORY);
    int status = arena ? add_all(cli, &numbers, request, arena) : cli_no_memory();
    arena_free(arena);
    return status;
}
