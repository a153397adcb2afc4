#include "client/bench/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static void quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at == '"' || *at == '\\')
            fprintf(out, "\\%c", *at);
        else if (*at < 0x20)
            fprintf(out, "\\u%04x", *at);
        else
            fputc(*at, out);
    }
    fputc('"', out);
}

static void begin(struct json *json, const char *name)
{
    if (json->filled[json->depth])
        fputc(',', json->out);
    json->filled[json->depth] = true;
    if (!name)
        return;
    quoted(json->out, name);
    fputc(':', json->out);
}

static void open(struct json *json, const char *name, char first, char last)
{
    begin(json, name);
    fputc(first, json->out);
    /* The depth is known when a program is written: more is a fault in it. */
    if (++json->depth == JSON_DEPTH)
        abort();
    json->filled[json->depth] = false;
    json->close[json->depth] = last;
}

void json_object(struct json *json, const char *name)
{
    open(json, name, '{', '}');
}

void json_array(struct json *json, const char *name)
{
    open(json, name, '[', ']');
}

void json_end(struct json *json)
{
    fputc(json->close[json->depth--], json->out);
    if (json->depth == 0)
        fputc('\n', json->out);
}

void json_number(struct json *json, const char *name, double value)
{
    begin(json, name);
    if (isfinite(value))
        fprintf(json->out, "%.6g", value);
    else
        fputs("null", json->out);
}

void json_count(struct json *json, const char *name, uint64_t value)
{
    begin(json, name);
    fprintf(json->out, "%" PRIu64, value);
}

void json_flag(struct json *json, const char *name, bool value)
{
    begin(json, name);
    fputs(value ? "true" : "false", json->out);
}

void json_text(struct json *json, const char *name, const char *value)
{
    begin(json, name);
    if (value)
        quoted(json->out, value);
    else
        fputs("null", json->out);
}
