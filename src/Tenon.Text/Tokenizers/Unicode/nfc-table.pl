#!/usr/bin/perl
# Writes nfc-9.0.txt: what canonical composition needs to know, for the code points of Unicode 9.0 (the version that the reference
# library's NFC is built on). Any Perl since 5.26 gives the same: these properties of an assigned character never change.
#   perl nfc-table.pl > nfc-9.0.txt
use strict;
use warnings;
use Unicode::UCD qw(charinfo);

my ($first, $last, $class) = (-1, -1, 0);
my (@classes, @parts);
for my $c (0 .. 0x10FFFF) {
    next if $c >= 0xAC00 && $c <= 0xDFFF || chr($c) !~ /\p{Present_In: 9.0}/;
    my $info = charinfo($c) or next;
    my $own = $info->{combining};
    if ($own && $own == $class && $c == $last + 1) { $last = $c }
    elsif ($own) {
        push @classes, sprintf("c %X %X %d", $first, $last, $class) if $class;
        ($first, $last, $class) = ($c, $c, $own);
    }
    my $parts = $info->{decomposition};
    next if !$parts || $parts =~ /</;
    push @parts, sprintf("%s %X %s", chr($c) =~ /\p{Full_Composition_Exclusion}/ ? 'x' : 'd', $c, join ' ', map { sprintf '%X', hex } split ' ', $parts);
}
push @classes, sprintf("c %X %X %d", $first, $last, $class) if $class;

print "# Made by nfc-table.pl. 'c FIRST LAST CLASS': combining classes. 'd POINT PART [PART]': canonical decompositions,\n";
print "# 'x' instead of 'd' where composition never makes the character again. Hangul follows by rule.\n";
my @all = (@classes, @parts);
print join(';', splice @all, 0, 12), "\n" while @all;
