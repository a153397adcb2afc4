-- A masked message: accepted, sent, its receipt recorded; each durable before the next, as each must be. What needs no answer goes
-- as one pipeline.
\set pair random(1, :pairs)
BEGIN;
SELECT r.session AS session, s.service AS service, p.id AS recipient, p.identifier AS "to", p.proxy AS "from",
    nextval('ids') AS interaction, nextval('ids') AS first, nextval('ids') AS second, nextval('ids') AS third
    FROM participant AS me
    JOIN route AS r ON r.proxy = me.proxy AND r.person = me.identifier
    JOIN session AS s ON s.id = r.session AND s.status = 1
    JOIN participant AS p ON p.session = r.session AND p.id <> r.participant
    WHERE me.session = :pair ORDER BY me.id LIMIT 1 \gset
\startpipeline
INSERT INTO dedupe VALUES (1, 'SM' || :interaction, :interaction);
INSERT INTO interaction (id, session, recipient, body, status, attempts)
    VALUES (:interaction, :session, :recipient, repeat('x', 128), 1, 0);
INSERT INTO event VALUES (:service, :first, :session, 50, repeat('x', 128));
INSERT INTO outbox (interaction, sender, recipient) VALUES (:interaction, :from, :to);
COMMIT;
\endpipeline
\startpipeline
BEGIN;
UPDATE interaction SET status = 2, attempts = 1, updated = now() WHERE id = :interaction;
INSERT INTO event VALUES (:service, :second, :session, 51, 'sent');
DELETE FROM outbox WHERE interaction = :interaction;
COMMIT;
\endpipeline
\startpipeline
BEGIN;
UPDATE interaction SET status = 3, updated = now() WHERE id = :interaction;
INSERT INTO event VALUES (:service, :third, :session, 51, 'delivered');
COMMIT;
\endpipeline
