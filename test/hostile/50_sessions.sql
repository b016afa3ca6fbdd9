-- What a session keeps: prepared statements, cursors, plans, savepoints, rows.

--- prepared before, executed after
-- as: acting wide
-- leaves: nobody
-- broken by: CREATE POLICY loose ON app.letter FOR SELECT USING (client = '901')
-- mended by: DROP POLICY loose ON app.letter
PREPARE n AS SELECT id, body FROM app.note ORDER BY id;
PREPARE l(text) AS SELECT id, body FROM app.letter WHERE client = $1;
PREPARE c AS SELECT count(*) FROM app.visit;
SET plan_cache_mode = force_generic_plan;
EXECUTE n; EXECUTE l(:'hidden'); EXECUTE l('1'); EXECUTE c;
SELECT careaccess_stop_acting();
EXECUTE n; EXECUTE l(:'hidden'); EXECUTE l('1'); EXECUTE c;
SET plan_cache_mode = force_custom_plan;
EXECUTE n; EXECUTE l('1'); EXECUTE c;
SELECT name, generic_plans + custom_plans, statement FROM pg_prepared_statements ORDER BY name;

--- prepared as nobody, executed as a member
-- as: nobody
-- leaves: nobody
SET plan_cache_mode = force_generic_plan;
PREPARE n AS SELECT id, body FROM app.note ORDER BY id;
PREPARE w AS SELECT kind, identified_by FROM careaccess_whoami();
EXECUTE n; EXECUTE w;
SELECT door.enter('ticket of bert');
EXECUTE n; EXECUTE w;
SELECT door.enter('ticket of pia');
EXECUTE n; EXECUTE w;
SELECT careaccess_stop_acting();
EXECUTE n; EXECUTE w;

--- a cursor that stays open while somebody else begins to act
-- as: wide
-- leaves: nobody
BEGIN;
DECLARE c CURSOR FOR SELECT id, body FROM app.note;
DECLARE d SCROLL CURSOR FOR SELECT id, body FROM app.letter;
DECLARE h CURSOR WITH HOLD FOR SELECT id, reason FROM app.visit ORDER BY id;
FETCH 1 FROM c; FETCH 1 FROM d;
SELECT careaccess_stop_acting();
FETCH ALL FROM c;
COMMIT;
FETCH 1 FROM h;
CLOSE ALL;

--- what the one before left open
-- as: acting
-- expect: documented What a session keeps
SELECT door.enter('ticket of dora');
DECLARE h CURSOR WITH HOLD FOR SELECT id, body FROM app.note ORDER BY id;
CREATE TEMP TABLE kept AS SELECT id, body FROM app.note;
SELECT door.enter('ticket of bert');
FETCH ALL FROM h;
SELECT * FROM kept ORDER BY id;

--- savepoints
-- as: acting wide
BEGIN;
SAVEPOINT a;
SELECT careaccess_stop_acting();
DECLARE c CURSOR FOR SELECT id FROM app.note ORDER BY id;
RELEASE a;
FETCH ALL FROM c;
SAVEPOINT b;
SELECT careaccess_share_client(:hidden, 'bert');
ROLLBACK TO b;
SELECT careaccess_share_client(:missing, 'bert');
ROLLBACK TO b;
SELECT count(*) FROM app.note;
ROLLBACK;
SELECT id FROM app.note ORDER BY id;

--- one's own changes of access, undone
-- as: acting
BEGIN;
SAVEPOINT a;
SELECT careaccess_share_client(1, 'anna');
SELECT careaccess_reassign_client(1, 'anna');
SELECT id FROM app.note ORDER BY id;
ROLLBACK TO a;
SELECT id FROM app.note ORDER BY id;
SELECT careaccess_unshare_client(1, 'bert');
SELECT careaccess_share_client(2, 'bert');
PREPARE TRANSACTION 'hostile';
SELECT id FROM app.note ORDER BY id;
ROLLBACK PREPARED 'hostile';
SELECT gid FROM pg_prepared_xacts WHERE gid <> 'hostile';

--- isolation levels and other defaults of transactions
-- as: acting wide
SET default_transaction_isolation = 'serializable'; SET default_transaction_deferrable = on;
SELECT id FROM app.note ORDER BY id;
SET default_transaction_read_only = on;
SELECT id FROM app.note ORDER BY id;
SELECT careaccess_can_view('bert', :hidden);
SET default_transaction_read_only = off; SET default_transaction_isolation = 'read uncommitted';
SELECT id FROM app.note ORDER BY id;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT length(pg_export_snapshot()) > 0;
SET TRANSACTION SNAPSHOT '00000003-0000001B-1';
ROLLBACK;
SET TRANSACTION SNAPSHOT '../../etc/passwd';
RESET default_transaction_isolation; RESET default_transaction_deferrable; RESET default_transaction_read_only;

--- cursors of others, and rows under them
-- as: acting wide
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM app.note FOR UPDATE;
FETCH 2 FROM c;
UPDATE app.note SET body = 'x' WHERE CURRENT OF c RETURNING id;
MOVE ABSOLUTE 100 IN c;
DELETE FROM app.note WHERE CURRENT OF c RETURNING id;
FETCH ALL FROM "another's cursor";
SELECT count(*) FROM pg_cursors WHERE name <> 'c';
ROLLBACK;

--- the memory for facts taken away in the middle
-- as: acting wide
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM app.note ORDER BY client, id;
FETCH 1 FROM c;
SET LOCAL careaccess.cache_size = 0;
SET LOCAL work_mem = '64kB';
FETCH 2 FROM c;
DISCARD PLANS;
FETCH ALL FROM c;
ROLLBACK;
SELECT id FROM app.note ORDER BY id;

--- encodings, dates, collations of one's own
-- as: acting
SET client_encoding = 'LATIN1'; SET DateStyle = 'German'; SET IntervalStyle = 'sql_standard'; SET TimeZone = 'Asia/Tokyo'; SET standard_conforming_strings = off; SET quote_all_identifiers = on; SET lc_messages = 'C'; SET extra_float_digits = 0; SET bytea_output = 'escape'; SET xmloption = 'document'; SET transform_null_equals = on; SET array_nulls = off; SET backslash_quote = on; SET escape_string_warning = off;
SELECT id, body FROM app.note ORDER BY id;
SELECT careaccess_can_view('bert', :hidden), careaccess_can_view('bert', :missing), careaccess_can_view('bert', 1);
SELECT id FROM app.letter WHERE client = NULL OR client = :'hidden' ORDER BY id;
