"""Side by side: what both found, what one of them found, and what was said of it after looking.

`explained.json` has why something that Schemathesis alone tells is no finding; `judged.json` has those findings of
oasgate that were looked at and are false or debatable. Both are lists of entries with a `service`, and regular
expressions for the whole `kind` and `operation` (any, where left out). `evidence` is looked for in each request and
response that Schemathesis showed, and each of them must be explained; `check`, `message` and `curl` narrow what is
judged.
"""

import collections
import json
import re
from dataclasses import dataclass, field

COLUMNS = ("both", "ours", "theirs", "unexplained", "false", "debatable")


def fits(entry, service, **values):
    return re.fullmatch(entry["service"], service) and all(
        re.fullmatch(entry.get(name, ".*"), value, re.DOTALL) for name, value in values.items()
    )


@dataclass
class Comparison:
    """The kinds of breach of one service. One kind is one operation and one sort of breach."""

    service: str
    counts: dict = field(default_factory=lambda: collections.defaultdict(collections.Counter))
    # What they alone tell: (kind, operation, the first of it that nothing explains, why it is none).
    theirs: list = field(default_factory=list)
    # What oasgate tells: (kind, operation, finding, whether they tell it too, what it was judged to be).
    ours: list = field(default_factory=list)

    @property
    def unexplained(self):
        return sum(why is None for _, _, _, why in self.theirs)

    def table(self):
        lines = [f"{'kind':<26}" + "".join(f"{column:>13}" for column in COLUMNS)]
        total = collections.Counter()
        for kind in sorted(self.counts):
            total += self.counts[kind]
            lines.append(f"{kind:<26}" + "".join(f"{self.counts[kind][column]:>13}" for column in COLUMNS))
        lines.append(f"{'all':<26}" + "".join(f"{total[column]:>13}" for column in COLUMNS))
        return "\n".join(lines)

    def totals(self):
        return sum(self.counts.values(), collections.Counter())


def reasons(explained, service, kind, operation, said):
    """Why none of what they said of an operation is a finding, or nothing where one of it may be."""
    entries = [entry for entry in explained if fits(entry, service, kind=kind, operation=operation)]
    found = []
    for one in said:
        shown = json.dumps(one, ensure_ascii=False)
        why = next((entry["why"] for entry in entries if re.search(entry.get("evidence", ""), shown)), None)
        if why is None:
            return None, one
        found.append(why)
    return "; ".join(dict.fromkeys(found)), None


def matrix(comparisons, kinds):
    """Markdown: services by kinds of breach, each as both, oasgate alone, Schemathesis alone, false."""
    shown = ("both", "ours", "theirs", "false")
    kinds = [kind for kind in kinds if any(kind in comparison.counts for comparison in comparisons)]
    lines = [
        "| service | " + " | ".join([*kinds, "else", "all"]) + " |",
        "|---|" + "---|" * (len(kinds) + 2),
    ]
    for comparison in comparisons:
        groups = [comparison.counts.get(kind, {}) for kind in kinds]
        rest = (counts for kind, counts in comparison.counts.items() if kind not in kinds)
        groups += [sum(rest, collections.Counter()), comparison.totals()]
        cells = [" / ".join(str(counts.get(column, 0)) for column in shown) for counts in groups]
        lines.append(f"| {comparison.service} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def compare(service, ours, theirs, explained, judged):
    result = Comparison(service)
    for operation, kind in sorted(set(ours) | set(theirs)):
        findings, said = ours.get((operation, kind), []), theirs.get((operation, kind), [])
        # A note is enough to have told what they tell, and is not counted where they say nothing.
        told = [finding for finding in findings if finding["severity"] != "note"]
        counts = result.counts[kind]
        if said and findings:
            counts["both"] += 1
        elif told:
            counts["ours"] += 1
        elif said:
            counts["theirs"] += 1
            why, first = reasons(explained, service, kind, operation, said)
            counts["unexplained"] += why is None
            result.theirs.append((kind, operation, first, why))
        for finding in told:
            verdict = next(
                (
                    entry for entry in judged
                    if fits(entry, service, kind=kind, operation=operation, check=finding["check"],
                            message=finding["message"], curl=finding.get("curl") or "")
                ),
                None,
            )
            if verdict:
                counts[verdict["verdict"]] += 1
            result.ours.append((kind, operation, finding, bool(said), verdict))
    for kind in [kind for kind, counts in result.counts.items() if not sum(counts.values())]:
        del result.counts[kind]
    return result


def details(comparison):
    """What one of the two tells alone, in words."""
    lines = []
    for kind, operation, first, why in comparison.theirs:
        lines.append(f"  Schemathesis alone: {kind}: {operation}: {why or 'NOT EXPLAINED'}")
        if why is None:
            lines.append(f"    {first['said']!r}")
            lines.append(f"    {first['request']} {first['body']!r} -> {first['status']} {first['response']!r}")
    for kind, operation, finding, too, verdict in comparison.ours:
        if too and not verdict:
            continue
        judged = f"  [{verdict['verdict']}: {verdict['why']}]" if verdict else ""
        lines.append(f"  oasgate{'' if too else ' alone'}: {finding['check']}: {finding['message']}{judged}")
        lines.append(f"    {(finding.get('curl') or '')[:300]}")
    return "\n".join(lines)
