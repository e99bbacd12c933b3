"""Guards: what import-linter cannot see of the architecture: the shape of packages, files and names.

The import contracts themselves are in `.importlinter` and run here too, so that tests alone hold the whole house.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "gridhall"
CONTEXTS = sorted(
    folder.name for folder in (SOURCE / "contexts").iterdir() if folder.is_dir() and not folder.name.startswith("_")
)
MODULES = sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)
#: Words for a module that is about nothing in particular.
NOT_A_SUBJECT = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "base"}
SLOTS_FROM_OUTSIDE = {"operations", "queries", "types", "ports"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_import_contracts_are_kept() -> None:
    finished = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout


@pytest.mark.parametrize("context", CONTEXTS)
def test_every_context_says_what_it_owns(context: str) -> None:
    readme = SOURCE / "contexts" / context / "README.md"
    assert readme.is_file(), f"{context} has no README.md"
    text = readme.read_text(encoding="utf-8").lower()
    missing = [word for word in ("owns", "does not own", "invariant", "means") if word not in text]
    assert not missing, f"the README of {context} does not speak of: {', '.join(missing)}"


def test_no_file_is_longer_than_five_hundred_lines() -> None:
    long = {name(p): n for p in MODULES if (n := len(p.read_text(encoding="utf-8").splitlines())) > 500}
    assert not long


def test_every_module_has_a_subject() -> None:
    vague = [name(path) for path in MODULES if path.stem in NOT_A_SUBJECT or path.parent.name in NOT_A_SUBJECT]
    assert not vague


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            yield node.lineno, f"{ast.unparse(owner)}.{node.func.attr}"


def test_only_the_kernels_clock_reads_the_clock() -> None:
    forbidden = {
        "datetime.now", "datetime.today", "datetime.utcnow", "date.today", "datetime.datetime.now", "timezone.now",
        "datetime.date.today", "time.time", "dt.datetime.now", "dt.date.today",
    }  # fmt: skip
    found = [
        f"{name(path)}:{line} {call}"
        for path in MODULES
        if path != SOURCE / "kernel" / "clock.py"
        for line, call in calls(ast.parse(path.read_text(encoding="utf-8")))
        if call in forbidden
    ]
    assert not found


def test_only_channels_and_project_ask_the_clock_for_now() -> None:
    found = [
        name(path)
        for path in MODULES
        if path.relative_to(SOURCE).parts[0] not in {"kernel", "channels", "project"}
        and any(
            call in {"clock.now", "kernel.clock.now"} for _, call in calls(ast.parse(path.read_text(encoding="utf-8")))
        )
    ]
    assert not found


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name


def test_from_outside_a_context_only_its_doors_are_used() -> None:
    found = []
    for path in MODULES:
        parts = path.relative_to(SOURCE).parts
        own = parts[1] if parts[0] == "contexts" and len(parts) > 2 else None
        for line, target in imported(ast.parse(path.read_text(encoding="utf-8"))):
            pieces = target.split(".")
            if pieces[:2] != ["gridhall", "contexts"] or len(pieces) < 4 or pieces[2] == own:
                continue
            if pieces[3] not in SLOTS_FROM_OUTSIDE:
                found.append(f"{name(path)}:{line} {target}")
    assert not found


def public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node


def test_every_public_function_and_class_is_documented() -> None:
    silent = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in MODULES
        for node in public(ast.parse(path.read_text(encoding="utf-8")))
        if not ast.get_docstring(node)
    ]
    assert not silent


def test_every_test_file_says_which_promise_it_guards() -> None:
    silent = [
        name(path)
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not silent


def test_nothing_mentions_the_machine_it_was_written_on() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    texts = [ROOT / file for file in tracked if Path(file).suffix in {".py", ".md", ".toml", ".yaml", ".yml", ""}]
    places = ("/" + "root/", "/" + "work/", "/" + "home/")
    found = [
        f"{name(path)}: {place}"
        for path in texts
        if path.is_file() and path != Path(__file__)
        for place in places
        # Not in the middle of a path of our own, as in templates of a part of that name.
        if re.search(rf"(?<!\w){place}", path.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert not found
