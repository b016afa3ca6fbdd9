# pg_dump and a restore into an empty database keep every kind of fact, every
# decision, every row seen, the protection and what goes on by itself.
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('every_fact');
$node->init;
$node->start;

# Six practices with identifiers of all three kinds.  What has no function to
# make it is written into the tables.
$node->safe_psql('postgres', 'CREATE ROLE dump_app LOGIN; CREATE ROLE dump_dba LOGIN; CREATE ROLE dump_login LOGIN');
$node->command_ok([ 'psql', '-X', '-q', '-o', '/dev/null', '-d', $node->connstr('postgres'), '-f', "$FindBin::RealBin/every_fact.sql" ],
	'the facts are made');

my $tables_sql = q{
	SELECT c.oid::regclass FROM pg_class AS c
	WHERE c.oid = ANY (SELECT unnest(extconfig) FROM pg_extension WHERE extname = 'careaccess') AND c.relkind = 'r'
	ORDER BY 1};
my @tables = split /\n/, $node->safe_psql('postgres', $tables_sql);

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

# rows(DATABASE, TABLE, CONDITION): all rows as text, in the order of the text
sub rows
{
	my ($db, $table, $condition) = @_;

	return $node->safe_psql($db, "SET timezone = 'UTC'; SELECT t::text COLLATE \"C\" FROM $table AS t "
		. ($condition ? "WHERE $condition " : '') . 'ORDER BY 1');
}

# Every decision: who, whose, what, whose record.  One text, so that a
# difference can be shown.
my $decisions_sql = q{
	SELECT format('%s|%s|%s', m.id, c.id, k.code) || '|' ||
		(SELECT string_agg(careaccess_can(m.id, c.id, k.code, a.action)::integer::text, '') FROM unnest('{view,create,edit,delete}'::text[]) WITH ORDINALITY AS a (action, n))
		|| '|' || (SELECT string_agg(careaccess_can(m.id, c.id, k.code, a.action, w.author)::integer::text, '' ORDER BY w.author::text, a.n)
			FROM unnest('{view,create,edit,delete}'::text[]) WITH ORDINALITY AS a (action, n),
			(SELECT o.id AS author FROM careaccess.member AS o WHERE o.practice OPERATOR(careaccess.=) m.practice
			UNION ALL SELECT NULL UNION ALL SELECT 'a stranger') AS w)
	FROM careaccess.member AS m
	JOIN careaccess.client AS c ON c.practice OPERATOR(careaccess.=) m.practice
	CROSS JOIN careaccess.category AS k
	ORDER BY m.id::text COLLATE "C", c.id::text COLLATE "C", k.code COLLATE "C"};

sub decisions { return $node->safe_psql(shift, $decisions_sql) }

# The rows that each member gets of each table, through the application's role.
my @members = split /\n/, $node->safe_psql('postgres', q{SELECT id FROM careaccess.member
	WHERE status = 'active' AND coalesce(ends_at > now(), true) ORDER BY id::text COLLATE "C"});

sub seen
{
	my $db = shift;
	my $script = "SET ROLE dump_app;\n";

	foreach my $m (@members)
	{
		$script .= "BEGIN; SELECT careaccess_act_as('$m') \\g /dev/null\n";
		$script .= "SELECT '$m', '$_', count(*), md5(string_agg(t::text, ' ' ORDER BY t::text COLLATE \"C\")) FROM $_ AS t;\n"
			foreach qw(visit record person);
		$script .= "COMMIT;\n";
	}
	return $node->safe_psql($db, $script);
}

sub same
{
	my ($got, $expected, $name) = @_;
	my @got = split /\n/, $got;
	my @expected = split /\n/, $expected;

	return if ok($got eq $expected, $name);
	for (my ($i, $shown) = (0, 0); $i < @got || $i < @expected; $i++)
	{
		next if ($got[$i] // '') eq ($expected[$i] // '');
		diag('got      ' . ($got[$i] // '(nothing)'));
		diag('expected ' . ($expected[$i] // '(nothing)'));
		last if ++$shown >= 5;
	}
	return;
}

my $sequences_sql = q{SELECT string_agg(format('SELECT %L, last_value, is_called FROM %s', c.oid::regclass, c.oid::regclass), ' UNION ALL ' ORDER BY c.relname)
	FROM pg_class AS c WHERE c.relnamespace = 'careaccess'::regnamespace AND c.relkind = 'S'};
my $protection_sql = q{SELECT "table", root, partition, client_column, category, category_column, author_column, row_security, forced, policies
	FROM careaccess.protected_tables ORDER BY "table"::text};
my $whoami = q{SELECT kind, id, identified_by FROM careaccess_whoami()};

my %before;
$before{decisions} = decisions('postgres');
$before{seen} = seen('postgres');
$before{protection} = $node->safe_psql('postgres', $protection_sql);
$before{sequences} = $node->safe_psql('postgres', $node->safe_psql('postgres', $sequences_sql));
$before{"rows $_"} = rows('postgres', $_) foreach @tables;

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
			same(rows($db, $table), $before{"rows $table"}, "$how: the rows of $table");
			next;
		}
		# The log has grown by what the restore loaded, and by nothing else.
		my %old = map { $_ => 1 } split /\n/, $before{"rows $table"};
		my @new = split /\n/, rows($db, $table);
		my @kept = grep { $old{$_} } @new;
		is(scalar(@kept), scalar(keys %old), "$how: every event is there");
		my @added = grep { !$old{$_} } @new;
		is(scalar(grep { !/,load,/ } @added), 0, "$how: what the restore added to the log is named load");
		cmp_ok(scalar(@added), '>', 0, "$how: and it added something");
	}
	is($node->safe_psql($db, $node->safe_psql($db, $sequences_sql)), $before{sequences}, "$how: the sequences stand where they stood");
	is($node->safe_psql($db, $protection_sql), $before{protection}, "$how: the same tables are protected");
	same(decisions($db), $before{decisions}, "$how: every decision");
	same(seen($db), $before{seen}, "$how: the rows that each member sees");

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

	same(decisions('postgres'), $before{decisions}, "$how: the original knows nothing of that");
}

$node->stop;
done_testing();
