# careaccess_check where it takes a server of its own: libraries loaded at the
# server's start, replication slots, another owner of the extension, another
# cluster, and many tables.
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
wal_level = logical
log_statement = none
shared_preload_libraries = 'pg_stat_statements, careaccess'
CONF
$node->start;
my $version = $node->safe_psql('postgres', 'SHOW server_version_num');
$node->safe_psql('postgres', 'CREATE DATABASE clinic');
make_clinic($node, 'clinic');

# findings(DATABASE): what is found, but for the age of the server.
sub findings
{
	my ($db, $on) = @_;

	return ($on // $node)->safe_psql($db,
		"SELECT code || ': ' || object FROM careaccess_check() WHERE code <> 'server_minor' ORDER BY 1");
}

# hole(DATABASE, FINDING, SQL...): the hole is found and what is printed for it
# removes it. Several statements are several transactions.
sub hole
{
	my ($db, $finding, @make) = @_;
	my $before = findings($db);

	$node->safe_psql($db, $_) foreach @make;
	is(findings($db), join("\n", grep { $_ ne '' } sort(split(/\n/, $before), $finding)), $finding);
	my $remedy = $node->safe_psql($db, "SELECT remedy FROM careaccess_check() WHERE code || ': ' || object = '$finding'");
	$node->safe_psql($db, $remedy);
	is(findings($db), $before, "… remedied by $remedy");
	return;
}

# What everybody may ask a new server
like(findings('clinic'), qr/^counters_public: database clinic$/m, 'counters are open to everybody');
$node->safe_psql('clinic', $node->safe_psql('clinic', "SELECT remedy FROM careaccess_check() WHERE code = 'counters_public'"));

# The server's own settings

if ($version < 180000)
{
	is(findings('clinic'), 'token_in_statistics: database clinic', 'pg_stat_statements keeps the text of SET');
	my $remedy = $node->safe_psql('clinic', "SELECT remedy FROM careaccess_check() WHERE code = 'token_in_statistics'");
	$node->safe_psql('clinic', $remedy);
}
is(findings('clinic'), '', 'preloaded by the server');
hole('clinic', 'counters_public: database clinic', 'GRANT EXECUTE ON FUNCTION pg_stat_get_xact_tuples_fetched(oid) TO PUBLIC');
hole('clinic', 'token_logged: database clinic',
	"ALTER SYSTEM SET log_min_duration_statement = 0", 'SELECT pg_reload_conf()');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET log_min_duration_statement');
$node->reload;

$node->safe_psql('clinic', "ALTER DATABASE clinic RESET log_parameter_max_length; ALTER ROLE clinic_app SET log_statement = 'all'");
{
	local $ENV{PGOPTIONS} = '-c log_statement=none -c log_parameter_max_length=0';
	is(findings('clinic'), 'token_logged: role clinic_app', 'what the session that asks has set for itself counts for nothing');
}
$node->safe_psql('clinic', 'ALTER ROLE clinic_app RESET log_statement');
is(findings('clinic'), '', 'nothing is logged any more');

SKIP:
{
	skip('auto_explain logs no parameters before 16', 2) if $version < 160000;
	hole('clinic', 'token_explained: role clinic_app',
		"ALTER ROLE clinic_app SET session_preload_libraries = auto_explain; LOAD 'auto_explain'; ALTER ROLE clinic_app SET auto_explain.log_min_duration = 0");
	$node->safe_psql('clinic', 'ALTER ROLE clinic_app RESET ALL');
}

# Slots

hole('clinic', 'logical_slot: reports', "SELECT pg_create_logical_replication_slot('reports', 'pgoutput')");
$node->safe_psql('postgres', "SELECT pg_create_logical_replication_slot('elsewhere', 'pgoutput'), pg_create_physical_replication_slot('standby')");
is(findings('clinic'), '', 'neither another database nor a standby');
$node->safe_psql('postgres', "SELECT pg_drop_replication_slot('elsewhere'), pg_drop_replication_slot('standby')");

# The owner of the extension

$node->safe_psql('postgres', 'CREATE ROLE installer SUPERUSER LOGIN; CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION careaccess', extra_params => [ '-U', 'installer' ]);
$node->safe_psql('other', 'ALTER DATABASE other SET pg_stat_statements.track_utility = off');
is(findings('other'), '', 'a new installation');
hole('other', 'extension_owner: installer', 'ALTER ROLE installer NOSUPERUSER');
$node->safe_psql('other', 'DROP EXTENSION careaccess');

# Another cluster: the number of a login role is that of the role there

$node->safe_psql('clinic', 'CREATE ROLE anna LOGIN');
$node->safe_psql('clinic', q(SELECT careaccess_configure_member(5, '{"login_role": "anna"}')));
my $copy = PostgreSQL::Test::Cluster->new('copy');
$copy->init;
$copy->append_conf('postgresql.conf', "session_preload_libraries = 'careaccess'\nlog_statement = none");
$copy->start;
$copy->safe_psql('postgres', "CREATE ROLE $_ LOGIN") foreach qw(x y z clinic_app anna installer);
$copy->safe_psql('postgres', 'CREATE DATABASE clinic');
my $dump = $node->basedir . '/clinic.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('clinic') ], 'dumped');
$copy->command_ok([ 'pg_restore', '--exit-on-error', '-d', $copy->connstr('clinic'), $dump ], 'restored elsewhere');
isnt($copy->safe_psql('postgres', "SELECT 'anna'::regrole::oid"), $node->safe_psql('postgres', "SELECT 'anna'::regrole::oid"),
	'the login role has another number');
is(findings('clinic', $copy), '', 'a restored database is as well made as it was');
$copy->safe_psql('clinic', 'DROP ROLE anna; CREATE ROLE anna LOGIN');
is(findings('clinic', $copy), 'login_role_remade: anna', 'a role made anew is found there, too');

is($copy->safe_psql('clinic', q(SELECT string_agg(f, ' ' ORDER BY f) FROM unnest('{careaccess_share_client,careaccess_act_as,careaccess_check}'::text[]) AS f,
	pg_proc AS p, aclexplode(p.proacl) AS g WHERE p.proname = f AND g.grantee = 'clinic_app'::regrole)),
	'careaccess_act_as careaccess_share_client', 'what was granted is restored');

# Who asks for a role that row security does not hold is told so

foreach my $attribute ('superuser', 'bypassrls')
{
	my (undef, undef, $err) = $node->psql('clinic', "CREATE ROLE big_$attribute $attribute; SELECT careaccess_grant_application('big_$attribute')",
		extra_params => [ '-v', 'ON_ERROR_STOP=1' ]);
	like($err, qr/WARNING:  role "big_$attribute" (is a superuser|has BYPASSRLS)/i, "a warning of $attribute");
	$node->safe_psql('clinic', "SELECT careaccess_revoke_application('big_$attribute')");
}

# Many tables: one finding for each that has one, and none for the others

$node->safe_psql('clinic', <<'SQL');
DO $$
BEGIN
	FOR i IN 1..200 LOOP
		EXECUTE format('CREATE TABLE many_%s (id int, client bigint NOT NULL); CREATE INDEX ON many_%1$s (client)', i);
		PERFORM careaccess_protect(format('many_%s', i), 'client', 'chart', author_column => 'id');
	END LOOP;
	ALTER TABLE many_7 NO FORCE ROW LEVEL SECURITY;
	DROP POLICY careaccess_select ON many_77;
	GRANT TRUNCATE ON many_177 TO clinic_app;
END
$$;
SQL
is(findings('clinic'), "policy_missing: public.many_77\nrow_security_not_forced: public.many_7\ntruncate_granted: public.many_177", 'three of two hundred');

done_testing();
