# What somebody is refused stands in the server's log, in one line of JSON, even
# if nothing of it is left in the database. (That no refusal is forgotten is
# asked by test/model/refusals.py, which counts them.)
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CareClinic;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('refusals');
$node->init;
$node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'\nlog_statement = none\nlog_min_messages = error\n");
$node->append_conf('pg_hba.conf', "host all all 127.0.0.1/32 trust\n");
$node->start;
make_clinic($node, 'postgres');
my $seen = -s $node->logfile;

# The lines that were added since the last look, and the refusals among them.
sub added
{
	my $log = slurp_file($node->logfile, $seen);
	$seen = -s $node->logfile;
	return $log;
}

sub refusals
{
	return map { decode_json($_) } added() =~ /LOG:  careaccess refusal: (.*)$/mg;
}

# Runs as a member, whatever comes of it.
sub try_as
{
	my ($member, $sql, @more) = @_;
	return $node->psql('postgres', "SET ROLE clinic_app; BEGIN; SELECT careaccess_act_as('$member'); $sql; ROLLBACK;", on_error_stop => 0, @more);
}

# A lack of a capability

try_as(3, 'SELECT careaccess_restrict_client(1)');
my @found = refusals();
is(scalar(@found), 1, 'a refusal is logged once');
my $user = $node->safe_psql('postgres', 'SELECT current_user');
like(delete $found[0]{at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00$/, 'its time is in UTC');
like(delete $found[0]{message}, qr/^not allowed to restrict/, 'it says what is not allowed');
is_deeply($found[0],
	{
		operation => 'restrict_client', sqlstate => '42501', actor_kind => 'member', actor => '3', identified_by => 'acting',
		practice => 'elm', database_role => 'clinic_app', session_role => $user, address => undef, client => undef, member => undef
	},
	'and who it was, and nothing else');

# A client who is hidden, or who is not there: the log must not tell which it is

try_as(5, 'SELECT careaccess_share_client(2, 5)');
@found = refusals();
is_deeply([ map { "$_->{sqlstate} $_->{operation} $_->{client} $_->{actor}" } @found ], ['P0002 share_client 2 5'], 'a hidden client is logged');
try_as(5, q{SELECT careaccess_share_client('nobody there', 5)});
@found = refusals();
is_deeply([ map { "$_->{sqlstate} $_->{client} $_->{message}" } @found ], ['P0002 nobody there no such client: "nobody there"'], 'so is a missing one');
try_as(4, 'SELECT careaccess_share_client(3, 12)');
@found = refusals();
is_deeply([ map { "$_->{sqlstate} $_->{member}" } @found ], ['P0002 12'], 'a member of another practice is logged');

# Swallowed errors

try_as(3, q{DO $$ BEGIN PERFORM careaccess_restrict_client(1); EXCEPTION WHEN OTHERS THEN NULL; END $$});
@found = refusals();
is(scalar(@found), 1, 'an error that a block swallows is logged');
try_as(3, 'SAVEPOINT s; SELECT careaccess_restrict_client(1); ROLLBACK TO s; COMMIT');
is(scalar(() = refusals()), 1, 'one that a savepoint undoes too');

# Direct questions

try_as(4, 'SELECT careaccess_can_view(5, 1)');
try_as(4, 'SELECT * FROM careaccess_viewers(2)');
try_as(4, q{SELECT * FROM careaccess_explain(5, 2)});
@found = refusals();
is_deeply([ map { "$_->{operation} $_->{sqlstate} " . ($_->{member} // '-') } @found ],
	[ 'can_view 42501 5', 'viewers 42501 -', 'explain 42501 5' ], 'questions about others that are refused are logged by the name of the function');
$node->psql('postgres', 'SET ROLE clinic_app; SELECT careaccess_can_view(4, 1)', on_error_stop => 0);
@found = refusals();
is_deeply([ map { "$_->{actor_kind} $_->{identified_by} " . ($_->{actor} // '-') } @found ], ['nobody none -'], q{nobody's question too});

# What is not one

try_as(4, q{SELECT careaccess_can_view(4, 1), careaccess_can_view(4, 2); SELECT count(*) FROM note; DELETE FROM note WHERE client = 2});
try_as(4, q{SELECT careaccess_can_view(4, 1, 'no category')});
is(scalar(() = refusals()), 0, 'what is answered, filtered away or misspelt is no refusal');
try_as(4, 'INSERT INTO note (client, author) VALUES (2, 4)');
is(scalar(() = refusals()), 0, 'a row that row security refuses is told by PostgreSQL itself');

# Nothing gets out of its line, and nothing of the statement gets in

my $strange = qq{x"\\\n2026 LOG:  careaccess refusal: {"forged": true}\t\x01};
$node->psql('postgres', "SET ROLE clinic_app; BEGIN; SELECT careaccess_act_as(4); SELECT careaccess_share_client(\$a\$$strange\$a\$, 5) /* a secret */; ROLLBACK",
	on_error_stop => 0);
my $log = added();
my @lines = grep { /careaccess refusal: \{"at"/ } split /\n/, $log;
is(scalar(@lines), 1, 'an identifier with line breaks and quotes is one line');
is(decode_json($lines[0] =~ s/.*?careaccess refusal: //r)->{client}, $strange, '… and comes out as it went in');
unlike($log =~ s/^[^\n]*(?:ERROR|STATEMENT|HINT)[^\n]*(?:\n\t[^\n]*)*\n//mgr, qr/a secret/, 'the statement does not follow it');

$node->append_conf('postgresql.conf', "log_min_error_statement = panic\n");
$node->reload;
try_as(3, q{SELECT careaccess_restrict_client(1) /* a secret */});
unlike(added(), qr/a secret/, 'nor with statements switched off');
my ($code, $out, $err) = try_as(3, 'SET client_min_messages = debug1; SELECT careaccess_restrict_client(1)');
unlike($err, qr/careaccess refusal/, 'the client gets nothing of it');
added();
try_as(2, q{SELECT careaccess_withdraw_invitation('elm', repeat('y', 2000))});
@found = refusals();
is_deeply([ map { "$_->{sqlstate} " . length($_->{message}) } @found ], ['P0002 1000'], 'what is too long is cut');

# Where it came from

my $network = 'host=127.0.0.1 dbname=postgres port=' . $node->port;
$node->psql('postgres', 'BEGIN; SELECT careaccess_act_as(3); SELECT careaccess_restrict_client(1)', on_error_stop => 0, connstr => $network);
@found = refusals();
is_deeply([ map { $_->{address} } @found ], ['127.0.0.1'], 'the address of a connection over the network');
$node->safe_psql('postgres', 'SELECT careaccess_share_client(5, 4)', connstr => $network);
is($node->safe_psql('postgres', q{SELECT DISTINCT address FROM careaccess.event WHERE operation = 'share_client' AND client OPERATOR(careaccess.=) 5}),
	'127.0.0.1', '… which events have, too');

# Who becomes somebody

$node->safe_psql('postgres', q{SELECT careaccess_set_member_status(5, 'disabled')});
$node->psql('postgres', q{SELECT careaccess_act_as(5); SELECT careaccess_act_as('none such'); SELECT careaccess_act_as_portal_user('none such')}, on_error_stop => 0);
@found = refusals();
is_deeply([ map { "$_->{operation} $_->{sqlstate}" } @found ], [ 'act_as 28000', 'act_as P0002', 'act_as_portal_user P0002' ],
	'acting as somebody who is disabled or unknown');

$node->stop;
done_testing();
