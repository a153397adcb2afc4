/*
 * Which Maskline this is. A server tells it in the answers of grpc.health.v1.Health, as initial metadata: what asks whether a server is well
 * wants to know what it is, too; that service is asked before all others and by everybody; and no other call carries it.
 */
#ifndef MASKLINE_PROTO_C_VERSION_H
#define MASKLINE_PROTO_C_VERSION_H

#define MASKLINE_VERSION     "0.1.0"
#define MASKLINE_VERSION_KEY "maskline-version"

#endif
