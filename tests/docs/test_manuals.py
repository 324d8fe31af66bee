"""Every program has a manual page, every page formats cleanly and refers to pages that exist."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD", ROOT / "build/release"))
PAGES = sorted((ROOT / "man").glob("*.[158]"))
OTHERS = {"fdatasync(2)", "flock(2)", "group(5)", "groupadd(8)", "ps(1)", "useradd(8)"}  # pages of the system that ours refer to


def titles():
    return {re.sub(r"\.([158])$", r"(\1)", page.name) for page in PAGES}


def test_every_program_has_a_page():
    programs = {program.name for program in (BUILD / "bin").iterdir()}
    assert programs, f"nothing is built in {BUILD}/bin"
    assert {name for name in programs if not {f"{name}(1)", f"{name}(8)"} & titles()} == set()


def test_every_subcommand_has_a_page():
    overview = subprocess.run([BUILD / "bin/sluice", "--help"], capture_output=True, text=True, timeout=30, check=True)
    commands = re.findall(r"^  ([a-z]+) ", overview.stdout.partition("Subcommands:")[2], re.MULTILINE)
    assert {"init", "status"} <= set(commands)
    assert {name for name in commands if not {f"sluice-{name}(1)", f"sluice-{name}(8)"} & titles()} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_formats_without_warnings(page):
    formatted = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True, timeout=60,
                               env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80", "MANPAGER": "cat"})
    assert (formatted.returncode, formatted.stderr) == (0, "")
    assert "NAME" in formatted.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_bears_its_name_and_section(page):
    name, section = page.name.rsplit(".", 1)
    title = re.search(r"^\.TH (\S+) (\d)", page.read_text(), re.MULTILINE)
    assert title, "no .TH line"
    assert (title[1].replace("\\", "").lower(), title[2]) == (name, section)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_refers_to_pages_that_exist(page):
    text = page.read_text().replace("\\-", "-").replace("\\ ", "")
    references = {f"{name}({section})" for name, section in re.findall(r"([a-z][\w.-]+) ?\((\d)\)", text)}
    assert references - titles() - OTHERS == set()
