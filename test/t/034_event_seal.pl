# The sealed past of the event log: whatever a superuser who switches the
# triggers off changes in it is found.
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
make_clinic($node, 'postgres');

sub sql
{
	my ($sql, $db) = @_;
	return $node->safe_psql($db // 'postgres', $sql);
}

# problems(DATABASE, ARGUMENTS): what is found, event by event
sub problems
{
	my ($db, $arguments) = @_;
	return sql('SELECT ' . q{v.seal, coalesce(e.operation, v.event::text), v.problem FROM careaccess_verify_events(} . ($arguments // '')
		. q{) AS v LEFT JOIN careaccess.event AS e ON e.id = v.event ORDER BY 1, 2, 3}, $db);
}

# Change what cannot be changed, and see it found; then back to before.
sub tampered
{
	my ($change, $expected, $name) = @_;

	my $found = sql(<<"SQL");
BEGIN;
SET LOCAL session_replication_role = replica;
ALTER TABLE careaccess.event DISABLE TRIGGER append_only;
ALTER TABLE careaccess.event_seal DISABLE TRIGGER append_only;
ALTER TABLE careaccess.sealed_event DISABLE TRIGGER append_only;
$change;
SELECT v.seal || ' ' || v.problem FROM careaccess_verify_events() AS v ORDER BY 1;
ROLLBACK;
SQL
	is($found, $expected, $name);
}

is(problems(), '', 'nothing is sealed, nothing is wrong');
my ($seal, $events, $hash) = split /\|/, sql('SELECT * FROM careaccess_seal_events()');
is($seal, 1, 'the first seal');
is($events, sql('SELECT count(*) FROM careaccess.event'), '… holds all events');
like($hash, qr/^[0-9a-f]{64}$/, '… and has a hash');
is(problems(), '', 'all is as it was sealed');
is(sql('SELECT events FROM careaccess_seal_events()'), 0, 'nothing is sealed twice');
is(sql('SELECT seal FROM careaccess_seal_events()'), 1, '… and no empty seal made');

# The next one takes what came since, also from a transaction that was open.
my $late = $node->background_psql('postgres');
$late->query_safe('BEGIN');
$late->query_safe("SELECT careaccess_share_client(5, 4, reason => 'late')");
sql("SELECT careaccess_unshare_client(1, 4)");
my $second = sql('SELECT * FROM careaccess_seal_events()');
is((split /\|/, $second)[0], 2, 'a second seal');
$late->query_safe('COMMIT');
$late->quit;
is(problems(), '', 'an event whose transaction was open is no forgery');
is(sql(q{SELECT count(*) FROM careaccess.event WHERE id NOT IN (SELECT event FROM careaccess.sealed_event)}), 1, '… and waits for the next seal');
my $third = sql('SELECT * FROM careaccess_seal_events()');
is((split /\|/, $third)[1], 1, '… which takes it');
is(problems(), '', 'three seals, and all is as it was');
is(problems('postgres', "1, '$hash'"), '', 'the first hash, kept elsewhere, is found again');
is(problems('postgres', "2, '$hash'"), '2||the seal is not the one that is expected', '… and not under another number');

# No setting of the session changes what is hashed.
is(sql(q{SET timezone = 'Asia/Kathmandu'; SET datestyle = 'German'; SET bytea_output = escape; SET extra_float_digits = -3; SET intervalstyle = iso_8601; SET search_path = pg_temp;
	SELECT count(*) FROM public.careaccess_verify_events()}), 0, 'whatever the settings of the session');

# Every column of an event
foreach my $column (qw(at operation fact practice client member actor_kind actor identified_by database_role session_role address xid before after))
{
	my $value = {
		at => q{at + interval '1 microsecond'}, address => q{'192.0.2.1'}, xid => q{'3'}, before => q{'{"status": "x"}'}, after => q{'{"status": "x"}'},
	}->{$column} // q{'forged'};
	tampered("UPDATE careaccess.event SET $column = $value WHERE id = (SELECT event FROM careaccess.sealed_event WHERE seal = 2 LIMIT 1)",
		($column eq 'xid' ? "1 the event was added after the seal, into its past\n" : '') . '2 the event was changed', "a changed column is found: $column");
}
tampered(q{UPDATE careaccess.event SET before = 'null' WHERE id = (SELECT e.id FROM careaccess.event AS e JOIN careaccess.sealed_event AS s ON s.event = e.id WHERE e.before IS NULL AND s.seal = 1 LIMIT 1)},
	'1 the event was changed', 'a null that became a JSON null, too');
tampered(q{DELETE FROM careaccess.event WHERE id = (SELECT event FROM careaccess.sealed_event WHERE seal = 2 LIMIT 1)},
	'2 the event was deleted', 'a deleted event');
tampered(q{INSERT INTO careaccess.event SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid()))).* FROM careaccess.event AS e LIMIT 1},
	'3 the event was added after the seal, into its past', 'an event that was added with the number of an old transaction');
tampered(q{INSERT INTO careaccess.event SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid(), 'xid', pg_current_xact_id()::text, 'at', now() - interval '1 day'))).* FROM careaccess.event AS e LIMIT 1},
	'3 the event is older than its transaction', '… or of its own, under an old time');
tampered(q{INSERT INTO careaccess.event SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid()))).* FROM careaccess.event AS e LIMIT 1;
	DO $$ BEGIN PERFORM careaccess_seal_events(); PERFORM careaccess_share_client(3, 5); PERFORM careaccess_seal_events(); END $$},
	'3 the event was added after the seal, into its past', '… though it has been sealed since');
tampered(q{INSERT INTO careaccess.event SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid(), 'at', 'infinity'))).* FROM careaccess.event AS e LIMIT 1;
	DO $$ BEGIN PERFORM careaccess_seal_events(); END $$},
	'3 the event was added after the seal, into its past', '… nor does a time without end keep it from being sealed');
tampered('UPDATE careaccess.event_seal SET sealed_at = sealed_at - interval \'1 day\' WHERE seal = 2', "2 the seal was changed, or one before it", 'a changed seal');
tampered('UPDATE careaccess.event_seal SET hash = sha256(\'x\') WHERE seal = 1', "1 the seal was changed, or one before it\n2 the seal was changed, or one before it", 'a changed hash breaks the chain');
tampered('DELETE FROM careaccess.sealed_event WHERE seal = 2; DELETE FROM careaccess.event_seal WHERE seal = 2',
	"2 the seal is missing\n3 the event was added after the seal, into its past\n3 the seal was changed, or one before it", 'a seal that was taken out');
tampered(q{UPDATE careaccess.event SET operation = 'forged' WHERE id = (SELECT event FROM careaccess.sealed_event WHERE seal = 2 LIMIT 1);
	UPDATE careaccess.sealed_event AS s SET digest = careaccess.event_digest(e) FROM careaccess.event AS e WHERE e.id = s.event},
	'2 the seal was changed, or one before it', 'an event that was changed together with its digest');

# Who forges all of the chain is found by a hash that was kept elsewhere.
my ($number, undef, $kept) = split /\|/, $third;
is(sql(<<"SQL"), "$number the seal is not the one that is expected", 'the last seal was taken away');
BEGIN;
SET LOCAL session_replication_role = replica;
ALTER TABLE careaccess.event_seal DISABLE TRIGGER append_only;
ALTER TABLE careaccess.sealed_event DISABLE TRIGGER append_only;
DELETE FROM careaccess.sealed_event WHERE seal = $number;
DELETE FROM careaccess.event_seal WHERE seal = $number;
SELECT v.seal || ' ' || v.problem FROM careaccess_verify_events($number, '$kept') AS v;
ROLLBACK;
SQL

# Nobody changes it by the front door, the superuser neither.
foreach my $table (qw(event event_seal sealed_event))
{
	foreach my $statement ("DELETE FROM careaccess.$table", "TRUNCATE careaccess.$table CASCADE", "UPDATE careaccess.$table SET " . ($table eq 'sealed_event' ? 'seal = seal' : $table eq 'event' ? 'at = at' : 'events = events'))
	{
		foreach my $role (undef, 'replica')
		{
			my ($code, undef, $error) = $node->psql('postgres', ($role ? "SET session_replication_role = $role; " : '') . $statement);
			like($error, qr/the event log cannot be changed|seals of the event log cannot be changed/, "$statement is refused" . ($role ? ' to a replica' : ''));
		}
	}
}

# Two at a time, and not under an old snapshot
my @sealers = map { $node->background_psql('postgres') } 1, 2;
sql('SELECT careaccess_share_client(7, 4)');
$sealers[0]->query_safe('BEGIN');
is($sealers[0]->query_safe('SELECT events > 0 FROM careaccess_seal_events()'), 't', 'one seals');
$sealers[1]->query_until(qr/begun/, "\\echo begun\nSELECT 'second ' || events FROM careaccess_seal_events();\n");
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_locks WHERE NOT granted AND relation = 'careaccess.event_seal'::regclass}), 'another waits');
$sealers[0]->query_safe('COMMIT');
like($sealers[1]->query_until(qr/second \d+/, "\n"), qr/second 0$/m, '… and finds nothing left');
$_->quit foreach @sealers;
is(problems(), '', 'the chain is whole');
my (undef, undef, $error) = $node->psql('postgres', 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT careaccess_seal_events()');
like($error, qr/ERROR:  events cannot be sealed under a snapshot that is kept/, 'an old snapshot would miss events');
(undef, undef, $error) = $node->psql('postgres', 'SELECT * FROM careaccess_verify_events(1)');
like($error, qr/ERROR:  expected seal and expected hash go together/, 'half of what is expected is refused');

# More than one seal holds: what the first of them leaves out is no forgery.
sql('SELECT careaccess_share_client(i, 4) FROM generate_series(9, 19, 2) AS i');
my ($before_many) = split /\|/, sql('SELECT seal FROM careaccess_seal_events()');
sql('SELECT careaccess_unshare_client(i, 4) FROM generate_series(9, 19, 2) AS i');
my $size = sql(q{SELECT prosrc FROM pg_proc WHERE proname = 'seal_size'});
sql('CREATE OR REPLACE FUNCTION careaccess.seal_size() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 4::bigint $$');
is(sql('SELECT seal, events FROM careaccess_seal_events()'), ($before_many + 2) . '|6', 'two seals of at most so many');
is(problems(), '', '… and nothing wrong with them');
tampered("INSERT INTO careaccess.event SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid()))).* FROM careaccess.event AS e JOIN careaccess.sealed_event AS s ON s.event = e.id WHERE s.seal = 1 LIMIT 4;
	DO \$\$ BEGIN PERFORM careaccess_seal_events(); END \$\$",
	join("\n", (($before_many + 2) . ' the event was added after the seal, into its past') x 4), '… but forgeries are found behind them, too');
sql("CREATE OR REPLACE FUNCTION careaccess.seal_size() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp AS \$\$ $size \$\$");

# A restored database has the same log, the same seals, and goes on with them.
my $dump = PostgreSQL::Test::Utils::tempdir . '/dump';
command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-p', $node->port, '-h', $node->host, 'postgres' ], 'dump');
my $other = PostgreSQL::Test::Cluster->new('other');
$other->init;
$other->start;
$other->safe_psql('postgres', 'CREATE ROLE clinic_app LOGIN; CREATE DATABASE copy TEMPLATE template0');
command_ok([ 'pg_restore', '-e', '-d', 'copy', '-p', $other->port, '-h', $other->host, $dump ], 'restore into another cluster');
is($other->safe_psql('copy', "SELECT * FROM careaccess_verify_events($number, '$kept')"), '', 'the restored log is as it was sealed');
is($other->safe_psql('copy', 'SELECT count(*) FROM careaccess.sealed_event'), sql('SELECT count(*) FROM careaccess.sealed_event'), '… with all its seals');
$other->safe_psql('copy', 'SELECT careaccess_seal_events()');
$other->safe_psql('copy', 'SELECT careaccess_share_client(9, 4); SELECT careaccess_unshare_client(9, 4)');
is($other->safe_psql('copy', 'SELECT events > 0 FROM careaccess_seal_events()'), 't', 'the copy seals its own');
is($other->safe_psql('copy', 'SELECT * FROM careaccess_verify_events()'), '', '… and the chain goes on');

done_testing();
