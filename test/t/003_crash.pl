# A revoke that was committed is in force after a crash; one that was prepared
# is in force exactly when it is committed.
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
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 5');
$node->start;
make_clinic($node, 'postgres');

sub shared { return ask_as($node, 'postgres', 4, 'SELECT count(*) FROM visit WHERE client = ' . shift) }

is(shared(1), '2', 'client 1 is shared with member 4');
is(shared(3), '2', 'and client 3');

$node->safe_psql('postgres', 'SELECT careaccess_unshare_client(1, 4)');
$node->stop('immediate');
$node->start;
is(shared(1), '0', 'the revoke survives a crash');
is(shared(3), '2', 'and nothing else changed');

# A session that looked before and is still there after the commit.
my $session = $node->background_psql('postgres');
$session->query_safe('SET ROLE clinic_app');
$session->query_safe(q{SELECT careaccess_act_as('4', true)});
my $question = 'SELECT count(*) FROM visit WHERE client = 3';

is($session->query_safe($question), '2', 'before PREPARE TRANSACTION');
$node->safe_psql('postgres', q{BEGIN; SELECT careaccess_unshare_client(3, 4); PREPARE TRANSACTION 'unshare'});
is($session->query_safe($question), '2', 'prepared is not committed');
$node->safe_psql('postgres', q{COMMIT PREPARED 'unshare'});
is($session->query_safe($question), '0', 'COMMIT PREPARED counts from then on');

$node->safe_psql('postgres', q{BEGIN; SELECT careaccess_share_client(3, 4); PREPARE TRANSACTION 'share'});
is($session->query_safe($question), '0', 'prepared again');
$session->quit;
$node->stop('immediate');
$node->start;
is(shared(3), '0', 'a crash does not commit it');
$node->safe_psql('postgres', q{COMMIT PREPARED 'share'});
is(shared(3), '2', 'after the crash, COMMIT PREPARED does');

$node->safe_psql('postgres', q{BEGIN; SELECT careaccess_unshare_client(3, 4); PREPARE TRANSACTION 'again'});
$node->safe_psql('postgres', q{ROLLBACK PREPARED 'again'});
is(shared(3), '2', 'ROLLBACK PREPARED leaves it as it was');

$node->stop;
done_testing();
