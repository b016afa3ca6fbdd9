# Parallel workers decide as their leader: the same identity, the same rights,
# the same moment.
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
$node->append_conf('postgresql.conf', <<'CONF');
max_worker_processes = 8
max_parallel_workers = 8
# Members may not look at plans; here they must.
careaccess.explain_guard = off
CONF
$node->start;
make_clinic($node, 'postgres');
$node->safe_psql('postgres', <<'SQL');
-- Enough pages that workers have something to share.
INSERT INTO visit (client) SELECT 1 + i % 20 FROM generate_series(1, 20000) AS i;
ALTER TABLE visit SET (parallel_workers = 3);
ANALYZE visit;
SQL

my $parallel = 'SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; '
  . 'SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL parallel_leader_participation = off; '
  . 'SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_indexonlyscan = off; ';
my $serial = 'SET LOCAL max_parallel_workers_per_gather = 0; ';
my $count = 'SELECT count(*), sum(client) FROM visit';

# The plan really is a parallel one; plain EXPLAIN shows no more than its shape.
like(ask_as($node, 'postgres', 4, "$parallel EXPLAIN (COSTS OFF) $count"), qr/Gather/, 'the plan has workers');

foreach my $member (1 .. 5, 11 .. 13)
{
	is(ask_as($node, 'postgres', $member, "$parallel $count"),
		ask_as($node, 'postgres', $member, "$serial $count"),
		"member $member: the same rows with workers and without");
}
is($node->safe_psql('postgres', "SET ROLE clinic_app; BEGIN; $parallel $count; COMMIT"), '0|', 'workers of nobody see nothing');

# The revoking transaction itself: gone from its next command on, in workers, too.
is($node->safe_psql('postgres', <<"SQL"), "0\n2", 'own changes reach the workers, and their rollback');
BEGIN;
SELECT careaccess_unshare_client(1, 4) IS NULL AS done \\gset
SET LOCAL ROLE clinic_app;
SELECT careaccess_act_as('4') IS NULL AS acting \\gset
$parallel SELECT count(*) FROM visit WHERE client = 1;
ROLLBACK;
BEGIN;
SET LOCAL ROLE clinic_app;
SELECT careaccess_act_as('4') IS NULL AS acting \\gset
$parallel SELECT count(*) - 1000 FROM visit WHERE client = 1;
COMMIT;
SQL

$node->stop;
done_testing();
