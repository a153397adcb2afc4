/*
 * What an attached program is told. In the arena; NULL when it is full.
 */
#ifndef MASKLINE_SERVER_API_ATTACHMENT_OUT_H
#define MASKLINE_SERVER_API_ATTACHMENT_OUT_H

#include "maskline/v1/carrier_gateway.pb-c.h"
#include "server/api/message.h"
#include "server/carriers/gateway/gateway.h"

Maskline__V1__AttachResponse *attached_message(struct arena *arena, const char *carrier,
                                               bool took_over, int64_t now);

/* Points into what the output points to. */
Maskline__V1__AttachResponse *output_message(struct arena *arena,
                                             const struct gateway_output *output);

#endif
