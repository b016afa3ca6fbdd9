# PgBouncer in transaction mode: fifty clients, each with a token of his own for
# each transaction, share four connections, and nobody ever sees a row of
# another: not when transactions abort, clients break off and tokens expire.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CareTokens;
use IPC::Run qw(run start);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $members = 40;
my $clients = 50;    # the others are portal users
my $statements = 100_000;

prepare_jose();
my $node = PostgreSQL::Test::Cluster->new('pooled');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nsynchronous_commit = off\nlog_min_error_statement = panic");
$node->start;
$node->safe_psql('postgres', <<"SQL");
CREATE EXTENSION careaccess;
CREATE ROLE app LOGIN;
SELECT careaccess_grant_application('app');
SELECT careaccess_create_practice('p', 'Practice');
SELECT careaccess_add_member('p', 'm' || n, 'Member', '{clinician}') FROM generate_series(0, $members - 1) AS n;
SELECT careaccess_add_client(n, 'p', 'm' || n) FROM generate_series(0, $members - 1) AS n;
SELECT careaccess_add_portal_user('u' || n, n - $members) FROM generate_series($members, $clients - 1) AS n;
CREATE TABLE visit (id serial PRIMARY KEY, client integer NOT NULL, written_by integer);
INSERT INTO visit (client) SELECT n FROM generate_series(0, $members - 1) AS n, generate_series(1, 20);
CREATE INDEX ON visit (client);
SELECT careaccess_protect('visit', 'client', category => 'schedule');
GRANT SELECT, UPDATE ON visit TO app;
-- What the application hands out to client n of pgbench: his token, one that
-- expires during the test, one that has expired.
CREATE TABLE handout (n integer PRIMARY KEY, who text, client integer, token text, short text, over text);
CREATE SEQUENCE short_good;
CREATE SEQUENCE short_over;
CREATE SEQUENCE broken_off;
GRANT SELECT ON handout TO app;
GRANT USAGE ON SEQUENCE short_good, short_over, broken_off TO app;
CREATE FUNCTION must(yes boolean, what text) RETURNS void LANGUAGE plpgsql AS \$\$
BEGIN
	IF yes IS NOT TRUE THEN
		RAISE EXCEPTION 'BROKEN: %', what;
	END IF;
END \$\$;
SQL
give_keys($node, 'postgres');

# hand_out(SECONDS): the short ones hold for so long.
sub hand_out
{
	my $seconds = shift;
	my @asked;

	foreach my $n (0 .. $clients - 1)
	{
		my %claims = (sub => ($n < $members ? 'm' : 'u') . $n, aud => 'postgres');
		$claims{careaccess_kind} = 'portal' if $n >= $members;
		my $key = (qw(hs ed es rs))[ $n % 4 ];
		push @asked, map { { key => $key, claims => { %claims, exp => time + $_ } } } (3600, $seconds, -10);
	}
	my @tokens = tokens(@asked);
	my $values = join ', ', map {
		my ($n, $client) = ($_, $_ < $members ? $_ : $_ - $members);
		"($n, '$asked[ 3 * $n ]{claims}{sub}', $client, '" . join("', '", @tokens[ 3 * $n .. 3 * $n + 2 ]) . "')"
	} 0 .. $clients - 1;
	$node->safe_psql('postgres', "TRUNCATE handout; INSERT INTO handout VALUES $values");
	return;
}

#
# The pooler
#
my $folder = PostgreSQL::Test::Utils::tempdir_short;
my $pgbouncer = -x '/usr/sbin/pgbouncer' ? '/usr/sbin/pgbouncer' : 'pgbouncer';
append_to_file("$folder/users", "\"app\" \"\"\n");
append_to_file("$folder/pgbouncer.ini", <<"INI");
[databases]
* = host=@{[ $node->host ]} port=@{[ $node->port ]}
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = $folder
auth_type = trust
auth_file = $folder/users
admin_users = app
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
logfile = $folder/log
INI
# Its messages go to a file: a pipe that nobody reads would stop it.
my $pooler = start([ $pgbouncer, '-q', "$folder/pgbouncer.ini" ], '<', \'', '>&', "$folder/messages");
END { $pooler->kill_kill if defined $pooler; }
delete $ENV{PGOPTIONS};

# through(SQL, DATABASE): by the pooler; SQLSTATEs do not matter here.
sub through
{
	my ($sql, $database) = @_;
	my ($out, $err) = ('', '');

	run([ 'psql', '-XAtq', '-h', $folder, '-p', 6432, '-U', 'app', $database // 'postgres' ], '<', \$sql, '>', \$out, '2>', \$err);
	chomp $out;
	return $out;
}
my $left = 200;
select(undef, undef, undef, 0.05) while through('SELECT 1') ne '1' && $left-- > 0;
is(through('SELECT 1'), '1', 'the pooler answers') or die slurp_file("$folder/messages");

#
# What the clients do
#
my %script = (
	# As it should be, with statements outside of a transaction before and after.
	good => <<'SQL',
SELECT who, client, token FROM handout WHERE n = :client_id \gset
SELECT must(count(*) = 0, 'rows of a former one') FROM visit;
BEGIN;
SELECT set_config('careaccess.token', :token, true);
SELECT must(count(*) = 20 AND bool_and(client = :client), 'rows of another') FROM visit;
SELECT must(id::text = :who AND identified_by = 'token', 'another') FROM careaccess_whoami();
SELECT must(count(*) = 20 AND bool_and(client = :client), 'rows of another, later') FROM visit;
COMMIT;
SELECT must(kind = 'nobody' AND identified_by = 'none', 'somebody') FROM careaccess_whoami();
SELECT must(count(*) = 0, 'rows of mine') FROM visit;
SQL
	written => <<'SQL',
SELECT who, client, token FROM handout WHERE n = :client_id \gset
UPDATE visit SET written_by = -1;
BEGIN;
SELECT set_config('careaccess.token', :token, true);
UPDATE visit SET written_by = :client_id;
COMMIT;
SQL
	aborted => <<'SQL',
SELECT who, client, token FROM handout WHERE n = :client_id \gset
BEGIN;
SELECT set_config('careaccess.token', :token, true);
UPDATE visit SET written_by = -2;
SAVEPOINT s;
SELECT set_config('careaccess.token', '', true);
SELECT must(count(*) = 0, 'rows without a token') FROM visit;
ROLLBACK TO s;
SELECT must(count(*) = 20 AND bool_and(client = :client), 'rows of another') FROM visit;
ROLLBACK;
SELECT must(count(*) = 0, 'rows of mine') FROM visit;
SQL
	expired => <<'SQL',
SELECT over, token, client FROM handout WHERE n = :client_id \gset
BEGIN;
SELECT set_config('careaccess.token', :over, true);
SELECT must(count(*) = 0, 'rows by an expired token') FROM visit;
UPDATE visit SET written_by = -3;
SELECT set_config('careaccess.token', :token, true);
SELECT must(count(*) = 20 AND bool_and(client = :client), 'rows of another') FROM visit;
COMMIT;
SQL
	expiring => <<'SQL',
SELECT short, client FROM handout WHERE n = :client_id \gset
BEGIN;
SELECT set_config('careaccess.token', :short, true);
SELECT must(count(*) IN (0, 20) AND coalesce(bool_and(client = :client), true), 'rows of another'),
	nextval(CASE count(*) WHEN 0 THEN 'short_over' ELSE 'short_good' END::regclass) FROM visit;
COMMIT;
SELECT must(count(*) = 0, 'rows of mine') FROM visit;
SQL
	# What these leave behind is the question; they do not go on.
	broken => <<'SQL',
SELECT token FROM handout WHERE n = :client_id \gset
BEGIN;
SELECT set_config('careaccess.token', :token, true);
SELECT count(*), nextval('broken_off') FROM visit;
\sleep 5 ms
SELECT count(*) FROM visit;
COMMIT;
SQL
	failed => <<'SQL',
SELECT token FROM handout WHERE n = :client_id \gset
BEGIN;
SELECT set_config('careaccess.token', :token, true);
SELECT count(*) / 0 FROM visit;
SQL
	# As it should not be: for the session.
	session => <<'SQL',
SELECT who, client, token FROM handout WHERE n = :client_id \gset
SELECT set_config('careaccess.token', :token, false);
SELECT must(count(*) = 20 AND bool_and(client = :client), 'rows of another') FROM visit;
SQL
);
append_to_file("$folder/$_.sql", $script{$_}) foreach keys %script;

# bench(CLIENTS, TRANSACTIONS, SCRIPT => WEIGHT, …): the command.
sub bench
{
	my ($c, $t, @scripts) = @_;
	my @command = ('pgbench', '-n', '-M', 'extended', '-h', $folder, '-p', 6432, '-U', 'app', '-c', $c, '-j', 2, '-t', $t);

	while (my ($name, $weight) = splice @scripts, 0, 2)
	{
		push @command, '-f', "$folder/$name.sql\@$weight";
	}
	return [ @command, 'postgres' ];
}

sub queries
{
	my @columns = split /\|/, (grep { /^postgres\|/ } split /\n/, through('SHOW STATS', 'pgbouncer'))[0];

	return $columns[2];
}

#
# All of them at once
#
hand_out(5);
my $before = queries();
my ($said, $broken, $errors) = ('', 0, 0);
# A transaction of the mixture has about eight statements.
my $run = start(bench($clients, int($statements / $clients / 8) + 20, good => 6, written => 1, aborted => 1, expired => 1, expiring => 1),
	'<', \'', '>&', \$said);
while ($run->pumpable)
{
	# Break some off in the middle of a transaction …
	my $reached = $node->safe_psql('postgres', 'SELECT last_value FROM broken_off');
	my $ignored = '';
	my $doomed = start(bench(5, 100_000, broken => 1), '<', \'', '>&', \$ignored);
	$node->poll_query_until('postgres', "SELECT last_value > $reached + 20 FROM broken_off");
	$doomed->kill_kill(grace => 0);
	$broken++;
	# … and let some fail.
	$ignored = '';
	run(bench(5, 1, failed => 1), '<', \'', '>&', \$ignored);
	$errors++ if $ignored =~ /division by zero/;
	$run->pump_nb;
}
$run->finish;
is($run->result(0), 0, 'nobody saw a row of another') or diag($said);
unlike($said, qr/BROKEN/, '… nor did anybody else say so');
cmp_ok(queries() - $before, '>=', $statements, "in $statements statements");
cmp_ok($broken, '>', 2, "$broken times clients broke off");
is($errors, $broken, '… and transactions failed');
is($node->safe_psql('postgres', "SELECT bool_and(written_by IN (client, client + $members)), count(*) FROM visit WHERE written_by IS NOT NULL"),
	"t|@{[ 20 * $members ]}", 'everybody has written to his rows only');
is($node->safe_psql('postgres', "SELECT count(*) <= 4 FROM pg_stat_activity WHERE usename = 'app'"), 't', 'by four connections');

# The short tokens were good, and no longer.
my $again = '';
run(bench($clients, 5, expiring => 1), '<', \'', '>&', \$again);
unlike($again, qr/BROKEN|aborted/, 'expired tokens open nothing');
is($node->safe_psql('postgres', 'SELECT (SELECT is_called FROM short_good) AND (SELECT is_called FROM short_over)'), 't', 'tokens expired on the way');

#
# What must not be done
#
my $wrong = '';
run(bench($clients, 20, session => 1), '<', \'', '>&', \$wrong);
like($wrong, qr/BROKEN: rows of another/, 'a token for the session is another\'s in the next transaction');
isnt(through('SELECT count(*) FROM visit'), '0', '… and stays in the connection');
through('DISCARD ALL') foreach 1 .. 4;

$pooler->kill_kill;
$node->stop;
done_testing();
