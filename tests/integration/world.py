"""A Service with numbers and sessions, and what became of them: what tests of a whole server ask for again and again."""

from harness import PATIENCE, pb

FINAL = {pb.interactions.LEG_STATUS_DELIVERED, pb.interactions.LEG_STATUS_UNDELIVERED,
         pb.interactions.LEG_STATUS_DELIVERY_UNKNOWN, pb.interactions.LEG_STATUS_FAILED,
         pb.interactions.LEG_STATUS_CANCELED}
# Of numbers of whatever carrier: without it a number can do what its carrier's program said that it can.
CAN_ALL = pb.phone_numbers.PhoneNumberCapabilities(sms=True, mms=True, voice=True)


def person(index):
    return f"+1555100{index:04}"


def proxy(index):
    return f"+1555777{index:04}"


class World:
    """Calls with a deadline, all of one Service."""

    def __init__(self, server, name="shop", numbers=(), **settings):
        self.server = server
        self.service = server.services.CreateService(
            pb.services.CreateServiceRequest(unique_name=name, **settings), timeout=PATIENCE).service
        self.sid = self.service.sid
        for number in numbers:
            self.add_number(number)

    def add_number(self, number, **more):
        return self.server.phone_numbers.AddPhoneNumber(pb.phone_numbers.AddPhoneNumberRequest(
            service=self.sid, phone_number=number, **more), timeout=PATIENCE).phone_number

    def session(self, *people, **more):
        specs = [{"identifier": one} if isinstance(one, str) else one for one in people]
        return self.server.sessions.CreateSession(pb.sessions.CreateSessionRequest(
            service=self.sid, participants=specs, **more), timeout=PATIENCE).session

    def get(self, session):
        return self.server.sessions.GetSession(pb.sessions.GetSessionRequest(
            service=self.sid, session=session), timeout=PATIENCE).session

    def update(self, session, **more):
        return self.server.sessions.UpdateSession(pb.sessions.UpdateSessionRequest(
            service=self.sid, session=session, **more), timeout=PATIENCE).session

    def close(self, session):
        return self.update(session, status=pb.sessions.SESSION_STATUS_CLOSED)

    def delete(self, session):
        self.server.sessions.DeleteSession(pb.sessions.DeleteSessionRequest(
            service=self.sid, session=session), timeout=PATIENCE)

    def send(self, session, participant, body, **more):
        return self.server.interactions.SendMessage(pb.interactions.SendMessageRequest(
            service=self.sid, session=session, participant=participant, body=body, **more),
            timeout=PATIENCE).interaction

    def interactions(self, session, **more):
        """All of them."""
        token, found = "", []
        while True:
            page = self.server.interactions.ListInteractions(pb.interactions.ListInteractionsRequest(
                service=self.sid, session=session, page_token=token, **more), timeout=PATIENCE)
            found += page.interactions
            token = page.next_page_token
            if not token:
                return found

    def sessions(self, page_size=0, **filters):
        """All of them that pass."""
        token, found = "", []
        while True:
            page = self.server.sessions.ListSessions(pb.sessions.ListSessionsRequest(
                service=self.sid, filter=filters or None, page_size=page_size, page_token=token), timeout=PATIENCE)
            found += page.sessions
            token = page.next_page_token
            if not token:
                return found

    def events(self, after=None, **more):
        """The log, to its present end."""
        found = []
        while True:
            start = {} if after is None else {"after_position": after}
            page = self.server.events.ListEvents(pb.events.ListEventsRequest(
                service=self.sid, page_size=1000, **start, **more), timeout=PATIENCE)
            found += page.events
            after = page.through_position
            if after >= page.last_position:
                return found

    def stream(self, **more):
        """Events as they happen, from the first one unless told otherwise."""
        if not {"after_position", "from_now"} & set(more):
            more["from_oldest"] = True
        return self.server.events.StreamEvents(pb.events.StreamEventsRequest(
            service=self.sid, heartbeat_interval={"seconds": 1}, **more), timeout=PATIENCE)

    def until(self, wanted, **more):
        """Follows the log until that event; returns all up to it."""
        told = []
        stream = self.stream(**more)
        for message in stream:
            if message.HasField("event"):
                told.append(message.event)
                if wanted(message.event):
                    stream.cancel()
                    return told
        raise AssertionError(f"the stream ended with {stream.code()}")

    def leg_until(self, interaction, status):
        """Waits until the leg has that status; returns it as it was then."""
        told = self.until(lambda event: event.type == pb.events.EVENT_TYPE_LEG_UPDATED
                          and event.leg_updated.interaction_sid == interaction
                          and event.leg_updated.leg.status == status)
        return told[-1].leg_updated.leg

    def newest(self, session):
        return self.interactions(session)[-1]
