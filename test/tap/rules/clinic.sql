-- A clinic for the tests of the rules: an application's tables under
-- protection, and questions that are asked as the members ask them.
--
--	BEGIN;
--	SELECT plan(4);
--	\set preset simplepractice
--	\ir rules/clinic.sql
--	SELECT pg_temp.member('anna', 'clinician_basic'), pg_temp.member('sven', 'practice_scheduler');
--	SELECT pg_temp.client('mona', 'anna');	-- owned by anna (or listed), who wrote a record of each kind
--
--	SELECT is(pg_temp.seen('sven', 'mona'), 'name profile schedule documents', 'SP-… these and no other');
--	SELECT ok(pg_temp.sees('anna', 'mona', 'private_notes', author => 'anna'), 'SP-… her own notes');
--	SELECT pg_temp.may('anna', $$SELECT careaccess_restrict_client('mona')$$, 'SP-… the owner restricts');
--	SELECT pg_temp.may_not('sven', $$SELECT careaccess_restrict_client('mona')$$,
--		'42501 not allowed to restrict a client', 'SP-… a scheduler does not');
--	SELECT * FROM finish();
--	ROLLBACK;
--
-- The database administrator runs the file and makes practice, members,
-- clients and records.  Whatever has a member as its first argument happens as
-- a plain role that careaccess_grant_application made (psql variable
-- :plain_role), acting as this member, and ends with it:
--
--	sees(member, client, category [, author])   boolean; rows and functions must agree, see there
--	seen(member, client [, author])             the categories of which he sees the record, 'name profile …'
--	everybody(client [, author])                for each active member 'name: what seen says', a line each
--	clients(member [, category])                the clients of his list, 'mona nora'; rows and functions agree
--	changes(member, client, category [, author]) 'create edit delete', as far as he may; tried on rows, and agreed
--	rows(member, table, client)                 how many rows of the client a statement of his returns
--	query(member, query)                        what a query of his returns: 'a 1, b 2'
--	does(member, statement)                     does it, returns the number of rows; an error ends the file
--	refusal(member, statement [, whole])        'CODE message', with whole also detail and hint; nothing is done
--	may(member, statement, description)         assertion: he may; it is done
--	may_not(member, statement, refusal, description)   assertion: he is refused so
--
-- 'portal:ulla' in the place of a member is the portal user ulla, with her own
-- profile, and 'portal:ulla@mona' the same with the profile mona chosen; in
-- query, does, rows, refusal, may, may_not, and in
--
--	opened('portal:…')                          'mona: name profile', the clients and categories of which he has rows;
--	                                            '+documents': only rows that are for the client to see
--
-- 'web' in the place of a member is the clinic's web pages: the plain role, which
-- acts as nobody; in query, does, rows, refusal, may and may_not.
--
-- For the administrator: member(id, role…), client(id, owner), records(client,
-- author) for one record of each kind by somebody else.

\set plain_role 'careaccess_rules_'
SELECT :'plain_role' || pg_backend_pid() AS plain_role \gset
SELECT set_config('rules.plain_role', :'plain_role', true) \g /dev/null

CREATE ROLE :plain_role;
SELECT careaccess_grant_application(:'plain_role') \g /dev/null
GRANT EXECUTE ON FUNCTION careaccess_act_as, careaccess_act_as_portal_user, careaccess_submit_form, careaccess_accept_invitation TO :plain_role;

SELECT careaccess_create_practice('clinic', 'The clinic', :'preset') \g /dev/null
SELECT careaccess_create_practice('elsewhere', 'Another clinic', :'preset') \g /dev/null

-- The application: the list of clients, and a table per category.

CREATE SCHEMA clinic;
SET LOCAL search_path = clinic, public;
CREATE TABLE client (id text PRIMARY KEY, name text NOT NULL, owner text, email text);
CREATE TABLE profile (client text, phone text);
CREATE TABLE diagnosis (client text, author text, code text DEFAULT 'F41.1');
CREATE TABLE appointment (client text, author text, day date DEFAULT '2024-05-13');
CREATE TABLE document (client text, author text, title text DEFAULT 'referral', for_client boolean DEFAULT false);
CREATE TABLE invoice (client text, author text, amount integer DEFAULT 100, for_client boolean DEFAULT false);
CREATE TABLE note (client text, author text, body text DEFAULT 'first visit');
CREATE TABLE private_note (client text, author text, body text DEFAULT 'dreams');
CREATE INDEX ON profile (client);
CREATE INDEX ON diagnosis (client);
CREATE INDEX ON appointment (client);
CREATE INDEX ON document (client);
CREATE INDEX ON invoice (client);
CREATE INDEX ON note (client);
CREATE INDEX ON private_note (client);

SELECT careaccess_adopt_clients('client', 'id', practice => 'clinic', owner_column => 'owner') \g /dev/null
SELECT careaccess_protect('client', 'id', 'name'),
	careaccess_protect('profile', 'client', 'profile'),
	careaccess_protect('diagnosis', 'client', 'diagnosis', author_column => 'author'),
	careaccess_protect('appointment', 'client', 'schedule', author_column => 'author'),
	careaccess_protect('document', 'client', 'documents', author_column => 'author', client_visible_column => 'for_client'),
	careaccess_protect('invoice', 'client', 'billing', author_column => 'author', client_visible_column => 'for_client'),
	careaccess_protect('note', 'client', 'chart', author_column => 'author'),
	careaccess_protect('private_note', 'client', 'private_notes', author_column => 'author') \g /dev/null
GRANT USAGE ON SCHEMA clinic TO :plain_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA clinic TO :plain_role;

-- Which table holds a category, and which columns say whose and by whom; the
-- other columns have defaults.
CREATE TEMP TABLE holds (n integer, category text PRIMARY KEY, tbl name, client_column name, author_column name);
INSERT INTO holds VALUES
	(1, 'name', 'client', 'id', NULL),
	(2, 'profile', 'profile', 'client', NULL),
	(3, 'diagnosis', 'diagnosis', 'client', 'author'),
	(4, 'schedule', 'appointment', 'client', 'author'),
	(5, 'documents', 'document', 'client', 'author'),
	(6, 'billing', 'invoice', 'client', 'author'),
	(7, 'chart', 'note', 'client', 'author'),
	(8, 'private_notes', 'private_note', 'client', 'author');

-- What the administrator makes

CREATE FUNCTION pg_temp.member(id text, VARIADIC roles text[]) RETURNS void LANGUAGE sql AS $$
	SELECT careaccess_add_member('clinic', id, initcap(id), roles)
$$;

CREATE FUNCTION pg_temp.records(client text, author text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO clinic.diagnosis (client, author) VALUES ($1, $2);
	INSERT INTO clinic.appointment (client, author) VALUES ($1, $2);
	INSERT INTO clinic.document (client, author) VALUES ($1, $2);
	INSERT INTO clinic.invoice (client, author) VALUES ($1, $2);
	INSERT INTO clinic.note (client, author) VALUES ($1, $2);
	INSERT INTO clinic.private_note (client, author) VALUES ($1, $2);
$$;

-- Registered by the table that careaccess_adopt_clients follows.
CREATE FUNCTION pg_temp.client(id text, owner text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO clinic.client (id, name, owner) VALUES ($1, initcap($1), $2);
	INSERT INTO clinic.profile (client, phone) VALUES ($1, '555-' || $1);
	SELECT pg_temp.records($1, $2);
$$;

-- Being a member.  An error undoes both, as it undoes the statement.

CREATE FUNCTION pg_temp.enter(member text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('role', current_setting('rules.plain_role'), true);
	IF member LIKE 'portal:%' THEN
		PERFORM careaccess_act_as_portal_user(substr(split_part(member, '@', 1), 8), nullif(split_part(member, '@', 2), ''));
	ELSIF member <> 'web' THEN
		PERFORM careaccess_act_as(member);
	END IF;
END $$;

CREATE FUNCTION pg_temp.leave() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM careaccess_stop_acting();
	PERFORM set_config('role', 'none', true);
END $$;

-- What a member asks of the tables and does

CREATE FUNCTION pg_temp.query(member text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r record;
	lines text[] := '{}';
BEGIN
	PERFORM pg_temp.enter(member);
	FOR r IN EXECUTE query LOOP
		lines := lines || (SELECT string_agg(coalesce(j.value, 'null'), ' ') FROM json_each_text(row_to_json(r)) AS j);
	END LOOP;
	PERFORM pg_temp.leave();
	RETURN array_to_string(lines, ', ');
END $$;

CREATE FUNCTION pg_temp.does(member text, statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	PERFORM pg_temp.enter(member);
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	PERFORM pg_temp.leave();
	RETURN n;
END $$;

-- Read by index and by scan, in one snapshot.
CREATE FUNCTION pg_temp.rows(member text, tbl text, client text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	id_column text := (SELECT h.client_column FROM pg_temp.holds AS h WHERE h.tbl = $2);
	found bigint;
	scanned bigint;
BEGIN
	IF id_column IS NULL THEN
		RAISE EXCEPTION 'the clinic has no table %', tbl;
	END IF;
	PERFORM pg_temp.enter(member);
	EXECUTE format('SELECT (SELECT count(*) FROM clinic.%1$I WHERE %2$I = $1),
		(SELECT count(*) FILTER (WHERE %2$I = $1) FROM clinic.%1$I)', tbl, id_column) INTO found, scanned USING client;
	PERFORM pg_temp.leave();
	IF found <> scanned THEN
		RAISE EXCEPTION '% finds % rows of % in %, and counts %', member, found, client, tbl, scanned;
	END IF;
	RETURN found;
END $$;

CREATE FUNCTION pg_temp.refusal(member text, statement text, whole boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	message text; detail text; hint text;
BEGIN
	BEGIN
		n := pg_temp.does(member, statement);
		RAISE EXCEPTION USING ERRCODE = 'CAR00';
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
		IF SQLSTATE = 'CAR00' THEN
			RETURN format('not refused: %s rows', n);
		END IF;
		RETURN concat_ws(' | ', SQLSTATE || ' ' || message,
			CASE WHEN whole THEN nullif(detail, '') END, CASE WHEN whole THEN nullif(hint, '') END);
	END;
END $$;

CREATE FUNCTION pg_temp.may(member text, statement text, description text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	problem text;
BEGIN
	BEGIN
		PERFORM pg_temp.does(member, statement);
	EXCEPTION WHEN OTHERS THEN
		problem := SQLSTATE || ' ' || SQLERRM;
	END;
	RETURN is(problem, NULL, description);
END $$;

CREATE FUNCTION pg_temp.may_not(member text, statement text, refused text, description text) RETURNS text LANGUAGE sql AS $$
	SELECT is(pg_temp.refusal(member, statement), refused, description)
$$;

-- Does the member see the client's records of a category, or the one that the
-- author wrote?  The answer of the rows; everything else that answers this must
-- say the same, or the file ends: careaccess_can_view and careaccess_can, asked
-- by himself, careaccess_visible, and careaccess_visible_clients.
--
-- The question must have one answer: there is such a record, and where the
-- practice's author rule parts a client's records, the author is named.
CREATE FUNCTION pg_temp.sees(member text, client text, category text, author text DEFAULT NULL) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	h pg_temp.holds;
	rule text;
	condition text;
	there bigint;
	seen bigint;
	answers text;
	listed boolean;
	in_principle boolean;
BEGIN
	SELECT * INTO STRICT h FROM pg_temp.holds AS x WHERE x.category = $3;
	SELECT r.rule INTO STRICT rule FROM careaccess.practice_author_rule AS r
	WHERE r.category = $3 AND r.practice::text = 'clinic';
	IF h.author_column IS NULL THEN
		author := NULL;
	ELSIF author IS NULL AND rule <> 'none' THEN
		RAISE EXCEPTION 'name the author: % parts a client''s records by author here', category;
	END IF;
	condition := format('%I = %L', h.client_column, client)
		|| CASE WHEN author IS NULL THEN '' ELSE format(' AND %I = %L', h.author_column, author) END;
	EXECUTE format('SELECT count(*) FROM clinic.%I WHERE %s', h.tbl, condition) INTO there;
	IF there = 0 THEN
		RAISE EXCEPTION 'the clinic has no row in % where %', h.tbl, condition;
	END IF;

	PERFORM pg_temp.enter(member);
	EXECUTE format('SELECT count(*) FROM clinic.%I WHERE %s', h.tbl, condition) INTO seen;
	IF author IS NULL THEN
		answers := concat_ws(' ', careaccess_can_view(member, client, category),
			careaccess_can(member, client, category, 'view'), careaccess_visible(client, category));
	ELSE
		answers := concat_ws(' ', careaccess_can_view(member, client, category, author),
			careaccess_can(member, client, category, 'view', author), careaccess_visible(client, category, author));
	END IF;
	in_principle := careaccess_can_view(member, client, category);
	listed := client IN (SELECT v::text FROM careaccess_visible_clients(member, category) AS v);
	PERFORM pg_temp.leave();

	IF seen NOT IN (0, there) THEN
		RAISE EXCEPTION '% sees % of % rows in % where %: name the author', member, seen, there, h.tbl, condition;
	END IF;
	IF answers IS DISTINCT FROM (CASE WHEN seen > 0 THEN 't t t' ELSE 'f f f' END)
		OR listed IS DISTINCT FROM in_principle
		OR (listed IS DISTINCT FROM (seen > 0) AND (author IS NULL OR seen > 0))
	THEN
		RAISE EXCEPTION '% and % (%) of %: % rows of %, but can_view, can, visible: %; in principle: %; in visible_clients: %',
			member, category, coalesce('by ' || author, 'by anybody'), client, seen, there, answers, in_principle, listed;
	END IF;
	RETURN seen > 0;
END $$;

-- Without author: whoever wrote the client's first note.
CREATE FUNCTION pg_temp.seen(member text, client text, author text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	IF author IS NULL THEN
		author := (SELECT n.author FROM clinic.note AS n WHERE n.client = $2 ORDER BY n.ctid LIMIT 1);
	END IF;
	RETURN coalesce((SELECT string_agg(h.category, ' ' ORDER BY h.n) FROM pg_temp.holds AS h
		WHERE pg_temp.sees($1, $2, h.category, author)), '');
END $$;

CREATE FUNCTION pg_temp.everybody(client text, author text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', m.id::text || ':', nullif(pg_temp.seen(m.id::text, client, author), '')), E'\n' ORDER BY m.id::text COLLATE "C")
	FROM careaccess.member AS m WHERE m.practice::text = 'clinic' AND m.status = 'active'
$$;

-- The clients who have rows for him.  They are those of
-- careaccess_visible_clients, unless an author parts the records.
CREATE FUNCTION pg_temp.clients(member text, category text DEFAULT 'name') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	h pg_temp.holds;
	by_rows text[];
	by_function text[];
	parted boolean;
BEGIN
	SELECT * INTO STRICT h FROM pg_temp.holds AS x WHERE x.category = $2;
	SELECT r.rule <> 'none' OR c.authored INTO STRICT parted
	FROM careaccess.practice_author_rule AS r JOIN careaccess.category AS c ON c.code = r.category
	WHERE r.category = $2 AND r.practice::text = 'clinic';
	PERFORM pg_temp.enter(member);
	EXECUTE format('SELECT array_agg(DISTINCT %1$I ORDER BY %1$I) FROM clinic.%2$I', h.client_column, h.tbl) INTO by_rows;
	SELECT array_agg(v::text ORDER BY v::text) INTO by_function FROM careaccess_visible_clients(member, category) AS v;
	PERFORM pg_temp.leave();
	IF by_rows IS DISTINCT FROM by_function AND (NOT parted OR NOT by_rows <@ coalesce(by_function, '{}')) THEN
		RAISE EXCEPTION '% has rows in % of %, but visible_clients says %', member, h.tbl, by_rows, by_function;
	END IF;
	RETURN array_to_string(coalesce(by_rows, '{}'), ' ');
END $$;

-- What is open to a portal user, of any client; careaccess_visible must agree on
-- all rows that are not marked for the client.
CREATE FUNCTION pg_temp.opened(portal_user text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	h pg_temp.holds;
	the_client text;
	for_client text;
	categories text;
	plain bigint;
	marked bigint;
	said boolean;
	lines text[] := '{}';
BEGIN
	FOR the_client IN SELECT c.id FROM clinic.client AS c ORDER BY 1 LOOP
		categories := NULL;
		FOR h IN SELECT * FROM pg_temp.holds AS x ORDER BY x.n LOOP
			for_client := CASE WHEN h.category IN ('documents', 'billing') THEN 'for_client' ELSE 'false' END;
			PERFORM pg_temp.enter(portal_user);
			EXECUTE format('SELECT count(*) FILTER (WHERE NOT %1$s), count(*) FILTER (WHERE %1$s), careaccess_visible(%2$L::text, %3$L)
				FROM clinic.%4$I WHERE %5$I = %2$L', for_client, the_client, h.category, h.tbl, h.client_column) INTO plain, marked, said;
			PERFORM pg_temp.leave();
			IF said IS DISTINCT FROM (plain > 0) THEN
				RAISE EXCEPTION '% has % rows in % of %, but careaccess_visible says %', portal_user, plain, h.tbl, the_client, said;
			END IF;
			categories := concat_ws(' ', categories, CASE WHEN plain > 0 THEN h.category WHEN marked > 0 THEN '+' || h.category END);
		END LOOP;
		IF categories <> '' THEN
			lines := lines || (the_client || ': ' || categories);
		END IF;
	END LOOP;
	RETURN array_to_string(lines, '; ');
END $$;

-- What he may do with a record by the author (who defaults to himself) besides
-- viewing it.  Each is tried and undone; careaccess_can must say the same.  A
-- client's own row is only edited: adding and deleting clients is registering.
CREATE FUNCTION pg_temp.changes(member text, client text, category text, author text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	h pg_temp.holds;
	condition text;
	the_action text;
	n bigint;
	said boolean;
	result text[] := '{}';
BEGIN
	SELECT * INTO STRICT h FROM pg_temp.holds AS x WHERE x.category = $3;
	author := coalesce(author, member);
	condition := format('%I = %L', h.client_column, client)
		|| CASE WHEN h.author_column IS NULL THEN '' ELSE format(' AND %I = %L', h.author_column, author) END;
	FOREACH the_action IN ARRAY CASE WHEN category = 'name' THEN '{edit}' ELSE '{create,edit,delete}' END::text[] LOOP
		BEGIN
			IF the_action <> 'create' THEN
				-- There is one, at least during this attempt.
				IF category <> 'name' THEN
					EXECUTE CASE WHEN h.author_column IS NULL
						THEN format('INSERT INTO clinic.%I (client) VALUES (%L)', h.tbl, client)
						ELSE format('INSERT INTO clinic.%I (client, author) VALUES (%L, %L)', h.tbl, client, author) END;
				END IF;
			END IF;
			PERFORM pg_temp.enter(member);
			EXECUTE CASE the_action
				WHEN 'create' THEN CASE WHEN h.author_column IS NULL
					THEN format('INSERT INTO clinic.%I (client) VALUES (%L)', h.tbl, client)
					ELSE format('INSERT INTO clinic.%I (client, author) VALUES (%L, %L)', h.tbl, client, author) END
				WHEN 'edit' THEN format('UPDATE clinic.%1$I SET %2$I = %2$I WHERE %3$s', h.tbl, h.client_column, condition)
				ELSE format('DELETE FROM clinic.%I WHERE %s', h.tbl, condition) END;
			GET DIAGNOSTICS n = ROW_COUNT;
			RAISE EXCEPTION USING ERRCODE = 'CAR00';
		EXCEPTION
			WHEN SQLSTATE 'CAR00' THEN NULL;
			WHEN insufficient_privilege THEN n := 0;
		END;
		PERFORM pg_temp.enter(member);
		IF h.author_column IS NULL THEN
			said := careaccess_can(member, client, category, the_action)
				AND (the_action = 'create' OR careaccess_can_view(member, client, category));
		ELSE
			said := careaccess_can(member, client, category, the_action, author)
				AND (the_action = 'create' OR careaccess_can_view(member, client, category, author));
		END IF;
		PERFORM pg_temp.leave();
		IF said IS DISTINCT FROM (n > 0) THEN
			RAISE EXCEPTION '% may % % (by %) of %: % rows, but careaccess_can says %', member, the_action, category, author, client, n, said;
		END IF;
		IF n > 0 THEN
			result := result || the_action;
		END IF;
	END LOOP;
	RETURN array_to_string(result, ' ');
END $$;
