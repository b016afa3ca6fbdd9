# A small clinic for the server tests: two practices' worth of facts and rows,
# and questions about them that any copy of the database must answer alike.
package CareClinic;

use strict;
use warnings;

use Exporter 'import';
our @EXPORT = qw(make_clinic ask_as answers own_installation);

# make_clinic(NODE, DATABASE): the extension, facts of every common kind and a
# protected table each for rows with and without an author.
sub make_clinic
{
	my ($node, $db) = @_;

	$node->safe_psql($db, <<'SQL');
CREATE EXTENSION careaccess;
DO $$BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'clinic_app') THEN
		CREATE ROLE clinic_app LOGIN;
	END IF;
END$$;
SELECT careaccess_grant_application('clinic_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO clinic_app;

SELECT careaccess_create_practice('elm', 'Elm Clinic', 'standard');
SELECT careaccess_add_member('elm', m, 'Member ' || m, r)
FROM (VALUES (1, '{owner}'::text[]), (2, '{manager}'), (3, '{biller}'), (4, '{clinician}'), (5, '{clinician}')) AS v (m, r);
SELECT careaccess_create_practice('oak', 'Oak Clinic', 'therapyappointment');
SELECT careaccess_add_member('oak', m, 'Member ' || m, r)
FROM (VALUES (11, '{owner}'::text[]), (12, '{provider}'), (13, '{provider}')) AS v (m, r);

SELECT careaccess_add_client(c, practice => 'elm', owner => 4 + c % 2) FROM generate_series(1, 20) AS c;
SELECT careaccess_add_client(c, practice => 'oak', providers => ARRAY[12::careaccess.id]) FROM generate_series(101, 110) AS c;
SELECT careaccess_share_client(1, 4);
SELECT careaccess_share_client(3, 4, valid_until => now() + interval '1 year');
SELECT careaccess_restrict_client(2);
SELECT careaccess_revoke_administrative_access(2, 2);
SELECT careaccess_share_chart(101, 12, 13);
SELECT careaccess_create_group('elm', 'Team', '{4,5}');

CREATE TABLE visit (id serial PRIMARY KEY, client bigint NOT NULL);
CREATE TABLE note (id serial PRIMARY KEY, client bigint NOT NULL, author bigint, body text);
INSERT INTO visit (client) SELECT c FROM generate_series(1, 20) AS c, generate_series(1, 2);
INSERT INTO visit (client) SELECT c FROM generate_series(101, 110) AS c;
INSERT INTO note (client, author, body) SELECT client, CASE WHEN client > 100 THEN 12 ELSE 4 + client % 2 END, 'note' FROM visit;
CREATE INDEX ON visit (client);
CREATE INDEX ON note (client);
SELECT careaccess_protect('visit', 'client', category => 'schedule');
SELECT careaccess_protect('note', 'client', category => 'chart', author_column => 'author');
GRANT SELECT, INSERT, UPDATE, DELETE ON visit, note TO clinic_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO clinic_app;
SQL
	return;
}

# ask_as(NODE, DATABASE, MEMBER, SQL): what the application gets on behalf of a
# member, in one transaction.
sub ask_as
{
	my ($node, $db, $member, $sql) = @_;

	return $node->safe_psql($db,
		"SET ROLE clinic_app; BEGIN; SELECT careaccess_act_as('$member') IS NULL AS acting \\gset\n$sql;\nCOMMIT;");
}

# answers(NODE, DATABASE): every member's view of everything, as text.
sub answers
{
	my ($node, $db) = @_;
	my @lines;

	foreach my $member (1 .. 5, 11 .. 13)
	{
		push @lines, "$member: " . ask_as($node, $db, $member,
			q{SELECT (SELECT count(*) || ':' || coalesce(sum(client), 0) FROM visit) || ' ' ||
				(SELECT count(*) || ':' || coalesce(sum(client), 0) FROM note)});
	}
	return join("\n", @lines);
}

# own_installation(): a copy of the installation, whose files a test may change;
# its path, for the install_path of a server, and the folders of its libraries
# and of the extensions' scripts.
sub own_installation
{
	my $pg_config = $ENV{CAREACCESS_PG_CONFIG} or die 'run me inside with-server';
	my ($bin, $lib, $share) = map { my $path = `$pg_config $_`; chomp $path; $path } qw(--bindir --pkglibdir --sharedir);
	# with-server's prefix is a folder that holds nothing else.
	my ($prefix) = $bin =~ m{^(.*/careaccess\.[^/]*/prefix)/} or die "$bin lies in no prefix of with-server";
	my $copy = PostgreSQL::Test::Utils::tempdir();

	system('cp', '-a', "$prefix/.", $copy) == 0 or die "cannot copy $prefix";
	s/^\Q$prefix\E/$copy/ or die foreach ($bin, $lib, $share);
	$bin =~ s{/bin$}{} or die;
	return ($bin, $lib, "$share/extension");
}

1;
