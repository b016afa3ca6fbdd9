# Eight readers and four writers, at random.  Not one row may be read by a right
# that the reader's snapshot does not have, and none may be missing.
#
# Every change of a right happens in one transaction with two others: the rows
# of the client get a new stamp (a logical clock), and so does a table of truth,
# unprotected, which says in plain rows who may see what.  A reader asks for the
# rows that the policies let through and for the truth in one statement, so under
# one snapshot, and compares: client, stamp and number of rows must be the same.
#
#   CAREACCESS_STRESS_SECONDS   how long (default 10)
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = $ENV{CAREACCESS_STRESS_SECONDS} || 10;
die "CAREACCESS_STRESS_SECONDS must be a number of seconds\n" unless $seconds =~ /^[1-9][0-9]*$/;

my $node = PostgreSQL::Test::Cluster->new('stress');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
max_connections = 40
max_prepared_transactions = 10
max_worker_processes = 16
max_parallel_workers = 16
deadlock_timeout = 50ms
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION careaccess;
CREATE ROLE clinic_app;
SELECT careaccess_grant_application('clinic_app');
SELECT careaccess_create_practice('p', 'Practice', 'standard');
SELECT careaccess_add_member('p', 'boss', 'Boss', '{clinician}');
DO $$ BEGIN FOR m IN 1 .. 4 LOOP EXECUTE format('CREATE ROLE clinic_%s LOGIN IN ROLE clinic_app', m); END LOOP; END $$;
SELECT careaccess_add_member('p', m, 'Member ' || m, '{clinician}', login_role => 'clinic_' || m) FROM generate_series(1, 4) AS m;
SELECT careaccess_add_client(c, 'p', 'boss') FROM generate_series(1, 12) AS c;
CREATE TABLE visit (client bigint NOT NULL, stamp bigint NOT NULL DEFAULT 0) WITH (fillfactor = 50);
INSERT INTO visit SELECT 1 + i % 12 FROM generate_series(1, 36) AS i;
CREATE INDEX ON visit (client);
SELECT careaccess_protect('visit', 'client', category => 'schedule');
ALTER TABLE visit SET (parallel_workers = 2);
GRANT SELECT ON visit TO clinic_app;

-- The truth
CREATE SEQUENCE logical_clock;
CREATE TABLE truth_client (client bigint PRIMARY KEY, stamp bigint NOT NULL DEFAULT 0);
INSERT INTO truth_client SELECT generate_series(1, 12);
CREATE TABLE truth_member (member bigint PRIMARY KEY, active boolean NOT NULL DEFAULT true, sees_all boolean NOT NULL DEFAULT false);
INSERT INTO truth_member SELECT generate_series(1, 4);
CREATE TABLE truth_link (member bigint, client bigint, PRIMARY KEY (member, client));
CREATE VIEW truth AS
	SELECT m.member, c.client, c.stamp FROM truth_member AS m, truth_client AS c
	WHERE m.active AND (m.sees_all OR EXISTS (SELECT FROM truth_link AS l WHERE l.member = m.member AND l.client = c.client));
GRANT SELECT ON truth TO clinic_app;

-- A change of a right, with everything that belongs to it.
CREATE FUNCTION toggle_share(m bigint, c bigint, how text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	shared boolean := EXISTS (SELECT FROM truth_link AS l WHERE l.member = m AND l.client = c);
BEGIN
	IF how = 'function' THEN
		IF shared THEN
			PERFORM careaccess_unshare_client(c, m);
		ELSE
			PERFORM careaccess_share_client(c, m);
		END IF;
	ELSE
		PERFORM set_config('session_replication_role', how, true);
		IF shared THEN
			DELETE FROM careaccess.client_link AS l
			WHERE l.client OPERATOR(careaccess.=) c AND l.member OPERATOR(careaccess.=) m AND l.kind = 'grant' AND l.active;
		ELSE
			INSERT INTO careaccess.client_link (practice, client, member, kind) VALUES ('p', c, m, 'grant');
		END IF;
		PERFORM set_config('session_replication_role', 'origin', true);
	END IF;
	IF shared THEN
		DELETE FROM truth_link AS l WHERE l.member = m AND l.client = c;
	ELSE
		INSERT INTO truth_link VALUES (m, c);
	END IF;
END $$;
CREATE FUNCTION change(how text, m bigint, c bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	now_is bigint;
	t truth_member;
BEGIN
	-- The writers of one client, and then of one member, queue here.
	UPDATE truth_client SET stamp = nextval('logical_clock') WHERE client = c RETURNING stamp INTO now_is;
	SELECT * INTO t FROM truth_member WHERE member = m FOR UPDATE;
	UPDATE visit SET stamp = now_is WHERE client = c;
	-- Nothing is shared with one who is disabled.
	IF NOT t.active THEN
		how := 'status';
	END IF;
	CASE how
		WHEN 'role' THEN
			PERFORM careaccess_set_member_roles(m, CASE WHEN t.sees_all THEN '{clinician}' ELSE '{clinician,clinician_all_clients}' END::text[]);
			UPDATE truth_member SET sees_all = NOT sees_all WHERE member = m;
		WHEN 'status' THEN
			UPDATE careaccess.member SET status = CASE WHEN t.active THEN 'disabled' ELSE 'active' END WHERE id OPERATOR(careaccess.=) m;
			UPDATE truth_member SET active = NOT active WHERE member = m;
		WHEN 'savepoint' THEN
			-- What is rolled back changes nothing, what comes afterwards does.
			BEGIN
				PERFORM toggle_share(m, c, 'origin');
				RAISE EXCEPTION 'undo';
			EXCEPTION WHEN raise_exception THEN
				PERFORM toggle_share(m, c, 'function');
			END;
		ELSE
			PERFORM toggle_share(m, c, how);
	END CASE;
END $$;

-- The reader's side.  must_equal is called with two answers of one statement.
CREATE FUNCTION must_equal(seen text[], truth text[], what text) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
	IF seen IS DISTINCT FROM truth THEN
		RAISE EXCEPTION 'wrong rows in %: seen %, by right %', what, seen, truth USING ERRCODE = 'data_corrupted';
	END IF;
	RETURN true;
END $$;
CREATE FUNCTION seen() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT array_agg(client || ':' || stamp || ':' || n ORDER BY client, stamp) FROM (SELECT client, stamp, count(*) AS n FROM visit GROUP BY client, stamp) AS v $$;
CREATE FUNCTION by_right(me bigint) RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT array_agg(client || ':' || stamp || ':3' ORDER BY client) FROM truth WHERE member = me $$;
-- Volatile, so each of its queries has a snapshot of its own in READ COMMITTED.
CREATE FUNCTION look(me bigint, what text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN must_equal(seen(), by_right(me), what);
END $$;
-- A loop over plans that are kept.
CREATE FUNCTION in_loop(me bigint) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	bad bigint;
BEGIN
	FOR i IN 1 .. 5 LOOP
		PERFORM must_equal(seen(), by_right(me), 'a loop');
		SELECT count(*) INTO bad FROM visit AS v WHERE v.client = 1 + i % 12
			AND NOT EXISTS (SELECT FROM truth AS t WHERE t.member = me AND t.client = v.client AND t.stamp = v.stamp);
		IF bad > 0 THEN
			RAISE EXCEPTION 'wrong rows of one client in a loop' USING ERRCODE = 'data_corrupted';
		END IF;
	END LOOP;
END $$;
-- A cursor's rows come bit by bit, while others commit and other statements run.
CREATE FUNCTION by_cursor(me bigint) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	c NO SCROLL CURSOR FOR
		SELECT 'truth' AS what, client, stamp FROM truth WHERE member = me
		UNION ALL SELECT 'seen', client, stamp FROM visit;
	r record;
	seen text[];
	truth text[];
	n integer := 0;
BEGIN
	OPEN c;
	LOOP
		FETCH c INTO r;
		EXIT WHEN NOT FOUND;
		IF r.what = 'truth' THEN truth := truth || (r.client || ':' || r.stamp); ELSE seen := seen || (r.client || ':' || r.stamp); END IF;
		n := n + 1;
		IF n % 6 = 1 THEN
			PERFORM look(me, 'a statement while a cursor is open');
		END IF;
	END LOOP;
	CLOSE c;
	PERFORM must_equal((SELECT array_agg(x || ':3' ORDER BY x) FROM (SELECT x FROM unnest(seen) AS x GROUP BY x HAVING count(*) = 3) AS v),
		(SELECT array_agg(x || ':3' ORDER BY x) FROM unnest(truth) AS x), 'a cursor');
	IF cardinality(seen) <> 3 * cardinality(truth) THEN
		RAISE EXCEPTION 'a cursor gave % rows for % clients', cardinality(seen), cardinality(truth) USING ERRCODE = 'data_corrupted';
	END IF;
END $$;
SQL

my $force = $node->safe_psql('postgres', q{SELECT name FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query')});
my $dir = PostgreSQL::Test::Utils::tempdir();

# In one statement: the rows with their number, and the truth.
my $seen = q{(SELECT array_agg(client || ':' || stamp || ':' || n ORDER BY client, stamp) FROM (SELECT client, stamp, count(*) AS n FROM visit GROUP BY client, stamp) AS v)};
my $truth = q{(SELECT array_agg(client || ':' || stamp || ':3' ORDER BY client) FROM truth WHERE member = :me)};
sub read_as { my $what = shift; return "SELECT must_equal($seen, $truth, '$what');\n" }
# Who is disabled is nobody, and may ask nothing.
my $functions = q{SELECT must_equal(
	CASE WHEN careaccess_current_member() IS NOT NULL THEN
		(SELECT array_agg(c::text ORDER BY c) FROM generate_series(1, 12) AS c WHERE careaccess_can_view(:me, c, 'schedule')) END,
	(SELECT array_agg(client::text ORDER BY client) FROM truth WHERE member = :me), 'the answers');
};
my $lists = q{SELECT must_equal(
	CASE WHEN careaccess_current_member() IS NOT NULL THEN
		(SELECT array_agg(c::text ORDER BY c::text::bigint) FROM careaccess_visible_clients(:me, 'schedule') AS c) END,
	(SELECT array_agg(client::text ORDER BY client) FROM truth WHERE member = :me), 'the list');
};
my $point = q{SELECT must_equal((SELECT array_agg(DISTINCT client || ':' || stamp) FROM visit WHERE client = :c),
	(SELECT array_agg(client || ':' || stamp) FROM truth WHERE member = :me AND client = :c), 'one client');
};

# name, reads in one transaction, weight, the script
my @scripts = (
	[ 'statements', 1, 4, read_as('a statement') ],
	[ 'one client', 2, 2, $point . $point ],
	[ 'READ COMMITTED', 5, 3, "BEGIN;\n" . read_as('READ COMMITTED') . $point . read_as('READ COMMITTED') . $functions . read_as('READ COMMITTED') . "COMMIT;\n" ],
	[ 'REPEATABLE READ', 4, 2, "BEGIN ISOLATION LEVEL REPEATABLE READ;\n" . read_as('REPEATABLE READ') . $functions . $point . read_as('REPEATABLE READ') . "COMMIT;\n" ],
	[ 'SERIALIZABLE', 3, 2, "BEGIN ISOLATION LEVEL SERIALIZABLE;\n" . read_as('SERIALIZABLE') . $point . read_as('SERIALIZABLE') . "COMMIT;\n" ],
	[ 'functions', 5, 3, "SELECT look(:me, 'a function'), look(:me, 'a function, again') FROM generate_series(1, 2);\n" . $functions ],
	[ 'lists', 1, 1, $lists ],
	[ 'loops', 5, 2, "SELECT in_loop(:me);\n" ],
	[ 'cursors', 2, 3, "SELECT by_cursor(:me);\n" ],
	[ 'workers', 2, 1, "BEGIN;\nSET LOCAL parallel_setup_cost = 0;\nSET LOCAL parallel_tuple_cost = 0;\nSET LOCAL min_parallel_table_scan_size = 0;\n"
		  . "SET LOCAL enable_indexscan = off;\nSET LOCAL enable_bitmapscan = off;\nSET LOCAL enable_indexonlyscan = off;\n"
		  . read_as('workers') . read_as('workers') . "COMMIT;\n" ],
	[ 'one worker', 2, 1, "BEGIN;\nSET LOCAL $force = on;\n" . read_as('one worker') . $functions . "COMMIT;\n" ],
	[ 'savepoints', 3, 1, "BEGIN;\n" . read_as('a transaction') . "SAVEPOINT s;\n" . read_as('a savepoint') . "ROLLBACK TO s;\n" . read_as('after a savepoint') . "COMMIT;\n" ],
);
my @read;
foreach my $script (@scripts)
{
	my ($name, undef, $weight, $text) = @$script;
	my $file = "$dir/$name";

	$file =~ s/(\w) /$1_/g;
	append_to_file($file, "\\set c random(1, 12)\n" . $text);
	push @read, '-f', "$file\@$weight";
}
my @write;
my $any = "\\set m random(1, 4)\n\\set c random(1, 12)\n";
my @changes = (
	[ 'function', 4, "SELECT change('function', :m, :c);\n" ],
	[ 'origin', 3, "SELECT change('origin', :m, :c);\n" ],
	[ 'replica', 2, "SELECT change('replica', :m, :c);\n" ],
	[ 'savepoint', 2, "SELECT change('savepoint', :m, :c);\n" ],
	[ 'role', 1, "SELECT change('role', :m, :c);\n" ],
	[ 'status', 1, "SELECT change('status', :m, :c);\n" ],
	[ 'two', 1, "\\set d 1 + :c % 12\nBEGIN;\nSELECT client FROM truth_client WHERE client IN (:c, :d) ORDER BY client FOR UPDATE;\nSELECT change('function', :m, least(:c, :d));\nSELECT change('origin', :m, greatest(:c, :d));\nCOMMIT;\n" ],
	[ 'rollback', 1, "BEGIN;\nSELECT change('function', :m, :c);\nROLLBACK;\n" ],
	[ 'serializable', 1, "BEGIN ISOLATION LEVEL SERIALIZABLE;\nSELECT change('function', :m, :c);\nCOMMIT;\n" ],
	[ 'prepared', 2, "BEGIN;\nSELECT change('function', :m, :c);\nPREPARE TRANSACTION 'writer :client_id';\nCOMMIT PREPARED 'writer :client_id';\n" ],
);
foreach my $change (@changes)
{
	my ($name, $weight, $text) = @$change;

	append_to_file("$dir/write_$name", $any . $text);
	push @write, '-f', "$dir/write_$name\@$weight";
}

my @pgbench = ('pgbench', '-n', '-h', $node->host, '-p', $node->port, '-T', $seconds, '--max-tries=1000');
my %run = (writers => { command => [ @pgbench, '-c', 4, '-j', 1, @write, 'postgres' ] });
# Two sessions of each member; half of the members have prepared statements.
foreach my $me (1 .. 4)
{
	my @command = (@pgbench, '-U', "clinic_$me", '-c', 2, '-j', 1, '-D', "me=$me", @read, 'postgres');

	@command = ('env', 'PGOPTIONS=-c plan_cache_mode=force_generic_plan', @command, '-M', 'prepared') if $me % 2;
	$run{"readers as member $me"} = { command => \@command };
}
foreach my $who (sort keys %run)
{
	my $r = $run{$who};

	$r->{out} = $r->{err} = '';
	$r->{harness} = IPC::Run::start($r->{command}, '<', \undef, '>', \$r->{out}, '2>', \$r->{err});
}
IPC::Run::finish($_->{harness}) foreach values %run;

# done(WHO): transactions by script.
sub done
{
	my $who = shift;
	my %n;

	while ($run{$who}{out} =~ m{^SQL script \d+: \Q$dir\E/(\S+)\n(?: - .*\n)*? - (\d+) transactions}mg)
	{
		$n{$1} = $2;
	}
	return \%n;
}

my ($checked, %by_kind) = (0);
foreach my $who (sort keys %run)
{
	is($run{$who}{harness}->result(0), 0, "$who: no wrong row, no error") or diag(substr($run{$who}{err}, 0, 4000));
	unlike($run{$who}{err}, qr/wrong rows|gave \d+ rows/, "$who: none was told of");
	next if $who eq 'writers';
	my $done = done($who);
	foreach my $script (@scripts)
	{
		my ($name, $reads) = @$script;

		(my $file = $name) =~ s/ /_/g;
		$by_kind{$name} += $reads * ($done->{$file} || 0);
		$checked += $reads * ($done->{$file} || 0);
	}
}
foreach my $script (@scripts)
{
	cmp_ok($by_kind{ $script->[0] }, '>', 0, "reads were checked: $script->[0]");
}
my $changes = $node->safe_psql('postgres', 'SELECT last_value FROM logical_clock');
my $written = done('writers');
cmp_ok($written->{"write_$_->[0]"} || 0, '>', 0, "changes were made: $_->[0]") foreach @changes;
diag("$checked reads checked against the truth of their snapshot while there were $changes changes");
diag(join(', ', map { "$_->[0]: $by_kind{$_->[0]}" } @scripts));

# In the end everything is as the truth says.
foreach my $member (1 .. 4)
{
	is( $node->safe_psql('postgres', "SELECT array_agg(c::text ORDER BY c::text::bigint) FROM careaccess_visible_clients($member, 'schedule') AS c"),
		$node->safe_psql('postgres', "SELECT array_agg(client::text ORDER BY client) FROM truth WHERE member = $member"),
		"in the end, member $member");
}
$node->stop;
done_testing();
