# Session tokens that another library has made: the good ones open what they say,
# the others nothing at all, whoever is underneath; and nothing of a token or a
# key is told to anybody.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CareTokens;
use Encode qw(decode);
use JSON::PP;
use MIME::Base64;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $given = prepare_jose();
my $node = PostgreSQL::Test::Cluster->new('tokens');
$node->init(extra => [ '-E', 'UTF8', '--locale', 'C.UTF-8' ]);
# Everything that the server might say is in its log; but no statements, which
# may have anything in them.
$node->append_conf('postgresql.conf', <<'CONF');
log_min_messages = debug5
log_statement = none
log_parameter_max_length_on_error = -1
CONF
$node->start;
my $db = 'Clinic one';
$node->safe_psql('postgres', qq{CREATE DATABASE "$db"});
$node->safe_psql($db, <<'SQL');
CREATE EXTENSION careaccess;
CREATE ROLE app LOGIN;
CREATE ROLE lena LOGIN;
CREATE ROLE dba LOGIN;
SELECT careaccess_grant_application(r) FROM unnest('{app,lena}'::name[]) AS r;
SELECT careaccess_grant_administrator('dba');
GRANT EXECUTE ON FUNCTION careaccess_act_as, careaccess_act_as_portal_user TO app;
SELECT careaccess_create_practice('p', 'Practice');
SELECT careaccess_add_member('p', m, 'Name', '{clinician}')
FROM unnest(ARRAY['anna', 'bert', '42', '0b0e9d4c-3d5a-4a52-9f5c-6f0f0a4f7a11', 'zoë ❤', repeat('x', 255), 'gone', 'past', 'lena']) AS m;
SELECT careaccess_add_member('p', 'olga', 'Name', '{owner}');
SELECT careaccess_set_member_status('gone', 'disabled');
SELECT careaccess_configure_member('past', '{"ends_at": "2020-01-01 00:00:00+00"}');
SELECT careaccess_configure_member('lena', '{"login_role": "lena"}');
SELECT careaccess_add_client(c, 'p', o) FROM (VALUES ('c1', 'anna'), ('c2', 'bert'), ('c3', 'lena'), ('c4', 'anna'), ('c5', '42')) AS v (c, o);
SELECT careaccess_add_portal_user('u1', 'c1');
SELECT careaccess_link_profile('c4', 'c1');
SELECT careaccess_invite_to_portal('c4', 'u1', true, true);
SELECT careaccess_act_as_portal_user('u1', session => true);
SELECT careaccess_accept_portal_access('c4');
SELECT careaccess_stop_acting();
CREATE TABLE visit (id serial PRIMARY KEY, client text NOT NULL, n integer);
INSERT INTO visit (client) SELECT 'c' || (1 + i % 5) FROM generate_series(1, 50) AS i;
CREATE INDEX ON visit (client);
SELECT careaccess_protect('visit', 'client', category => 'schedule');
SELECT careaccess_mask('seen', 'visit', '{"n": "schedule"}');
GRANT SELECT, INSERT, UPDATE, DELETE ON visit TO app, lena;
GRANT SELECT ON seen TO app, lena;
GRANT USAGE ON SEQUENCE visit_id_seq TO app, lena;

-- What a statement answers, or how many rows it writes, or SQLSTATE and detail.
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	value text;
	detail text;
	rows bigint;
BEGIN
	IF statement LIKE 'SELECT %' THEN
		EXECUTE statement INTO value;
		RETURN value;
	END IF;
	EXECUTE statement;
	GET DIAGNOSTICS rows = ROW_COUNT;
	RETURN rows || ' rows';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, nullif(detail, ''));
END $$;
-- What a token opens, in one line: who, every other function that asks who it
-- is, rows, and writes.
CREATE FUNCTION opens(token text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('careaccess.token', token, true);
	RETURN concat_ws(', ',
		outcome('SELECT concat_ws('' '', kind, id, identified_by) FROM careaccess_whoami()'),
		(SELECT string_agg(DISTINCT left(outcome('SELECT ' || s), 5), ' ') FROM unnest(ARRAY[
			'careaccess_current_member()', 'careaccess_current_practice()', 'careaccess_current_portal_user()',
			'careaccess_can_view(''anna'', ''c1'', ''schedule'')', 'careaccess_can_view(''lena'', ''c3'')',
			'careaccess_can(''anna'', ''c1'', ''schedule'', ''view'')', 'careaccess_visible(''c1''::text, ''schedule'')',
			'count(*) FROM careaccess_visible_clients(''anna'')', 'count(*) FROM careaccess_viewers(''c1'')',
			'count(*) FROM careaccess_explain(''anna'', ''c1'')', 'careaccess_share_client(''c1'', ''bert'')',
			'careaccess_add_client(''c9'', ''p'', ''anna'')', 'careaccess_portal_profiles()']) AS s));
END $$;
CREATE FUNCTION rows(token text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('careaccess.token', token, true);
	RETURN concat_ws(', ',
		(SELECT count(*) FROM visit), (SELECT count(*) FROM seen), left(outcome('SELECT count(*) FROM careaccess.deleted_clients'), 5),
		left(outcome('INSERT INTO visit (client) VALUES (''c1'')'), 6), left(outcome('INSERT INTO visit (client) VALUES (''c3'') RETURNING id'), 6),
		outcome('UPDATE visit SET n = 1 WHERE client IN (''c1'', ''c3'')'), outcome('DELETE FROM visit WHERE client IN (''c1'', ''c3'')'));
END $$;
CREATE TABLE good (n serial, why text, token text, who text);
CREATE TABLE bad (n serial, why text, token text, fault text);
GRANT SELECT ON good, bad TO PUBLIC;
SQL

#
# Keys
#
give_keys($node, $db);
is($node->safe_psql($db, 'SELECT string_agg(kid, \' \' ORDER BY kid) FROM careaccess.token_key'),
	'ed-der ed-pem ed-raw es-der es-pem hs hs2 rs-der rs-pem rs2-der rs2-pem', 'keys in every form');

my %hint = (
	HS256 => 'The secret must have at least 32 bytes.',
	EdDSA => 'It must be a public key of Ed25519, as PEM (BEGIN PUBLIC KEY), DER or its 32 bytes.',
	ES256 => 'It must be a public key of the curve P-256, as PEM (BEGIN PUBLIC KEY) or DER.',
	RS256 => 'It must be a public RSA key of 2048 to 8192 bits, as PEM (BEGIN PUBLIC KEY) or DER.');
foreach my $name (sort keys %{ $given->{unfit} })
{
	my ($algorithm, $file) = ($given->{unfit}{$name}{algorithm}, CareTokens::key_file($given->{unfit}{$name}{bytes}));
	my ($code, $out, $err) = $node->psql($db, "\\set VERBOSITY verbose\nSELECT careaccess_set_token_key('unfit', '$algorithm', pg_read_binary_file('$file'))");
	is($err =~ /ERROR:  22023: not a key for $algorithm\nHINT:  (.*)\n/ ? $1 : $err, $hint{$algorithm}, "unfit: $name");
}
# A key that was put in by hand is looked at all the same.
my $small = CareTokens::key_file($given->{unfit}{'RSA of 1024 bits'}{bytes});
$node->safe_psql($db, "INSERT INTO careaccess.token_key (kid, algorithm, key) VALUES ('small', 'RS256', pg_read_binary_file('$small'))");
$node->safe_psql($db, "SELECT careaccess_set_token_key('clinic', 'HS256', key, 'clinic') FROM careaccess.token_key WHERE kid = 'hs'");

#
# What is good
#

my $app = 'SET ROLE app;';
my @told;

# load(TABLE, TOKENS, COLUMN): by way of a file, for the same reason.
sub load
{
	my ($table, $tokens, $column) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir . '/tokens';

	open my $f, '>', $file or die $!;
	print $f encode_json($_), "\n" foreach @$tokens;
	close $f or die $!;
	$node->safe_psql($db, <<"SQL");
CREATE TEMP TABLE lines (n serial, line text);
COPY lines (line) FROM '$file' (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02');
INSERT INTO $table (why, token, $column) SELECT line::jsonb ->> 'why', line::jsonb ->> 'token', line::jsonb ->> '$column' FROM lines ORDER BY n;
SQL
	return;
}

# each_of(START, TABLE, EXPRESSION): by number of a token, what an expression says
# of it. For an application with everything that the server might say.
sub each_of
{
	my ($as, $table, $expression) = @_;
	my $level = $as eq $app ? 'SET client_min_messages = debug5;' : 'SET log_min_messages = notice;';

	my ($code, $out, $err) = $node->psql($db,
		"$level\n$as\nSELECT n || '=' || $expression FROM $table ORDER BY n");
	is($code, 0, "asked of each: $expression") or diag($err);
	push @told, $err;
	return { map { /^(\d+)=(.*)$/ ? ($1, $2) : () } split /\n/, $out };
}

my $good = jose('good.mjs', $db);
load('good', $good, 'who');
my $got = each_of($app, 'good', 'split_part(opens(token), \',\', 1)');
is(decode('UTF-8', $got->{ $_ + 1 }), $good->[$_]{who}, "good: $good->[$_]{why}") foreach 0 .. $#$good;
my $number = 1 + (grep { $good->[$_]{why} eq 'a portal user on another profile' } 0 .. $#$good)[0];
is($node->safe_psql($db, "$app BEGIN; SELECT rows(token) FROM good WHERE n IN (1, $number, $number + 1) ORDER BY n; ROLLBACK"),
	"20, 20, 0, 1 rows, 42501, 11 rows, 11 rows\n10, 10, 0, 42501, 42501, 0 rows, 0 rows\n0, 0, 0, 42501, 42501, 0 rows, 0 rows",
	'a member, a portal user, and one on a profile that is not his: rows and writes');

# The token wins over whoever is underneath.
my %underneath = (
	nobody => $app,
	'an acting member' => "$app SELECT careaccess_act_as('anna', true) IS NULL;",
	'an acting portal user' => "$app SELECT careaccess_act_as_portal_user('u1', session => true) IS NULL;",
	'a login role' => 'SET ROLE lena;',
	'an administrator' => 'SET ROLE dba;',
	'a superuser' => '');
my ($of_bert) = tokens({ key => 'es', claims => { sub => 'bert', aud => $db, exp => time + 3600 } });
foreach my $who (sort keys %underneath)
{
	my $said = $node->safe_psql($db, "$underneath{$who} SELECT set_config('careaccess.token', '$of_bert', false); SELECT kind, id, identified_by FROM careaccess_whoami()");
	is((split /\n/, $said)[-1], 'member|bert|token', "the token goes before $who");
}

#
# What is not
#
my $bad = jose('hostile.mjs', $db);
load('bad', $bad, 'fault');
my %detail = (
	long => 'The token is longer than 16384 bytes.',
	malformed => 'The token is not a signed JSON Web Token in compact form.',
	duplicate => 'The token has a header parameter or a claim twice.',
	header => "The token's header must name its key (kid) and algorithm (alg), and nothing critical (crit).",
	algorithm => "The token's algorithm is not that of its key.",
	key => "The token's key is not known, not valid now, or not usable.",
	signature => "The token's signature is not good.",
	claims => 'The token lacks the claims sub and exp, or has a claim of the wrong type or value.',
	audience => 'The token is not meant for this database.',
	expired => 'The token has expired.',
	'not yet' => 'The token is not valid yet.');
$got = each_of($app, 'bad', 'opens(token)');
foreach my $i (0 .. $#$bad)
{
	my $fault = $bad->[$i]{fault};
	like($got->{ $i + 1 } // '', defined $fault ? qr/^28000 \Q$detail{$fault}\E, 28000$/ : qr/^28000 .*, 28000$/, "bad: $bad->[$i]{why}");
}

# refused(NAME, START, EXPRESSION, PATTERN): of every one the same.
sub refused
{
	my ($name, $start, $expression, $pattern) = @_;
	my $answers = each_of($start, 'bad', $expression);
	my @wrong = grep { ($answers->{ $_ + 1 } // '') !~ $pattern } 0 .. $#$bad;

	is(scalar keys %$answers, scalar @$bad, "$name: every one was tried");
	is(join('; ', map { "$bad->[$_]{why}: " . ($answers->{ $_ + 1 } // 'no answer') } @wrong), '', $name);
	return;
}
foreach my $who (sort keys %underneath)
{
	refused("no bad token leaves room for $who", $underneath{$who}, 'opens(token)', qr/^28000 [^,]*(, and [^,]*|, not [^,]*|, or [^,]*)*, 28000$/);
	next if $who =~ /administrator|superuser/;
	refused("… nor rows, nor writes", $underneath{$who}, 'rows(token)', qr/^0, 0, 28000, 42501, 42501, 0 rows, 0 rows$/);
}
refused('a superuser changes no key by one', '', "left(outcome(format('SELECT set_config(''careaccess.token'', %L, true), careaccess_retire_token_key(''hs'')', token)), 5)", qr/^28000$/);

# Cut off anywhere, and with any letter changed.
foreach my $name (qw(hs rs-pem es-pem ed-raw))
{
	my $i = 1 + (grep { $good->[$_]{why} =~ /, $name$/ } 0 .. $#$good)[0];
	is($node->safe_psql($db, <<"SQL"), 't|28000 0', "$name: cut off after any letter");
SET log_min_messages = notice;
$app
SELECT count(*) > 100, string_agg(DISTINCT concat_ws(' ', left(opens(left(token, i)), 5), split_part(rows(left(token, i)), ',', 1)), '; ')
FROM good, generate_series(1, length(token) - 1) AS i WHERE n = $i
SQL
	is($node->safe_psql($db, <<"SQL"), 't|28000 0', "$name: with any letter changed");
SET log_min_messages = notice;
$app
SELECT count(*) > 100, string_agg(DISTINCT concat_ws(' ', left(opens(t), 5), split_part(rows(t), ',', 1)), '; ')
FROM (SELECT overlay(token PLACING chr(CASE WHEN substr(token, i, 1) = 'A' THEN 66 ELSE 65 END) FROM i FOR 1) AS t
	FROM good, generate_series(1, length(token)) AS i WHERE n = $i) AS changed
SQL
}

#
# Who is told what
#
my $shown = $node->safe_psql($db, <<"SQL");
SET careaccess.token = '$of_bert';
$app
SELECT id FROM careaccess_whoami();
SHOW careaccess.token;
SELECT current_setting('careaccess.token');
SELECT current_setting('careaccess.token', true);
SELECT set_config('careaccess.token', '$of_bert', false);
RESET ROLE;
SHOW careaccess.token;
SQL
is($shown, join("\n", 'bert', ('********') x 5), 'the token is shown to nobody');
foreach my $as ('', $app)
{
	my $all = $node->safe_psql($db, "SET careaccess.token = '$of_bert'; $as SELECT id FROM careaccess_whoami(); SHOW ALL; SELECT * FROM pg_settings; SELECT * FROM pg_show_all_settings()");
	ok($all =~ /work_mem/ && index($all, $of_bert) < 0, 'nor among all settings, ' . ($as ? 'to an application' : 'to a superuser'));
}

# Bound parameters, as an application sends them, with statements logged.
my ($of_anna, $over) = tokens(
	{ key => 'ed', kid => 'ed-raw', claims => { sub => 'anna', aud => $db, exp => time + 3600 } },
	{ key => 'ed', kid => 'ed-raw', claims => { sub => 'anna', aud => $db, exp => time - 60 } });
$node->append_conf('postgresql.conf', "log_statement = all\nlog_parameter_max_length = 0\nlog_parameter_max_length_on_error = 0\nlog_min_duration_statement = 0\nlog_min_messages = info");
$node->reload;
foreach my $mode (qw(extended prepared))
{
	foreach my $token ($of_anna, $over)
	{
		my $good = $token eq $of_anna;
		$node->pgbench("-n -t 3 -M $mode -U app -D token=$token", $good ? 0 : 2, [], [],
			"a bound token: $mode, " . ($good ? 'good' : 'bad'),
			{ "bound_$mode" . ($good ? 1 : 0) => <<'SQL' }, $db);
BEGIN;
SELECT set_config('careaccess.token', :token, true);
SELECT kind FROM careaccess_whoami();
SELECT 1 / (count(*) / 20) FROM visit;
END;
SQL
	}
}
$node->stop;

my $log = slurp_file($node->logfile);
ok($log =~ /the session's token is not valid/, 'the log is the log');
ok($log =~ /DEBUG/, '… and says much');
ok($log =~ /set_config\('careaccess\.token', \$1, true\)/, '… and has bound statements');
# The beginning of each would tell enough.
sub found_in
{
	my ($what, $where, $name) = @_;
	my %needle = map { quotemeta(substr($_, 0, 80)) => 1 } grep { length >= 16 } @$what;
	my $any = join '|', keys %needle;

	ok(%needle && $where !~ /($any)/, $name) or diag($1);
	return;
}
my @tokens = ((map { $_->{token} } @$good, @$bad), $of_bert, $of_anna, $over);
my @parts = map { /^[^.]*\.([^.]*)\.([^.]*)$/ ? ($1, $2) : () } @tokens;
my @keys = map { decode_base64($_) } map { grep { defined } @$_{qw(pem der raw)} } values %{ $given->{keys} };
push @keys, map { decode_base64($_->{bytes}) } values %{ $given->{unfit} };
my @spelled = map { ($_, unpack('H*', $_), uc unpack('H*', $_), encode_base64($_, ''), encode_base64($_, '') =~ tr{+/}{-_}r =~ s/=+$//r) } @keys;
foreach my $place ([ 'log', $log ], [ 'errors', join("\n", @told) ])
{
	# bert's token stood in statements of ours, which were not logged then.
	found_in(\@parts, $place->[1], "no part of a token in the $place->[0]");
	found_in([ map { decode_base64(tr{-_}{+/}r) } @parts ], $place->[1], "nor decoded, in the $place->[0]");
	found_in(\@spelled, $place->[1], "no key in the $place->[0]");
}
done_testing();
