# pg_dump and a restore into an empty database keep every kind of fact, every
# decision, every row seen, the protection and what goes on by itself.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CareFacts;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('every_fact');
$node->init;
$node->start;

make_facts($node, 'postgres');
my @tables = fact_tables($node, 'postgres');

# The test is about every kind of fact: each table has a row to lose.
foreach my $table (@tables)
{
	cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM $table"), '>', 0, "$table has rows");
}
# ... and each table of facts is among those that are dumped.
is( $node->safe_psql('postgres', q{
	SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class AS c
	WHERE c.relnamespace = 'careaccess'::regnamespace AND c.relkind = 'r'
		AND c.relname NOT IN ('change', 'adoption', 'capability') AND c.relname NOT LIKE 'preset%'
		AND NOT c.oid = ANY (SELECT unnest(extconfig) FROM pg_extension WHERE extname = 'careaccess')}),
	'', 'no table of facts is left out of the dump');

my $members = active_members($node, 'postgres');
my $whoami = q{SELECT kind, id, identified_by FROM careaccess_whoami()};

my %before;
$before{decisions} = decisions($node, 'postgres');
$before{seen} = seen($node, 'postgres', $members);
$before{protection} = protection($node, 'postgres');
$before{sequences} = sequences($node, 'postgres');
$before{"rows $_"} = rows($node, 'postgres', $_) foreach @tables;

# What was asked is worth asking: there are yes and no of every kind.
cmp_ok(scalar(() = $before{decisions} =~ /\n/g), '>', 2000, 'thousands of questions') ;
like($before{decisions}, qr/\|1111\|[01]*0[01]*$/m, 'some answers depend on the author');
like($before{decisions}, qr/\|1000\|/, 'some on the action');
like($before{decisions}, qr/\|imaging\|1/, 'a category of our own is decided, too');
is(scalar(() = $before{protection} =~ /\n/g) + 1, 5, 'three tables and two partitions are protected');

my $dir = PostgreSQL::Test::Utils::tempdir();
# PostgreSQL's own parallel restore does not know in which order the tables of an
# extension are to be loaded; the data section has to be restored by one job.
my %restore = (
	plain => [ 'plain', [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain" ] ],
	custom => [ 'custom', [ 'pg_restore', '--exit-on-error', "$dir/custom" ] ],
	sections => [ 'custom',
		[ 'pg_restore', '--exit-on-error', '--jobs', '2', '--section', 'pre-data', "$dir/custom" ],
		[ 'pg_restore', '--exit-on-error', '--section', 'data', "$dir/custom" ],
		[ 'pg_restore', '--exit-on-error', '--jobs', '2', '--section', 'post-data', "$dir/custom" ] ],
);

foreach my $how (sort keys %restore)
{
	my ($format, @commands) = @{ $restore{$how} };
	my $db = "copy_$how";

	$node->command_ok([ 'pg_dump', '--format', $format, '--file', "$dir/$format", '-d', $node->connstr('postgres') ], "$how: pg_dump")
	  unless -e "$dir/$format";
	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template0");
	$node->command_ok([ @$_, '-d', $node->connstr($db) ], "$how: restored without an error") foreach @commands;

	foreach my $table (@tables)
	{
		if ($table ne 'careaccess.event')
		{
			same(rows($node, $db, $table), $before{"rows $table"}, "$how: the rows of $table");
			next;
		}
		# The log has grown by what the restore loaded, and by nothing else.
		my %old = map { $_ => 1 } split /\n/, $before{"rows $table"};
		my @new = split /\n/, rows($node, $db, $table);
		my @kept = grep { $old{$_} } @new;
		is(scalar(@kept), scalar(keys %old), "$how: every event is there");
		my @added = grep { !$old{$_} } @new;
		is(scalar(grep { !/,load,/ } @added), 0, "$how: what the restore added to the log is named load");
		cmp_ok(scalar(@added), '>', 0, "$how: and it added something");
	}
	is(sequences($node, $db), $before{sequences}, "$how: the sequences stand where they stood");
	is(protection($node, $db), $before{protection}, "$how: the same tables are protected");
	same(decisions($node, $db), $before{decisions}, "$how: every decision");
	same(seen($node, $db, $members), $before{seen}, "$how: the rows that each member sees");

	# Who the roles are.
	is($node->safe_psql($db, $whoami, extra_params => [ '-U', 'dump_login' ]), 'member|st a|login_role', "$how: the login role is its member");
	is($node->safe_psql($db, $whoami, extra_params => [ '-U', 'dump_dba' ]), 'administrator||none', "$how: the administrator is one");
	is($node->safe_psql($db, $whoami, extra_params => [ '-U', 'dump_app' ]), 'nobody||none', "$how: the application is nobody by itself");
	is($node->safe_psql($db, 'SELECT count(*) FROM visit', extra_params => [ '-U', 'dump_app' ]), '0', "$how: nobody sees no rows");
	my ($code, $out, $err) = $node->psql($db, q{SELECT careaccess_act_as('st a')}, extra_params => [ '-U', 'dump_login' ]);
	like($err, qr/permission denied for function careaccess_act_as/, "$how: who could not act as somebody still cannot");

	# It goes on: new facts get numbers of their own, clients register
	# themselves, a new partition is protected, refusals are refused.
	$node->safe_psql($db, q{
		SELECT careaccess_share_client(108, 14);
		SELECT careaccess_share_chart(u(207), u(22), u(23));
		SELECT careaccess_create_group('em', 'West', '{em dora}');
		SELECT careaccess_delegate('iq help', 'iq p2', 'context');
		INSERT INTO careaccess.assignment_rule (practice, form, question, answer, practitioner, position) VALUES ('iq', 'f', 'q', 'b', 'iq p1', 2)});
	is($node->safe_psql($db, q{SET ROLE dump_app; BEGIN; SELECT careaccess_act_as(14) \g /dev/null
		INSERT INTO person VALUES (190, 14, 'new') RETURNING id; SELECT count(*) FROM person WHERE id = 190; COMMIT}),
		"190\n1", "$how: an inserted client registers himself and is seen");
	is($node->safe_psql($db, q{INSERT INTO staff VALUES (51, 'Fifty-one'); SELECT practice FROM careaccess.member WHERE id OPERATOR(careaccess.=) 51}),
		'1', "$how: so does an inserted member");
	is($node->safe_psql($db, q{CREATE TABLE record_next PARTITION OF record FOR VALUES FROM (20) TO (30);
		SELECT policies AND forced AND row_security FROM careaccess.protected_tables WHERE "table" = 'record_next'::regclass}),
		't', "$how: a new partition is protected");
	($code, $out, $err) = $node->psql($db, q{SELECT careaccess_revoke_administrative_access(105, 10)}, on_error_stop => 0);
	isnt($err, '', "$how: who cannot be revoked still cannot (SP-6)");
	($code, $out, $err) = $node->psql($db, q{DELETE FROM careaccess.event});
	like($err, qr/the event log cannot be changed/, "$how: the log is still append-only");
	is($node->safe_psql($db, q{SELECT careaccess_unprotect('visit') \g /dev/null
		SELECT polname FROM pg_policy WHERE polrelid = 'visit'::regclass}), 'older', "$how: unprotect gives back the policy from before");

	same(decisions($node, 'postgres'), $before{decisions}, "$how: the original knows nothing of that");
}

$node->stop;
done_testing();
