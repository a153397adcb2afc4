"""Follows a log over all crashes, and keeps each event as it was told first."""

import threading

import grpc
from harness import PATIENCE, pb


class Follower(threading.Thread):
    def __init__(self, service):
        super().__init__(daemon=True)
        self.service = service
        self.lock = threading.Lock()
        self.news = threading.Condition(self.lock)
        self.server = None
        self.ended = False
        self.told = []  # packed; the event at position n is the (n-1)th
        self.troubles = []

    def serve(self, server):
        with self.lock:
            self.server = server
            self.news.notify_all()

    def run(self):
        while True:
            with self.lock:
                while not self.server and not self.ended:
                    self.news.wait()
                if self.ended:
                    return
                server = self.server
            try:
                self._follow(server)
            except grpc.RpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
                    self.troubles.append(f"{error.code()} {error.details()}")
            except ValueError:
                pass  # the channel was closed under it
            with self.lock:
                if self.server is server:
                    self.server = None

    def _follow(self, server):
        for message in server.events.StreamEvents(pb.events.StreamEventsRequest(
                service=self.service, after_position=len(self.told)), timeout=20 * PATIENCE):
            if not message.HasField("event"):
                continue
            if message.event.position != len(self.told) + 1:
                self.troubles.append(f"{message.event.position} was told after {len(self.told)}")
            with self.lock:
                self.told.append(message.event.SerializeToString(deterministic=True))
                self.news.notify_all()

    def end(self):
        with self.lock:
            self.ended = True
            self.news.notify_all()
        self.join(PATIENCE)
