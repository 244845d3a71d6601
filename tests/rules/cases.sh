#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Rules and how iptables-save prints them: our own, and those of the tool's own tests where a corpus of rulesets is: in the
# folder NFV_CORPUS, or shared/corpus beside the project. tests/netns/rules-cases.sh asks the tool itself.

set -eu

top_srcdir=${top_srcdir:-.}
top_builddir=${top_builddir:-.}
corpus=${NFV_CORPUS:-$top_srcdir/../shared/corpus}/iptables-1.8.9-extensions-t

echo "own cases:"
"$top_builddir"/tests/rules/corpus-cases "$top_srcdir"/tests/rules/cases/*.t
if [ -d "$corpus" ]; then
	echo "cases of the corpus:"
	"$top_builddir"/tests/rules/corpus-cases "$corpus"/iptables.t "$corpus"/lib{xt,ipt,ip6t}_*.t
else
	echo "no corpus in $corpus"
fi
