#!/usr/bin/perl
# A TCP listener on loopback that should never hear anything: prints its port, then appends a line to LOG for each connection.
use strict;
use warnings;
use IO::Socket::INET;
my ($log) = @ARGV or die "usage: listener.pl LOG\n";
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 8) or die "listen: $!\n";
$| = 1;
print $listener->sockport, "\n";
while (my $peer = $listener->accept) {
  open my $out, '>>', $log or die "$log: $!\n";
  print $out 'a connection from port ', $peer->peerport, "\n";
  close $out;
}
