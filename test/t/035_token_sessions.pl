# Tokens over time: they run out, their keys change, they are set and reset in
# every way that a setting can be; with workers, on a standby, after a restore,
# and in databases of other encodings.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CareTokens;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $given = prepare_jose();
my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "max_worker_processes = 8\nmax_parallel_workers = 8");
$node->start;

# What a database has: anna and bert with 3000 visits each, lena who logs in.
my $clinic = <<'SQL';
CREATE EXTENSION careaccess;
DO $$BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') THEN
		CREATE ROLE app LOGIN;
		CREATE ROLE lena LOGIN;
	END IF;
END$$;
SELECT careaccess_grant_application(r) FROM unnest('{app,lena}'::name[]) AS r;
SELECT careaccess_create_practice('p', 'Practice');
SELECT careaccess_add_member('p', m, 'Name', '{clinician}') FROM unnest('{anna,bert,42,lena}'::text[]) AS m;
SELECT careaccess_configure_member('lena', '{"login_role": "lena"}');
SELECT careaccess_add_client(c, 'p', o) FROM (VALUES (1, 'anna'), (2, 'bert'), (3, 'lena')) AS v (c, o);
CREATE TABLE visit (id serial PRIMARY KEY, client bigint NOT NULL);
INSERT INTO visit (client) SELECT 1 + i % 3 FROM generate_series(1, 9000) AS i;
CREATE INDEX ON visit (client);
ALTER TABLE visit SET (parallel_workers = 2);
SELECT careaccess_protect('visit', 'client', category => 'schedule');
GRANT SELECT, INSERT, UPDATE, DELETE ON visit TO app, lena;
CREATE FUNCTION who() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	RETURN (SELECT concat_ws(' ', kind, id, identified_by) FROM careaccess_whoami());
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, detail);
END $$;
ANALYZE visit;
SQL
$node->safe_psql('postgres', $clinic);
give_keys($node, 'postgres');

# of(MEMBER, SECONDS, KEY, MORE): a token that holds for so long.
sub of
{
	my ($member, $seconds, $key, %more) = @_;
	my $kid = delete $more{kid};
	my ($token) = tokens({ key => $key // 'hs', kid => $kid, claims => { sub => $member, aud => 'postgres', exp => time + ($seconds // 3600), %more } });

	return $token;
}

# session(TOKEN, …): a connection that has set it.
sub session
{
	my ($token, $user) = @_;
	my $session = $node->background_psql('postgres', on_error_stop => 0, extra_params => [ '-U', $user // 'app' ]);

	$session->query("SET careaccess.token = '$token'");
	return $session;
}
my $count = 'SELECT count(*) FROM visit';

# comes(CONDITION): whether it comes true.
sub comes
{
	my $condition = shift;

	foreach (1 .. 1200)
	{
		return 1 if $condition->();
		select(undef, undef, undef, 0.05);
	}
	return 0;
}
my ($anna, $bert) = (of('anna'), of('bert', 3600, 'es'));

#
# A token runs out between two statements
#
my $short = of('anna', 6);
my %session = map { $_ => session($short, $_ eq 'a login role' ? 'lena' : 'app') } ('autocommit', 'read committed', 'repeatable read', 'a login role');
$session{$_}->query("BEGIN ISOLATION LEVEL $_") foreach 'read committed', 'repeatable read';
$session{autocommit}->query("PREPARE p AS $count");
is($session{$_}->query($count), '3000', "$_: rows") foreach sort keys %session;
is($session{autocommit}->query('EXECUTE p'), '3000', 'autocommit: by a prepared statement');
$session{'read committed'}->query('DECLARE c CURSOR FOR SELECT client FROM visit');
is($session{'read committed'}->query('FETCH c'), '1', 'by a cursor');
ok(comes(sub { $node->safe_psql('postgres', "SET ROLE app; SET careaccess.token = '$short'; $count") eq '0' }), 'it runs out');
foreach my $name (sort keys %session)
{
	is($session{$name}->query($count), '0', "$name: it has run out");
	is($session{$name}->query('SELECT who()'), '28000 The token has expired.', '… which is said');
	is($session{$name}->query("WITH w AS (DELETE FROM visit RETURNING 1) SELECT count(*) FROM w"), '0', '… nothing is written');
}
is($session{autocommit}->query('EXECUTE p'), '0', 'nor by the prepared statement');
is($session{'read committed'}->query('FETCH c'), '1', 'the cursor is the statement that it was');
$_->quit foreach values %session;

# A clock that is wrong
my $over = session(of('anna', -30));
is($over->query($count), '0', 'over');
my $late = of('anna', -30);
foreach my $before ('SELECT who();', '')
{
	# Before the first use anything can be set; it does not count then.
	my ($code, $out, $err) = $node->psql('postgres', "$before SET careaccess.token_leeway = 60;\nSET careaccess.token = '$late'; $count", extra_params => [ '-U', 'app' ]);
	like($err, qr/permission denied to set parameter "careaccess.token_leeway"/, 'nobody gives himself time');
	is($out, '0', '… nor has it') if !$before;
}

# leeway(SECONDS, PATTERN): a reload reaches a session between two statements.
sub leeway
{
	my ($seconds, $rows) = @_;
	$node->safe_psql('postgres', "LOAD 'careaccess'; ALTER SYSTEM SET careaccess.token_leeway = $seconds; SELECT pg_reload_conf()");
	return comes(sub { $over->query($count) eq $rows });
}
ok(leeway(60, 3000), 'over, but for the leeway');
ok(leeway(29, 0), 'which is too little');
$node->safe_psql('postgres', "LOAD 'careaccess'; ALTER SYSTEM RESET careaccess.token_leeway; SELECT pg_reload_conf()");
$over->quit;

#
# Its key changes
#
sub key_of
{
	my $name = shift;
	return "decode('" . $given->{keys}{$name}{raw} . "', 'base64')";
}
my @changes = (
	[ 'is retired', "SELECT careaccess_retire_token_key('hs')", qr/^28000 The token's key is not known/ ],
	[ 'is another', "SELECT careaccess_set_token_key('hs', 'HS256', @{[ key_of('hs2') ]})", qr/^28000 The token's signature is not good/ ],
	[ 'is of another algorithm', "SELECT careaccess_set_token_key('hs', 'EdDSA', @{[ key_of('ed') ]})", qr/^28000 The token's algorithm is not/ ],
	[ 'is gone', "DELETE FROM careaccess.token_key WHERE kid = 'hs'", qr/^28000 The token's key is not known/ ],
	[ 'is gone by TRUNCATE', 'TRUNCATE careaccess.token_key', qr/^28000 The token's key is not known/ ],
	[ 'is gone as a replica', "SET session_replication_role = replica; DELETE FROM careaccess.token_key WHERE kid = 'hs'", qr/^28000 The token's key is not known/ ]);
foreach my $change (@changes)
{
	my ($name, $sql, $pattern) = @$change;
	my ($now, $snapshot) = map { session($anna) } 1, 2;

	$snapshot->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
	is($_->query($count), '3000', "before it $name") foreach $now, $snapshot;
	$node->safe_psql('postgres', "BEGIN; $sql; ROLLBACK");
	is($now->query($count), '3000', '… a change that is undone is none');
	$node->safe_psql('postgres', $sql);
	is($now->query($count), '0', "it $name: from the next statement on");
	like($now->query('SELECT who()'), $pattern, '… for that reason');
	is($snapshot->query($count), '3000', '… a snapshot has the key that it shows');
	is($snapshot->query('SELECT who()'), 'member anna token', '… to the end');
	$snapshot->query('COMMIT');
	is($snapshot->query($count), '0', '… and no longer');
	$node->safe_psql('postgres', 'TRUNCATE careaccess.token_key');
	give_keys($node, 'postgres');
	is($now->query($count), '3000', 'and it is as it was');
	$_->quit foreach $now, $snapshot;
}

# An audience that is taken back, and a new secret under the old name.
my $clinic_token = of('anna', 3600, 'hs', aud => 'clinic');
my $session = session($clinic_token);
is($session->query($count), '0', 'for the clinic: not yet');
$node->safe_psql('postgres', "SELECT careaccess_set_token_key('hs', 'HS256', @{[ key_of('hs') ]}, 'clinic')");
is($session->query($count), '3000', '… now');
$node->safe_psql('postgres', "SELECT careaccess_set_token_key('hs', 'HS256', @{[ key_of('hs') ]}, 'hospital')");
is($session->query($count), '0', '… and no longer');
$session->query("SET careaccess.token = '@{[ of('anna', 3600, 'hs2', kid => 'hs') ]}'");
is($session->query($count), '0', 'by another secret');
$node->safe_psql('postgres', "SELECT careaccess_set_token_key('hs', 'HS256', @{[ key_of('hs2') ]})");
is($session->query($count), '3000', '… which is the key now');
$session->quit;
give_keys($node, 'postgres');

# A statement that began before, and looks again after.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION around_a_lock() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	first bigint := (SELECT count(*) FROM visit);
BEGIN
	PERFORM pg_advisory_lock(1);
	PERFORM pg_advisory_unlock(1);
	RETURN first || ' ' || (SELECT count(*) FROM visit);
END $$;
SQL
my $keeper = $node->background_psql('postgres');
$keeper->query_safe('SELECT pg_advisory_lock(1)');
$session = session($anna);
$session->query_until(qr/begun/, "\\echo begun\nSELECT around_a_lock();\n");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
$node->safe_psql('postgres', "SELECT careaccess_retire_token_key('hs')");
$keeper->query_safe('SELECT pg_advisory_unlock(1)');
like($session->query('SELECT 1'), qr/^3000 0$/m, 'a key that is retired is so within a statement, too');
$_->quit foreach $keeper, $session;
give_keys($node, 'postgres');

#
# Setting and resetting
#
my $bad = 'x.y.z';
foreach my $preloaded (0, 1)
{
	my $how = $preloaded ? 'preloaded' : 'not preloaded';
	if ($preloaded)
	{
		$node->safe_psql('postgres', "ALTER SYSTEM SET session_preload_libraries = 'careaccess'");
		$node->reload;
		$node->poll_query_until('postgres', "SELECT current_setting('session_preload_libraries') = 'careaccess'");
	}
	my $who = 'SELECT who()';
	local $ENV{PGOPTIONS} = "-c careaccess.token=$anna";
	local $ENV{PGUSER} = 'app';
	my @lines = split /\n/, $node->safe_psql('postgres', <<"SQL");
SELECT 'begins', who();
SET careaccess.token = '$bert';
SELECT 'set', who();
RESET careaccess.token;
SELECT 'reset', who();
SET careaccess.token = '$bad';
RESET ALL;
SELECT 'reset all', who();
SET careaccess.token = '';
SELECT 'none', who();
DISCARD ALL;
SELECT 'discard all', who();
SET careaccess.token TO DEFAULT;
SELECT 'default', who();
BEGIN;
SET LOCAL careaccess.token = '$bert';
SELECT 'set local', who();
SAVEPOINT s;
SET LOCAL careaccess.token = '$bad';
SELECT 'in a savepoint', who();
ROLLBACK TO s;
SELECT 'rolled back to it', who();
SAVEPOINT t;
SELECT set_config('careaccess.token', '', true) IS NULL;
SELECT 'released', who();
RELEASE t;
SELECT 'after its release', who();
COMMIT;
SELECT 'committed', who();
BEGIN;
SET careaccess.token = '$bert';
ROLLBACK;
SELECT 'rolled back', who();
BEGIN;
SET careaccess.token = '$bert';
COMMIT;
SELECT 'kept', who();
SQL
	is(join(', ', grep { /\|/ } @lines), join(', ',
		'begins|member anna token', 'set|member bert token', 'reset|member anna token', 'reset all|member anna token', 'none|nobody none',
		'discard all|member anna token', 'default|member anna token', 'set local|member bert token',
		'in a savepoint|28000 The token is not a signed JSON Web Token in compact form.', 'rolled back to it|member bert token',
		'released|nobody none', 'after its release|nobody none', 'committed|member anna token', 'rolled back|member anna token', 'kept|member bert token'),
		"the token of a connection's options: $how");
	$ENV{PGOPTIONS} = '';
	is($node->safe_psql('postgres', "SET careaccess.token = '$bert'; $count"), '3000', "set before the first use: $how");
	is($node->safe_psql('postgres', "SET careaccess.token = '$bad'; $count"), '0', "… and a bad one: $how");
	is($node->safe_psql('postgres', "SET careaccess.token = '$bert'; SHOW careaccess.token"), $preloaded ? '********' : $bert, "… shown: $how");
}
$node->safe_psql('postgres', 'ALTER SYSTEM RESET session_preload_libraries');
$node->reload;
my ($code, $out, $err) = $node->psql('postgres', "LOAD 'careaccess'; ALTER SYSTEM SET careaccess.token = '$anna'");
like($err, qr/parameter "careaccess.token" cannot be changed/, 'no token for a whole server');

#
# Plans and cursors outlive a token
#
my $asks = <<"SQL";
SET ROLE app;
SET plan_cache_mode = force_generic_plan;
PREPARE p AS SELECT count(*), min(client) FROM visit;
PREPARE i AS SELECT count(*), min(client) FROM visit WHERE client = \$1;
SET careaccess.token = '$anna';
EXECUTE p;
EXECUTE i(1);
EXECUTE i(2);
SET careaccess.token = '$bert';
EXECUTE p;
EXECUTE i(1);
EXECUTE i(2);
SET careaccess.token = '$bad';
EXECUTE p;
EXECUTE i(1);
SET careaccess.token = '$anna';
EXECUTE p;
SQL
is($node->safe_psql('postgres', $asks), join("\n", '3000|1', '3000|1', '0|', '3000|2', '0|', '3000|2', '0|', '0|', '3000|1'), 'prepared statements');
foreach my $next ($bert, $bad)
{
	foreach my $path ('enable_indexscan = off; SET enable_bitmapscan = off', 'enable_seqscan = off')
	{
		($code, $out, $err) = $node->psql('postgres', <<"SQL");
SET ROLE app;
SET $path;
SET careaccess.token = '$anna';
BEGIN;
DECLARE c CURSOR FOR SELECT 'client ' || client FROM visit;
MOVE 10 IN c;
SET careaccess.token = '$next';
FETCH ALL c;
SQL
		ok($out !~ /client 1/ && ($code == 0 || $err =~ /the cursor was opened for somebody else/), 'a cursor gives nothing of its opener to another');
	}
}

# Workers
my $workers = "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off; "
  . 'SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off; SET ROLE app;';
like($node->safe_psql('postgres', "$workers SET careaccess.token = '$anna'; EXPLAIN (COSTS OFF) $count"), qr/Gather/, 'a plan with workers');
is($node->safe_psql('postgres', "$workers SET careaccess.token = '$_->[0]'; $count"), $_->[1], 'workers have the leader\'s token')
  foreach [ $anna, 3000 ], [ $bert, 3000 ], [ $bad, 0 ], [ of('anna', -1), 0 ];

#
# A standby, and a restored database
#
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
is($standby->safe_psql('postgres', "SET ROLE app; SET careaccess.token = '$_'; $count; SELECT who()"), "3000\nmember " . ($_ eq $anna ? 'anna' : 'bert') . ' token', 'a standby verifies')
  foreach $anna, $bert;
is($standby->safe_psql('postgres', "SET ROLE app; SET careaccess.token = '$bad'; $count; SELECT left(who(), 5)"), "0\n28000", '… and refuses');
$session = $standby->background_psql('postgres', extra_params => [ '-U', 'app' ]);
$session->query_safe("SET careaccess.token = '$anna'");
is($session->query_safe($count), '3000', 'a session on it');
$node->safe_psql('postgres', "SELECT careaccess_retire_token_key('hs')");
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($session->query_safe($count), '0', '… for whom the key ends there, too');
$session->quit;
$standby->stop;
give_keys($node, 'postgres');

$node->command_ok([ 'pg_dump', '-Fc', '-f', "$PostgreSQL::Test::Utils::tmp_check/dump", $node->connstr('postgres') ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '-d', $node->connstr('restored'), "$PostgreSQL::Test::Utils::tmp_check/dump" ], 'restore');
my $keys = q{SELECT string_agg(concat_ws(' ', kid, algorithm, key, audience, valid_from, valid_until), ',' ORDER BY kid) FROM careaccess.token_key};
is($node->safe_psql('restored', $keys), $node->safe_psql('postgres', $keys), 'the keys are restored');
is($node->safe_psql('restored', "SET ROLE app; SET careaccess.token = '$_->[0]'; $count"), $_->[1], 'and the tokens are for a database')
  foreach [ $anna, 0 ], [ of('anna', 3600, 'hs', aud => 'restored'), 3000 ];

#
# Databases of other encodings
#
foreach my $encoding (qw(LATIN1 SQL_ASCII))
{
	my $db = lc $encoding;
	$node->safe_psql('postgres', "CREATE DATABASE $db ENCODING $encoding LOCALE 'C' TEMPLATE template0");
	$node->safe_psql($db, $clinic);
	give_keys($node, $db);
	my ($ascii, $other) = (0, 0);
	foreach my $good (@{ jose('good.mjs', $db) })
	{
		# Of the members that are here.
		next if $good->{who} !~ /^(nobody|member (anna|42)) / && $good->{ascii};
		next if $good->{who} =~ /^nobody/;
		my $said = $node->safe_psql($db, "SET ROLE app; SET careaccess.token = '$good->{token}'; SELECT who()");
		$good->{ascii} ? $ascii++ : $other++;
		is($said, $good->{ascii} ? $good->{who} : "28000 The token has characters beyond ASCII, which it can have only where the database's encoding is UTF8.",
			"$encoding: $good->{why}");
	}
	ok($ascii > 10 && $other >= 2, "$encoding: of either kind");
	my $file = PostgreSQL::Test::Utils::tempdir . '/tokens';
	append_to_file($file, join("\n", map { $_->{token} } grep { $_->{token} =~ /^[!-~]{1,20000}$/ && $_->{token} !~ /\\/ } @{ jose('hostile.mjs', $db) }) . "\n");
	is($node->safe_psql($db, <<"SQL"), 't|28000', "$encoding: bad ones");
CREATE TABLE bad (token text);
COPY bad FROM '$file';
GRANT SELECT ON bad TO app;
SET ROLE app;
SELECT count(*) > 300, string_agg(DISTINCT left(who(), 5), ' ') FROM bad, LATERAL (SELECT set_config('careaccess.token', token, true)) AS s (set) WHERE set IS NOT NULL;
SQL
}
$node->stop;
done_testing();
