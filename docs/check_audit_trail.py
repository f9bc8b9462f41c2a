#!/usr/bin/env python3
"""Check an exported audit trail. Needs Python 3.8 and nothing else.

    python check_audit_trail.py audit-trail.jsonl [SEAL]

Each line of the file is a place of the trail: {"place", "seal", "record"}. A seal is
SHA-256 of the seal before (64 zeros for the first), a line feed, and the record as
JSON with sorted keys and no spaces, in UTF-8. So a record that was changed, removed,
added or moved no longer fits its seal. Somebody who makes all seals anew gets another
last one: give the SEAL that you wrote down earlier, and it must be among them.

Exits with 0 when all holds, with 1 and the first broken place when not.
"""

import hashlib
import json
import sys


def seal_of(before, record):
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def main(path, known=None):
    seals = []
    before = "0" * 64
    with open(path, encoding="utf-8") as lines:
        for place, line in enumerate(lines, 1):
            sealed = json.loads(line)
            if sealed["place"] != place:
                return f"Place {place} is missing."
            if seal_of(before, sealed["record"]) != sealed["seal"]:
                record = sealed["record"] or {}
                entry = f"entry {record.get('id')} ({record.get('event')})"
                return f"Broken at place {place}: {entry} is not what was sealed."
            before = sealed["seal"]
            seals.append(before)
    if known and known not in seals:
        return "Each seal fits, but the one you wrote down is not among them."
    print(f"{len(seals)} entries, all as they were sealed. Last seal: {before}")
    return ""


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    broken = main(*sys.argv[1:])
    if broken:
        print(broken)
    sys.exit(1 if broken else 0)
