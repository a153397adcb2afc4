#include "server/config.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 64 };

/* Reads settings from flags (NULL at the end) and variables (NULL, or NULL at the end). */
static enum config_outcome read_from(const char *const *flags, const char *const *environment,
                                     struct config *config, struct error *error)
{
    int count = 0;
    while (flags[count])
        count++;
    error_clear(error);
    FILE *out = tmpfile();
    ck_assert_ptr_nonnull(out);
    enum config_outcome outcome = config_read(count, flags, environment, out, config, error);
    fclose(out);
    return outcome;
}

#define FLAGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct config expect_good(const char *const *flags, const char *const *environment)
{
    struct config config;
    struct error error;
    enum config_outcome outcome = read_from(flags, environment, &config, &error);
    ck_assert_msg(outcome == CONFIG_OK, "%s", error.message);
    return config;
}

/* The message tells what, where and why. */
static void expect_bad(const char *const *flags, const char *const *environment, const char *told)
{
    struct config config;
    struct error error;
    ck_assert_int_eq(read_from(flags, environment, &config, &error), CONFIG_BAD);
    ck_assert_int_eq(error.code, STATUS_INVALID_ARGUMENT);
    ck_assert_str_eq(error.reason, "BAD_SETTING");
    ck_assert_msg(strstr(error.message, told), "'%s' does not say '%s'", error.message, told);
}

struct file {
    char path[64];
    char flag[80];
};

static struct file write_bytes(const char *bytes, size_t size)
{
    struct file file = {"/tmp/maskline-config-XXXXXX", ""};
    int descriptor = mkstemp(file.path);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(write(descriptor, bytes, size), (ssize_t)size);
    close(descriptor);
    snprintf(file.flag, sizeof file.flag, "--config=%s", file.path);
    return file;
}

static struct file write_file(const char *text)
{
    return write_bytes(text, strlen(text));
}

START_TEST(test_defaults)
{
    struct config config = expect_good(FLAGS(NULL), NULL);
    ck_assert_str_eq(config.data, "maskline-data");
    ck_assert_uint_eq(config.listen_count, 1);
    ck_assert_str_eq(config.listen[0], "127.0.0.1:7766");
    ck_assert_uint_eq(config.carrier_count, 1);
    ck_assert_str_eq(config.carriers[0], "simulator");
    ck_assert_str_eq(config.port_file, "");
    ck_assert(!config.insecure);
    ck_assert_int_eq(config.threads, 1);
    ck_assert_int_eq(config.readers, 2);
    ck_assert_int_eq(config.cache, 64 << 20);
    ck_assert_int_eq(config.min_free, 512 << 20);
    ck_assert_int_eq(config.max_request, 4 << 20);
    ck_assert_int_eq(config.max_streams, 10000);
    ck_assert_int_eq(config.max_memory, 1 << 30);
    ck_assert_int_eq(config.max_idle, 0);
    ck_assert_int_eq(config.grace, 10000);
    ck_assert_int_eq(config.keepalive, 7200000);
    ck_assert_int_eq(config.keepalive_timeout, 20000);
    ck_assert_int_eq(config.max_age, 0);
    ck_assert_int_eq(config.max_age_grace, 30000);
    ck_assert_int_eq(config.write_timeout, 30000);
}
END_TEST

START_TEST(test_flags)
{
    struct config config = expect_good(
        FLAGS("--data", "d", "--listen=[::1]:0", "--listen", "unix:/s", "--insecure", "--carrier",
              "gateway:a", "--carrier=gateway:b", "--threads=3", "--cache=1GiB", "--max-request",
              "2048B", "--grace=1500ms", "--max-age=2h", "--keepalive=3m", "--min-free=0"),
        NULL);
    ck_assert_str_eq(config.data, "d");
    ck_assert_uint_eq(config.listen_count, 2);
    ck_assert_str_eq(config.listen[0], "[::1]:0");
    ck_assert_str_eq(config.listen[1], "unix:/s");
    ck_assert(config.insecure);
    ck_assert_uint_eq(config.carrier_count, 2);
    ck_assert_str_eq(config.carriers[1], "gateway:b");
    ck_assert_int_eq(config.threads, 3);
    ck_assert_int_eq(config.cache, 1 << 30);
    ck_assert_int_eq(config.max_request, 2048);
    ck_assert_int_eq(config.grace, 1500);
    ck_assert_int_eq(config.max_age, 7200000);
    ck_assert_int_eq(config.keepalive, 180000);
    ck_assert_int_eq(config.min_free, 0);
}
END_TEST

START_TEST(test_switch_words)
{
    ck_assert(expect_good(FLAGS("--insecure=yes"), NULL).insecure);
    ck_assert(expect_good(FLAGS("--insecure=true"), NULL).insecure);
    ck_assert(!expect_good(FLAGS("--insecure=no"), NULL).insecure);
    ck_assert(!expect_good(FLAGS("--insecure=0"), NULL).insecure);
    /* A switch takes no value from the next argument. */
    expect_bad(FLAGS("--insecure", "yes"), NULL, "'yes' is not a flag");
    expect_bad(FLAGS("--insecure=maybe"), NULL, "say yes or no");
}
END_TEST

START_TEST(test_variables)
{
    struct config config =
        expect_good(FLAGS(NULL), FLAGS("MASKLINE_DATA=e", "MASKLINE_LISTEN=127.0.0.1:1,127.0.0.1:2",
                                       "MASKLINE_INSECURE=yes", "MASKLINE_MAX_REQUEST=1MiB",
                                       "MASKLINE_KEEPALIVE_TIMEOUT=5s", "OTHER=x"));
    ck_assert_str_eq(config.data, "e");
    ck_assert_uint_eq(config.listen_count, 2);
    ck_assert_str_eq(config.listen[1], "127.0.0.1:2");
    ck_assert(config.insecure);
    ck_assert_int_eq(config.max_request, 1 << 20);
    ck_assert_int_eq(config.keepalive_timeout, 5000);
}
END_TEST

START_TEST(test_file)
{
    struct file file =
        write_file("# a comment\n\n  data =  my data  \nlisten = 127.0.0.1:3, \n"
                   "carrier=gateway:x,simulator\nmax-streams = 7\r\ninsecure = true");
    struct config config = expect_good(FLAGS(file.flag), NULL);
    ck_assert_str_eq(config.data, "my data");
    ck_assert_uint_eq(config.listen_count, 1);
    ck_assert_uint_eq(config.carrier_count, 2);
    ck_assert_str_eq(config.carriers[1], "simulator");
    ck_assert_int_eq(config.max_streams, 7);
    ck_assert(config.insecure);
    unlink(file.path);
}
END_TEST

START_TEST(test_order_of_strength)
{
    struct file file = write_file("data = file\nthreads = 2\nreaders = 3\nlisten = 127.0.0.1:3\n");
    char variable[96];
    snprintf(variable, sizeof variable, "MASKLINE_CONFIG=%s", file.path);
    const char *const environment[] = {variable, "MASKLINE_DATA=variable", "MASKLINE_THREADS=4",
                                       "MASKLINE_LISTEN=127.0.0.1:4,127.0.0.1:5", NULL};
    struct config config =
        expect_good(FLAGS("--data=flag", "--listen=127.0.0.1:6", "--data=later flag"), environment);
    ck_assert_str_eq(config.data, "later flag");
    ck_assert_int_eq(config.threads, 4);
    ck_assert_int_eq(config.readers, 3);
    /* A list is replaced by a stronger source, not added to. */
    ck_assert_uint_eq(config.listen_count, 1);
    ck_assert_str_eq(config.listen[0], "127.0.0.1:6");
    config = expect_good(FLAGS(NULL), environment);
    ck_assert_uint_eq(config.listen_count, 2);
    struct file other = write_file("readers = 5\n");
    config = expect_good(FLAGS(other.flag), environment);
    ck_assert_int_eq(config.readers, 5);
    unlink(file.path);
    unlink(other.path);
}
END_TEST

START_TEST(test_lists_of_several_lines_add_up)
{
    struct file file = write_file("carrier = gateway:a\ncarrier = gateway:b, gateway:c\n");
    struct config config = expect_good(FLAGS(file.flag), NULL);
    ck_assert_uint_eq(config.carrier_count, 3);
    ck_assert_str_eq(config.carriers[2], "gateway:c");
    unlink(file.path);
}
END_TEST

START_TEST(test_bad_flags)
{
    expect_bad(FLAGS("data"), NULL, "'data' is not a flag");
    expect_bad(FLAGS("-d"), NULL, "'-d' is not a flag");
    expect_bad(FLAGS("--nothing"), NULL, "there is no flag --nothing");
    expect_bad(FLAGS("--dat=x"), NULL, "there is no flag --dat;");
    expect_bad(FLAGS("--data"), NULL, "--data wants a value");
    expect_bad(FLAGS("--config"), NULL, "--config wants a value");
    expect_bad(FLAGS("--config=/no/such/file"), NULL, "cannot read the config file /no/such/file");
    expect_bad(FLAGS("--listen="), NULL, "--listen is '': empty");
    expect_bad(FLAGS("--data="), NULL, "--data is '': empty");
}
END_TEST

START_TEST(test_bad_numbers)
{
    expect_bad(FLAGS("--threads=0"), NULL, "--threads is '0': too small; the least is 1");
    expect_bad(FLAGS("--threads=65"), NULL, "too large; the most is 64");
    expect_bad(FLAGS("--threads=-1"), NULL, "not a number");
    expect_bad(FLAGS("--threads= 1"), NULL, "not a number");
    expect_bad(FLAGS("--threads=1x"), NULL, "not a number");
    expect_bad(FLAGS("--threads="), NULL, "not a number");
    expect_bad(FLAGS("--threads=99999999999999999999"), NULL, "not a number");
    expect_bad(FLAGS("--cache=1KB"), NULL, "sizes end in B, KiB, MiB or GiB");
    expect_bad(FLAGS("--cache=1000"), NULL, "too small; the least is 1MiB");
    expect_bad(FLAGS("--cache=9223372036854775807GiB"), NULL, "too large");
    expect_bad(FLAGS("--grace=10"), NULL, "times end in ms, s, m or h");
    expect_bad(FLAGS("--grace=2h"), NULL, "too large; the most is 1h");
    expect_bad(FLAGS("--keepalive=10ms"), NULL, "too small; the least is 1s");
}
END_TEST

START_TEST(test_bad_variables)
{
    expect_bad(FLAGS(NULL), FLAGS("MASKLINE_THREADS=many"),
               "MASKLINE_THREADS: threads is 'many': not a number");
    expect_bad(FLAGS(NULL), FLAGS("MASKLINE_LISTEN=,"), "empty");
    /* As the flag is: whoever says where to listen, and says nothing, is not given the default. */
    expect_bad(FLAGS(NULL), FLAGS("MASKLINE_LISTEN="), "empty");
    /* Refused although a flag is stronger: a wrong setting is never passed over. */
    expect_bad(FLAGS("--threads=1"), FLAGS("MASKLINE_THREADS=0"), "MASKLINE_THREADS");
}
END_TEST

START_TEST(test_bad_files)
{
    struct file file = write_file("data = x\nwhat is this\n");
    char told[128];
    snprintf(told, sizeof told, "%s:2: 'what is this' is not of the form name = value", file.path);
    expect_bad(FLAGS(file.flag), NULL, told);
    unlink(file.path);
    file = write_file("colour = red\n");
    snprintf(told, sizeof told, "%s:1: there is no setting 'colour'", file.path);
    expect_bad(FLAGS(file.flag), NULL, told);
    unlink(file.path);
    file = write_file("\n\nthreads = 1000\n");
    snprintf(told, sizeof told, "%s:3: threads is '1000': too large", file.path);
    expect_bad(FLAGS(file.flag), NULL, told);
    unlink(file.path);
    expect_bad(FLAGS("--config=/tmp"), NULL, "config file /tmp");
}
END_TEST

START_TEST(test_files_that_are_no_text)
{
    static const char inside[] = "data = x\nthreads = 2\0 and more\n", alone[] = "\0",
                      behind[] = "threads = 2\n# a comment\0\n", last[] = "threads = 2\0";
    static const struct {
        const char *bytes;
        size_t size;
        unsigned line;
    } files[] = {{inside, sizeof inside - 1, 2},
                 {alone, sizeof alone - 1, 1},
                 {behind, sizeof behind - 1, 2},
                 {last, sizeof last - 1, 1}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct file file = write_bytes(files[i].bytes, files[i].size);
        char told[128];
        snprintf(told, sizeof told, "%s:%u: there is a NUL in it", file.path, files[i].line);
        expect_bad(FLAGS(file.flag), NULL, told);
        unlink(file.path);
    }
}
END_TEST

START_TEST(test_too_much)
{
    char text[400];
    memset(text, 'x', sizeof text);
    memcpy(text, "--data=", 7);
    text[sizeof text - 1] = '\0';
    expect_bad(FLAGS(text), NULL, "longer than 255 bytes");
    const char *flags[MOST];
    for (unsigned i = 0; i <= CONFIG_LISTEN; i++)
        flags[i] = "--listen=127.0.0.1:1";
    flags[CONFIG_LISTEN + 1] = NULL;
    expect_bad(flags, NULL, "too many of them");
    flags[CONFIG_LISTEN] = NULL;
    ck_assert_uint_eq(expect_good(flags, NULL).listen_count, CONFIG_LISTEN);
    memcpy(text, "MASKLINE_LISTEN=", 16);
    expect_bad(FLAGS(NULL), FLAGS(text), "longer than 255 bytes");
}
END_TEST

static char *printed(const char *flag, enum config_outcome wanted)
{
    struct config config;
    struct error error;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(config_read(1, &flag, NULL, out, &config, &error), wanted);
    fclose(out);
    return text;
}

START_TEST(test_help_tells_of_each_setting)
{
    static const char *const names[] = {
        "data",          "listen",        "carrier",     "insecure", "port-file",
        "threads",       "readers",       "cache",       "min-free", "max-request",
        "max-streams",   "grace",         "keepalive",   "max-age",  "keepalive-timeout",
        "max-age-grace", "write-timeout", "config FILE", "help",     "version",
        "max-memory",    "max-idle"};
    char *help = printed("--help", CONFIG_HELP);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char flag[40];
        snprintf(flag, sizeof flag, "--%s", names[i]);
        ck_assert_msg(strstr(help, flag), "%s", flag);
    }
    ck_assert_ptr_nonnull(strstr(help, "127.0.0.1:7766"));
    free(help);
    char *version = printed("--version", CONFIG_VERSION);
    ck_assert_int_eq(strncmp(version, "maskline ", 9), 0);
    free(version);
}
END_TEST

SUITE_MAIN("config", test_defaults, test_flags, test_switch_words, test_variables, test_file,
           test_order_of_strength, test_lists_of_several_lines_add_up, test_bad_flags,
           test_bad_numbers, test_bad_variables, test_bad_files, test_files_that_are_no_text,
           test_too_much, test_help_tells_of_each_setting)
