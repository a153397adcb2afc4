"""Follows a log over all crashes, and keeps each event as it was told first."""

from across import Across
from harness import PATIENCE, pb


class Follower(Across):
    def __init__(self, service):
        super().__init__()
        self.service = service
        self.told = []  # packed; the event at position n is the (n-1)th

    def _stay(self, server):
        for message in server.events.StreamEvents(pb.events.StreamEventsRequest(
                service=self.service, after_position=len(self.told)), timeout=20 * PATIENCE):
            if not message.HasField("event"):
                continue
            if message.event.position != len(self.told) + 1:
                self.troubles.append(f"{message.event.position} was told after {len(self.told)}")
            with self.lock:
                self.told.append(message.event.SerializeToString(deterministic=True))
                self.news.notify_all()
