/*
 * Comments of a .proto file as comments in C.
 */
#ifndef GRPC_C_GENERATOR_COMMENT_H
#define GRPC_C_GENERATOR_COMMENT_H

#include "bazel/protoc-gen-grpc-c/text.h"

#include "google/protobuf/descriptor.pb-c.h"

/* What stands before (or else behind) the thing at `path`, numbers as in SourceCodeInfo.Location. NULL when there is nothing. */
const char *comment_find(const Google__Protobuf__FileDescriptorProto *file, const int32_t *path,
                         size_t path_size);

/* Prints a comment of its own lines: the proto's, then `extra` (NULL: nothing). Nothing in them can end the comment early or
 * give a warning; blanks at ends of lines go. Prints nothing when both are NULL. */
void comment_print(struct text *text, const char *indent, const char *comment, const char *extra);

#endif
