-- What a masked message and a new session touch, as an application on PostgreSQL would keep it. Where it could be kept in several
-- ways, the quicker one is taken: numbers for keys, positions of events from a sequence (which leaves gaps, where Maskline's log has
-- none), and no totals of sessions or numbers, whose rows many transactions would wait for.

CREATE SEQUENCE ids;
CREATE SEQUENCE people START 1000000000;

CREATE TABLE number (
    service integer NOT NULL,
    phone_number text NOT NULL,
    PRIMARY KEY (service, phone_number)
);

CREATE TABLE session (
    id bigint PRIMARY KEY,
    service integer NOT NULL,
    status smallint NOT NULL,
    created timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE participant (
    id bigint PRIMARY KEY,
    session bigint NOT NULL,
    identifier text NOT NULL,
    proxy text NOT NULL
);
CREATE INDEX participant_of_session ON participant (session);

CREATE TABLE route (
    proxy text NOT NULL,
    person text NOT NULL,
    session bigint NOT NULL,
    participant bigint NOT NULL,
    generation integer NOT NULL,
    PRIMARY KEY (proxy, person)
);
CREATE INDEX route_of_person ON route (person);

CREATE TABLE dedupe (
    carrier smallint NOT NULL,
    provider_id text NOT NULL,
    interaction bigint NOT NULL,
    PRIMARY KEY (carrier, provider_id)
);

CREATE TABLE interaction (
    id bigint PRIMARY KEY,
    session bigint NOT NULL,
    recipient bigint NOT NULL,
    body text NOT NULL,
    status smallint NOT NULL,
    attempts smallint NOT NULL,
    created timestamptz NOT NULL DEFAULT now(),
    updated timestamptz
) WITH (fillfactor = 70);
CREATE INDEX interaction_of_session ON interaction (session, id);

CREATE TABLE event (
    service integer NOT NULL,
    position bigint NOT NULL,
    session bigint NOT NULL,
    type smallint NOT NULL,
    payload text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service, position)
);

CREATE TABLE outbox (
    interaction bigint PRIMARY KEY,
    due timestamptz NOT NULL DEFAULT now(),
    sender text NOT NULL,
    recipient text NOT NULL
);
CREATE INDEX outbox_due ON outbox (due);

-- :services Services with ten numbers each; :pairs sessions of two people.
INSERT INTO number SELECT s, '+19' || lpad((s * 10 + n)::text, 9, '0')
    FROM generate_series(1, :services) AS s, generate_series(0, 9) AS n;
INSERT INTO session (id, service, status) SELECT nextval('ids'), 1 + p % :services, 1 FROM generate_series(1, :pairs) AS p;
INSERT INTO participant SELECT nextval('ids'), id, '+15' || lpad((id * 2 + side)::text, 9, '0'),
    '+19' || lpad((service * 10 + side)::text, 9, '0') FROM session, generate_series(0, 1) AS side;
INSERT INTO route SELECT proxy, identifier, session, id, 1 FROM participant;
ANALYZE;
CHECKPOINT;
