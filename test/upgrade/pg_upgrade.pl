# pg_upgrade to a newer major keeps every fact, every decision, every row seen,
# the protection and what goes on by itself.  Started by test/bin/test-upgrade,
# which says where the older major is: CAREACCESS_OLD_PREFIX.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../t";
use CareFacts;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# What pg_upgrade wrote last, of each database.
sub show_logs
{
	my $folder = shift;

	foreach my $log (sort glob "$folder/pg_upgrade_output.d/*/log/*.log")
	{
		my @lines = split /^/, slurp_file($log);
		diag(join '', "$log:\n", @lines > 15 ? @lines[ -15 .. -1 ] : @lines);
	}
	BAIL_OUT('nothing was upgraded');
}

my $prefix = $ENV{CAREACCESS_OLD_PREFIX} or die 'CAREACCESS_OLD_PREFIX is not set';

# The defaults for checksums differ between majors; pg_upgrade wants them equal.
my $old = PostgreSQL::Test::Cluster->new('old', install_path => $prefix);
$old->init(extra => ['--data-checksums']);
$old->start;
make_facts($old, 'postgres');
my @tables = fact_tables($old, 'postgres');
my $members = active_members($old, 'postgres');

# Tables that are not dumped go along, too: their files are taken as they are.
my @questions = (
	(map { my $table = $_; [ "the rows of $table", sub { rows(shift, 'postgres', $table) } ] } @tables, 'careaccess.change'),
	[ 'every decision', sub { decisions(shift, 'postgres') } ],
	[ 'the rows that each member sees', sub { seen(shift, 'postgres', $members) } ],
	[ 'the protected tables', sub { protection(shift, 'postgres') } ],
	[ 'where the sequences stand', sub { sequences(shift, 'postgres') } ],
);
my @before = map { $_->[1]->($old) } @questions;
my $old_version = $old->safe_psql('postgres', 'SHOW server_version_num');
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('new');
$new->init(extra => ['--data-checksums']);
chdir PostgreSQL::Test::Utils::tempdir() or die $!;
command_ok([ 'pg_upgrade', '--no-sync',
		'-d', $old->data_dir, '-b', $old->config_data('--bindir'), '-p', $old->port,
		'-D', $new->data_dir, '-B', $new->config_data('--bindir'), '-P', $new->port, '-s', $new->host ],
	'pg_upgrade');
show_logs($new->data_dir) unless Test::More->builder->is_passing;
$new->start;

my $new_version = $new->safe_psql('postgres', 'SHOW server_version_num');
cmp_ok(int($new_version / 10000), '>', int($old_version / 10000), "from $old_version to $new_version");
same($questions[$_][1]->($new), $before[$_], $questions[$_][0]) foreach 0 .. $#questions;

# Who the roles are.
my $whoami = q{SELECT kind, id, identified_by FROM careaccess_whoami()};
is($new->safe_psql('postgres', $whoami, extra_params => [ '-U', 'dump_login' ]), 'member|st a|login_role', 'the login role is its member');
is($new->safe_psql('postgres', $whoami, extra_params => [ '-U', 'dump_dba' ]), 'administrator||none', 'the administrator is one');
is($new->safe_psql('postgres', 'SELECT count(*) FROM visit', extra_params => [ '-U', 'dump_app' ]), '0', 'nobody sees no rows');

# It goes on: a change counts at once, clients register themselves, a new
# partition is protected, the log only grows, all of it can be dumped.
is($new->safe_psql('postgres', q{
	SELECT careaccess_can_view(14, 108) \g /dev/null
	SELECT careaccess_share_client(108, 14) \g /dev/null
	SELECT careaccess_can_view(14, 108);
	SELECT careaccess_unshare_client(108, 14) \g /dev/null
	SELECT careaccess_can_view(14, 108)}), "t\nf", 'a share counts, and its end');
is($new->safe_psql('postgres', q{SET ROLE dump_app; BEGIN; SELECT careaccess_act_as(14) \g /dev/null
	INSERT INTO person VALUES (190, 14, 'new') RETURNING id; COMMIT}), '190', 'an inserted client registers himself');
is($new->safe_psql('postgres', q{CREATE TABLE record_next PARTITION OF record FOR VALUES FROM (20) TO (30);
	SELECT policies AND forced AND row_security FROM careaccess.protected_tables WHERE "table" = 'record_next'::regclass}),
	't', 'a new partition is protected');
my ($code, $out, $err) = $new->psql('postgres', 'DELETE FROM careaccess.event');
like($err, qr/the event log cannot be changed/, 'the log is still append-only');
$new->command_ok([ 'pg_dump', '--file', '/dev/null', '-d', $new->connstr('postgres') ], 'it can be dumped');
$new->safe_psql('postgres', q{SELECT careaccess_unprotect('visit'); DROP EXTENSION careaccess CASCADE});
pass('it can be taken away');

$new->stop;
done_testing();
