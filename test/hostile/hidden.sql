-- What the second database has besides: clients and rows that none of those who
-- attack may see, each with a word that must not be found anywhere.
--
-- 901: anna's, once shared with bert; dora is revoked on him.  902: deleted.
-- 903: of another practice.
SELECT careaccess_add_client(903, 'q', 'emil');
INSERT INTO app.patient SELECT i, :'canary' || ' name', lower(:'canary') || i || '@example.org', :'canary' || ' code', 0, CASE i WHEN 903 THEN 'emil' ELSE 'anna' END
FROM generate_series(901, 903) AS i;
SELECT careaccess_share_client(901, 'bert', reason => :'canary' || ' reason of the share');
SELECT careaccess_unshare_client(901, 'bert');
SELECT careaccess_restrict_client(901), careaccess_revoke_administrative_access(901, 'dora');
SELECT careaccess_set_client_status(902, 'deleted');
INSERT INTO careaccess.emergency_access (client, member, reason, "from", until) VALUES (901, 'anna', :'canary' || ' reason of the emergency', now(), now() + interval '1 hour');
INSERT INTO app.note (id, client, author, body, code, divisor, tone, room)
SELECT c * 10 + n, c, 'anna', :'canary' || ' note', :'canary' || ' code ' || c || n, 0, 'loud', int4range(c * 10 + n, c * 10 + n + 1)
FROM generate_series(901, 903) AS c, generate_series(1, 40) AS n WHERE c * 10 + n < (c + 1) * 10;
INSERT INTO app.visit SELECT c * 10 + n, c, date '2025-01-01' + 30 * n, :'canary' || ' reason', -1 FROM generate_series(901, 903) AS c, generate_series(1, 20) AS n;
INSERT INTO app.letter SELECT c, c::text, :'canary' || ' letter' FROM generate_series(901, 903) AS c;
INSERT INTO app.letter VALUES (990, NULL, :'canary' || ' letter of nobody'), (991, 'x' || :'canary', :'canary' || ' letter of somebody unknown');
INSERT INTO app.diary SELECT c, c, 'chart', 'anna', :'canary' || ' diary' FROM generate_series(901, 903) AS c;
-- of clients who are seen: written by somebody else, of a category that is not
-- seen, of one that is not there
INSERT INTO app.diary VALUES (991, 1, 'private_notes', 'anna', :'canary' || ' private'), (992, 1, :'canary' || ' kind', 'bert', :'canary' || ' unknown'), (993, 1, NULL, 'bert', :'canary' || ' none');
INSERT INTO app.mark SELECT client, id FROM app.note WHERE client > 900;
INSERT INTO app.mark VALUES (901, 11);
INSERT INTO app.stop VALUES (901, 12);
