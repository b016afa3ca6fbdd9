# Stopped in the middle of reading facts: a lock that is not to be had, a query
# that is cancelled, a table that is another one when the lock comes, a stack
# that is too deep, a process that is killed.  Whoever asked sees what he may see
# or an error, and right after that the right rows.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CareClinic;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('stopped');
$node->init;
$node->append_conf('postgresql.conf', 'restart_after_crash = on');
$node->start;
make_clinic($node, 'postgres');
$node->safe_psql('postgres', <<'SQL');
SELECT careaccess_delegate(5, 4, 'supervisor');
SELECT careaccess_set_member_permission(4, 'billing', '{view}', 'all', 'deny');
SELECT careaccess_set_colleague_limit(4, 'chart', '{5}');
SELECT careaccess_configure_practice('elm', '{"author_rules": {"chart": "group"}}');
INSERT INTO careaccess.emergency_access (practice, client, member, reason, until) VALUES ('elm', 5, 4, 'found unconscious', now() + interval '1 day');
-- A change of rights before each question: a client is there, or is not.
CREATE FUNCTION have(there boolean) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
	UPDATE careaccess.client AS c SET status = CASE WHEN $1 THEN 'active' ELSE 'deleted' END WHERE c.id OPERATOR(careaccess.=) 1 $$;
CREATE FUNCTION is_there() RETURNS boolean LANGUAGE sql SECURITY DEFINER AS $$
	SELECT c.status = 'active' FROM careaccess.client AS c WHERE c.id OPERATOR(careaccess.=) 1 $$;
CREATE FUNCTION seen() RETURNS text LANGUAGE sql AS $$
	SELECT (SELECT string_agg(client::text, ' ' ORDER BY id) FROM visit) || ' / ' || (SELECT string_agg(id::text, ' ' ORDER BY id) FROM note) $$;
CREATE FUNCTION seen_from(depth integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE WHEN depth = 0 THEN seen() ELSE seen_from(depth - 1) END;
END $$;
SQL

my $question = q{SELECT (SELECT string_agg(client::text, ' ' ORDER BY id) FROM visit) || ' / ' || (SELECT string_agg(id::text, ' ' ORDER BY id) FROM note) AS answer};
my %healthy;
foreach my $there ('false', 'true')
{
	$node->safe_psql('postgres', "SELECT have($there)");
	$healthy{$there} = ask_as($node, 'postgres', 4, $question);
}
isnt($healthy{false}, $healthy{true}, 'the client makes a difference');

my ($session, $pid);
sub connect_session
{
	$session = $node->background_psql('postgres', on_error_stop => 0, extra_params => [ '-U', 'clinic_app' ]);
	$session->query(q{SELECT careaccess_act_as('4', true)});
	$session->query("SET plan_cache_mode = force_generic_plan; PREPARE q AS $question");
	# Planned now: from here on facts are read when it runs.
	$session->query('EXECUTE q');
	$pid = $session->query('SELECT pg_backend_pid()');
	$session->{stderr} = '';
	return;
}
connect_session();
my $admin = $node->background_psql('postgres', on_error_stop => 0);
my $locker = $node->background_psql('postgres', on_error_stop => 0);

# asked(SESSION): the answer, or "error".
sub asked
{
	my $answer = $session->query('EXECUTE q');

	$session->{stderr} = '';
	return $answer =~ /\d/ ? $answer : 'error';
}

sub until_true
{
	my $sql = shift;

	foreach my $try (1 .. 18000)
	{
		return if $admin->query($sql) eq 't';
		usleep(10_000);
	}
	BAIL_OUT("never came true: $sql");
	return;
}

# ask_and_wait(): sends the question; it waits for a lock, or has been answered.
my $result = PostgreSQL::Test::Utils::tempdir() . '/result';
sub ask_and_wait
{
	unlink $result;
	$session->query(q{SET application_name = 'asks'});
	$session->query_until(qr/sent/, "\\echo sent\nEXECUTE q \\g $result\nSET application_name = 'has asked';\n");
	until_true(qq{SELECT application_name = 'has asked' OR (application_name = 'asks' AND wait_event_type IS NOT DISTINCT FROM 'Lock')
		FROM pg_stat_activity WHERE pid = $pid});
	return $admin->query("SELECT application_name = 'asks' FROM pg_stat_activity WHERE pid = $pid") eq 't';
}

sub result
{
	my $answer;

	$session->query('SELECT 1');
	$session->{stderr} = '';
	$answer = -e $result ? slurp_file($result) : '';
	chomp $answer;
	return $answer eq '' ? 'error' : $answer;
}

my @facts = split /\n/, $node->safe_psql('postgres', q{SELECT relname FROM pg_class WHERE relnamespace = 'careaccess'::regnamespace AND relkind = 'r'
	AND relname NOT LIKE 'preset%' ORDER BY relname});
my @waited_for;
my $turn = 0;

foreach my $fact (@facts)
{
	my $there = $turn++ % 2 ? 'true' : 'false';
	my $right = $healthy{$there};

	# No lock: given up after a while
	$admin->query("SELECT have($there)");
	$locker->query("BEGIN; LOCK TABLE careaccess.$fact IN ACCESS EXCLUSIVE MODE");
	$session->query('SET lock_timeout = 20');
	my $first = asked();
	$session->query('RESET lock_timeout; SET statement_timeout = 20');
	my $second = asked();
	$session->query('RESET statement_timeout');
	ok(($first eq 'error' || $first eq $right) && ($second eq 'error' || $second eq $right), "$fact is locked: the answer or an error");
	my $waits = $first eq 'error';

	# Cancelled while it waits
	if ($waits)
	{
		push @waited_for, $fact;
		ok(ask_and_wait(), "$fact is locked: the question waits");
		$admin->query("SELECT pg_cancel_backend($pid)");
		is(result(), 'error', "$fact is locked: cancelled");
	}
	$locker->query('ROLLBACK');
	is(asked(), $right, "$fact is free: the right rows");

	# Another table when the lock comes.  (The version log is not changed like
	# that: such a change is to be entered into it.)
	next unless $waits && $fact ne 'change';
	my ($column, $type) = split /\|/, $admin->query(qq{SELECT quote_ident(attname), format_type(atttypid, atttypmod) FROM pg_attribute
		WHERE attrelid = 'careaccess.$fact'::regclass AND attnum > 0 AND attname NOT IN ('id', 'name')
			AND (attname = 'groups' OR '$fact' <> 'practice') ORDER BY attname = 'practice', attnum LIMIT 1});
	foreach my $change ([ "RENAME COLUMN $column TO gone", "RENAME COLUMN gone TO $column" ],
		[ "RENAME COLUMN $column TO gone; ALTER TABLE careaccess.$fact ADD COLUMN $column integer NOT NULL DEFAULT 7",
			"DROP COLUMN $column; ALTER TABLE careaccess.$fact RENAME COLUMN gone TO $column" ],
		[ "RENAME TO gone; CREATE VIEW careaccess.$fact AS SELECT * FROM careaccess.gone",
			"RENAME TO view; DROP VIEW careaccess.view; ALTER TABLE careaccess.gone RENAME TO $fact" ])
	{
		my ($do, $undo) = @$change;

		$there = $turn++ % 2 ? 'true' : 'false';
		$right = $healthy{$there};
		$admin->query("SELECT have($there)");
		# As far as the locked table it has been; nobody tells that it is another.
		$locker->query("SET session_replication_role = replica; BEGIN; LOCK TABLE careaccess.$fact IN ACCESS EXCLUSIVE MODE");
		ask_and_wait();
		$locker->query("ALTER TABLE careaccess.$fact $do; COMMIT");
		my $answer = result();
		is($answer, 'error', "$fact, $do: found when the lock comes") or diag($answer);
		$answer = asked();
		is($answer, 'error', "$fact, $do: the next statement") or diag($answer);
		$locker->query("ALTER TABLE careaccess.$fact $undo; RESET session_replication_role");
		$locker->{stderr} = '';
		is(asked(), $right, "$fact, $do: mended");
	}
}
cmp_ok(scalar(@waited_for), '>', 15, "it waits for @waited_for");

# Cancelled wherever it may be
my $script = "SELECT careaccess_act_as('4', true) IS NULL AS x \\gset\nSET application_name = 'is cancelled';\n";
foreach my $n (1 .. 1000)
{
	$script .= "\\set answer error\n\\set there unknown\nSELECT have(" . ($n % 2 ? 'true' : 'false') . ") IS NULL AS x \\gset\n$question \\gset\nSELECT is_there() AS there \\gset\n\\echo $n :there :answer\n";
}
$node->safe_psql('postgres', 'CREATE TABLE done ()');
$admin->query_until(qr/begun/, q{\echo begun
DO $$
DECLARE
	seen boolean := false;
	there boolean;
BEGIN
	LOOP
		PERFORM pg_stat_clear_snapshot();
		SELECT count(*) > 0, count(pg_cancel_backend(pid)) >= 0 INTO there, seen FROM pg_stat_activity WHERE application_name = 'is cancelled';
		EXIT WHEN NOT there AND EXISTS (SELECT FROM done);
		PERFORM pg_sleep(0.002 * random());
	END LOOP;
END $$;
});
my ($code, $out) = $node->psql('postgres', $script, on_error_stop => 0, extra_params => [ '-U', 'clinic_app' ], timeout => 300);
$node->safe_psql('postgres', 'INSERT INTO done DEFAULT VALUES');
my ($errors, $answers, @wrong) = (0, 0);
foreach my $line (split /\n/, $out)
{
	# Who is to be seen is cancelled, too, now and then.
	my ($n, $there, $answer) = $line =~ /^(\d+) ([tf]) (.*)$/ or next;

	$errors++ if $answer eq 'error';
	$answers++ if $answer ne 'error';
	push @wrong, $line unless $answer eq 'error' || $answer eq $healthy{ $there eq 't' ? 'true' : 'false' };
}
cmp_ok($errors, '>', 10, "cancelled anywhere: $errors times");
cmp_ok($answers, '>', 10, "cancelled anywhere: not $answers times");
is(scalar(@wrong), 0, 'cancelled anywhere: never another answer') or diag(join("\n", @wrong[ 0 .. ($#wrong < 4 ? $#wrong : 4) ]));

# Too deep for the stack, a little later each time
$admin->query(q{ALTER ROLE clinic_app SET max_stack_depth = '100kB'});
connect_session();
my ($too_deep, @wrong_deep) = (0);
foreach my $depth (1 .. 60)
{
	my $there = $depth % 2 ? 'true' : 'false';

	$admin->query("SELECT have($there)");
	my $answer = $session->query("SELECT seen_from($depth)");
	$session->{stderr} = '';
	$too_deep++ if $answer !~ /\d/;
	push @wrong_deep, "$depth: $answer" unless $answer !~ /\d/ || $answer eq $healthy{$there};
	$answer = asked();
	push @wrong_deep, "after $depth: $answer" unless $answer eq $healthy{$there};
}
ok($too_deep > 0 && $too_deep < 60, "too deep: $too_deep times");
is(join("\n", @wrong_deep), '', 'too deep: an error, and then the right rows');

# Killed while it reads: the server starts anew.
$admin->query('SELECT have(true)');
$locker->query('BEGIN; LOCK TABLE careaccess.client_link IN ACCESS EXCLUSIVE MODE');
ok(ask_and_wait(), 'killed: it waits in the middle');
kill 'KILL', $pid;
$session->{run}->kill_kill;
$node->poll_query_until('postgres', 'SELECT true') or BAIL_OUT('the server does not come back');
is(ask_as($node, 'postgres', 4, $question), $healthy{true}, 'killed: the right rows');

$node->stop;
done_testing();
