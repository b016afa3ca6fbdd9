# A hot standby decides as its primary does, and takes changes as they arrive.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CareClinic;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
make_clinic($primary, 'postgres');

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

sub caught_up { $primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert')); return }

caught_up();
my $before = answers($primary, 'postgres');
is(answers($standby, 'postgres'), $before, 'the standby decides as the primary');

# One session on the standby sees the change without being told: its cached
# scope is asked of every statement.
my $session = $standby->background_psql('postgres');
$session->query_safe("SET ROLE clinic_app");
$session->query_safe("SELECT careaccess_act_as('4', true)");
is($session->query_safe("SELECT count(*) FROM visit WHERE client = 1"), '2', 'shared client, before');

$primary->safe_psql('postgres', 'SELECT careaccess_unshare_client(1, 4)');
caught_up();
is($session->query_safe("SELECT count(*) FROM visit WHERE client = 1"), '0', 'the same session, after the share ended');

$primary->safe_psql('postgres', 'SELECT careaccess_share_client(1, 4)');
caught_up();
is($session->query_safe("SELECT count(*) FROM visit WHERE client = 1"), '2', 'and shared again');
$session->quit;

is(answers($standby, 'postgres'), $before, 'as in the beginning');

# Facts cannot be changed on a standby, and nothing pretends otherwise.
my ($code, $out, $err) = $standby->psql('postgres', 'SELECT careaccess_unshare_client(1, 4)');
isnt($code, 0, 'no change on the standby');
like($err, qr/read-only transaction/, 'it is read-only');

# Promotion: it goes on deciding, and changes count.
$standby->promote;
is(answers($standby, 'postgres'), $before, 'promoted, it decides the same');
$standby->safe_psql('postgres', 'SELECT careaccess_unshare_client(1, 4)');
isnt(answers($standby, 'postgres'), $before, 'and takes changes');

$standby->stop;
$primary->stop;
done_testing();
