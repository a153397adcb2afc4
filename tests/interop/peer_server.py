#!/usr/bin/python3
"""The suite's server in Python, on python3-grpcio: peer_server.py --port N. Tells its port; ends when its standard input does."""

import sys
import time
from concurrent import futures

import peer
from peer import grpc, messages


def echo_metadata(context):
    for key, value in context.invocation_metadata():
        if key == peer.ECHO_INITIAL:
            context.send_initial_metadata(((key, value),))
        if key == peer.ECHO_TRAILING:
            context.set_trailing_metadata(((key, value),))


def came_as(request, packed, context):
    if request.HasField("expect_compressed") and request.expect_compressed.value != packed:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"The message came {'' if packed else 'un'}compressed.")


def end_as_asked(request, context):
    """Whether the call is to end with a status; then it will."""
    if not request.HasField("response_status") or request.response_status.code == 0:
        return False
    code = next((c for c in grpc.StatusCode if c.value[0] == request.response_status.code), grpc.StatusCode.UNKNOWN)
    context.set_code(code)
    context.set_details(request.response_status.message)
    return True


def payload(kind, size, context):
    if kind != messages.COMPRESSABLE or not 0 <= size <= peer.LARGEST:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "There is no such payload.")
    return messages.Payload(type=kind, body=bytes(size))


def empty_call(request, context):
    echo_metadata(context)
    return request


def unary_call(told, context):
    request, packed = told
    came_as(request, packed, context)
    if request.response_compressed.value:
        context.set_compression(grpc.Compression.Gzip)
    echo_metadata(context)
    if end_as_asked(request, context):
        return messages.SimpleResponse()
    return messages.SimpleResponse(payload=payload(request.response_type, request.response_size, context))


def cacheable_unary_call(request, context):
    context.send_initial_metadata((("cache-control", "max-age=60, public"),))
    return messages.SimpleResponse(payload=messages.Payload(body=b"%d" % time.time_ns()))


def streaming_input_call(requests, context):
    total = 0
    for request, packed in requests:
        came_as(request, packed, context)
        total += len(request.payload.body)
    return messages.StreamingInputCallResponse(aggregated_payload_size=total)


def answers(request, context):
    for wanted in request.response_parameters:
        time.sleep(max(0, wanted.interval_us) / 1e6)
        response = messages.StreamingOutputCallResponse(payload=payload(request.response_type, wanted.size, context))
        if not wanted.compressed.value:
            context.disable_next_message_compression()
        yield response


def output(requests, context):
    # The library takes this before the first answer only; those that are to go as they are say so one by one.
    context.set_compression(grpc.Compression.Gzip)
    echo_metadata(context)
    for request in requests:
        if end_as_asked(request, context):
            return
        yield from answers(request, context)


def streaming_output_call(request, context):
    return output([request], context)


def half_duplex_call(requests, context):
    return output(list(requests), context)


def handlers():
    simple, out = messages.SimpleRequest, messages.StreamingOutputCallRequest
    plain = {"response_serializer": lambda message: message.SerializeToString()}
    return {
        "EmptyCall": grpc.unary_unary_rpc_method_handler(empty_call, peer.empty.Empty.FromString, **plain),
        "UnaryCall": grpc.unary_unary_rpc_method_handler(unary_call, peer.reader(simple), **plain),
        "CacheableUnaryCall": grpc.unary_unary_rpc_method_handler(cacheable_unary_call, simple.FromString, **plain),
        "StreamingInputCall": grpc.stream_unary_rpc_method_handler(
            streaming_input_call, peer.reader(messages.StreamingInputCallRequest), **plain),
        "StreamingOutputCall": grpc.unary_stream_rpc_method_handler(streaming_output_call, out.FromString, **plain),
        "FullDuplexCall": grpc.stream_stream_rpc_method_handler(output, out.FromString, **plain),
        "HalfDuplexCall": grpc.stream_stream_rpc_method_handler(half_duplex_call, out.FromString, **plain),
    }


def main():
    server = grpc.server(futures.ThreadPoolExecutor(16), options=[*peer.UNINFLATED, ("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(peer.SERVICE, handlers()),))
    print(server.add_insecure_port(f"127.0.0.1:{peer.flag('port')}"), flush=True)
    server.start()
    sys.stdin.read()
    server.stop(1).wait()


if __name__ == "__main__":
    main()
