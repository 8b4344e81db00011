"""Without the extra `report`, in a process that never had it, a page is refused in one sentence."""


def test_a_page_without_the_extra_names_what_to_install(command, tmp_path):
    """What draws charts cannot be imported: exit code 2 and the way to get it, no traceback."""
    missing = tmp_path / "missing"
    missing.mkdir()
    (missing / "sitecustomize.py").write_text('import sys\nsys.modules["altair"] = None\n')
    ended = command("publish", "site", cwd=tmp_path, env={"PYTHONPATH": str(missing)})
    assert ended.returncode == 2, ended.stderr
    assert "pip install 'crossover-bench[report]'" in ended.stderr
    assert not (tmp_path / "site").exists()
