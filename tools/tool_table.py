#!/usr/bin/env python3
"""Compiles src/policy/tools/*.toml into C++ tables, table tests and docs/tool-risks.md.

tool_table.py --out DIR FILE.toml ...   writes DIR/tool_tables.cc, DIR/tool_examples.cc and DIR/tool-risks.md

The format of a file is described in src/policy/tools/README.md. Each file that is wrong is answered with one line
that names it and says what to do.
"""
import argparse
import re
import shlex
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

RISKS = ["low", "medium", "high", "critical"]
EFFECTS = ["reads", "writes", "destroys", "publishes", "network", "credentials", "runs_code"]
TOOL_KEYS = {
    "names", "summary", "like", "each", "style", "anywhere", "abbreviates", "stops", "help", "actions",
    "global_values", "global_switches", "global_changes", "later_values", "later_switches",
    "default", "rows", "examples",
}
ROW_KEYS = {"verb", "flags", "also", "except", "unless", "unless_all", "arguments", "at_least", "risk", "effects", "why"}
MAX_VERB = 4
MAX_ROWS_TOGETHER = 64  # rows that one call can fit: the bits of a word in read_tool
SLOTS = 4096  # of the hash table of names, a power of two


class Wrong(Exception):
    pass


@dataclass
class Flag:
    name: str
    value: str | None = None  # a pattern
    takes_value: bool = False
    changes: bool = False


@dataclass
class Row:
    verb: list[str]
    flags: list[Flag]
    also: list[Flag]
    unless: list[Flag]
    arguments: list[str]
    at_least: int
    unless_all: list[str]
    besides: list[str]  # words that may not follow the verb; `except` in the file
    risk: str
    effects: int
    why: str
    shown_verb: str  # as written, for the page

    @property
    def is_base(self):
        return not (self.flags or self.also or self.arguments or self.at_least)

    @property
    def first_word(self):
        """What the row is found by; empty: it is looked at in every call."""
        return self.verb[0] if self.verb and not self.verb[0].endswith("*") else ""

    @property
    def rank(self):
        """Of base rows the highest counts: the longest verb, then the one with most words written out."""
        return len(self.verb) * 8 + sum(not word.endswith("*") for word in self.verb)


@dataclass
class Example:
    words: list[str]
    risk: str
    effects: int
    plain: str
    text: str


@dataclass
class ToolFile:
    stem: str
    names: list[str]
    summary: str
    each: bool = False
    single: bool = False
    anywhere: bool = False
    abbreviates: bool = False
    stops: bool = False
    help: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    globals: list[Flag] = field(default_factory=list)
    later_values: list[str] = field(default_factory=list)
    later_switches: list[str] = field(default_factory=list)
    risk: str = "low"
    effects: int = 0
    rows: list[Row] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)

    @property
    def has_verbs(self):
        return any(row.verb for row in self.rows)


def words_of(value, key):
    if isinstance(value, str):
        return value.split()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return [word for item in value for word in item.split()]
    raise Wrong(f"`{key}` must be a string of words or a list of them")


def effects_of(value, where):
    bits = 0
    for word in words_of(value, "effects"):
        if word not in EFFECTS:
            raise Wrong(f"{where}: unknown effect `{word}`; use {', '.join(EFFECTS)}")
        bits |= 1 << EFFECTS.index(word)
    return bits


def risk_of(value, where):
    if value not in RISKS:
        raise Wrong(f"{where}: unknown risk `{value}`; use {', '.join(RISKS)}")
    return value


def check_pattern(pattern, where):
    if not pattern:
        raise Wrong(f"{where}: an empty pattern matches nothing; take it out")
    for at, char in enumerate(pattern):
        if char in "%#" and at + 1 < len(pattern) and pattern[at + 1] in "*%# \\":
            raise Wrong(f"{where}: in `{pattern}` a {char} must be followed by the end or a plain character")
    if pattern.endswith("\\"):
        raise Wrong(f"{where}: `{pattern}` ends in a backslash; write what it escapes")
    return pattern.lower()


def check_flag_name(name, single, where):
    if not re.fullmatch(r"--?[^\s=-][^\s=]*", name):
        raise Wrong(f"{where}: `{name}` is no flag; write -x or --name")
    if not single and not name.startswith("--") and len(name) != 2:
        raise Wrong(f"{where}: `{name}` has one dash and more than one letter; write -x, --name, or style = \"single\"")


def flags_of(value, key, single, where):
    flags = []
    for word in words_of(value, key):
        name, equals, pattern = word.partition("=")
        check_flag_name(name, single, f"{where}, {key}")
        flags.append(Flag(name, check_pattern(pattern, where) if equals else None))
    return flags


def read_row(raw, single, where):
    if not isinstance(raw, dict):
        raise Wrong(f"{where}: a row is a table: {{ verb = \"..\", risk = \"..\", effects = \"..\", why = \"..\" }}")
    unknown = set(raw) - ROW_KEYS
    if unknown:
        raise Wrong(f"{where}: unknown key `{sorted(unknown)[0]}`; use {', '.join(sorted(ROW_KEYS))}")
    for key in ("risk", "effects", "why"):
        if not isinstance(raw.get(key), str) or not raw[key]:
            raise Wrong(f"{where}: `{key}` is missing; a row says risk, effects and why")
    if len(raw["why"]) > 80 or raw["why"].endswith("."):
        raise Wrong(f"{where}: `why` is one phrase of at most 80 characters without a full stop")
    shown = raw.get("verb", "")
    if not isinstance(shown, str):
        raise Wrong(f"{where}: `verb` is a string: words, alternatives between |")
    paths = [[]]
    for part in shown.split():
        paths = [path + [word] for path in paths for word in part.split("|")]
    if any(len(path) > MAX_VERB for path in paths) or any("" in path for path in paths):
        raise Wrong(f"{where}: `verb` has up to {MAX_VERB} words, alternatives between |, none empty")
    for word in (word for path in paths for word in path):
        if "*" in word[:-1]:
            raise Wrong(f"{where}: `{word}`: in a verb a * may only be the end of a word")
    besides = words_of(raw.get("except", []), "except")
    if besides and not shown:
        raise Wrong(f"{where}: `except` needs a verb that it follows")
    patterns = {}
    for key in ("arguments", "unless_all"):
        patterns[key] = raw.get(key, [])
        if not isinstance(patterns[key], list) or not all(isinstance(a, str) for a in patterns[key]):
            raise Wrong(f"{where}: `{key}` is a list of patterns")
        patterns[key] = [check_pattern(a, where) for a in patterns[key]]
    if patterns["unless_all"] and shown:
        raise Wrong(f"{where}: `unless_all` is for programs without verbs")
    at_least = raw.get("at_least", 0)
    if not isinstance(at_least, int) or not 0 <= at_least <= 100:
        raise Wrong(f"{where}: `at_least` is a number of words")
    for path in paths:
        yield Row(
            verb=path,
            flags=flags_of(raw.get("flags", []), "flags", single, where),
            also=flags_of(raw.get("also", []), "also", single, where),
            unless=flags_of(raw.get("unless", []), "unless", single, where),
            arguments=patterns["arguments"],
            unless_all=patterns["unless_all"],
            at_least=at_least,
            besides=besides,
            risk=risk_of(raw["risk"], where),
            effects=effects_of(raw["effects"], where),
            why=raw["why"],
            shown_verb=shown,
        )


def fits(pattern, verb):
    """Whether a call with `verb` is one of `pattern`, which may be shorter."""
    return len(pattern) <= len(verb) and all(
        word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted for wanted, word in zip(pattern, verb)
    )


def read_example(raw, where):
    if not isinstance(raw, list) or len(raw) not in (3, 4) or not all(isinstance(item, str) for item in raw):
        raise Wrong(f"{where}: an example is [command line, risk, effects] or [.., plain words]")
    try:
        words = shlex.split(raw[0])
    except ValueError as error:
        raise Wrong(f"{where}: `{raw[0]}`: {error}") from None
    return Example(words, risk_of(raw[1], where), effects_of(raw[2], where), raw[3] if len(raw) == 4 else "", raw[0])


def read_file(path, loaded):
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    unknown = set(raw) - TOOL_KEYS
    if unknown:
        raise Wrong(f"unknown key `{sorted(unknown)[0]}`; use {', '.join(sorted(TOOL_KEYS))}")
    for key in ("names", "summary", "default", "rows", "examples"):
        if key not in raw and not (key == "rows" and "like" in raw):
            raise Wrong(f"`{key}` is missing; see src/policy/tools/README.md")
    names = words_of(raw["names"], "names")
    if not names:
        raise Wrong("`names` is empty; write the base names of the program")
    tool = ToolFile(path.stem, names, raw["summary"])
    if "like" in raw:
        if raw["like"] not in loaded:
            raise Wrong(f"`like` names `{raw['like']}`, which is no file before this one in the list of CMakeLists.txt")
        model = loaded[raw["like"]]
        for key in ("single", "anywhere", "abbreviates", "stops"):
            setattr(tool, key, getattr(model, key))
        for key in ("help", "actions", "globals", "later_values", "later_switches", "rows"):
            setattr(tool, key, list(getattr(model, key)))
    style = raw.get("style", "single" if tool.single else "gnu")
    if style not in ("gnu", "single"):
        raise Wrong(f"unknown style `{style}`; use gnu (-x clusters, --name) or single (-name)")
    tool.single = style == "single"
    for key in ("each", "anywhere", "abbreviates", "stops"):
        if key in raw:
            if not isinstance(raw[key], bool):
                raise Wrong(f"`{key}` is true or false")
            setattr(tool, key, raw[key])
    for key in ("help", "actions", "later_values", "later_switches"):
        words = words_of(raw.get(key, []), key)
        for word in words:
            if word.startswith("-"):
                check_flag_name(word, tool.single, key)
        if key == "help" and key in raw:
            tool.help = []  # a package manager that hands --help to a script says so
        setattr(tool, key, getattr(tool, key) + [w for w in words if w not in getattr(tool, key)])
    changes = set(words_of(raw.get("global_changes", []), "global_changes"))
    seen = {flag.name for flag in tool.globals}
    for key, takes_value in (("global_values", True), ("global_switches", False)):
        for name in words_of(raw.get(key, []), key):
            check_flag_name(name, tool.single, key)
            if name in seen:
                raise Wrong(f"the global flag `{name}` is listed twice; keep one")
            seen.add(name)
            tool.globals.append(Flag(name, None, takes_value, name in changes))
    for flag in tool.globals:
        flag.changes = flag.changes or flag.name in changes
    if changes - seen:
        raise Wrong(f"`global_changes` names `{sorted(changes - seen)[0]}`; list it under global_values or "
                    "global_switches, too")
    default = raw["default"]
    if not isinstance(default, dict) or set(default) != {"risk", "effects"}:
        raise Wrong("`default` is { risk = \"..\", effects = \"..\" }")
    tool.risk = risk_of(default["risk"], "default")
    tool.effects = effects_of(default["effects"], "default")
    for number, row in enumerate(raw.get("rows", []), 1):
        what = f"row {number} ({row.get('verb', '') or row.get('flags', '')})" if isinstance(row, dict) else f"row {number}"
        tool.rows.extend(read_row(row, tool.single, what))
    for number, example in enumerate(raw["examples"], 1):
        found = read_example(example, f"example {number}")
        if not found.words or found.words[0].rsplit("/", 1)[-1] not in names:
            raise Wrong(f"example {number}: `{found.text}` does not start with one of the names of this file")
        tool.examples.append(found)
    wanted = 15 if len(raw.get("rows", [])) >= 20 else 4
    if len(tool.examples) < wanted:
        raise Wrong(f"{len(tool.examples)} examples; a file with {len(raw.get('rows', []))} rows wants {wanted}")
    for row in tool.rows:
        together = sum(fits(other.verb, row.verb) for other in tool.rows)
        if together > MAX_ROWS_TOGETHER:
            raise Wrong(f"{together} rows apply to `{' '.join(row.verb)}`; {MAX_ROWS_TOGETHER} are possible")
    return tool


# -- C++ --------------------------------------------------------------------------------------------------------------


def quote(text):
    out = ""
    for byte in text.encode():
        char = chr(byte)
        if char in "\"\\?":
            out += "\\" + char
        elif 32 <= byte < 127:
            out += char
        else:
            out += f"\\{byte:03o}"
    return f'"{out}"'


class Pools:
    """One text for all strings, offsets into it: nothing to relocate when the program starts."""

    def __init__(self):
        self.at = {}
        self.texts = []
        self.size = 0
        self.text_list = []
        self.flag_list = []
        self.flag_ranges = {}
        self.text_ranges = {}

    def text(self, text):
        if text not in self.at:
            self.at[text] = self.size
            self.texts.append(text)
            self.size += len(text.encode())
        return f"{{{self.at[text]}, {len(text.encode())}}}"

    def text_range(self, texts):
        key = tuple(texts)
        if key not in self.text_ranges:
            self.text_ranges[key] = len(self.text_list) if key else 0
            self.text_list.extend(self.text(text) for text in texts)
        return f"{{{self.text_ranges[key]}, {len(texts)}}}"

    def flag_range(self, flags):
        key = tuple((f.name, f.value, f.takes_value, f.changes) for f in flags)
        if key not in self.flag_ranges:
            self.flag_ranges[key] = len(self.flag_list) if key else 0
            for flag in flags:
                value = self.text(flag.value or "")
                self.flag_list.append(
                    f"{{.name = {self.text(flag.name)}, .value = {value}, .has_value = {cpp(flag.value is not None)}, "
                    f".takes_value = {cpp(flag.takes_value)}, .changes = {cpp(flag.changes)}}}"
                )
        return f"{{{self.flag_ranges[key]}, {len(flags)}}}"


def cpp(value):
    return "true" if value else "false"


def letters(names):
    """The short flags that take a value, as bits by ASCII."""
    low = high = 0
    for name in names:
        if len(name) == 2 and name[0] == "-" and name[1] != "-":
            code = ord(name[1])
            if code < 64:
                low |= 1 << code
            else:
                high |= 1 << (code - 64)
    return f"{{{low:#x}U, {high:#x}U}}"


def hash_of(name):
    """As hash_of in tool_risk.cc: FNV-1a."""
    value = 2166136261
    for byte in name.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


@dataclass
class Entry:
    file: ToolFile
    name: str
    names: list[str]


def entries_of(files):
    entries = []
    for file in files:
        if file.each:
            entries.extend(Entry(file, name, [name]) for name in file.names)
        else:
            entries.append(Entry(file, file.names[0], file.names))
    entries.sort(key=lambda entry: entry.name)
    seen = {}
    for entry in entries:
        for name in entry.names:
            if name in seen:
                raise Wrong(f"{entry.file.stem}.toml: the name `{name}` is in {seen[name]}.toml, too; keep one")
            seen[name] = entry.file.stem
    return entries


def place_rows(file, pools, rows, groups):
    """Tools of one file share its rows; what is said of them then names no program."""
    first_row = len(rows)
    first_group = len(groups)
    without = 0
    for row in sorted(file.rows, key=lambda row: row.first_word):  # stable: those of no verb first
        if not row.first_word:
            without += 1
        elif len(groups) == first_group or groups[-1][0] != row.first_word:
            groups.append([row.first_word, len(rows), 0])
        if row.first_word:
            groups[-1][2] += 1
        told = [] if file.each else [file.names[0]]
        if row.risk != "low" and not file.each:
            told += [word for word in row.verb if word != "*"]
        why = (" ".join(told) + ": " if told else "") + row.why
        rows.append(
            f"{{.verb = {pools.text_range(row.verb)}, .flags = {pools.flag_range(row.flags)}, "
            f".also = {pools.flag_range(row.also)}, .unless = {pools.flag_range(row.unless)}, "
            f".arguments = {pools.text_range(row.arguments)}, .except = {pools.text_range(row.besides)}, "
            f".unless_all = {pools.text_range(row.unless_all)}, "
            f".why = {pools.text(why)}, .effects = {row.effects}, .risk = Risk::{row.risk}, "
            f".at_least = {row.at_least}, .rank = {row.rank}, .is_base = {cpp(row.is_base)}}}"
        )
    return first_row, without, first_group, len(groups) - first_group


def tables(entries):
    pools = Pools()
    rows, groups, tools, slots = [], [], [], [0] * SLOTS
    name_list = []
    placed = {}  # by file: where its rows and groups are
    for index, entry in enumerate(entries):
        file = entry.file
        if file.stem not in placed:
            placed[file.stem] = place_rows(file, pools, rows, groups)
        first_row, without, first_group, group_count = placed[file.stem]
        valued_globals = [f.name for f in file.globals if f.takes_value]
        later = file.later_values + (valued_globals if file.anywhere else [])
        known = file.later_switches + ([f.name for f in file.globals if not f.takes_value] if file.anywhere else [])
        tools.append(
            f"{{.name = {pools.text(entry.name)}, .summary = {pools.text(file.summary)}, "
            f".names = {pools.text_range(entry.names)}, .help = {pools.text_range(file.help)}, "
            f".actions = {pools.text_range(file.actions)}, .globals = {pools.flag_range(file.globals)}, "
            f".later_values = {pools.text_range(later)}, .later_switches = {pools.text_range(known)}, "
            f".rows = {{{first_row}, {without}}}, .groups = {{{first_group}, {group_count}}}, "
            f".global_letters = {letters(valued_globals)}, .later_letters = {letters(later)}, "
            f".effects = {file.effects}, .risk = Risk::{file.risk}, "
            f".depth = {max((len(row.verb) + bool(row.besides) for row in file.rows), default=0)}, .has_verbs = {cpp(file.has_verbs)}, "
            f".is_single = {cpp(file.single)}, .is_anywhere = {cpp(file.anywhere)}, "
            f".abbreviates = {cpp(file.abbreviates)}, .stops = {cpp(file.stops)}}}"
        )
        for name in entry.names:
            name_list.append(f"{{.name = {pools.text(name)}, .tool = {index}}}")
            at = hash_of(name) & (SLOTS - 1)
            while slots[at]:
                at = (at + 1) & (SLOTS - 1)
            slots[at] = (hash_of(name) & 0xFFFF0000) | len(name_list)
    if len(name_list) * 2 > SLOTS:
        raise Wrong(f"{len(name_list)} names; double SLOTS in tools/tool_table.py and in tool_table.h")
    for what, count in (("words", len(pools.text_list)), ("flags", len(pools.flag_list)), ("rows", len(rows)),
                        ("verbs", len(groups))):
        if count > 0xFFFF:
            raise Wrong(f"{count} {what}; make Range in tool_table.h wider")
    group_list = [f"{{.key = {int.from_bytes(verb.encode()[:8].ljust(8, bytes(1)), 'big'):#x}U, .verb = {pools.text(verb)}, "
                  f".rows = {{{begin}, {count}}}}}" for verb, begin, count in groups]

    out = ["// Written by tools/tool_table.py from src/policy/tools/*.toml; do not edit.",
           "// NOLINTBEGIN", '#include "policy/tool_table.h"', "", "namespace bailiwick::tool_data {",
           '#pragma GCC diagnostic ignored "-Woverlength-strings"',
           "const char kText[] ="]
    line = ""
    for text in pools.texts:
        line += text
        if len(line) > 100:
            out.append("    " + quote(line))
            line = ""
    out.append("    " + quote(line) + ";")

    def array(kind, name, items):
        out.append(f"const {kind} {name}[] = {{")
        out.extend(f"    {item}," for item in items or ["{}"])
        out.append("};")

    array("Text", "kTexts", pools.text_list)
    array("Flag", "kFlags", pools.flag_list)
    array("Row", "kRows", rows)
    array("Group", "kGroups", group_list)
    array("Name", "kNames", name_list)
    out.append(f"const std::uint32_t kSlots[kSlotCount] = {{{', '.join(f'{slot}U' for slot in slots)}}};")
    out.append(f"const std::size_t kToolCount = {len(tools)};")
    array("Tool", "kTools", tools)
    out += ["}  // namespace bailiwick::tool_data", "// NOLINTEND", ""]
    return "\n".join(out)


def examples(files):
    out = ["// Written by tools/tool_table.py from src/policy/tools/*.toml; do not edit.",
           "// NOLINTBEGIN", '#include "policy/tool_examples.h"', "", "namespace bailiwick::tool_data {"]
    words, rows = [], []
    for file in files:
        for example in file.examples:
            rows.append(
                f"{{.file = {quote(file.stem + '.toml')}, .text = {quote(example.text)}, .plain = "
                f"{quote(example.plain)}, .begin = {len(words)}, .count = {len(example.words)}, "
                f".risk = Risk::{example.risk}, .effects = {example.effects}}}"
            )
            words += example.words
    out.append("const std::string_view kExampleWords[] = {")
    out.extend(f"    {quote(word)}," for word in words)
    out.append("};")
    out.append(f"const std::size_t kExampleCount = {len(rows)};")
    out.append("const Example kExamples[] = {")
    out.extend(f"    {row}," for row in rows)
    out += ["};", "}  // namespace bailiwick::tool_data", "// NOLINTEND", ""]
    return "\n".join(out)


# -- the page ---------------------------------------------------------------------------------------------------------


def code(text):
    return "`" + text.replace("|", "\\|") + "`" if text else ""


def effect_names(bits):
    return ", ".join(name.replace("_", " ") for at, name in enumerate(EFFECTS) if bits >> at & 1) or "nothing"


def flag_text(flags):
    return " or ".join(code(f.name + ("=" + f.value if f.value is not None else "")) for f in flags)


def page(files):
    rows = sum(len(f.rows) for f in files)
    names = sum(len(f.names) for f in files)
    out = [
        "# Tool risks", "",
        "What Bailiwick knows of tools and their verbs. This page is written by `tools/tool_table.py` from "
        "`src/policy/tools/*.toml`; do not edit it.",
        "`BAILIWICK_ACCEPT=1 tool_risk_test` writes it anew.", "",
        "The risk is that of a call inside the sandbox, which can write the workspace and `/tmp` and holds no secrets. "
        "Of the rows without flags and arguments the one with the longest verb counts; rows with flags or arguments "
        "can only raise it. `*` stands for any text, `%` for a part of a path, `#` for a number.", "",
        f"{len(files)} files, {names} program names, {rows} rows, {sum(len(f.examples) for f in files)} examples, "
        "which are tests.",
    ]
    for file in sorted(files, key=lambda f: f.stem):
        out += ["", f"## {file.stem}", "", f"{file.summary}. Programs: " + " ".join(code(n) for n in file.names) + ".",
                f"Otherwise: {file.risk} ({effect_names(file.effects)})."]
        plain = [f for f in file.globals if not f.changes]
        changing = [f for f in file.globals if f.changes]
        if plain:
            out.append("Flags before a verb that do not hide it: " + " ".join(code(f.name) for f in plain) + ".")
        if changing:
            out.append("Flags before a verb that change what runs or where it goes: "
                       + " ".join(code(f.name) for f in changing) + ".")
        out += ["", "| call | risk | effects | why |", "| --- | --- | --- | --- |"]
        shown = set()
        for row in file.rows:
            parts = [code(row.shown_verb)] if row.shown_verb else []
            if row.flags:
                parts.append("with " + flag_text(row.flags))
            if row.also:
                parts.append("and " + flag_text(row.also))
            if row.arguments:
                parts.append("with an argument like " + " or ".join(code(a) for a in row.arguments))
            if row.unless_all:
                parts.append("unless all arguments are like " + " or ".join(code(a) for a in row.unless_all))
            if row.at_least:
                parts.append(f"with {row.at_least} argument{'s' if row.at_least > 1 else ''} or more")
            if row.besides:
                parts.append("not followed by " + " or ".join(code(word) for word in row.besides))
            if row.unless:
                parts.append("without " + flag_text(row.unless))
            line = (f"| {' '.join(parts) or 'any call'} | {row.risk} | {effect_names(row.effects)} | "
                    f"{row.why.replace('|', chr(92) + '|')} |")
            if line not in shown:
                shown.add(line)
                out.append(line)
    return "\n".join(out) + "\n"


def write(path, text):
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    else:
        path.touch()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("files", type=Path, nargs="+")
    arguments = parser.parse_args()
    loaded = {}
    wrong = []
    listed = {file.resolve() for file in arguments.files}
    for path in sorted(arguments.files[0].parent.glob("*.toml")):
        if path.resolve() not in listed:
            wrong.append(f"{path}: is not in the list of src/policy/CMakeLists.txt; add it there")
    for path in arguments.files:
        try:
            loaded[path.stem] = read_file(path, loaded)
        except (Wrong, OSError, tomllib.TOMLDecodeError) as error:
            wrong.append(f"{path}: {error}")
    try:
        entries = entries_of(loaded.values())
    except Wrong as error:
        wrong.append(f"{arguments.files[0].parent}: {error}")
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    files = list(loaded.values())
    try:
        compiled = tables(entries)
    except Wrong as error:
        print(f"{arguments.files[0].parent}: {error}", file=sys.stderr)
        return 1
    arguments.out.mkdir(parents=True, exist_ok=True)
    write(arguments.out / "tool_tables.cc", compiled)
    write(arguments.out / "tool_examples.cc", examples(files))
    write(arguments.out / "tool-risks.md", page(files))
    return 0


if __name__ == "__main__":
    sys.exit(main())
