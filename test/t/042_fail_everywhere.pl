# An error at any point of a decision: no memory, a query cancelled, a page that
# cannot be read.  The library is built once more so that the n-th call fails
# that it makes into the server, and asked for each n: the statement ends with
# that error or with the whole answer, and the next one of the session has the
# right answer, from nothing that was half built.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CareClinic;
use File::Copy;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $module = "$FindBin::RealBin/../modules/fail_at";
my $pg_config = $ENV{CAREACCESS_PG_CONFIG} || 'pg_config';
my $built = `make -C "$module" --no-print-directory PG_CONFIG="$pg_config" all 2>&1`;
is($?, 0, 'the library that fails is built') or BAIL_OUT($built);
my ($install_path, $libraries) = own_installation();
unlink "$libraries/careaccess.so" or die $!;
copy("$module/careaccess.so", $libraries) or die $!;

my $node = PostgreSQL::Test::Cluster->new('fails', install_path => $install_path);
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE dump_app LOGIN; CREATE ROLE dump_dba LOGIN; CREATE ROLE dump_login LOGIN');
$node->command_ok([ 'psql', '-X', '-q', '-o', '/dev/null', '-d', $node->connstr('postgres'), '-f', "$FindBin::RealBin/every_fact.sql" ],
	'the facts are made');
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION fail_at(bigint) RETURNS void LANGUAGE c AS '$libdir/careaccess';
CREATE FUNCTION fail_calls() RETURNS bigint LANGUAGE c AS '$libdir/careaccess';
GRANT EXECUTE ON FUNCTION careaccess_act_as_portal_user(careaccess.id, careaccess.id, boolean) TO dump_app;
-- A change of rights, before each question: somebody is there, or is not.
CREATE FUNCTION have_client(client careaccess.id, there boolean) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
	UPDATE careaccess.client AS c SET status = CASE WHEN $2 THEN 'active' ELSE 'deleted' END WHERE c.id OPERATOR(careaccess.=) $1 $$;
CREATE FUNCTION have_member(member careaccess.id, there boolean) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
	UPDATE careaccess.member AS m SET status = CASE WHEN $2 THEN 'active' ELSE 'disabled' END WHERE m.id OPERATOR(careaccess.=) $1 $$;
CREATE FUNCTION have_appointments(portal_user careaccess.id, there boolean) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
	UPDATE careaccess.portal_access AS a SET view_appointments = $2 WHERE a.portal_user OPERATOR(careaccess.=) $1 $$;
CREATE FUNCTION rows_of() RETURNS text LANGUAGE sql AS $$
	SELECT concat((SELECT string_agg(client, ' ' ORDER BY id) FROM visit), ' / ', (SELECT string_agg(id::text, ' ' ORDER BY id) FROM record), ' / ',
		(SELECT string_agg(id::text, ' ' ORDER BY id) FROM person)) $$;
SQL

# How the second question follows the first, which fails: what comes before,
# between and after them; every how many calls one is tried (an odd
# number); does the session begin anew each time?
my %ways = (
	'the next statement' => { step => 7 },
	'at every call' => { step => 1 },
	'after a savepoint' => { step => 7, before => 'BEGIN; SAVEPOINT s;', between => 'ROLLBACK TO s;', after => 'COMMIT;' },
	'from the first statement of a connection' => { step => 37, connect => 1 },
);

# Who asks what; a change that makes a difference; in which ways.
my $rows = 'rows_of()';
my @next = ('the next statement');
my @cases = (
	[ 'a clinician with links, a share, an emergency', q{careaccess_act_as('st a', true)}, q{have_client('st c1', %s)}, $rows, 'at every call', 'after a savepoint', 'from the first statement of a connection' ],
	[ 'a provider with chart shares', q{careaccess_act_as('00000000-0000-4000-8000-000000000021', true)}, q{have_client('00000000-0000-4000-8000-000000000200', %s)}, $rows, @next ],
	[ 'a practitioner in groups, limited', q{careaccess_act_as('em bert', true)}, q{have_client('em c1', %s)}, $rows, @next ],
	[ 'a clinic admin', q{careaccess_act_as('em desk', true)}, q{have_client('em c1', %s)}, $rows, @next ],
	[ 'a supervisor', q{careaccess_act_as('sh sup', true)}, q{have_client('sh c1', %s)}, $rows, @next ],
	[ 'a portal user', q{careaccess_act_as_portal_user('portal 1', 'sh c1', true)}, q{have_appointments('portal 1', %s)}, $rows, @next, 'after a savepoint' ],
	[ 'whom a member sees', q{careaccess_act_as('em boss', true)}, q{have_client('em c1', %s)},
		q{(SELECT string_agg(v::text, ' ' ORDER BY v::text) FROM careaccess_visible_clients('em boss', 'chart') AS v)}, @next ],
	[ 'who sees a client', q{careaccess_act_as('st own', true)}, q{have_member('st a', %s)},
		q{(SELECT string_agg(v::text, ' ' ORDER BY v::text) FROM careaccess_viewers('st c1', 'chart') AS v)}, @next ],
);

# healthy(): what another session says, without and with it.
sub healthy
{
	my ($act, $change, $question) = @_;
	my @answers;

	foreach my $there ('false', 'true')
	{
		$node->safe_psql('postgres', 'SELECT ' . sprintf($change, $there));
		push @answers, $node->safe_psql('postgres', "SET ROLE dump_app;\nSELECT $act IS NULL AS x \\gset\nSELECT md5($question)");
	}
	return @answers;
}

foreach my $case (@cases)
{
	my ($name, $act, $change, $question, @ways) = @$case;
	my @healthy = healthy($act, $change, $question);
	my $begin = "SET ROLE dump_app;\nSELECT $act IS NULL AS x \\gset\n";
	my $do = sub { return "SELECT $_[0] IS NULL AS x \\gset\n" };
	my $ask = sub { return "\\set $_[0] error\nSELECT md5($question) AS $_[0] \\gset\n" };

	isnt($healthy[0], $healthy[1], "$name: the change makes a difference");

	# So many calls, when rights have changed and everything is read anew.
	my $calls = $node->safe_psql('postgres', $begin . $do->(sprintf $change, 'false') . $ask->('warm') . $do->(sprintf $change, 'true')
		. "SELECT fail_calls() AS before \\gset\n" . $ask->('cold') . "SELECT fail_calls() - :before AS calls \\gset\n\\echo :calls\n");
	cmp_ok($calls, '>', 100, "$name: it takes $calls calls");

	foreach my $way (@ways)
	{
		my %way = (before => '', between => '', after => '', %{ $ways{$way} });
		my $script = $begin . $ask->('warm');
		my ($tried, $failed, $asked, @wrong) = (0, 0, 0);

		for (my $n = 1; $n <= ($way{connect} ? 3 : 1) * $calls + 10; $n += $way{step})
		{
			$script .= $do->(sprintf $change, $n % 2 ? 'true' : 'false');
			$script .= "\\connect -\n$begin" if $way{connect};
			$script .= $do->("fail_at($n)") . "$way{before}\n" . $ask->('first') . "$way{between}\n"
			  # One that has not failed yet does not fail in the second question.
			  . $do->('fail_at(0)') . "$way{between}\n" . $ask->('second') . "$way{after}\n\\echo $n :first :second\n";
			$tried++;
		}
		my ($code, $out) = $node->psql('postgres', $script, on_error_stop => 0, timeout => 180);

		foreach my $line (split /\n/, $out)
		{
			my ($n, $first, $second) = $line =~ /^(\d+) (\S+) (\S+)$/ or next;
			my $right = $healthy[ $n % 2 ];

			$asked++;
			$failed++ if $first eq 'error';
			push @wrong, $line unless ($first eq 'error' || $first eq $right) && $second eq $right;
		}
		is($asked, $tried, "$name, $way: asked $tried times");
		cmp_ok($failed, '>', 0.3 * $tried, "$name, $way: failed $failed times");
		is(scalar(@wrong), 0, "$name, $way: an error or the answer, then the answer")
		  or diag(join("\n", "expected @healthy", @wrong[ 0 .. ($#wrong < 4 ? $#wrong : 4) ]));
	}
	$node->safe_psql('postgres', 'SELECT ' . sprintf($change, 'true'));
}

$node->stop;
done_testing();
