#include "bazel/protoc-gen-grpc-c/names.h"

#include <stdlib.h>
#include <string.h>

/* ASCII only: the locale must not decide what is generated. */
static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
    return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static char to_upper(char c)
{
    return is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

/* protobuf-c joins the parts of a full name with two underscores, and skips empty ones. Returns where to go on. */
static const char *next_part(const char *at, char **out, const char *start)
{
    while (*at == '.')
        at++;
    if (*at && *out != start) {
        *(*out)++ = '_';
        *(*out)++ = '_';
    }
    return at;
}

char *name_type(struct pool *pool, const char *full_name)
{
    char *name = pool_get(pool, 2 * strlen(full_name) + 1, 1);
    char *out = name;
    for (const char *at = next_part(full_name, &out, name); *at; at = next_part(at, &out, name)) {
        bool capital = true;
        for (; *at && *at != '.'; at++) {
            if (*at == '_') {
                capital = true;
                continue;
            }
            *out++ = capital ? to_upper(*at) : *at;
            capital = false;
        }
    }
    return name;
}

char *name_descriptor(struct pool *pool, const char *full_name)
{
    static const char ending[] = "__descriptor";
    char *name = pool_get(pool, 2 * strlen(full_name) + sizeof ending, 1);
    char *out = name;
    for (const char *at = next_part(full_name, &out, name); *at; at = next_part(at, &out, name)) {
        bool after_capital = true;
        for (; *at && *at != '.'; at++) {
            if (is_upper(*at) && !after_capital)
                *out++ = '_';
            *out++ = to_lower(*at);
            after_capital = is_upper(*at);
        }
    }
    memcpy(out, ending, sizeof ending);
    return name;
}

char *name_join(struct pool *pool, const char *scope, const char *name)
{
    if (!scope || !*scope)
        return pool_copy(pool, name, strlen(name));
    return pool_format(pool, "%s.%s", scope, name);
}

static bool ends_with(const char *string, const char *ending)
{
    size_t size = strlen(string);
    size_t ending_size = strlen(ending);
    return size >= ending_size && memcmp(string + size - ending_size, ending, ending_size) == 0;
}

char *name_stem(struct pool *pool, const char *path)
{
    static const char *const endings[] = {".protodevel", ".proto"};
    size_t size = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_with(path, endings[i]))
            return pool_copy(pool, path, size - strlen(endings[i]));
    return pool_copy(pool, path, size);
}

/* A word begins at a capital behind a small letter or digit, and at the last capital of a run before a small letter. */
static bool begins_word(const char *start, const char *at)
{
    if (at == start || !is_upper(*at))
        return false;
    return is_lower(at[-1]) || is_digit(at[-1]) || (is_upper(at[-1]) && is_lower(at[1]));
}

char *name_snake(struct pool *pool, const char *name)
{
    char *snake = pool_get(pool, 2 * strlen(name) + 2, 1);
    char *out = snake;
    bool gap = false;
    for (const char *at = name; *at; at++) {
        if (*at == '_' || *at == '.') {
            gap = true;
            continue;
        }
        if (out == snake && is_digit(*at))
            *out++ = 'x';
        else if (out != snake && (gap || begins_word(name, at)))
            *out++ = '_';
        gap = false;
        *out++ = to_lower(*at);
    }
    if (out == snake)
        *out++ = 'x';
    return snake;
}

static bool begins_with_words(const char *name, const char *words)
{
    size_t size = strlen(words);
    return strncmp(name, words, size) == 0 && (name[size] == '\0' || name[size] == '_');
}

static bool is_taken_prefix(const char *snake)
{
    static const char *const libraries[] = {"grpc_c", "posix", "protobuf_c", "pthread"};
    /* What functions of the runtime begin with: whole prefixes, of services without a package. */
    static const char *const modules[] = {
        "address", "arena",  "blocking_queue", "call",    "callback_queue",
        "channel", "clock",  "duration",       "error",   "message",
        "method",  "op",     "options",        "rpc",     "sid",
        "status",  "stream", "streams",        "target",  "timestamp",
        "unary",   "utf8",   "wire",           "workers",
    };
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        if (begins_with_words(snake, libraries[i]))
            return true;
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        if (strcmp(snake, modules[i]) == 0)
            return true;
    return false;
}

char *name_prefix(struct pool *pool, const char *full_name)
{
    char *snake = name_snake(pool, full_name);
    return is_taken_prefix(snake) ? pool_format(pool, "s_%s", snake) : snake;
}

static int compare(const void *key, const void *entry)
{
    return strcmp(key, *(const char *const *)entry);
}

char *name_member(struct pool *pool, const char *snake)
{
    /* Sorted. Keywords of C and of the GNU dialect up to C23, macros in lower case that the compiler or the headers of the
     * stubs bring, and what the struct itself uses. */
    static const char *const taken[] = {
        "alignas",
        "alignof",
        "asm",
        "assert",
        "auto",
        "bool",
        "break",
        "case",
        "char",
        "const",
        "constexpr",
        "continue",
        "data",
        "default",
        "do",
        "double",
        "else",
        "enum",
        "errno",
        "extern",
        "false",
        "float",
        "for",
        "goto",
        "i386",
        "if",
        "inline",
        "int",
        "linux",
        "long",
        "noreturn",
        "nullptr",
        "offsetof",
        "register",
        "restrict",
        "return",
        "short",
        "signed",
        "sizeof",
        "static",
        "static_assert",
        "stderr",
        "stdin",
        "stdout",
        "struct",
        "switch",
        "thread_local",
        "true",
        "typedef",
        "typeof",
        "typeof_unqual",
        "union",
        "unix",
        "unsigned",
        "void",
        "volatile",
        "while",
    };
    bool found =
        bsearch(snake, taken, sizeof taken / sizeof *taken, sizeof *taken, compare) != NULL;
    return pool_format(pool, "%s%s", snake, found ? "_" : "");
}

char *name_guard(struct pool *pool, const char *path)
{
    static const char digits[] = "0123456789abcdef";
    char *guard = pool_get(pool, 3 * strlen(path) + 1, 1);
    char *out = guard;
    for (const char *at = path; *at; at++) {
        if (is_upper(*at) || is_lower(*at) || is_digit(*at)) {
            *out++ = *at;
            continue;
        }
        *out++ = '_';
        *out++ = digits[(unsigned char)*at >> 4];
        *out++ = digits[(unsigned char)*at & 15];
    }
    return guard;
}

bool name_is_legal(const char *name, bool dots)
{
    bool at_start = true;
    for (const char *at = name; *at; at++) {
        if (*at == '.') {
            if (!dots || at_start)
                return false;
            at_start = true;
            continue;
        }
        if (!is_upper(*at) && !is_lower(*at) && *at != '_' && (at_start || !is_digit(*at)))
            return false;
        at_start = false;
    }
    return !at_start;
}

bool name_is_includable(const char *path)
{
    for (const char *at = path; *at; at++)
        if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ' || *at == 0x7f)
            return false;
    return *path && !strstr(path, "*/") && !strstr(path, "/*") && !strstr(path, "?\?/");
}
