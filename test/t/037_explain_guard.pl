# Plans are not shown to members: with the library preloaded for one database,
# EXPLAIN and debug_print_* tell nothing that depends on hidden rows.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CareClinic;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE clinic');
make_clinic($node, 'clinic');
$node->safe_psql('clinic', <<'SQL');
-- No restart: for connections from now on.
ALTER DATABASE clinic SET session_preload_libraries = 'careaccess';

CREATE ROLE clinic_owner LOGIN;
CREATE ROLE clinic_dba LOGIN;
CREATE ROLE clinic_reader LOGIN BYPASSRLS;
CREATE ROLE clinic_anna LOGIN;
GRANT USAGE, CREATE ON SCHEMA public TO clinic_owner, clinic_app, clinic_anna;
ALTER TABLE visit OWNER TO clinic_owner;
SELECT careaccess_grant_administrator('clinic_dba');
SELECT careaccess_configure_member(5, '{"login_role": "clinic_anna"}');
GRANT SELECT ON visit, note TO clinic_dba, clinic_reader, clinic_anna;
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO clinic_dba;

-- Ways to a protected table that do not name it, and a table that is none.
CREATE VIEW recent WITH (security_invoker) AS SELECT * FROM visit;
CREATE VIEW older AS SELECT * FROM recent;
SELECT careaccess_mask('visit_list', 'visit', '{"id": "schedule"}', row_category => 'name');
CREATE FUNCTION visits_of(c bigint) RETURNS SETOF visit LANGUAGE sql STABLE AS 'SELECT * FROM public.visit WHERE client = c';
CREATE TABLE period (id integer PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE stay (id integer, client bigint) PARTITION BY RANGE (id);
CREATE TABLE stay_1 PARTITION OF stay FOR VALUES FROM (0) TO (100);
INSERT INTO stay SELECT id, client FROM visit;
SELECT careaccess_protect('stay', 'client', category => 'schedule');
CREATE TABLE plain AS SELECT generate_series(1, 50) AS n;
GRANT SELECT ON recent, older, visit_list, stay, stay_1, plain TO clinic_app, clinic_anna, clinic_dba, clinic_reader;
ANALYZE;
SQL

# as(ROLE, SQL): a new connection's output and errors, in one text.
sub as
{
	my ($role, $sql) = @_;
	my ($out, $err);

	$node->psql('clinic', $sql, stdout => \$out, stderr => \$err, on_error_stop => 0, extra_params => [ '-U', $role ]);
	return "$out\n$err";
}

my $acting = "SELECT careaccess_act_as('5', true) IS NULL AS acting \\gset\n";
my $refused = qr/EXPLAIN is not allowed on protected table "(visit|note|stay|stay_1)"/;
# What a plan would show, whatever else the answer holds.
my $plan = qr/ Scan on|rows=|"Plan|Filter: |\{PLANNEDSTMT/;

my %queries = (
	'a table' => 'SELECT * FROM visit',
	'a view with the rights of who asks' => 'SELECT * FROM recent',
	'a view of a view with the rights of its owner' => 'SELECT * FROM older',
	'a mask' => 'SELECT * FROM visit_list',
	'a function that is inlined' => 'SELECT * FROM visits_of(2)',
	'a sub-select' => 'SELECT n FROM plain WHERE EXISTS (SELECT FROM visit WHERE client = n)',
	'a CTE' => 'WITH v AS MATERIALIZED (SELECT * FROM visit) SELECT count(*) FROM v',
	'a join' => 'SELECT * FROM plain JOIN note ON client = n',
	'a partitioned table' => 'SELECT * FROM stay',
	'a partition' => 'SELECT * FROM stay_1',
	'a part that need not be read' => 'SELECT * FROM plain LEFT JOIN visit ON client = n AND false',
	'a contradiction' => 'SELECT * FROM visit WHERE false',
	'UPDATE' => 'UPDATE visit SET client = client',
	'DELETE' => 'DELETE FROM note',
	'INSERT' => 'INSERT INTO note (client) VALUES (2)',
	'MERGE' => 'MERGE INTO note USING plain ON client = n WHEN MATCHED THEN DO NOTHING',
	'CREATE TABLE AS' => 'CREATE TABLE copied AS SELECT * FROM visit',
	'a cursor' => 'DECLARE c CURSOR FOR SELECT * FROM visit');

# Before anything else in the connection: only a preloaded library is there.
foreach my $options (q{}, q{ANALYZE}, q{(VERBOSE, FORMAT json)})
{
	foreach my $name (sort keys %queries)
	{
		my $answer = as('clinic_anna', "EXPLAIN $options $queries{$name}");

		# She may not write, which is refused before.
		like($answer, qr/$refused|permission denied/, "EXPLAIN $options of $name is refused to a login role that is a member");
		unlike($answer, $plan, '… and nothing of the plan is shown');
		$answer = as('clinic_app', "$acting EXPLAIN $options $queries{$name}");
		like($answer, $refused, '… to a member who is acting');
		unlike($answer, $plan, '… and nothing of the plan is shown');
		like(as('clinic_app', "EXPLAIN $options $queries{$name}"), $refused, '… and to nobody');
	}
}
like(as('clinic_app', 'EXPLAIN SELECT * FROM visit'), qr/HINT:.*careaccess\.explain_guard/, 'a hint says who can');

my %ways = (
	'EXPLAIN EXECUTE' => 'PREPARE p AS SELECT * FROM visit; EXPLAIN EXECUTE p',
	'EXPLAIN ANALYZE EXECUTE' => 'PREPARE p AS SELECT * FROM visit; EXPLAIN ANALYZE EXECUTE p',
	'EXPLAIN EXECUTE of a plan that was used' => 'PREPARE p AS SELECT count(*) FROM visit; EXECUTE p; SET plan_cache_mode = force_generic_plan; EXECUTE p; EXPLAIN EXECUTE p',
	'DO' => q{DO $$DECLARE l text; BEGIN FOR l IN EXECUTE 'EXPLAIN ANALYZE SELECT * FROM visit' LOOP RAISE WARNING '%', l; END LOOP; END$$},
	'a function of his' => q{CREATE FUNCTION pg_temp.look(q text) RETURNS SETOF text LANGUAGE plpgsql AS $$BEGIN RETURN QUERY EXECUTE 'EXPLAIN ANALYZE ' || q; END$$; SELECT pg_temp.look('SELECT * FROM visit')},
	'a function of his with his own rights' => q{CREATE FUNCTION pg_temp.look(q text) RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN RETURN QUERY EXECUTE 'EXPLAIN ' || q; END$$; SELECT pg_temp.look('SELECT * FROM visit')},
	'an EXPLAIN that is caught' => q{DO $$DECLARE l text; BEGIN EXECUTE 'EXPLAIN SELECT * FROM visit' INTO l; RAISE WARNING '%', l; EXCEPTION WHEN others THEN RAISE EXCEPTION 'caught: %', SQLERRM; END$$},
	'an EXPLAIN within an EXPLAIN' => q{CREATE FUNCTION pg_temp.look() RETURNS SETOF text LANGUAGE plpgsql AS $$BEGIN RETURN QUERY EXECUTE 'EXPLAIN SELECT * FROM visit'; END$$; EXPLAIN (ANALYZE, COSTS off) SELECT n FROM plain WHERE EXISTS (SELECT FROM pg_temp.look())});
foreach my $name (sort keys %ways)
{
	my $answer = as('clinic_app', "$acting $ways{$name}");

	like($answer, $refused, "$name is refused");
	unlike($answer, $plan, '… and nothing of the plan is shown');
}

# The trees that a session may have printed
foreach my $setting (qw(debug_print_plan debug_print_parse debug_print_rewritten))
{
	foreach my $level (qw(log debug1 debug5))
	{
		foreach my $name ('a table', 'a view with the rights of who asks', 'a view of a view with the rights of its owner', 'a mask', 'a function that is inlined', 'a sub-select', 'a CTE', 'a partition', 'UPDATE', 'a cursor')
		{
			my $answer = as('clinic_app', "$acting SET client_min_messages = $level; SET $setting = on; BEGIN; $queries{$name}; COMMIT");

			# Trees of other statements, as of COMMIT, are nobody's secret.
			like($answer, qr/$setting is not allowed on protected tables/, "$setting with $level: $name is refused");
			unlike($answer, qr/:relid|:rtable \(\{RTE :alias <> :eref \{ALIAS :aliasname visit|\{SEQSCAN/, '… and nothing of the plan is shown');
		}
	}
	my $answer = as('clinic_app', "$acting SET $setting = on; SELECT count(*) FROM visit");
	like($answer, qr/^\d+$/m, "$setting does not harm where the client receives no log messages");
	like(as('clinic_app', "SET client_min_messages = log; SET $setting = on; SELECT count(*) FROM plain"), qr/^50$/m, '… nor with other tables');
}
like(as('clinic_app', "$acting PREPARE p AS SELECT count(*) FROM visit WHERE client = \$1; EXECUTE p (1); SET client_min_messages = log; SET debug_print_plan = on; EXECUTE p (1)"),
	qr/debug_print_plan is not allowed/, 'a prepared statement is planned anew under the same rule');

# A sub-select that the planner dropped leaves no table in the plan, and none of its numbers.
like(as('clinic_app', "$acting EXPLAIN SELECT n FROM plain LEFT JOIN (SELECT DISTINCT client FROM visit) AS v ON client = n AND false"),
	qr/\A(?!.*visit).* Result  \(cost=0\.00\.\.0\.00 rows=0 width=\d\)/s, 'what the planner dropped has no numbers');

# Nothing of this stands in the way of other work.
like(as('clinic_app', "$acting EXPLAIN ANALYZE SELECT * FROM plain"), qr/Seq Scan on plain .*rows=50/, 'EXPLAIN of other tables goes on');
like(as('clinic_app', "$acting EXPLAIN SELECT count(*) FROM plain, careaccess_whoami()"), qr/Seq Scan on plain/, '… with functions of careaccess, too');
is(as('clinic_app', "$acting SELECT count(*) > 0 FROM visit"), "t\n", 'queries go on');
like(as('clinic_app', "$acting DO \$\$BEGIN EXECUTE 'EXPLAIN SELECT * FROM visit'; EXCEPTION WHEN others THEN NULL; END\$\$; EXPLAIN ANALYZE SELECT * FROM plain"),
	qr/Seq Scan on plain/, 'after a refusal that was caught, too');

# Who may
like(as('clinic_owner', 'EXPLAIN ANALYZE SELECT * FROM visit'), qr/Seq Scan|Index/, 'the owner of the table may');
like(as('clinic_owner', 'EXPLAIN SELECT * FROM visit'), $plan, '… without ANALYZE, too');
like(as('clinic_dba', 'EXPLAIN ANALYZE SELECT * FROM visit'), $plan, 'a database administrator may');
like(as('clinic_dba', "$acting EXPLAIN ANALYZE SELECT * FROM visit"), $refused, '… but not while he acts as a member');
like(as('clinic_reader', 'EXPLAIN ANALYZE SELECT * FROM visit'), $plan, 'a role that bypasses row security may');
like($node->safe_psql('clinic', 'EXPLAIN ANALYZE SELECT * FROM visit'), $plan, 'a superuser may');
like(as('clinic_dba', 'SET client_min_messages = log; SET debug_print_plan = on; SELECT count(*) FROM visit'), qr/PLANNEDSTMT/, 'an administrator may print plans');
like(as('clinic_app', 'SET careaccess.explain_guard = off; EXPLAIN SELECT * FROM visit'), qr/permission denied to set parameter.*$refused/s, 'a member cannot turn the guard off');
like(as('clinic_app', "SELECT set_config('careaccess.explain_guard', 'off', false); EXPLAIN SELECT * FROM visit"), qr/permission denied to set parameter.*$refused/s, '… not by a function either');
{
	local $ENV{PGOPTIONS} = '-c careaccess.explain_guard=off';
	unlike(as('clinic_app', 'EXPLAIN SELECT * FROM visit'), $plan, '… nor by what the connection asks for');
}
$node->safe_psql('clinic', 'ALTER ROLE clinic_anna SET careaccess.explain_guard = off');
like(as('clinic_anna', 'EXPLAIN ANALYZE SELECT * FROM visit'), $plan, 'a superuser can turn it off for a role');

# A statement that auto_explain watches is none that the member explains.
$node->safe_psql('clinic', q{ALTER DATABASE clinic SET session_preload_libraries = careaccess, auto_explain});
$node->safe_psql('clinic', 'ALTER DATABASE clinic SET auto_explain.log_min_duration = 0');
$node->safe_psql('clinic', 'ALTER DATABASE clinic SET auto_explain.log_analyze = on');
is(as('clinic_app', "$acting SELECT count(*) > 0 FROM visit"), "t\n", 'auto_explain goes on');
like(as('clinic_app', "$acting EXPLAIN ANALYZE SELECT * FROM visit"), $refused, '… and EXPLAIN stays refused');
$node->safe_psql('clinic', q{ALTER DATABASE clinic SET session_preload_libraries = auto_explain, careaccess});
is(as('clinic_app', "$acting SELECT count(*) > 0 FROM visit"), "t\n", 'in the other order of loading, too');
like(as('clinic_app', "$acting EXPLAIN ANALYZE SELECT * FROM visit"), $refused, '… and EXPLAIN stays refused');

# A database without the extension may have the library preloaded.
$node->safe_psql('postgres', q{ALTER DATABASE postgres SET session_preload_libraries = 'careaccess'});
like($node->safe_psql('postgres', 'CREATE TABLE t (n integer); EXPLAIN SELECT * FROM t'), qr/Seq Scan/, 'a database without the extension is left alone');

done_testing();
