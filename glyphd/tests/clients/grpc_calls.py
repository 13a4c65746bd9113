"""A server of gRPC and a client of it that has its proxy from the environment: prints a line for each call.

usage: grpc_calls.py [CERT KEY ROOTS]    (with TLS between them; ROOTS are the client's)
"""
import pathlib
import queue
import sys
import threading
from concurrent import futures

import grpc


def as_it_is(message):
    return message


def unary(request, context):
    context.set_trailing_metadata((("x-sum", str(sum(request))),))
    if request == b"fail":
        context.abort(grpc.StatusCode.NOT_FOUND, "nö: 100% nothing")
    if request == b"wait":
        over = threading.Event()
        context.add_callback(over.set)
        over.wait()
    return request * 2


def stream(requests, _context):
    for request in requests:
        yield b"re: " + request


class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        return {
            "/a.Test/Unary": grpc.unary_unary_rpc_method_handler(unary, as_it_is, as_it_is),
            "/a.Test/Stream": grpc.stream_stream_rpc_method_handler(stream, as_it_is, as_it_is),
        }.get(details.method)


def call(channel, method, request, **options):
    try:
        return channel.unary_unary(method, as_it_is, as_it_is)(request, timeout=20, **options)
    except grpc.RpcError as error:
        return f"{error.code().name} {error.details()}"


def main(files):
    server = grpc.server(futures.ThreadPoolExecutor(20))
    server.add_generic_rpc_handlers((Handler(),))
    if files:
        cert, key, roots = (pathlib.Path(file).read_bytes() for file in files)
        port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([(key, cert)]))
        channel = grpc.secure_channel(f"localhost:{port}", grpc.ssl_channel_credentials(roots))
    else:
        port = server.add_insecure_port("localhost:0")
        channel = grpc.insecure_channel(f"localhost:{port}")
    server.start()

    answer, done = channel.unary_unary("/a.Test/Unary", as_it_is, as_it_is).with_call(b"ab", timeout=20)
    print(answer.decode(), done.code().name, *map(tuple, done.trailing_metadata()))
    print(len(call(channel, "/a.Test/Unary", b"x" * 1_000_000)))
    print(call(channel, "/a.Test/Unary", b"fail"))
    print(call(channel, "/a.Test/Missing", b""))
    try:
        channel.unary_unary("/a.Test/Unary", as_it_is, as_it_is)(b"wait", timeout=0.3)
    except grpc.RpcError as error:
        print(error.code().name)
    asked = queue.Queue()
    answers = channel.stream_stream("/a.Test/Stream", as_it_is, as_it_is)(iter(asked.get, None), timeout=20)
    for question in (b"one", b"two"):
        asked.put(question)
        print(next(answers).decode())
    asked.put(None)
    print(list(answers), answers.code().name)
    with futures.ThreadPoolExecutor(16) as pool:
        all_at_once = pool.map(lambda _: call(channel, "/a.Test/Unary", b"x"), range(200))
        print(sum(answer == b"xx" for answer in all_at_once))
    channel.close()
    server.stop(None)


main(sys.argv[1:])
