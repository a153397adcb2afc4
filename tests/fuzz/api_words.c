#include "tests/fuzz/api_words.h"

#include "tests/fuzz/oracle.h"

#include <string.h>

enum { PATHS_MOST = 512, PATH_SIZE = 96 };

static struct {
    char texts[PATHS_MOST][PATH_SIZE];
    const char *words[PATHS_MOST + 1];
    size_t count;
} paths;

static void add(const char *first, const char *second)
{
    char *text = paths.texts[paths.count];
    int size = snprintf(text, PATH_SIZE, "%s%s%s", first, *second ? "." : "", second);
    must(size > 0 && size < PATH_SIZE, "%s.%s is longer than one thought", first, second);
    for (size_t i = 0; i < paths.count; i++)
        if (!strcmp(paths.texts[i], text))
            return;
    must(paths.count < PATHS_MOST, "there are more paths than one thought");
    paths.words[paths.count++] = text;
}

static bool is_mask(const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *kind = field->descriptor;
    return field->type == PROTOBUF_C_TYPE_MESSAGE &&
           !strcmp(kind->name, "google.protobuf.FieldMask");
}

/* A mask may be of the request's own fields, or of those of a part of it. */
static void add_request(const ProtobufCMessageDescriptor *kind)
{
    for (unsigned f = 0; f < kind->n_fields; f++) {
        add(kind->fields[f].name, "");
        if (kind->fields[f].type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        const ProtobufCMessageDescriptor *part = kind->fields[f].descriptor;
        for (unsigned p = 0; p < part->n_fields; p++) {
            add(kind->fields[f].name, part->fields[p].name);
            add(part->fields[p].name, "");
        }
    }
}

word_list api_mask_words(const struct fake_method *methods, size_t count)
{
    if (paths.count > 0)
        return paths.words;
    for (size_t i = 0; i < count; i++) {
        const ProtobufCMessageDescriptor *kind = methods[i].method->request;
        for (unsigned f = 0; f < kind->n_fields; f++)
            if (is_mask(&kind->fields[f]))
                add_request(kind);
    }
    must(paths.count > 0, "there is no mask");
    return paths.words;
}
