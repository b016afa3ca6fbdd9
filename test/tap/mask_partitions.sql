-- A mask reads with the rights of the extension's owner: no foreign table gets
-- under one, neither while its table is protected nor afterwards.
BEGIN;
SELECT plan(5);
SET client_min_messages = error;

CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

-- A wrapper without handler is enough: nothing is read.
CREATE FOREIGN DATA WRAPPER elsewhere;
CREATE SERVER there FOREIGN DATA WRAPPER elsewhere;
CREATE TABLE slot (id int, client int) PARTITION BY LIST (id);
CREATE INDEX ON slot (client);
SELECT careaccess_protect('slot', 'client', 'name');
SELECT careaccess_mask('slots', 'slot', '{"id": "name"}');

SELECT is(pg_temp.outcome('CREATE FOREIGN TABLE far PARTITION OF slot FOR VALUES IN (1) SERVER there'),
	'42809 public.far cannot be a partition of the protected table public.slot', 'protected: no foreign partition');
SELECT careaccess_unprotect('slot');
SELECT is(pg_temp.outcome('CREATE FOREIGN TABLE far PARTITION OF slot FOR VALUES IN (1) SERVER there'),
	'42809 public.far cannot be a partition of a table with a mask', 'no longer protected, and masked: none either');
CREATE TABLE middle PARTITION OF slot FOR VALUES IN (2) PARTITION BY LIST (client);
CREATE FOREIGN TABLE far (id int, client int) SERVER there;
SELECT is(pg_temp.outcome('ALTER TABLE middle ATTACH PARTITION far FOR VALUES IN (1)'),
	'42809 public.far cannot be a partition of a table with a mask', '… nor as a partition of a partition');
SELECT is(pg_temp.outcome('CREATE TABLE near PARTITION OF slot FOR VALUES IN (3)'), 'done', '… an ordinary one is');
SELECT careaccess_unmask('slots');
SELECT is(pg_temp.outcome('ALTER TABLE middle ATTACH PARTITION far FOR VALUES IN (1)'), 'done', 'without mask that is PostgreSQL''s business');

SELECT * FROM finish();
ROLLBACK;
