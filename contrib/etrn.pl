#!/usr/bin/perl
'di ';
'ds 00 \\"';
'ig 00 ';
#
# Asks a mail server to send what it holds for us (ETRN, RFC 1985). This file is a program, and its own manual page:
# troff skips from here to the line behind the program, and perl takes the page for the end of the program.

use strict;
use warnings;
use IO::Socket::IP;

my $patience = 120;    # seconds that the server may take for a reply

sub usage {
    print STDERR "usage: etrn.pl [-v] [-p port] server [host | \@domain | #group ...]\n";
    exit 64;
}

sub give_up {
    print STDERR "etrn.pl: $_[0]\n";
    exit 75;
}

# The domains of this instance: the setting locals.
sub our_domains {
    open my $config, '-|', 'sluice', 'config', '--json', 'locals' or give_up("cannot run sluice: $!");
    my $setting = do { local $/; <$config> } // '';
    close $config or exit 78;    # it has said why
    my ($domains) = $setting =~ /^ *"text": "([^"]*)"/m;
    return grep { length } split /[,\s]+/, $domains // '';
}

# The last line of a reply, its end removed.
sub reply {
    my ($server, $verbose) = @_;
    local $SIG{ALRM} = sub { give_up('the server does not answer') };
    alarm $patience;
    while (defined(my $line = <$server>)) {
        $line =~ s/[^ -~]//g;    # nothing that a terminal would obey
        print "$line\n" if $verbose;
        next if $line =~ /^\d{3}-/;
        alarm 0;
        return $line if $line =~ /^\d{3}( |$)/;
        give_up("the server does not speak SMTP: $line");
    }
    give_up('the server has closed the connection');
}

sub ask {
    my ($server, $verbose, $command) = @_;
    print ">>> $command\n" if $verbose;
    print $server "$command\r\n";
    return reply($server, $verbose);
}

my ($verbose, $port) = (0, 25);
while (@ARGV and $ARGV[0] =~ /^-/) {
    my $option = shift;
    if ($option eq '-v') { $verbose = 1 }
    elsif ($option eq '-p' and @ARGV) { $port = shift }
    else { usage() }
}
my $host = shift // usage();
my @names = @ARGV ? @ARGV : our_domains();
give_up('there are no domains to ask for') unless @names;

$SIG{PIPE} = 'IGNORE';
my $server = IO::Socket::IP->new(PeerHost => $host, PeerPort => $port, Type => SOCK_STREAM, Timeout => $patience)
    or give_up("cannot connect to $host: $@");
my $status = 0;
sub expect {
    my ($text) = @_;
    return if $text =~ /^2/;
    print STDERR "etrn.pl: $host: $text\n";
    $status = 1;
}
expect(reply($server, $verbose));
my $self = `uname -n`;
chomp $self;
expect(ask($server, $verbose, "EHLO $self")) unless $status;
if (!$status) {
    for my $name (@names) { expect(ask($server, $verbose, "ETRN $name")) }
}
ask($server, $verbose, 'QUIT');
exit $status;
no warnings 'void';

.00 ;

'di			\" the diversion ends; the line before it is empty
.nr nl 0-1		\" so that the page begins at its top
.nr % 0
'; __END__
.TH ETRN.PL 1 "" Sluice "User commands"
.SH NAME
etrn.pl \- ask a mail server for the mail that it holds for us
.SH SYNOPSIS
.B etrn.pl
.RB [ \-v ]
.RB [ \-p
.IR port ]
.I server
.RI [ name " ...]"
.SH DESCRIPTION
.B etrn.pl
connects to
.I server
and sends an ETRN command (RFC 1985) for each
.IR name :
a host, a domain as @domain, or a queue group of the server's as #group.
Without names it asks for each domain of the setting
.B locals
of this instance, which
.B SLUICE_HOME
names.
What the server holds comes in by SMTP afterwards, over connections of its own.
.PP
With
.B \-v
the whole dialogue is shown.
The port is 25 unless
.B \-p
says otherwise.
.SH "EXIT STATUS"
0: the server has taken each request; 1: it has refused one, and standard error says which; 64: the command line is wrong;
75: the server cannot be reached or does not answer; 78: the settings are wrong.
.SH "SEE ALSO"
sendmail(8), sluice\-smtpd(8), sluice\-config(1)
