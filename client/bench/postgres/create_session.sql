-- A session of two people whom nobody knows yet: for each a number that this person uses nowhere, then all rows at once.
\set service random(1, :services)
BEGIN;
SELECT nextval('ids') AS session, nextval('ids') AS one, nextval('ids') AS two, nextval('ids') AS position,
    a.person AS first, b.person AS second,
    (SELECT n.phone_number FROM number AS n WHERE n.service = :service AND NOT EXISTS
        (SELECT 1 FROM route WHERE person = a.person AND proxy = n.phone_number) LIMIT 1) AS first_proxy,
    (SELECT n.phone_number FROM number AS n WHERE n.service = :service AND NOT EXISTS
        (SELECT 1 FROM route WHERE person = b.person AND proxy = n.phone_number) LIMIT 1) AS second_proxy
    FROM (SELECT '+1' || nextval('people') AS person) AS a, (SELECT '+1' || nextval('people') AS person) AS b \gset
\startpipeline
INSERT INTO session (id, service, status) VALUES (:session, :service, 1);
INSERT INTO participant VALUES (:one, :session, :first, :first_proxy), (:two, :session, :second, :second_proxy);
INSERT INTO route VALUES (:first_proxy, :first, :session, :one, 1), (:second_proxy, :second, :session, :two, 1);
INSERT INTO event VALUES (:service, :position, :session, 30, repeat('x', 128));
COMMIT;
\endpipeline
