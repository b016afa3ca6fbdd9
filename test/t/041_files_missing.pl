# Files of the extension that are not there, or are others: the library gone, of
# another major version, of another version than the functions in the database;
# an update whose script fails.  Tables stay closed, and open again when the
# files are back.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CareClinic;
use File::Copy;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($install_path, $libraries, $scripts) = own_installation();
my $library = "$libraries/careaccess.so";
my $node = PostgreSQL::Test::Cluster->new('files', install_path => $install_path);
$node->init;
$node->start;
make_clinic($node, 'postgres');
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE clinic_ben LOGIN;
SELECT careaccess_configure_member(4, '{"login_role": "clinic_ben"}');
GRANT SELECT, INSERT, UPDATE, DELETE ON visit, note TO clinic_ben;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO clinic_ben;
SQL
my $question = q{SELECT (SELECT count(*) FROM visit) || ' ' || (SELECT count(*) FROM note)};
my $healthy = as_app($question);
is($healthy, '24 24', 'with its files');

# as_app(SQL): the answer of a new connection, or the error.
sub as_app
{
	my ($code, $out, $err) = $node->psql('postgres', shift, extra_params => [ '-U', 'clinic_ben' ]);

	return $code ? 'ERROR' . ($err =~ /ERROR: +([^\n]*)/ ? ": $1" : '') : $out;
}

# closed(ERROR, NAME): what each statement of a new connection comes to.
sub closed
{
	my ($error, $name) = @_;

	like(as_app($question), $error, "$name: SELECT");
	like(as_app('SELECT count(*) FROM visit WHERE client = 1'), $error, "$name: SELECT by the index");
	like(as_app('UPDATE visit SET client = client'), $error, "$name: UPDATE");
	like(as_app('DELETE FROM note'), $error, "$name: DELETE");
	like(as_app('INSERT INTO visit (client) VALUES (1)'), $error, "$name: INSERT");
	like(as_app(q{COPY (SELECT * FROM note) TO STDOUT}), $error, "$name: COPY");
	return;
}

# The session that has the library already goes on.
my $session = $node->background_psql('postgres', on_error_stop => 0, extra_params => [ '-U', 'clinic_ben' ]);
is($session->query_safe($question), $healthy, 'a session that is there');

move($library, "$library.away") or die $!;
closed(qr/^ERROR: could not (access|load)/, 'no library');
is($session->query_safe($question), $healthy, 'no library: a session that is there');

# A library whose head says that it is for another major version
my $other = PostgreSQL::Test::Utils::tempdir();
append_to_file("$other/other.c", <<'C');
#include "postgres.h"
#include "fmgr.h"
extern PGDLLEXPORT const Pg_magic_struct *Pg_magic_func(void);
const Pg_magic_struct *
Pg_magic_func(void)
{
	static const char magic[sizeof(Pg_magic_struct)] = {sizeof(Pg_magic_struct), 0, 0, 0, 1};

	return (const Pg_magic_struct *) magic;
}
C
my $server_include = `$ENV{CAREACCESS_PG_CONFIG} --includedir-server`;
chomp $server_include;
system_or_bail($ENV{CC} || 'cc', '-shared', '-fPIC', "-I$server_include", '-o', $library, "$other/other.c");
closed(qr/^ERROR: incompatible library/, 'a library for another major version');
unlink $library;

append_to_file($library, 'not a library');
closed(qr/^ERROR: could not load library/, 'another kind of file');
unlink $library;

# Back again
move("$library.away", $library) or die $!;
is(as_app($question), $healthy, 'the library is back');

# Another version of the SQL: an update that fails is none, one that works
# makes this library too old, in the sessions that are there, too.
sub write_script
{
	my ($name, $sql) = @_;

	unlink "$scripts/$name";
	append_to_file("$scripts/$name", $sql);
	return;
}

write_script('careaccess--1.0--1.0.1.sql', <<'SQL');
CREATE FUNCTION careaccess.made_by_update() RETURNS integer LANGUAGE sql RETURN 1;
INSERT INTO careaccess.category (code) VALUES ('made_by_update');
DELETE FROM careaccess.client_link;
SELECT 1 / 0;
SQL
isnt($node->psql('postgres', q{ALTER EXTENSION careaccess UPDATE TO '1.0.1'}), 0, 'an update that fails in the middle');
is(as_app($question), $healthy, 'an update that fails: a new session');
is($session->query_safe($question), $healthy, 'an update that fails: a session that is there');

write_script('careaccess--1.0--1.0.1.sql', <<'SQL');
CREATE FUNCTION careaccess.made_by_update() RETURNS integer LANGUAGE sql RETURN 1;
INSERT INTO careaccess.category (code) VALUES ('made_by_update');
SQL
$node->safe_psql('postgres', q{ALTER EXTENSION careaccess UPDATE TO '1.0.1'});
closed(qr/^ERROR: the library of careaccess is of version 1\.0, and its functions in this database are of version 1\.0\.1/, 'functions of a later version');
$session->query($question);
is($session->query(q{SELECT 'asked'}), 'asked', 'the session that is there lives');
unlike($session->query($question), qr/\d/, 'functions of a later version: a session that is there');

write_script('careaccess--1.0.1--1.0.sql', "DROP FUNCTION careaccess.made_by_update();\nDELETE FROM careaccess.category WHERE code = 'made_by_update';\n");
$node->safe_psql('postgres', q{ALTER EXTENSION careaccess UPDATE TO '1.0'});
is(as_app($question), $healthy, 'the same version again: a new session');
is($session->query($question), $healthy, 'the same version again: a session that is there');

# The SQL of a later version: functions that this library does not have
$node->safe_psql('postgres', <<'SQL');
UPDATE pg_proc SET prosrc = 'ca_sql_of_a_later_version' WHERE proname = 'row_view' AND pronamespace = 'careaccess'::regnamespace;
SQL
like(as_app($question), qr/^ERROR: could not find function/, 'a function that the library does not have');
$session->quit;

# Preloaded, it must be there for anybody to connect.
$node->safe_psql('postgres', <<'SQL');
UPDATE pg_proc SET prosrc = 'ca_sql_row_view' WHERE proname = 'row_view' AND pronamespace = 'careaccess'::regnamespace;
ALTER DATABASE postgres SET session_preload_libraries = 'careaccess';
SQL
is(as_app($question), $healthy, 'preloaded');
move($library, "$library.away") or die $!;
my ($code, $out, $err) = $node->psql('postgres', $question, extra_params => [ '-U', 'clinic_ben' ]);
isnt($code, 0, 'preloaded and not there: no connection');
like($err, qr/could not access file/, 'preloaded and not there: it says so');
move("$library.away", $library) or die $!;
is(as_app($question), $healthy, 'preloaded and there again');

$node->stop;
done_testing();
