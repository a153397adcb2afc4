/*
 * The server's settings from flags, variables and a file: taken or refused with a reason, within their limits, and a setting means the same
 * wherever it comes from.
 *
 * Input: flags, one a line; an empty line; variables, one a line; an empty line; the file.
 */
#include "server/config.h"
#include "proto/c/utf8.h"
#include "server/maskline.h"
#include "tests/fuzz/feed.h"
#include "tests/fuzz/oracle.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WORDS = 24 };

static void check_text(const char *text, size_t room)
{
    must(strnlen(text, room) < room, "a text has an end");
}

static void check_config(const struct config *config)
{
    check_text(config->data, CONFIG_TEXT);
    check_text(config->port_file, CONFIG_TEXT);
    must(*config->data, "there is a folder");
    must(config->listen_count >= 1 && config->listen_count <= CONFIG_LISTEN, "%zu addresses",
         config->listen_count);
    must(config->carrier_count >= 1 && config->carrier_count <= CONFIG_CARRIERS, "%zu carriers",
         config->carrier_count);
    for (size_t i = 0; i < config->listen_count; i++) {
        check_text(config->listen[i], CONFIG_TEXT);
        must(*config->listen[i], "an address is not empty");
    }
    for (size_t i = 0; i < config->carrier_count; i++) {
        check_text(config->carriers[i], CONFIG_TEXT);
        must(*config->carriers[i], "a carrier is not empty");
    }
    must(config->threads >= 1 && config->threads <= 64 && config->readers >= 1 &&
             config->readers <= 64,
         "threads");
    must(config->max_request >= 1024 && config->max_request <= 64 << 20, "a request of %lld",
         (long long)config->max_request);
    must(config->cache >= 1 << 20 && config->min_free >= 0 && config->grace >= 0 &&
             config->keepalive >= 1000 && config->max_age >= 0 && config->write_timeout >= 1000,
         "limits");
}

static void check_refusal(const struct error *error)
{
    must(error->code == STATUS_INVALID_ARGUMENT && *error->reason && *error->message, "%d: %s",
         (int)error->code, error->message);
    must(utf8_valid((const uint8_t *)error->message, strlen(error->message)),
         "it is told in UTF-8");
}

/* Each setting of a file, given as flags, comes to the same: a list is given one by one. */
static void check_same(const char *file, const struct config *from_file)
{
    const char *const nothing[] = {NULL};
    char *flags[WORDS], *rest = strdup(file), *end;
    size_t name = strcspn(file, "=");
    int count = 0;
    if (!rest)
        abort();
    bool is_list = !strncmp(file, "listen=", 7) || !strncmp(file, "carrier=", 8);
    for (char *value = rest + name; *value && value[1] && count < WORDS; value = end) {
        end = value + 1 + (is_list ? strcspn(value + 1, ",") : strlen(value + 1));
        if (asprintf(&flags[count++], "--%.*s=%.*s", (int)name, file, (int)(end - value - 1),
                     value + 1) < 0)
            abort();
    }
    struct config config;
    struct error error;
    /* Blanks are left out in a file, and a comma may end a list there. */
    if (count > 0 && count < WORDS && !strpbrk(file, " \t\r\v\f#") &&
        file[strlen(file) - 1] != ',') {
        must(config_read(count, (const char *const *)flags, nothing, stdout, &config, &error) ==
                 CONFIG_OK,
             "%s: %s", file, error.message);
        must(!memcmp(&config, from_file, sizeof config), "%s means something else as a flag", file);
    }
    for (int i = 0; i < count; i++)
        free(flags[i]);
    free(rest);
}

static int take_lines(struct feed *feed, char **ret_words)
{
    int count = 0;
    while (feed->left > 0 && count < WORDS) {
        char *word = feed_line(feed);
        if (!*word) {
            free(word);
            break;
        }
        ret_words[count++] = word;
    }
    ret_words[count] = NULL;
    return count;
}

/* The file in memory, and a path to it. */
static void file_of(const struct feed *feed, int *ret_file, char ret_path[64])
{
    *ret_file = memfd_create("config", MFD_CLOEXEC);
    if (*ret_file < 0 || write(*ret_file, feed->at, feed->left) != (ssize_t)feed->left)
        abort();
    snprintf(ret_path, 64, "/proc/self/fd/%d", *ret_file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    if (!nowhere && !(nowhere = fopen("/dev/null", "we")))
        abort();
    struct feed feed = {data, size};
    char *flags[WORDS + 3], *variables[WORDS + 1], path[64], name[] = "--config";
    int count = take_lines(&feed, flags);
    int given = take_lines(&feed, variables);
    int file;
    file_of(&feed, &file, path);
    struct config config;
    struct error error;
    bool only_file = count == 0 && given == 0;
    /* Other files are none of our business. */
    int flag_count = 0;
    for (int i = 0; i < count; i++)
        flag_count += strncmp(flags[i], "--config", 8) != 0;
    if (flag_count == count) {
        flags[count] = name;
        flags[count + 1] = path;
        enum config_outcome outcome =
            config_read(count + 2, (const char *const *)flags, (const char *const *)variables,
                        nowhere, &config, &error);
        if (outcome == CONFIG_OK) {
            check_config(&config);
            must(feed.left == 0 || !memchr(feed.at, '\0', feed.left), "a file that is no text");
            if (!maskline_check(&config, &error))
                check_refusal(&error);
            char *text = feed_text(&feed);
            if (only_file && !strchr(text, '\n'))
                check_same(text, &config);
            free(text);
        } else if (outcome == CONFIG_BAD) {
            check_refusal(&error);
        }
    }
    close(file);
    for (int i = 0; i < count; i++)
        free(flags[i]);
    for (int i = 0; i < given; i++)
        free(variables[i]);
    return 0;
}
