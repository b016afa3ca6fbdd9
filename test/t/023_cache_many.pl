# What a session keeps of facts when it works for very many members, one after
# the other, in one practice and in hundreds: each sees exactly his own rows,
# and no more memory is kept than there is.  On a standby what is kept is
# dropped when a change is replayed.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $members = 10_000;
my $practices = 500;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;

# The facts are loaded as a restore would: in bulk, with the triggers off that
# their origin has run already.
#
#   practice one: members m = 1 to 10,000, whose clients are those with
#   (c - 1) % 10,000 + 1 = m, from 1 to 30,000
#   practices p1 to p500: four members each, whose clients are one or two of six
#
# Who owns whom is written down a second time, in plain rows.
$primary->safe_psql('postgres', <<"SQL");
CREATE EXTENSION careaccess;
CREATE ROLE clinic_app LOGIN;
SELECT careaccess_grant_application('clinic_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO clinic_app;
SELECT careaccess_create_practice('one', 'One', 'standard');
SELECT careaccess_create_practice('p' || p, 'Practice ' || p, 'standard') FROM generate_series(1, $practices) AS p;
CREATE TABLE truth (practice text, member text, client text);
INSERT INTO truth SELECT 'one', (c - 1) % $members + 1, c FROM generate_series(1, 3 * $members) AS c;
INSERT INTO truth SELECT 'p' || p, format('q%s.%s', p, 1 + n % 4), format('e%s.%s', p, n) FROM generate_series(1, $practices) AS p, generate_series(1, 6) AS n;
ANALYZE truth;
SET session_replication_role = replica;
INSERT INTO careaccess.member (id, practice, name, ever_practitioner) SELECT DISTINCT member, practice, 'Member ' || member, true FROM truth;
INSERT INTO careaccess.member_role (practice, member, role) SELECT DISTINCT practice, member, 'clinician' FROM truth;
INSERT INTO careaccess.client (id, practice) SELECT client, practice FROM truth;
INSERT INTO careaccess.client_link (practice, client, member, kind) SELECT practice, client, member, 'owner' FROM truth;
RESET session_replication_role;
CREATE TABLE visit (client text NOT NULL, n bigint NOT NULL);
INSERT INTO visit SELECT client, row_number() OVER (ORDER BY practice, client) * i FROM truth, generate_series(1, 2) AS i;
CREATE INDEX ON visit (client);
CREATE TABLE expected AS
	SELECT practice, member, count(*) AS rows, sum(n) AS total FROM truth JOIN visit USING (client) GROUP BY practice, member;
CREATE INDEX ON expected (member);
SELECT careaccess_protect('visit', 'client', category => 'schedule');
GRANT SELECT ON visit, expected TO clinic_app;

-- One after the other acts and looks: who saw something else than his rows?
-- Each is a transaction of its own.
CREATE TABLE wrong (member text, rows bigint, total numeric);
CREATE TABLE memory (members bigint, bytes bigint, cache_size bigint, entries bigint);
GRANT SELECT, INSERT ON wrong, memory TO clinic_app;
CREATE PROCEDURE look(who text[], every bigint) LANGUAGE plpgsql AS \$\$
DECLARE
	m text;
	seen record;
	e record;
	n bigint := 0;
BEGIN
	FOREACH m IN ARRAY who LOOP
		PERFORM careaccess_act_as(m);
		SELECT count(*) AS rows, sum(v.n) AS total INTO seen FROM visit AS v;
		SELECT x.rows, x.total INTO e FROM expected AS x WHERE x.member = m;
		IF seen IS DISTINCT FROM e THEN
			INSERT INTO wrong VALUES (m, seen.rows, seen.total);
		END IF;
		COMMIT;
		n := n + 1;
		IF n % every = 0 THEN
			INSERT INTO memory SELECT n, c.bytes, pg_size_bytes(current_setting('careaccess.cache_size')), c.entries FROM careaccess_cache() AS c;
			COMMIT;
		END IF;
	END LOOP;
END \$\$;
VACUUM ANALYZE;
SQL

# look(WHAT, SETTINGS, QUERY, EVERY, TIMES): a session works for the members that
# a query gives. Tests that each saw his rows, and the memory that is kept after
# each so many of them; says what the cache did.
sub look
{
	my ($what, $settings, $query, $every, $times) = @_;

	$primary->safe_psql('postgres', 'TRUNCATE wrong, memory');
	my $cache = $primary->safe_psql('postgres', <<"SQL");
SELECT format('CALL look(%L, %s)', ARRAY($query), $every) AS call \\gset
$settings;
SET ROLE clinic_app;
:call;
SELECT misses + rebuilds, evictions > 0, pinned FROM careaccess_cache();
SQL
	is($primary->safe_psql('postgres', 'SELECT * FROM wrong LIMIT 5'), '', "$what: each saw exactly his own rows");
	is($primary->safe_psql('postgres', 'SELECT count(*), bool_and(bytes <= cache_size) FROM memory'), "$times|t",
		"$what: never was more kept than there is memory");
	return $cache;
}

my $of_one = q{SELECT member FROM expected WHERE practice = 'one' ORDER BY md5(member)};
my $of_all = q{SELECT member FROM expected WHERE practice <> 'one' ORDER BY md5(member)};

like(look('10,000 members of a practice', 'RESET careaccess.cache_size', $of_one, 1000, 10), qr/\|0$/,
	'… and nothing is in use afterwards');
like(look('10,000 members and less memory', q{SET careaccess.cache_size = '1MB'}, $of_one, 1000, 10), qr/\|t\|0$/,
	'… some of it was given up');
like(look('500 practices', 'RESET careaccess.cache_size', $of_all, 100, 20), qr/\|0$/,
	'… and nothing is in use afterwards');
like(look('500 practices and less memory', q{SET careaccess.cache_size = '256kB'}, $of_all, 100, 20), qr/\|t\|0$/,
	'… some of it was given up');
like(look('500 practices and no memory', 'SET careaccess.cache_size = 0', "$of_all LIMIT 500", 100, 5), qr/\|t\|0$/,
	'… all of it was given up');
# Where there is memory for all of them, each practice is read once. (The setting
# is a superuser's, so the library must be there when he asks for it.)
is(look('500 practices and memory for all of them', "SELECT careaccess_cache() \\g /dev/null\nSET careaccess.cache_size = '256MB'", $of_all, 1000, 2),
	"$practices|f|0", '… and each of them was read once');

# A standby

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

# What is committed is flushed.
sub caught_up { $primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush')); return }

my $session = $standby->background_psql('postgres');
$session->query_safe('SET ROLE clinic_app');

# seen(): how many rows the standby's session sees, and how often it has read
# facts since the beginning: for the first time, and anew.
sub seen
{
	my $rows = $session->query_safe('SELECT count(*) FROM visit');

	return ($rows, split(/\|/, $session->query_safe('SELECT misses, rebuilds FROM careaccess_cache()')));
}

$session->query_safe(q{SELECT careaccess_act_as('1', true)});
my ($rows, $misses, $rebuilds) = seen();
is($rows, '6', 'on a standby, member 1 sees his rows');
is_deeply([ seen() ], [ '6', $misses, $rebuilds ], '… and facts are kept there');
$primary->safe_psql('postgres', q{SELECT careaccess_add_client('new', 'p1', 'q1.1')});
caught_up();
is_deeply([ seen() ], [ '6', $misses, $rebuilds ], 'a change in another practice that is replayed drops nothing');
$primary->safe_psql('postgres', q{SELECT careaccess_share_client(2, 1)});
caught_up();
is_deeply([ seen() ], [ '8', $misses, $rebuilds + 1 ], 'one in this practice counts at once, and is read anew');
is_deeply([ seen() ], [ '8', $misses, $rebuilds + 1 ], '… once');
$primary->safe_psql('postgres', q{BEGIN; SELECT careaccess_unshare_client(2, 1); ROLLBACK});
caught_up();
is_deeply([ seen() ], [ '8', $misses, $rebuilds + 1 ], 'what was rolled back there costs nothing');
# A transaction that lasts, and whose changes are made in savepoints: the
# standby does not know which transaction theirs belong to.
my $writer = $primary->background_psql('postgres');
$writer->query_safe('BEGIN');
$writer->query_safe('SAVEPOINT s');
$writer->query_safe(q{SELECT careaccess_unshare_client(2, 1)});
$writer->query_safe('RELEASE s');
$primary->safe_psql('postgres', 'INSERT INTO truth DEFAULT VALUES');
caught_up();
is((seen())[0], '8', 'while a change is not committed it does not count');
$writer->query_safe('COMMIT');
$writer->quit;
caught_up();
is((seen())[0], '6', '… and then does');
$primary->safe_psql('postgres', q{SELECT careaccess_share_client(2, 1)});
$primary->safe_psql('postgres', 'TRUNCATE careaccess.change');
caught_up();
is((seen())[0], '8', 'a change whose entry in the version log was truncated away before it was replayed');
$primary->safe_psql('postgres', q{ALTER TABLE careaccess.client_link DISABLE TRIGGER version_row});
caught_up();
is((seen())[0], '8', 'changes of links are logged no longer');
$primary->safe_psql('postgres',
	q{UPDATE careaccess.client_link SET active = false, valid_until = now() WHERE client OPERATOR(careaccess.=) 2 AND kind = 'grant' AND active});
caught_up();
is((seen())[0], '6', '… and count all the same');
$primary->safe_psql('postgres', q{ALTER TABLE careaccess.client_link ENABLE ALWAYS TRIGGER version_row});
caught_up();
(undef, $misses, $rebuilds) = seen();
is_deeply([ seen() ], [ '6', $misses, $rebuilds ], 'logged again, facts are kept again');
$session->quit;
$standby->stop;

# What is remembered of the catalog may be forgotten at any moment.  A server
# that was built to does it at every opportunity.
SKIP:
{
	my ($code, undef, $err) = $primary->psql('postgres', 'SET debug_discard_caches = 1');

	skip 'this server was not built with DISCARD_CACHES_ENABLED', 2 if $code != 0;
	look('where caches are discarded', 'SET debug_discard_caches = 1', "$of_all LIMIT 3", 3, 1);
}

$primary->stop;
done_testing();
