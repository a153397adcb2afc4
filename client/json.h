/*
 * Messages as JSON: the standard mapping of proto3.
 */
#ifndef MASKLINE_CLIENT_JSON_H
#define MASKLINE_CLIENT_JSON_H

#include <protobuf-c/protobuf-c.h>
#include <stdio.h>

/* On one line, without its end. */
void json_print(FILE *out, const ProtobufCMessage *message);
/* A text in quotes. */
void json_string(FILE *out, const char *text);

#endif
