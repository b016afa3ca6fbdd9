# Session tokens for the server tests, made by an independent library: npm's
# jose, which test/jose drives with Node.
package CareTokens;

use strict;
use warnings;

use Exporter 'import';
our @EXPORT = qw(prepare_jose jose tokens give_keys);

use File::Copy qw(copy);
use File::Spec;
use IPC::Run qw(run);
use JSON::PP;
use MIME::Base64;
use PostgreSQL::Test::Utils;

my $folder;
my $given;

# prepare_jose(): install the library, make keys. Returns what the database is
# given of them: { keys => { NAME => { algorithm, pem, der, raw } }, unfit => … },
# bytes in base64.
sub prepare_jose
{
	$folder = PostgreSQL::Test::Utils::tempdir;
	copy($_, $folder) or die "cannot copy $_: $!" foreach glob('test/jose/*');
	my $said;
	run([ 'npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund' ],
		'<', File::Spec->devnull, '>&', \$said, init => sub { chdir $folder or die $! })
	  or die "npm cannot install the library that makes tokens:\n$said";
	$given = jose('keys.mjs');
	return $given;
}

# jose(SCRIPT, ARGUMENT, INPUT): what a script of test/jose says.
sub jose
{
	my ($script, $argument, $input) = @_;
	my ($out, $err);

	run([ 'node', "$folder/$script", "$folder/keys.json", defined $argument ? $argument : () ],
		'<', \(defined $input ? encode_json($input) : ''), '>', \$out, '2>', \$err)
	  or die "$script failed:\n$err";
	return decode_json($out);
}

# tokens({ key, claims, kid }, …): tokens as they are asked for.
sub tokens
{
	my @asked = @_;

	return @{ jose('make.mjs', undef, \@asked) };
}

# give_keys(NODE, DATABASE): every key in every form, "ed-raw", "rs-pem" and so
# on; a secret is just "hs". By way of files, so that no statement has a key.
sub give_keys
{
	my ($node, $db) = @_;

	foreach my $name (sort keys %{ $given->{keys} })
	{
		my $key = $given->{keys}{$name};
		foreach my $form (grep { $key->{$_} } qw(pem der raw))
		{
			my $kid = $key->{algorithm} eq 'HS256' ? $name : "$name-$form";
			my $file = key_file($key->{$form});
			$node->safe_psql($db, "SELECT careaccess_set_token_key('$kid', '$key->{algorithm}', pg_read_binary_file('$file'))");
		}
	}
	return;
}

# key_file(BYTES): a file with bytes that are given in base64.
sub key_file
{
	my $bytes = shift;
	my $file = "$folder/key";

	open my $f, '>:raw', $file or die $!;
	print $f decode_base64($bytes);
	close $f or die $!;
	return $file;
}

1;
