#!/usr/bin/env python3
"""Tries documents on a JSON Schema: check_schema.py SCHEMA CASES.

CASES is a JSON list of {"name", "toml", "is_good"}. Prints what is judged otherwise, and exits with 1; with 77 where
python3-jsonschema is not installed.
"""
import json
import sys
import tomllib

try:
    from jsonschema import Draft202012Validator
except ImportError as error:
    print(error)
    sys.exit(77)

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    cases = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
wrong = 0
for case in cases:
    errors = [error.message[:200] for error in validator.iter_errors(tomllib.loads(case["toml"]))]
    if (not errors) != case["is_good"]:
        wrong += 1
        print(f"{case['name']}: {errors or 'accepted'}\n{case['toml']}")
print(f"{len(cases)} documents, {wrong} judged wrongly")
sys.exit(1 if wrong else 0)
