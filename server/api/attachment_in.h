/*
 * What an attached program says after its hello.
 */
#ifndef MASKLINE_SERVER_API_ATTACHMENT_IN_H
#define MASKLINE_SERVER_API_ATTACHMENT_IN_H

#include "maskline/v1/carrier_gateway.pb-c.h"
#include "server/carriers/gateway/gateway.h"

/* Hands a message to the gateway. *ret_more: whether to read on now. False: the stream is to end with the error. */
bool attachment_take(struct gateway_attachment *attachment,
                     const Maskline__V1__AttachRequest *message, bool *ret_more,
                     struct error *error);

#endif
