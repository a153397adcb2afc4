#include "bazel/protoc-gen-grpc-c/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_add_bytes(struct text *text, const char *bytes, size_t size)
{
    if (text->capacity < text->size + size + 1) {
        size_t capacity = (text->size + size + 1) * 2;
        char *larger = pool_get(text->pool, capacity, 1);
        if (text->size)
            memcpy(larger, text->bytes, text->size);
        text->bytes = larger;
        text->capacity = capacity;
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

static const char *find(const struct text_value *values, const char *name, size_t size)
{
    for (; values->name; values++)
        if (strlen(values->name) == size && memcmp(values->name, name, size) == 0)
            return values->value;
    fprintf(stderr, "protoc-gen-grpc-c: no value for $%.*s$\n", (int)size, name);
    abort();
}

void text_fill(struct text *text, const struct text_value *values, const char *template)
{
    const char *at = template;
    const char *dollar;
    while ((dollar = strchr(at, '$')) != NULL) {
        text_add_bytes(text, at, (size_t)(dollar - at));
        const char *name = dollar + 1;
        size_t size = strcspn(name, "$");
        text_add(text, find(values, name, size));
        at = name + size + (name[size] == '$');
    }
    text_add(text, at);
}
