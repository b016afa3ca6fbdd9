# Decisions while others commit.  COMMIT is not one instant: it is written to
# disk, then its rows become visible, then invalidation messages are sent and
# locks released.  And facts are read one after the other, while others commit.
# At each of these places a reader must see rows and rights of one moment:
#
#  1. visible, and nobody told: a module holds the writer there;
#  2. on disk, and not yet visible: the writer waits for a standby that is not there;
#  3. overtaken: the reader has its snapshot and waits for a lock on one of the
#     tables of facts when the writer commits.
#
# Each writer changes a right and adds a row to every client in one transaction,
# so the number of rows tells the moment: old rows with the old rights, or new
# ones with the new.
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

# The module is built here and loaded from here; it is never installed.
my $module = "$FindBin::RealBin/../modules/commit_window";
my $pg_config = $ENV{CAREACCESS_PG_CONFIG} || 'pg_config';
my $built = `make -C "$module" --no-print-directory PG_CONFIG="$pg_config" all 2>&1`;
is($?, 0, 'the module that holds a commit is built') or BAIL_OUT($built);

my $node = PostgreSQL::Test::Cluster->new('window');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = '$module/commit_window'
max_connections = 20
max_prepared_transactions = 5
max_worker_processes = 8
# Members may not look at plans; here they must.
careaccess.explain_guard = off
# A writer who turns it on waits for a standby that there is not.
synchronous_commit = local
synchronous_standby_names = 'nobody'
CONF
$node->start;
$node->safe_psql('postgres', <<"SQL");
CREATE FUNCTION commit_window_hold() RETURNS void LANGUAGE c AS '$module/commit_window';
CREATE FUNCTION commit_window_wait() RETURNS void LANGUAGE c AS '$module/commit_window';
CREATE FUNCTION commit_window_release() RETURNS void LANGUAGE c AS '$module/commit_window';
SQL
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION careaccess;
CREATE ROLE clinic_app LOGIN;
SELECT careaccess_grant_application('clinic_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO clinic_app;
SELECT careaccess_create_practice('p', 'Practice', 'standard');
SELECT careaccess_add_member('p', m, m, '{clinician}') FROM unnest('{anna,bert}'::text[]) AS m;
CREATE ROLE clinic_bert LOGIN;
SELECT careaccess_configure_member('bert', '{"login_role": "clinic_bert"}');
SELECT careaccess_add_client(c, 'p', o) FROM (VALUES (1, 'anna'), (2, 'bert'), (3, 'anna')) AS v (c, o);
SELECT careaccess_share_client(3, 'bert');
CREATE TABLE visit (client bigint NOT NULL);
CREATE TABLE memo (client bigint NOT NULL, author text NOT NULL);
CREATE INDEX ON visit (client);
SELECT careaccess_protect('visit', 'client', category => 'schedule');
SELECT careaccess_protect('memo', 'client', category => 'private_notes', author_column => 'author');
ALTER TABLE visit SET (parallel_workers = 2);
GRANT SELECT ON visit, memo TO clinic_app, clinic_bert;
CREATE FUNCTION add_rows() RETURNS void LANGUAGE sql
	AS $$ INSERT INTO visit SELECT generate_series(1, 3); INSERT INTO memo VALUES (1, 'anna'), (2, 'bert'), (3, 'anna') $$;
SELECT add_rows();
SQL
my $rows = 1;

# What bert sees: rows of two tables, and two functions' answers about visits.
my $question = q{SELECT concat_ws(' / ',
	(SELECT coalesce(string_agg(client || ':' || n, ' ' ORDER BY client), 'none') FROM (SELECT client, count(*) AS n FROM visit GROUP BY client) AS v),
	(SELECT coalesce(string_agg(client || ':' || n, ' ' ORDER BY client), 'none') FROM (SELECT client, count(*) AS n FROM memo GROUP BY client) AS v),
	CASE WHEN careaccess_current_member() IS NULL THEN 'nobody' ELSE
		(SELECT string_agg(c::text, ' ' ORDER BY c::text) FROM careaccess_visible_clients('bert', 'schedule') AS c) END,
	CASE WHEN careaccess_current_member() IS NULL THEN 'nobody' ELSE
		(SELECT string_agg(c::text, ' ' ORDER BY c) FROM generate_series(1, 3) AS c WHERE careaccess_can_view('bert', c, 'schedule')) END)};
$question =~ s/\s+/ /g;

sub expected
{
	my ($visits, $memos) = @_;
	my $list = sub { return join(' ', map { "$_:$rows" } split(/ /, shift)) || 'none' };

	return join(' / ', $list->($visits), $list->($memos), $visits || 'nobody', $visits || 'nobody');
}

# What happens to bert, who sees visits of 2 and 3 and memos of 2: the change,
# how to take it back, and what he sees between.
my @before = ('2 3', '2');
my @changes = (
	[ 'one share ends, another begins', q{SELECT careaccess_unshare_client(3, 'bert'); SELECT careaccess_share_client(1, 'bert')},
		q{SELECT careaccess_unshare_client(1, 'bert'); SELECT careaccess_share_client(3, 'bert')}, '1 2', '2' ],
	[ 'a chart share begins', q{SELECT careaccess_share_chart(3, 'anna', 'bert', include_private => true)},
		q{SELECT careaccess_stop_chart_share(3, 'anna', 'bert')}, '2 3', '2 3' ],
	[ 'a role', q{SELECT careaccess_set_member_roles('bert', '{clinician,clinician_all_clients}')},
		q{SELECT careaccess_set_member_roles('bert', '{clinician}')}, '1 2 3', '2' ],
	[ 'disabled', q{SELECT careaccess_set_member_status('bert', 'disabled')},
		q{SELECT careaccess_set_member_status('bert', 'active')}, '', '' ],
	[ 'shared with all', q{SELECT careaccess_share_client_with_all(1, true)},
		q{SELECT careaccess_share_client_with_all(1, false)}, '1 2 3', '2' ],
	[ 'a client is deleted', q{UPDATE careaccess.client SET status = 'deleted' WHERE id OPERATOR(careaccess.=) 3},
		q{UPDATE careaccess.client SET status = 'active' WHERE id OPERATOR(careaccess.=) 3}, '2', '2' ],
	# Ordinarily the trigger of a revocation ends the share, too.
	[ 'revoked', q{SET LOCAL session_replication_role = replica; INSERT INTO careaccess.client_revocation (practice, client, member) VALUES ('p', 3, 'bert')},
		q{DELETE FROM careaccess.client_revocation}, '2', '2' ],
	[ 'a link kind opens less', q{DELETE FROM careaccess.practice_link_category WHERE kind = 'grant' AND category = 'schedule'},
		q{INSERT INTO careaccess.practice_link_category (practice, kind, category) VALUES ('p', 'grant', 'schedule')}, '2', '2' ],
);

my $workers = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; '
  . 'SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off';

sub bert
{
	my $session = $node->background_psql('postgres', extra_params => [ '-U', 'clinic_app' ]);

	$session->query_safe(q{SELECT careaccess_act_as('bert', true)});
	$session->query_safe('SET plan_cache_mode = force_generic_plan');
	$session->query_safe("PREPARE q AS $question");
	return $session;
}

my $admin = $node->background_psql('postgres');
my $writer = $node->background_psql('postgres');
my $auto = bert();    # a statement at a time
my $rc = bert();      # READ COMMITTED, in a transaction that has looked
my $rr = bert();      # REPEATABLE READ, likewise
my $late = bert();    # REPEATABLE READ, begun in the window
my $parallel = bert();
$parallel->query_safe($workers);
like($parallel->query_safe('EXPLAIN (COSTS OFF) SELECT client, count(*) FROM visit GROUP BY client'), qr/Gather/, 'there are workers');
$writer->query_safe('SET client_min_messages = error');
my $writer_pid = $writer->query_safe('SELECT pg_backend_pid()');
my $auto_pid = $auto->query_safe('SELECT pg_backend_pid()');

# until_true(SQL): asked of the server, again and again.
sub until_true
{
	my $sql = shift;

	foreach my $try (1 .. 18000)
	{
		return if $admin->query_safe($sql) eq 't';
		usleep(10_000);
	}
	BAIL_OUT("never came true: $sql");
	return;
}

# send_only(SESSION, SQL): do not wait for what comes.
sub send_only
{
	my ($session, $sql) = @_;

	$session->query_until(qr/sent/, "\\echo sent\n$sql;\n");
	return;
}

# take_back(UNDO): where all begin.
sub take_back
{
	my ($undo, $name) = @_;

	$writer->query_safe("BEGIN; $undo; SELECT add_rows(); COMMIT");
	$rows++;
	is($auto->query_safe('EXECUTE q'), expected(@before), "$name: taken back");
	return;
}

sub begin_readers
{
	$rc->query_safe('BEGIN');
	$rr->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
	foreach my $session ($rc, $rr)
	{
		$session->query_safe('EXECUTE q');
		$session->query_safe("DECLARE c CURSOR FOR $question");
	}
	$parallel->query_safe('EXECUTE q');
	return;
}

sub all_see
{
	my ($name, $expected, $before) = @_;

	is($auto->query_safe('EXECUTE q'), $expected, "$name: a prepared statement");
	is($auto->query_safe($question), $expected, "$name: a new one");
	is($rc->query_safe('EXECUTE q'), $expected, "$name: READ COMMITTED");
	is($parallel->query_safe('EXECUTE q'), $expected, "$name: with workers");
	is($rr->query_safe('EXECUTE q'), $before, "$name: REPEATABLE READ");
	return;
}

#
# 1. Visible, and nobody told
#
foreach my $change (@changes)
{
	my ($name, $do, $undo, @after) = @$change;
	my $before = expected(@before);

	begin_readers();
	$writer->query_safe("BEGIN; $do; SELECT add_rows(); SELECT commit_window_hold()");
	all_see("$name, not committed", $before, $before);
	send_only($writer, 'COMMIT');
	$admin->query_safe('SELECT commit_window_wait()');

	$rows++;
	my $after = expected(@after);
	isnt($after, $before, "$name: there is a difference");
	is($admin->query_safe('SELECT count(*) FROM memo'), 3 * $rows, "$name: the rows are visible");
	is($admin->query_safe("SELECT count(*) > 0 FROM pg_locks WHERE pid = $writer_pid AND locktype = 'relation'"), 't',
		"$name: and the writer is not done");
	all_see("$name, in the window", $after, $before);
	is($rc->query_safe('FETCH c'), $before, "$name, in the window: a cursor from before");
	$late->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
	is($late->query_safe('EXECUTE q'), $after, "$name, in the window: a new snapshot that stays");
	is($node->safe_psql('postgres', $question, extra_params => [ '-U', 'clinic_bert' ]), $after, "$name, in the window: a new session");

	$admin->query_safe('SELECT commit_window_release()');
	$writer->query_safe('SELECT 1');
	all_see("$name, after the window", $after, $before);
	is($rr->query_safe('FETCH c'), $before, "$name, after the window: a cursor from before");
	is($late->query_safe('EXECUTE q'), $after, "$name, after the window: the snapshot that stays");
	$_->query_safe('COMMIT') foreach ($rc, $rr, $late);
	take_back($undo, $name);
}

#
# 2. On disk, and not yet visible; COMMIT PREPARED, too
#
foreach my $case ([ $changes[0], 'COMMIT' ], [ $changes[3], q{COMMIT PREPARED 'change'} ])
{
	my ($name, $do, $undo, @after) = @{ $case->[0] };
	my $commit = $case->[1];
	my $before = expected(@before);

	$name .= ", $commit";
	begin_readers();
	$writer->query_safe("BEGIN; $do; SELECT add_rows()");
	$writer->query_safe(q{PREPARE TRANSACTION 'change'}) if $commit =~ /PREPARED/;
	all_see("$name, before", $before, $before);
	$writer->query_safe('SET synchronous_commit = on') if $commit =~ /PREPARED/;
	$writer->query_safe('SET LOCAL synchronous_commit = on') if $commit !~ /PREPARED/;
	send_only($writer, $commit);
	until_true("SELECT wait_event = 'SyncRep' FROM pg_stat_activity WHERE pid = $writer_pid");
	all_see("$name, on disk", $before, $before);
	is($rc->query_safe('FETCH c'), $before, "$name, on disk: a cursor from before");

	$admin->query_safe("SELECT pg_cancel_backend($writer_pid)");
	$writer->query_safe('SELECT 1');
	$writer->query_safe('RESET synchronous_commit');
	$rows++;
	all_see("$name, visible", expected(@after), $before);
	$_->query_safe('COMMIT') foreach ($rc, $rr);
	take_back($undo, $name);
}

#
# 3. Overtaken
#
# The reader comes as far as the locked table, and has read what comes before it.
my @facts = split /\n/, $admin->query_safe(q{SELECT relname FROM pg_class WHERE relnamespace = 'careaccess'::regnamespace AND relkind = 'r'
	AND relname NOT IN ('event', 'invitation', 'form_route', 'assignment_rule', 'protected_table') ORDER BY relname});
cmp_ok(scalar(@facts), '>=', 25, 'there are tables of facts');
my $result = PostgreSQL::Test::Utils::tempdir() . '/result';
my ($waited, $turn) = (0, 0);

foreach my $fact (@facts)
{
	my ($name, $do, $undo, @after) = @{ $changes[ $turn++ % @changes ] };
	my $before = expected(@before);

	$name .= ", overtaken at $fact";
	$writer->query_safe("BEGIN; LOCK TABLE careaccess.$fact IN ACCESS EXCLUSIVE MODE; $do; SELECT add_rows()");
	send_only($auto, "SET application_name = 'asks';\nEXECUTE q \\g $result\nSET application_name = 'has asked'");
	until_true(qq{SELECT application_name = 'has asked' OR (application_name = 'asks' AND wait_event_type IS NOT DISTINCT FROM 'Lock')
		FROM pg_stat_activity WHERE pid = $auto_pid});
	$waited++ if $admin->query_safe("SELECT wait_event_type IS NOT DISTINCT FROM 'Lock' FROM pg_stat_activity WHERE pid = $auto_pid") eq 't';
	$writer->query_safe('COMMIT');
	$auto->query_safe('SELECT 1');
	$rows++;
	my $after = expected(@after);

	# Which of the two moments is its own affair.
	my $seen = slurp_file($result);
	chomp $seen;
	ok($seen eq $before || $seen eq $after, "$name: one moment") or diag("seen $seen\nbefore $before\nafter $after");
	is($auto->query_safe('EXECUTE q'), $after, "$name: its next statement");
	take_back($undo, $name);
	$auto->query_safe('RESET application_name');
}
cmp_ok($waited, '>', 0, "the reader waited in the middle of $waited of its questions");
diag("readers were overtaken in the middle of a question $waited times");

$_->quit foreach ($admin, $writer, $auto, $rc, $rr, $late, $parallel);
$node->stop;
done_testing();
