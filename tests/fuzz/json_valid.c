#include "tests/fuzz/json.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

enum { DEPTH = 200 };

static bool value(const char **at, int depth);

static bool take(const char **at, const char *word)
{
    size_t size = strlen(word);
    if (strncmp(*at, word, size) != 0)
        return false;
    *at += size;
    return true;
}

static bool digits(const char **at)
{
    const char *start = *at;
    while (isdigit((unsigned char)**at))
        ++*at;
    return *at > start;
}

static bool number(const char **at)
{
    take(at, "-");
    if (**at == '0')
        ++*at;
    else if (!digits(at))
        return false;
    if (take(at, ".") && !digits(at))
        return false;
    if (**at == 'e' || **at == 'E') {
        ++*at;
        if (**at == '+' || **at == '-')
            ++*at;
        return digits(at);
    }
    return true;
}

static bool escape(const char **at)
{
    if (**at && strchr("\"\\/bfnrt", **at)) {
        ++*at;
        return true;
    }
    if (!take(at, "u"))
        return false;
    for (int i = 0; i < 4; i++)
        if (!isxdigit((unsigned char)*(*at)++))
            return false;
    return true;
}

static bool string(const char **at)
{
    if (!take(at, "\""))
        return false;
    while (**at != '"') {
        if ((unsigned char)**at < 0x20)
            return false;
        if (*(*at)++ == '\\' && !escape(at))
            return false;
    }
    ++*at;
    return true;
}

static bool members(const char **at, char end, bool named, int depth)
{
    if (**at == end)
        return ++*at, true;
    do {
        if (named && (!string(at) || !take(at, ":")))
            return false;
        if (!value(at, depth))
            return false;
    } while (take(at, ","));
    return *(*at)++ == end;
}

/* The printer puts no blanks anywhere, so none are taken. */
static bool value(const char **at, int depth)
{
    if (depth > DEPTH)
        return false;
    if (take(at, "{"))
        return members(at, '}', true, depth + 1);
    if (take(at, "["))
        return members(at, ']', false, depth + 1);
    if (**at == '"')
        return string(at);
    return take(at, "true") || take(at, "false") || take(at, "null") || number(at);
}

bool json_valid(const char *text, const char **ret_at)
{
    *ret_at = text;
    return value(ret_at, 0) && !**ret_at;
}
