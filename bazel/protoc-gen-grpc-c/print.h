/*
 * Templates filled in for a service or a method. They may name
 *     $full_name$ $service$            "package.Service", package_service
 * and for a method
 *     $name$ $id$ $member$ $kind$      Method, package_service_method, method, Unary call (and so on, as words)
 *     $request$ $response$             types in C
 *     $request_descriptor$ $response_descriptor$
 */
#ifndef GRPC_C_GENERATOR_PRINT_H
#define GRPC_C_GENERATOR_PRINT_H

#include "bazel/protoc-gen-grpc-c/text.h"
#include "bazel/protoc-gen-grpc-c/unit.h"

void print_service(struct text *text, const struct service *service, const char *template);
void print_method(struct text *text, const struct service *service, const struct method *method,
                  const char *template);

/* The comment of the .proto, and below it `extra` (a template, or NULL) and whether the thing is deprecated. */
void print_service_comment(struct text *text, const struct service *service, const char *extra);
void print_method_comment(struct text *text, const struct service *service,
                          const struct method *method, const char *indent, const char *extra);

#endif
