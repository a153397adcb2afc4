#include "client/lines.h"

#include "proto/c/utf8.h"

#include <string.h>

void lines_unmark(char *text, size_t *size, unsigned line)
{
    static const char mark[] = "\xef\xbb\xbf";
    const size_t length = sizeof mark - 1;
    if (line != 1 || *size < length || memcmp(text, mark, length) != 0)
        return;
    *size -= length;
    memmove(text, text + length, *size + 1);
}

const char *lines_fault(const char *text, size_t size)
{
    if (memchr(text, '\0', size))
        return "a byte of it is 0, so this is no text";
    return utf8_valid((const uint8_t *)text, size) ? NULL : "this is not UTF-8";
}
