-- The demo's own measuring: what does each person of a stage see, now and
-- since it was last remembered? Nothing of this belongs to careaccess. The
-- functions run as the application's role and act as one person after another.

\set ON_ERROR_STOP on

CREATE EXTENSION careaccess;

CREATE ROLE clinic_app LOGIN;
SELECT careaccess_grant_application('clinic_app') \g /dev/null
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO clinic_app;
GRANT EXECUTE ON FUNCTION careaccess_act_as_portal_user(careaccess.id, careaccess.id, boolean) TO clinic_app;
GRANT EXECUTE ON FUNCTION careaccess_stop_acting() TO clinic_app;

CREATE SCHEMA demo;
GRANT USAGE ON SCHEMA demo TO clinic_app;

-- Who appears, in which order, and what each is called.
CREATE TABLE demo.person (
    stage text NOT NULL,
    position integer NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    PRIMARY KEY (stage, id)
);

-- What is counted: one column of the tables on the screen. $1 is the client.
CREATE TABLE demo.probe (
    stage text NOT NULL,
    position integer NOT NULL,
    title text NOT NULL,
    query text NOT NULL,
    PRIMARY KEY (stage, position)
);

CREATE TABLE demo.memory (
    stage text NOT NULL,
    person text NOT NULL,
    probe integer NOT NULL,
    n bigint        -- null: the person could not even sign in
);
GRANT SELECT ON demo.person, demo.probe TO clinic_app;
GRANT SELECT, INSERT, DELETE ON demo.memory TO clinic_app;

CREATE FUNCTION demo.look(the_stage text, client text)
RETURNS TABLE (person text, person_position integer, who text, probe text, probe_position integer, n bigint)
LANGUAGE plpgsql AS $$
DECLARE
    p demo.person;
    q demo.probe;
    here boolean;
BEGIN
    FOR p IN SELECT * FROM demo.person x WHERE x.stage = the_stage ORDER BY x.position LOOP
        BEGIN
            PERFORM careaccess_act_as(p.id);
            here := true;
        EXCEPTION WHEN invalid_authorization_specification THEN
            here := false;
        END;
        FOR q IN SELECT * FROM demo.probe x WHERE x.stage = the_stage ORDER BY x.position LOOP
            n := NULL;
            IF here THEN
                EXECUTE q.query INTO n USING client;
            END IF;
            person := p.id;
            person_position := p.position;
            who := split_part(p.name, ' ', 1) || ', ' || p.role;
            probe := q.title;
            probe_position := q.position;
            RETURN NEXT;
        END LOOP;
    END LOOP;
    PERFORM careaccess_stop_acting();
END
$$;

CREATE FUNCTION demo.remember(the_stage text, client text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM demo.memory m WHERE m.stage = the_stage;
    INSERT INTO demo.memory SELECT the_stage, l.person, l.probe_position, l.n FROM demo.look(the_stage, client) l;
END
$$;

-- Nothing is a dot: what is there stands out.
CREATE FUNCTION demo.cell(n bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN n IS NULL THEN 'gone' WHEN n = 0 THEN '·' ELSE n::text END
$$;

CREATE FUNCTION demo.now(the_stage text, client text)
RETURNS TABLE (who text, probe text, cell text, probe_position integer)
LANGUAGE sql AS $$
    SELECT l.who, l.probe, demo.cell(l.n), l.probe_position
    FROM demo.look(the_stage, client) l
    ORDER BY l.person_position, l.probe_position
$$;

CREATE FUNCTION demo.changes(the_stage text, client text)
RETURNS TABLE (who text, probe text, cell text, probe_position integer)
LANGUAGE sql AS $$
    WITH l AS MATERIALIZED (SELECT * FROM demo.look(the_stage, client)),
    c AS (
        SELECT l.*, m.n AS was, bool_or(m.n IS DISTINCT FROM l.n) OVER (PARTITION BY l.person) AS changed
        FROM l JOIN demo.memory m ON m.stage = the_stage AND m.person = l.person AND m.probe = l.probe_position
    )
    SELECT CASE WHEN c.changed THEN '▸ ' ELSE '  ' END || c.who, c.probe,
           CASE WHEN c.n IS NULL OR c.was IS NOT DISTINCT FROM c.n THEN demo.cell(c.n)
                ELSE coalesce(c.was::text, 'gone') || ' → ' || c.n END,
           c.probe_position
    FROM c
    ORDER BY c.person_position, c.probe_position
$$;
