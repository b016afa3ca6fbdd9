# Facts of every kind, and everything that can be asked of them as text, for
# tests of what a copy of the database must keep.
package CareFacts;

use strict;
use warnings;

use Test::More;

use Exporter 'import';
our @EXPORT = qw(make_facts fact_tables active_members rows decisions seen protection sequences same);

my $here = __FILE__ =~ s{[^/]*$}{}r;

# make_facts(NODE, DATABASE): six practices with identifiers of all three kinds.
# What has no function to make it is written into the tables.
sub make_facts
{
	my ($node, $db) = @_;

	$node->safe_psql($db, 'CREATE ROLE dump_app LOGIN; CREATE ROLE dump_dba LOGIN; CREATE ROLE dump_login LOGIN');
	$node->command_ok([ 'psql', '-X', '-q', '-o', '/dev/null', '-d', $node->connstr($db), '-f', "${here}every_fact.sql" ],
		'the facts are made');
	return;
}

# fact_tables(NODE, DATABASE): the tables that are dumped
sub fact_tables
{
	my ($node, $db) = @_;

	return split /\n/, $node->safe_psql($db, q{
		SELECT c.oid::regclass FROM pg_class AS c
		WHERE c.oid = ANY (SELECT unnest(extconfig) FROM pg_extension WHERE extname = 'careaccess') AND c.relkind = 'r'
		ORDER BY 1});
}

# rows(NODE, DATABASE, TABLE): all rows as text, in the order of the text
sub rows
{
	my ($node, $db, $table) = @_;

	return $node->safe_psql($db, "SET timezone = 'UTC'; SELECT t::text COLLATE \"C\" FROM $table AS t ORDER BY 1");
}

# Every decision: who, whose, what, whose record.  One text, so that a
# difference can be shown.
sub decisions
{
	my ($node, $db) = @_;

	return $node->safe_psql($db, q{
		SELECT format('%s|%s|%s', m.id, c.id, k.code) || '|' ||
			(SELECT string_agg(careaccess_can(m.id, c.id, k.code, a.action)::integer::text, '') FROM unnest('{view,create,edit,delete}'::text[]) WITH ORDINALITY AS a (action, n))
			|| '|' || (SELECT string_agg(careaccess_can(m.id, c.id, k.code, a.action, w.author)::integer::text, '' ORDER BY w.author::text, a.n)
				FROM unnest('{view,create,edit,delete}'::text[]) WITH ORDINALITY AS a (action, n),
				(SELECT o.id AS author FROM careaccess.member AS o WHERE o.practice OPERATOR(careaccess.=) m.practice
				UNION ALL SELECT NULL UNION ALL SELECT 'a stranger') AS w)
		FROM careaccess.member AS m
		JOIN careaccess.client AS c ON c.practice OPERATOR(careaccess.=) m.practice
		CROSS JOIN careaccess.category AS k
		ORDER BY m.id::text COLLATE "C", c.id::text COLLATE "C", k.code COLLATE "C"});
}

# Who may act.
sub active_members
{
	my ($node, $db) = @_;

	return [ split /\n/, $node->safe_psql($db, q{SELECT id FROM careaccess.member
		WHERE status = 'active' AND coalesce(ends_at > now(), true) ORDER BY id::text COLLATE "C"}) ];
}

# The rows that each member gets of each table, through the application's role.
sub seen
{
	my ($node, $db, $members) = @_;
	my $script = "SET ROLE dump_app;\n";

	foreach my $m (@$members)
	{
		$script .= "BEGIN; SELECT careaccess_act_as('$m') \\g /dev/null\n";
		$script .= "SELECT '$m', '$_', count(*), md5(string_agg(t::text, ' ' ORDER BY t::text COLLATE \"C\")) FROM $_ AS t;\n"
			foreach qw(visit record person);
		$script .= "COMMIT;\n";
	}
	return $node->safe_psql($db, $script);
}

# Which tables are protected, and how.
sub protection
{
	my ($node, $db) = @_;

	return $node->safe_psql($db, q{
		SELECT "table", root, partition, client_column, category, category_column, author_column, row_security, forced, policies
		FROM careaccess.protected_tables ORDER BY "table"::text});
}

# Where the sequences stand.
sub sequences
{
	my ($node, $db) = @_;

	return $node->safe_psql($db, $node->safe_psql($db, q{
		SELECT string_agg(format('SELECT %L, last_value, is_called FROM %s', c.oid::regclass, c.oid::regclass), ' UNION ALL ' ORDER BY c.relname)
		FROM pg_class AS c WHERE c.relnamespace = 'careaccess'::regnamespace AND c.relkind = 'S'}));
}

# same(GOT, EXPECTED, NAME): is(), for texts of which only the differences are
# worth showing.
sub same
{
	my ($got, $expected, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
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


1;
