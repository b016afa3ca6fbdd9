# No way to become another, and no way to what is hidden: every attempt of
# test/hostile/NN_*.sql is run by plain roles with a prompt of their own.
#
# The judge.  The same attempts run in two databases which differ only in what is
# hidden from those who attack.  An attempt got nothing if
#
#   - everything it was told (results, notices, errors) is the same in both,
#   - no word of a hidden row is in it, and no hidden row in what it sees after,
#   - the session is afterwards who it was, or nobody,
#   - facts, hidden rows, policies, roles and rights are what they were.
#
# An attempt begins with a line "--- title", and then, as comments:
#
#   -- as: VARIANT...        who tries; "everybody" is all of them
#   -- expect: nothing       as above; "refused SQLSTATE" wants that error besides;
#                            "documented WORDS" is what PostgreSQL cannot prevent: it
#                            must tell something, and doc/security.md must say so
#   -- leaves: nobody        whoever came through a door is nobody afterwards;
#                            "a bad token": careaccess_whoami() is refused
#   -- needs: EXTENSION      or NUMBER, the least major version; or the minor version
#                            of each major that has a fix, with two digits, as 15.20 18.07
#   -- after: WORDS          what doc/security.md advises with these words is done before
#   -- then: SQL             what a superuser does afterwards, before it is judged
#   -- broken by: SQL        after this, the judge must find the attempt guilty
#   -- mended by: SQL        takes it back
#
# Every file has an attempt that is broken on purpose: so the judge, the attempt
# and the protection are all shown to matter.
use strict;
use warnings;

use IPC::Run ();
use List::Util 'uniq';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my %who = (
	acting => { role => 'clinic_app', ticket => 'bert', is => 'member bert acting' },
	login => { role => 'bert_login', is => 'member bert login_role' },
	wide => { role => 'clinic_app', ticket => 'dora', is => 'member dora acting' },
	portal => { role => 'clinic_app', ticket => 'pia', is => 'portal pia acting' },
	planter => { role => 'planter', ticket => 'bert', is => 'member bert acting' },
	nobody => { role => 'clinic_app', is => 'nobody none' },
	bare => { role => 'bare', is => 'nobody none' },
	guarded => { role => 'guarded', ticket => 'bert', is => 'member bert acting' },
	becomer => { role => 'becomer', is => 'nobody none' });
my $word = join '', map { sprintf '%02x', int(rand(256)) } 1 .. 4;
my $canary = "SECRET$word";
my $annas = "ANNAS$word";
my ($with, $without) = ('clinic_a', 'clinic_b');

my $node = PostgreSQL::Test::Cluster->new('hostile');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_prepared_transactions = 2\nwal_level = logical\n");
$node->start;

#
# The two databases
#

sub slurp
{
	my $file = shift;

	open my $in, '<', $file or die "$file: $!";
	local $/ = undef;
	return scalar <$in>;
}

sub make_databases
{
	my @words = ('-v', "canary=$canary", '-v', "annas=$annas");

	$node->safe_psql('postgres', "CREATE ROLE clinic_app LOGIN; CREATE ROLE planter LOGIN; CREATE ROLE bert_login LOGIN; CREATE ROLE bare LOGIN;
		CREATE ROLE becomer LOGIN IN ROLE clinic_app; CREATE ROLE guarded LOGIN IN ROLE clinic_app;
		CREATE ROLE door; CREATE ROLE left_behind; CREATE DATABASE $without");
	$node->safe_psql($without, slurp('test/hostile/world.sql') . slurp('test/hostile/facts.sql'), extra_params => \@words);
	$node->safe_psql($without, 'GRANT USAGE, CREATE ON SCHEMA door TO door; GRANT SELECT ON door.ticket TO door;
		ALTER FUNCTION door.enter OWNER TO door; GRANT EXECUTE ON FUNCTION careaccess_act_as, careaccess_act_as_portal_user TO door;
		GRANT EXECUTE ON FUNCTION careaccess_act_as TO becomer');
	foreach my $extension ('dblink')
	{
		$node->safe_psql($without, "CREATE EXTENSION $extension")
		  if $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = '$extension'");
	}
	$node->safe_psql('postgres', "ALTER ROLE guarded SET session_preload_libraries = 'careaccess'");
	$node->safe_psql('postgres', "CREATE DATABASE $with TEMPLATE $without");
	$node->safe_psql($with, slurp('test/hostile/hidden.sql'), extra_params => \@words);
	$node->safe_psql($_, 'ANALYZE') foreach ($with, $without);
	return;
}

make_databases();
my $server = $node->safe_psql('postgres', "SELECT replace(to_char(current_setting('server_version_num')::numeric / 10000, 'FM99.0000'), '.00', '.')");
my $parallel_mode = $server < 16 ? 'force_parallel_mode' : 'debug_parallel_query';
my %extension = map { $_ => 1 } split /\n/, $node->safe_psql($without, 'SELECT extname FROM pg_extension');

# Neighbours: sessions that are idle after a statement with a value in it.  Not by
# background_psql, which gives up after a while.
sub start_neighbour
{
	my $role = shift;
	my ($in, $out, $err) = ("SELECT '$canary of a hostile neighbour';\n", '', '');
	my $psql = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($with), '-U', $role ], '<', \$in, '>', \$out, '2>', \$err);

	IPC::Run::pump($psql) until $out =~ /neighbour/ or not $psql->pumpable;
	return sub { $in .= "\\q\n"; return IPC::Run::finish($psql); };
}

my @neighbours = map { start_neighbour($_) } ('clinic_app', 'postgres');

#
# Attempts
#

my $tell = q{CREATE FUNCTION pg_temp.tell(v anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $f$ BEGIN RAISE NOTICE 'told: %', v; RETURN true; END $f$;};

sub read_attempts
{
	my $file = shift;
	my @attempts;

	foreach my $part (split /^--- /m, slurp($file))
	{
		my ($title, $sql) = split /\n/, $part, 2;
		my %attempt = (title => $title, as => 'acting', expect => 'nothing', leaves => 'everything', sql => $sql // '');

		next if $part !~ /\S/ or $title =~ /^--/;
		$attempt{$1} = $2 while $attempt{sql} =~ s/\A-- (as|expect|leaves|needs|after|then|broken by|mended by): (.*)\n//;
		$attempt{as} = join ' ', grep { $_ !~ /^(becomer|guarded)$/ } sort keys %who if $attempt{as} eq 'everybody';
		push @attempts, \%attempt;
	}
	return @attempts;
}

# run_attempt(ATTEMPT, VARIANT, DATABASE): everything it is told, who the session is
# afterwards, and the notes it sees.
sub run_attempt
{
	my ($attempt, $variant, $db) = @_;
	my $who = $who{$variant};
	my $sql = "\\set VERBOSITY verbose\n\\set SHOW_CONTEXT always\n";

	$sql .= "SELECT door.enter('ticket of $who->{ticket}') \\g /dev/null\n" if $who->{ticket};
	$sql .= "\\echo begin\n$attempt->{sql}\n\\o\n\\pset format unaligned\n\\pset tuples_only on\n\\echo ===end\n\\warn ===end\n";
	$sql .= "ROLLBACK;\n";
	$sql .= "SELECT pg_catalog.concat_ws(' ', w.kind, w.id::text, w.identified_by) FROM public.careaccess_whoami() AS w;\n";
	$sql .= "SELECT pg_catalog.string_agg(n.id::text, ' ' ORDER BY n.id) FROM app.note AS n;\n";

	my ($stdout, $stderr) = ('', '');
	$node->psql($db, $sql, stdout => \$stdout, stderr => \$stderr, on_error_stop => 0,
		extra_params => [ '-U', $who->{role}, '-v', 'hidden=901', '-v', 'missing=999', '-v', "tell=$tell", '-v', "parallel_mode=$parallel_mode", '-v', "token=$annas" ]);
	# Names that differ between two sessions, and where in the sources an error was raised.
	s/clinic_[ab]/clinic/g, s/pg_temp_\d+/pg_temp/g, s/with PID \d+/with PID/g, s/^(?:CONTEXT:  )?parallel worker\n//gm, s/^psql:<stdin>:\d+: //gm, s/^LOCATION:.*\n//gm
	  foreach ($stdout, $stderr);

	my ($out, $after) = split /^===end\n/m, $stdout, 2;
	my ($err, $late) = split /^===end\n/m, $stderr, 2;
	my ($is, $sees) = split /\n/, $after // '';
	return {
		out => join("\n", sort split /\n/, $out // ''),
		# How often a function is called depends on the plan, and that on estimates.
		err => join("\n", uniq(sort split /\n/, $err // '')),
		raw => ($out // '') . ($err // ''),
		late => $late // '',
		is => $is // 'gone',
		sees => $sees // '' };
}

# administer(SQL): in both databases; the results.
sub administer
{
	my $sql = shift;

	return split /\n/, $node->safe_psql('postgres', join('', map { "\\c $_\nSET client_min_messages = error;\n$sql;\n" } ($with, $without)));
}

# What the attackers made goes; the rest must be what it was: see facts.sql.
my $clean = 'REASSIGN OWNED BY clinic_app, planter, bert_login, bare, guarded, becomer TO left_behind; DROP OWNED BY left_behind CASCADE';
my $facts = 'SELECT judge.facts()';
my @before;

# judge(ATTEMPT, VARIANT): what it is guilty of, '' if nothing; and the runs.
sub judge
{
	my ($attempt, $variant) = @_;
	my ($a, $b) = map { run_attempt($attempt, $variant, $_) } ($with, $without);
	my $is = $who{$variant}{is};
	my $forbidden = $variant eq 'wide' ? qr/$canary/i : qr/$canary|$annas/i;
	my @guilty;

	$is = 'gone' if $attempt->{leaves} eq 'a bad token';
	$is = 'nobody none' if $attempt->{leaves} eq 'nobody' and $who{$variant}{ticket};
	push @guilty, 'the answers differ' if $a->{out} ne $b->{out} or $a->{err} ne $b->{err};
	push @guilty, 'a hidden row shows' if "$a->{raw}$a->{late}$b->{raw}" =~ $forbidden;
	push @guilty, "the session is '$_->{is}' instead of '$is'" foreach grep { $_->{is} ne $is } ($a, $b);
	push @guilty, "afterwards it sees $a->{sees}"
	  if $a->{sees} =~ /\b9\d\d\d\b/ or ($variant ne 'wide' and $a->{sees} =~ /\b[34]\d\b/) or ($is !~ /^member/ and $a->{sees} ne '');
	if ($attempt->{then})
	{
		my @told = administer($attempt->{then});

		push @guilty, "the superuser's session was told differently: @told" if join(' ', splice @told, 0, @told / 2) ne "@told";
	}
	my @now = administer("$clean; $facts");
	push @guilty, 'facts have changed' if "@now" ne "@before";
	@before = @now;
	return (join('; ', @guilty), $a, $b);
}

# What one was told and the other not; all of it if there is no difference.
sub show
{
	my ($a, $b) = @_;
	my (%in_a, %in_b);

	$in_a{$_}++ foreach split /\n/, $a->{raw};
	$in_b{$_}++ foreach split /\n/, $b->{raw};
	my @only_a = grep { ($in_b{$_} // 0) < $in_a{$_} } sort keys %in_a;
	my @only_b = grep { ($in_a{$_} // 0) < $in_b{$_} } sort keys %in_b;
	my @lines = @only_a || @only_b
	  ? ('told only with what is hidden:', @only_a, 'told only without:', @only_b)
	  : ('told:', split /\n/, $a->{raw});
	splice @lines, 60, @lines - 60, '(and more)' if @lines > 60;
	diag(join "\n", @lines);
	return;
}

my $security = -e 'doc/security.md' ? slurp('doc/security.md') : '';

sub try_attempt
{
	my ($attempt, $variant, $name) = @_;
	my ($guilty, $a, $b) = judge($attempt, $variant);
	my $expect = $attempt->{expect};

	if ($expect =~ /^documented (.*)/)
	{
		my $words = $1;

		isnt($guilty, '', "$name: tells something, as documented") or show($a, $b);
		unlike($guilty, qr/session is|have changed/, "$name: and no more") or show($a, $b);
		ok(index($security, "**$words") >= 0, "$name: doc/security.md has \"$words\"");
		return;
	}
	is($guilty, '', $name) or show($a, $b);
	if ($expect =~ /^refused (\w+)/)
	{
		my $state = $1;

		like($a->{err}, qr/^(?:ERROR|FATAL): +$state:/m, "$name: refused with $state") or show($a, $b);
	}
	return;
}

sub break_attempt
{
	my ($attempt, $variant, $name) = @_;

	my @unbroken = @before;

	@before = administer("$attempt->{'broken by'}; $facts");
	my ($guilty, $a, $b) = judge($attempt, $variant);
	@before = administer("$attempt->{'mended by'}; $facts");
	isnt($guilty, '', "$name: found out when broken") or show($a, $b);
	is("@before", "@unbroken", "$name: and mended");
	return;
}

# advised(WORDS): the first statements that doc/security.md has after these words.
sub advised
{
	my $words = shift;

	$security =~ /\*\*\Q$words\E.*?```sql\n(.*?)```/s or die "doc/security.md advises nothing about \"$words\"";
	return $1;
}

sub lacks
{
	my $needs = shift // return;

	return $needs > int($server) if $needs =~ /^\d+$/;
	foreach my $fixed ($needs =~ /\d+\.\d+/g)
	{
		return $server < $fixed if int($fixed) == int($server);
	}
	return $needs !~ /^\d/ && !$extension{$needs};
}

@before = administer($facts);
my @files = $ENV{HOSTILE} ? map { "test/hostile/$_.sql" } split / /, $ENV{HOSTILE} : sort glob 'test/hostile/[0-9]*.sql';
foreach my $file (@files)
{
	my ($class) = $file =~ m{(\w+)\.sql$};
	my $broken = 0;

	foreach my $attempt (read_attempts($file))
	{
		next if $ENV{HOSTILE_TITLE} and $attempt->{title} !~ /$ENV{HOSTILE_TITLE}/;
		my $name = "$class: $attempt->{title}";
		my @variants = split / /, $attempt->{as};

	  SKIP:
		{
			skip "$name: needs $attempt->{needs}", 1 if lacks($attempt->{needs});
			administer(advised($attempt->{after})) if $attempt->{after};
			try_attempt($attempt, $_, "$name, as $_") foreach @variants;
			next if not $attempt->{'broken by'};
			break_attempt($attempt, $variants[0], "$name, as $variants[0]");
			$broken++;
		}
	}
	cmp_ok($broken, '>', 0, "$class: an attempt was broken on purpose");
}

$_->() foreach @neighbours;
$node->stop;
done_testing();
