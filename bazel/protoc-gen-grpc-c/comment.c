#include "bazel/protoc-gen-grpc-c/comment.h"

#include <stdbool.h>
#include <string.h>

const char *comment_find(const Google__Protobuf__FileDescriptorProto *file, const int32_t *path,
                         size_t path_size)
{
    if (!file->source_code_info)
        return NULL;
    for (size_t i = 0; i < file->source_code_info->n_location; i++) {
        const Google__Protobuf__SourceCodeInfo__Location *location =
            file->source_code_info->location[i];
        if (location->n_path != path_size ||
            memcmp(location->path, path, path_size * sizeof *path) != 0)
            continue;
        const char *comment =
            location->leading_comments ? location->leading_comments : location->trailing_comments;
        return comment && comment[strspn(comment, " \t\r\n")] ? comment : NULL;
    }
    return NULL;
}

/* Marks that change the direction of text make code look like what it is not; compilers warn of them. Returns how many
 * bytes the one at `at` has. */
static size_t direction_mark(const char *at)
{
    static const char *const marks[] = {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
                                        "\u2066", "\u2067", "\u2068", "\u2069"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strncmp(at, marks[i], strlen(marks[i])) == 0)
            return strlen(marks[i]);
    return 0;
}

/* Whether C would see more than text where `next` follows what was printed: the end or beginning of a comment, or a
 * trigraph. */
static bool must_part(const struct text *text, char next)
{
    const char *last = text->bytes + text->size - 1; /* never at the start: " *" stands before it */
    if (next == '/')
        return *last == '*' || (last[0] == '?' && last[-1] == '?');
    return next == '*' && *last == '/';
}

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

static void print_line(struct text *text, const char *indent, const char *line, size_t size)
{
    while (size > 0 && is_blank(line[size - 1]))
        size--;
    text_add(text, indent);
    text_add(text, size > 0 && line[0] != ' ' ? " * " : " *");
    for (size_t i = 0; i < size;) {
        size_t mark = direction_mark(line + i);
        if (mark) {
            i += mark;
            continue;
        }
        if (must_part(text, line[i]))
            text_add(text, " ");
        text_add_bytes(text, is_blank(line[i]) ? " " : line + i, 1);
        i++;
    }
    text_add(text, "\n");
}

/* Without the empty lines around it. */
static void print_lines(struct text *text, const char *indent, const char *lines)
{
    size_t size = strlen(lines);
    while (size > 0 && is_blank(lines[size - 1]))
        size--;
    size_t start = 0;
    for (size_t i = 0; i < size && is_blank(lines[i]); i++)
        if (lines[i] == '\n')
            start = i + 1;
    while (start < size) {
        const char *line = lines + start;
        const char *end = memchr(line, '\n', size - start);
        size_t length = end ? (size_t)(end - line) : size - start;
        print_line(text, indent, line, length);
        start += length + 1;
    }
}

void comment_print(struct text *text, const char *indent, const char *comment, const char *extra)
{
    if (!comment && !extra)
        return;
    text_add(text, indent);
    text_add(text, "/*\n");
    if (comment)
        print_lines(text, indent, comment);
    if (comment && extra)
        print_line(text, indent, "", 0);
    if (extra)
        print_lines(text, indent, extra);
    text_add(text, indent);
    text_add(text, " */\n");
}
