#include "proto/c/rpc/inflate.h"

#include <grpc/slice.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* A window as large as there is, and the header of gzip or zlib, whichever it is. */
enum { WINDOW_BITS = 15 + 32, FIRST_ROOM = 4096 };

struct output {
    uint8_t *bytes;
    size_t size;
    size_t room;
    size_t max_size;
};

bool rpc_is_compressed(const grpc_byte_buffer *buffer)
{
    return buffer->type == GRPC_BB_RAW && buffer->data.raw.compression != GRPC_COMPRESS_NONE;
}

static bool too_large(struct error *error, size_t max_size)
{
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", 0,
                     "The message has more than %zu bytes when it is inflated.", max_size);
}

static bool broken(struct error *error)
{
    return error_set(error, STATUS_INTERNAL, "BAD_COMPRESSION", 0,
                     "What was compressed cannot be read.");
}

static bool grow(struct output *output, struct error *error)
{
    if (output->room > output->max_size)
        return too_large(error, output->max_size);
    size_t room = output->room ? 2 * output->room : FIRST_ROOM;
    /* One byte more than may be, so that what is too large is seen. */
    if (room > output->max_size)
        room = output->max_size + 1;
    uint8_t *bytes = realloc(output->bytes, room);
    if (!bytes)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_MEMORY", 0, "There is no memory.");
    output->bytes = bytes;
    output->room = room;
    return true;
}

/* Inflates what `stream` has for input. *ret_done: the end of what was compressed. */
static bool inflate_some(z_stream *stream, struct output *output, bool *ret_done,
                         struct error *error)
{
    for (;;) {
        if (output->size == output->room && !grow(output, error))
            return false;
        size_t left = output->room - output->size;
        uInt take = left < UINT_MAX ? (uInt)left : UINT_MAX;
        stream->next_out = output->bytes + output->size;
        stream->avail_out = take;
        int result = inflate(stream, Z_NO_FLUSH);
        output->size += take - stream->avail_out;
        if (result == Z_STREAM_END) {
            *ret_done = true;
            return stream->avail_in == 0 || broken(error);
        }
        if (result != Z_OK && result != Z_BUF_ERROR)
            return broken(error);
        if (stream->avail_out > 0)
            return true;
    }
}

static bool inflate_all(z_stream *stream, const grpc_slice_buffer *slices, struct output *output,
                        struct error *error)
{
    bool done = false;
    for (size_t i = 0; i < slices->count; i++) {
        if (GRPC_SLICE_LENGTH(slices->slices[i]) == 0)
            continue;
        if (done)
            return broken(error);
        stream->next_in = GRPC_SLICE_START_PTR(slices->slices[i]);
        stream->avail_in = (uInt)GRPC_SLICE_LENGTH(slices->slices[i]);
        if (!inflate_some(stream, output, &done, error))
            return false;
    }
    if (!done)
        return broken(error);
    return output->size <= output->max_size || too_large(error, output->max_size);
}

static void free_bytes(void *bytes)
{
    free(bytes);
}

bool rpc_inflate(const grpc_byte_buffer *buffer, size_t max_size, grpc_slice *ret_bytes,
                 struct error *error)
{
    z_stream stream;
    struct output output = {.max_size = max_size};
    memset(&stream, 0, sizeof(stream));
    if (inflateInit2(&stream, WINDOW_BITS) != Z_OK)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_MEMORY", 0, "There is no memory.");
    bool good = inflate_all(&stream, &buffer->data.raw.slice_buffer, &output, error);
    inflateEnd(&stream);
    if (good)
        *ret_bytes = grpc_slice_new(output.bytes, output.size, free_bytes);
    else
        free(output.bytes);
    return good;
}
