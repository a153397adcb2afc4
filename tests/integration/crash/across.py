"""What goes on over all starts of a server: a thread that waits for each, and is with it until it goes."""

import threading

import grpc
from harness import PATIENCE


class Across(threading.Thread):
    """All below `lock`; `news` tells of each change. `_stay` is with one start of the server."""

    def __init__(self, name=""):
        super().__init__(daemon=True)
        self.lock = threading.Lock()
        self.news = threading.Condition(self.lock)
        self.server = None  # while it is up
        self.ended = False
        self.troubles = []
        self.prefix = f"{name}: " if name else ""

    def serve(self, server):
        """A server is up, or (None) it is not."""
        with self.lock:
            self.server = server
            self.news.notify_all()

    def end(self):
        with self.lock:
            self.ended = True
            self._leave()
            self.news.notify_all()
        self.join(PATIENCE)

    def run(self):
        while True:
            with self.lock:
                while not self.server and not self.ended:
                    self.news.wait()
                if self.ended:
                    return
                server = self.server
            try:
                self._stay(server)
            except grpc.RpcError as error:
                # The test may close the channel before this has seen that the server is gone.
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
                    self.troubles.append(f"{self.prefix}{error.code()} {error.details()}")
            except ValueError:
                pass  # the channel was closed under it
            except Exception as error:  # pylint: disable=broad-except
                self.troubles.append(f"{self.prefix}{error!r}")
            with self.lock:
                self._left()
                if self.server is server:  # nobody has noticed yet: wait for the next one
                    self.server = None
                self.news.notify_all()

    def _stay(self, server):
        raise NotImplementedError

    def _leave(self):
        """With the lock: the end has come, perhaps in the middle of it."""

    def _left(self):
        """With the lock: this start of the server is over."""
