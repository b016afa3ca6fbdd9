# Facts that come by other ways than statements with all their triggers: TRUNCATE
# and COPY by a superuser, tables whose version triggers are off, and logical
# replication.  Sessions that looked before must see what came, at once.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $clinic = <<'SQL';
CREATE EXTENSION careaccess;
CREATE ROLE clinic_app LOGIN;
SELECT careaccess_grant_application('clinic_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO clinic_app;
CREATE TABLE visit (id integer PRIMARY KEY, client bigint NOT NULL);
CREATE TABLE memo (id integer PRIMARY KEY, client bigint NOT NULL, author text NOT NULL);
CREATE INDEX ON visit (client);
SELECT careaccess_protect('visit', 'client', category => 'schedule');
SELECT careaccess_protect('memo', 'client', category => 'private_notes', author_column => 'author');
GRANT SELECT ON visit, memo TO clinic_app;
SQL
my $facts = <<'SQL';
SELECT careaccess_create_practice('p', 'Practice', 'standard');
SELECT careaccess_add_member('p', m, m, '{clinician}') FROM unnest('{anna,bert}'::text[]) AS m;
SELECT careaccess_add_member('p', 'all', 'All', '{clinician,clinician_all_clients}');
SELECT careaccess_add_client(c, 'p', o) FROM (VALUES (1, 'anna'), (2, 'bert'), (3, 'anna')) AS v (c, o);
SELECT careaccess_share_client(3, 'bert');
SELECT careaccess_share_chart(3, 'anna', 'bert', include_private => true);
SELECT careaccess_revoke_administrative_access(1, 'all') FROM careaccess_restrict_client(1);
INSERT INTO visit VALUES (1, 1), (2, 2), (3, 3);
INSERT INTO memo VALUES (1, 1, 'anna'), (2, 2, 'bert'), (3, 3, 'anna');
SQL
my $question = q{SELECT coalesce((SELECT string_agg(client::text, ' ' ORDER BY id) FROM visit), 'none') || ' / ' ||
	coalesce((SELECT string_agg(client::text, ' ' ORDER BY id) FROM memo), 'none')};
$question =~ s/\s+/ /g;

my $node = PostgreSQL::Test::Cluster->new('publisher');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "max_connections = 30\nmax_prepared_transactions = 5\nmax_wal_senders = 20\nmax_replication_slots = 20");
$node->start;
$node->safe_psql('postgres', $clinic . $facts);

# A member's sessions on a server: one asks a statement at a time, one in a
# transaction that stays open, where no new lock tells it of anything.
sub sessions
{
	my ($server, $member) = @_;
	my %session;

	foreach my $kind ('single', 'open')
	{
		my $s = $session{$kind} = $server->background_psql('postgres', extra_params => [ '-U', 'clinic_app' ]);
		$s->query_safe("SELECT careaccess_act_as('$member', true)");
		$s->query_safe('SET plan_cache_mode = force_generic_plan');
		$s->query_safe("PREPARE q AS $question");
	}
	$session{open}->query_safe('BEGIN');
	return \%session;
}

sub see
{
	my ($session, $expected, $name) = @_;

	is($session->{single}->query_safe('EXECUTE q'), $expected, "$name: a prepared statement");
	is($session->{open}->query_safe('EXECUTE q'), $expected, "$name: in a transaction that was open");
	is($session->{single}->query_safe($question), $expected, "$name: a new statement");
	return;
}

sub again { my $s = shift; $s->{open}->query_safe('COMMIT'); $s->{open}->query_safe('BEGIN'); return }

my $bert = sessions($node, 'bert');
my $all = sessions($node, 'all');

#
# TRUNCATE and COPY
#
see($bert, '2 3 / 2 3', 'bert, in the beginning');
see($all, '2 3 / none', 'all, in the beginning');

my $dir = PostgreSQL::Test::Utils::tempdir();
# It waits for transactions that have looked, so the open ones begin anew.
my $wait = q{SET lock_timeout = '30s';};
my @tables = (
	[ 'client_link', 'TRUNCATE careaccess.%s CASCADE', 'none / none', '2 3 / none' ],
	[ 'chart_share', 'TRUNCATE careaccess.%s', '2 3 / 2', '2 3 / none' ],
	[ 'client_revocation', 'TRUNCATE careaccess.%s', '2 3 / 2 3', '1 2 3 / none' ],
	[ 'member_role', 'TRUNCATE careaccess.%s', 'none / none', 'none / none' ],
	[ 'role_permission', 'TRUNCATE careaccess.%s', 'none / none', 'none / none' ],
	[ 'practice_link_category', 'TRUNCATE careaccess.%s', 'none / none', '2 3 / none' ],
	[ 'practice_link_category', 'DELETE FROM careaccess.%s', 'none / none', '2 3 / none' ],
);
foreach my $mode ('origin', 'replica')
{
	foreach my $case (@tables)
	{
		my ($table, $empty, $berts, $alls) = @$case;
		my $name = sprintf($empty, $table) . " as $mode";
		my $set = "$wait SET session_replication_role = $mode;";

		# The whole of it, since CASCADE takes the chart shares along.
		again($_) foreach ($bert, $all);
		my @saved = $empty =~ /CASCADE/ ? ($table, 'chart_share') : ($table);
		$node->safe_psql('postgres', "COPY careaccess.$_ TO '$dir/$_'") foreach @saved;
		$node->safe_psql('postgres', $set . sprintf($empty, $table));
		see($bert, $berts, "$name, bert");
		see($all, $alls, "$name, all");
		$node->safe_psql('postgres', "BEGIN; $set ALTER TABLE careaccess.$_ DISABLE TRIGGER USER; ALTER TABLE careaccess.$_ ENABLE ALWAYS TRIGGER version_row; "
			  . "COPY careaccess.$_ FROM '$dir/$_'; ALTER TABLE careaccess.$_ ENABLE TRIGGER USER; "
			  . "ALTER TABLE careaccess.$_ ENABLE ALWAYS TRIGGER version_row; ALTER TABLE careaccess.$_ ENABLE ALWAYS TRIGGER version_truncate; ALTER TABLE careaccess.$_ ENABLE ALWAYS TRIGGER version_begin; COMMIT")
		  foreach @saved;
		see($bert, '2 3 / 2 3', "COPY $table back as $mode, bert");
		see($all, '2 3 / none', "COPY $table back as $mode, all");
	}
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'careaccess.%' AND tgname LIKE 'version%' AND tgenabled <> 'A'}),
	'0', 'every version trigger is as it was');
again($_) foreach ($bert, $all);

#
# Version triggers that are off
#
my $on = join(' ', map { "ALTER TABLE careaccess.client_link ENABLE ALWAYS TRIGGER version_$_;" } qw(begin row truncate));
my $take = q{DELETE FROM careaccess.client_link WHERE kind = 'grant'};
my $give = q{INSERT INTO careaccess.client_link (practice, client, member, kind) VALUES ('p', 3, 'bert', 'grant')};
my $noted = q{SELECT count(*) FROM careaccess.change};
my @off = (
	[ 'DISABLE TRIGGER version_row', 'origin' ],
	[ 'DISABLE TRIGGER USER', 'origin' ],
	[ 'DISABLE TRIGGER ALL', 'origin' ],
	[ 'ENABLE TRIGGER version_row', 'replica' ],
	[ 'ENABLE REPLICA TRIGGER version_row', 'origin' ],
);
foreach my $case (@off)
{
	my ($off, $mode) = @$case;
	my $set = "SET session_replication_role = $mode;";
	my $alter = "ALTER TABLE careaccess.client_link $off";
	my $restore = 'ALTER TABLE careaccess.client_link ENABLE TRIGGER ALL; ' . $on;

	see($bert, '2 3 / 2 3', "$off, $mode: before");
	my $before = $node->safe_psql('postgres', $noted);
	$node->safe_psql('postgres', $alter);
	cmp_ok($node->safe_psql('postgres', $noted), '>', $before, "$off, $mode: that it is off is noted");
	$before = $node->safe_psql('postgres', $noted);
	$node->safe_psql('postgres', "$set $take");
	see($bert, '2 / 2', "$off, $mode: taken") if $off ne 'DISABLE TRIGGER ALL';
	see($bert, '2 / 2', "$off, $mode: taken, everything off") if $off eq 'DISABLE TRIGGER ALL';
	$node->safe_psql('postgres', "$set $give");
	see($bert, '2 3 / 2 3', "$off, $mode: given");
	$node->safe_psql('postgres', "$set $take");
	is($node->safe_psql('postgres', $noted), $before, "$off, $mode: none of it was noted");
	$node->safe_psql('postgres', $restore);
	see($bert, '2 / 2', "$off, $mode: on again");
	$node->safe_psql('postgres', "BEGIN; $alter; $set $give; $restore; COMMIT");
	see($bert, '2 3 / 2 3', "$off, $mode: off, changed and on, in one transaction");
	$node->safe_psql('postgres', $take);
	see($bert, '2 / 2', "$off, $mode: as ever");
	$node->safe_psql('postgres', $give);
	cmp_ok($node->safe_psql('postgres', $noted), '>', $before, "$off, $mode: … which is noted again");
	again($bert);
}
# Of another table than the one that changes, and of one that decides nothing.
$node->safe_psql('postgres', 'ALTER TABLE careaccess.delegation DISABLE TRIGGER version_row; ALTER TABLE careaccess.event DISABLE TRIGGER ALL');
see($bert, '2 3 / 2 3', 'another table\'s trigger is off');
$node->safe_psql('postgres', $take);
see($bert, '2 / 2', 'another table\'s trigger is off, taken');
$node->safe_psql('postgres', 'ALTER TABLE careaccess.delegation ENABLE ALWAYS TRIGGER version_row; ALTER TABLE careaccess.event ENABLE TRIGGER ALL');
$node->safe_psql('postgres', $give);
see($bert, '2 3 / 2 3', 'and on again');
# Not committed: nothing happened.
my $writer = $node->background_psql('postgres');
$writer->query_safe("BEGIN; ALTER TABLE careaccess.client_link DISABLE TRIGGER version_row; $take");
see($bert, '2 3 / 2 3', 'off and taken, not committed');
$writer->query_safe('ROLLBACK');
see($bert, '2 3 / 2 3', 'off and taken, rolled back');
$node->safe_psql('postgres', $take);
see($bert, '2 / 2', 'and taken afterwards');
$node->safe_psql('postgres', $give);
$writer->quit;

#
# Logical replication: the subscriber decides by what has arrived
#
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical');
$subscriber->append_conf('postgresql.conf', <<'CONF');
max_connections = 30
max_worker_processes = 16
max_logical_replication_workers = 12
max_sync_workers_per_subscription = 8
max_replication_slots = 20
wal_retrieve_retry_interval = 100ms
CONF
$subscriber->start;
$subscriber->safe_psql('postgres', $clinic);
# What every installation has by itself stays at home.
my $published = $node->safe_psql('postgres', q{SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class AS c
	WHERE relnamespace = 'careaccess'::regnamespace AND relkind = 'r' AND relpersistence = 'p'
	AND relname NOT IN ('change', 'event', 'category', 'capability', 'protected_table') AND relname NOT LIKE 'preset%'});
$node->safe_psql('postgres', "CREATE PUBLICATION clinic FOR TABLE $published, visit, memo");
my $connect = $node->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION clinic CONNECTION '$connect' PUBLICATION clinic");
$subscriber->wait_for_subscription_sync($node, 'clinic');

cmp_ok($subscriber->safe_psql('postgres', $noted), '>', 0, 'what was copied is in the version log');
is($subscriber->safe_psql('postgres', q{SELECT count(*) FROM careaccess.event WHERE fact <> 'protected_table'}), '0', 'and not in the audit log, which is that of its origin');
my $there = sessions($subscriber, 'bert');
my $before = sessions($subscriber, 'bert');
$before->{open}->query_safe('COMMIT; BEGIN ISOLATION LEVEL REPEATABLE READ');
see($there, '2 3 / 2 3', 'subscriber');
is($before->{open}->query_safe('EXECUTE q'), '2 3 / 2 3', 'subscriber: a snapshot that stays');

my $next = 10;
my @arrive = (
	[ 'a share ends', q{SELECT careaccess_unshare_client(3, 'bert')}, '2 / 2' ],
	[ 'and begins', q{SELECT careaccess_share_client(3, 'bert')}, '2 3 / 2 3' ],
	[ 'a share ends, with rows', q{SELECT careaccess_unshare_client(3, 'bert'); INSERT INTO visit VALUES (%s, 3); INSERT INTO visit VALUES (1%s, 2)}, '2 2 / 2' ],
	[ 'and begins, with rows', q{SELECT careaccess_share_client(3, 'bert'); DELETE FROM visit WHERE id > 3}, '2 3 / 2 3' ],
	[ 'shared with all', q{SELECT careaccess_share_client_with_all(1, true)}, '1 2 3 / 2 3' ],
	[ 'no longer with all', q{SELECT careaccess_share_client_with_all(1, false)}, '2 3 / 2 3' ],
	[ 'disabled', q{SELECT careaccess_set_member_status('bert', 'disabled')}, 'none / none' ],
	[ 'active', q{SELECT careaccess_set_member_status('bert', 'active')}, '2 3 / 2 3' ],
	[ 'a chart share stops', q{SELECT careaccess_stop_chart_share(3, 'anna', 'bert')}, '2 3 / 2' ],
	[ 'rolled back', q{BEGIN; SELECT careaccess_unshare_client(3, 'bert'); ROLLBACK}, '2 3 / 2' ],
	[ 'a savepoint', q{BEGIN; SAVEPOINT s; SELECT careaccess_unshare_client(3, 'bert'); ROLLBACK TO s; INSERT INTO visit VALUES (%s, 3); COMMIT}, '2 3 3 / 2' ],
	[ 'prepared', q{BEGIN; SELECT careaccess_unshare_client(3, 'bert'); PREPARE TRANSACTION 'x'; COMMIT PREPARED 'x'}, '2 / 2' ],
	[ 'as replica', qq{SET session_replication_role = replica; $give; DELETE FROM visit WHERE id > 3}, '2 3 / 2' ],
	[ 'TRUNCATE', qq{$wait TRUNCATE careaccess.client_link CASCADE}, 'none / none' ],
);
foreach my $case (@arrive)
{
	my ($name, $sql, $expected) = @$case;
	my $entries = $subscriber->safe_psql('postgres', $noted);

	if ($sql =~ /TRUNCATE/)
	{
		again($_) foreach ($bert, $there);
		$before->{open}->query_safe('COMMIT');
	}
	$sql =~ s/%s/$next/g;
	$next++;
	$node->safe_psql('postgres', $sql);
	$node->wait_for_catchup('clinic');
	see($there, $expected, "subscriber, $name");
	cmp_ok($subscriber->safe_psql('postgres', $noted), '>', $entries, "subscriber, $name: noted in the version log")
	  unless $sql =~ /ROLLBACK/;
	is($before->{open}->query_safe('EXECUTE q'), '2 3 / 2 3', "subscriber, $name: a snapshot that stays")
	  unless $sql =~ /TRUNCATE/;
}
# What the subscriber is told directly counts, too.
$subscriber->safe_psql('postgres', $give);
see($there, '3 / none', 'subscriber, its own change');

$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION clinic');
foreach my $sessions ($bert, $all, $there, $before)
{
	$_->quit foreach values %$sessions;
}
$subscriber->stop;
$node->stop;
done_testing();
