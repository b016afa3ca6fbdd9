# pg_dump and pg_restore lose no fact: the copy decides exactly as the original.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CareClinic;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('origin');
$node->init;
$node->start;
make_clinic($node, 'postgres');

my $before = answers($node, 'postgres');
like($before, qr/^4: 24:/m, 'member 4 sees his ten clients and two shared ones') or diag $before;

my $dir = PostgreSQL::Test::Utils::tempdir();

# Every fact table's rows, in a form that two databases can be compared by.
my $facts = q{
	SELECT string_agg(format('SELECT %L, md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '''')) FROM careaccess.%I t', c.relname, c.relname),
		' UNION ALL ' ORDER BY c.relname)
	FROM pg_class c WHERE c.relnamespace = 'careaccess'::regnamespace AND c.relkind = 'r'
	AND c.relname NOT IN ('change', 'event')};
my $facts_before = $node->safe_psql('postgres', $node->safe_psql('postgres', $facts) . ' ORDER BY 1');
# protected_table names tables by oid, which a restore gives anew.
my $comparable = sub { my $t = shift; $t =~ s/^protected_table\|.*\n?//m; return $t };

foreach my $format ('plain', 'custom')
{
	my $target = "copy_$format";
	$node->command_ok([ 'pg_dump', '--format', $format, '--file', "$dir/$format", '-d', $node->connstr('postgres') ],
		"$format: pg_dump");
	$node->safe_psql('postgres', "CREATE DATABASE $target");
	if ($format eq 'plain')
	{
		$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($target), '-f', "$dir/plain" ],
			'plain: psql restores it without an error');
	}
	else
	{
		$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr($target), "$dir/custom" ],
			'custom: pg_restore restores it without an error');
	}
	is(answers($node, $target), $before, "$format: the copy decides as the original");
	is($comparable->($node->safe_psql($target, $node->safe_psql($target, $facts) . ' ORDER BY 1')),
		$comparable->($facts_before), "$format: the facts are the same");

	# And it goes on: a change in the copy counts there, and only there.
	$node->safe_psql($target, 'SELECT careaccess_unshare_client(1, 4)');
	isnt(answers($node, $target), $before, "$format: the copy takes a change");
	is(answers($node, 'postgres'), $before, "$format: which the original does not see");
}

# Twice round: the dump of the copy equals the dump of the original's facts.
is($node->safe_psql('copy_plain', q{SELECT count(*) > 0 FROM careaccess.event WHERE operation = 'load'}), 't',
	'facts that a restore loads are logged as such');

$node->stop;
done_testing();
