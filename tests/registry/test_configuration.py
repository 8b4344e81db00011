"""The user's configuration: what it may say, and what is said when it is wrong."""

from pathlib import Path

import pytest

from bench.registry.configuration import (
    PluginSettings,
    configuration_path,
    place,
    read_configuration,
    switch,
)
from bench.spec.errors import BenchError


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "folder" / "config.toml"
    monkeypatch.setenv("BENCH_CONFIG", str(path))
    return path


@pytest.fixture
def written(file):
    """Return a function that writes the file."""

    def write(text):
        file.parent.mkdir()
        file.write_text(text)
        return file

    return write


def test_it_lies_where_configurations_do(monkeypatch, tmp_path):
    """`$BENCH_CONFIG` names it, else it is in `$XDG_CONFIG_HOME`, else in `~/.config`."""
    monkeypatch.delenv("BENCH_CONFIG", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert configuration_path() == tmp_path / ".config/bench/config.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert configuration_path() == tmp_path / "xdg/bench/config.toml"
    monkeypatch.setenv("BENCH_CONFIG", "~/mine.toml")
    assert configuration_path() == tmp_path / "mine.toml"


def test_none_says_nothing(file):
    """A file that is not there is as good as an empty one."""
    configuration = read_configuration()
    assert configuration.path == file
    assert configuration.plugins == {}
    assert configuration.of("acme") == PluginSettings(disabled=False, python=None)


def test_what_it_says_of_a_plugin(written):
    """Switched off, in another environment, or both."""
    written('[plugins.a]\ndisabled = true\n[plugins.b]\npython = "/opt/b/bin/python"\n')
    configuration = read_configuration()
    assert configuration.of("a") == PluginSettings(disabled=True)
    assert configuration.of("b") == PluginSettings(python="/opt/b/bin/python")


def test_an_interpreter_is_found_from_the_file(written, monkeypatch, tmp_path):
    """A path is as it is written, from the folder of the file; a link is not followed."""
    monkeypatch.setenv("HOME", str(tmp_path))
    file = written('[plugins.a]\npython = "venv/bin/python"\n[plugins.b]\npython = "~/b/python"\n')
    (file.parent / "venv/bin").mkdir(parents=True)
    (file.parent / "venv/bin/python").symlink_to("/usr/bin/env")
    configuration = read_configuration()
    assert configuration.of("a").python == str(file.parent / "venv/bin/python")
    assert configuration.of("b").python == str(tmp_path / "b/python")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[plugins", "is no TOML"),
        ("[plugin.a]\n", "'plugin' is not known; [plugins.NAME] is. Did you mean 'plugins'?"),
        ("plugins = 3\n", "plugins is 3"),
        ("[plugins]\na = true\n", "plugins.a is True; a table is needed, [plugins.a]."),
        ("[plugins.a]\ndisable = true\n", "Did you mean 'disabled'?"),
        ("[plugins.a]\ndisabled = 'yes'\n", "[plugins.a]: disabled is 'yes'; true or false"),
        ("[plugins.a]\npython = 3\n", "[plugins.a]: python is 3; a path is needed"),
        ("[plugins.a]\npython = ''\n", "[plugins.a]: python is ''; a path is needed"),
        ("[plugins.core]\ndisabled = true\n", "'core' is bench itself"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(written, text, said):
    """The message names the file, the key, and what is allowed."""
    file = written(text)
    with pytest.raises(BenchError) as raised:
        read_configuration()
    assert said in str(raised.value)
    assert str(file) in str(raised.value)


def test_a_file_that_cannot_be_read_is_named(file):
    """A folder in its place is said to be what is wrong."""
    file.mkdir(parents=True)
    with pytest.raises(BenchError, match=r"config\.toml cannot be read"):
        read_configuration()


def test_switching_off_and_on_keeps_the_rest(written):
    """Comments, order and other settings stay as the user wrote them."""
    text = (
        '# mine\n[plugins.a]  # the first\npython = "/a/python"\n\n[plugins.b]\ndisabled = true\n'
    )
    file = written(text)
    assert switch(["a"], disabled=True) == file
    assert read_configuration().of("a") == PluginSettings(disabled=True, python="/a/python")
    switch(["a"], disabled=False)
    assert file.read_text() == text
    switch(["b"], disabled=False)
    assert file.read_text().startswith("# mine\n[plugins.a]  # the first\n")
    assert read_configuration().plugins == {"a": PluginSettings(python="/a/python")}


def test_the_first_setting_makes_the_file(file):
    """File and folders are made when they are needed, and nothing else is left there."""
    switch(["a", "b"], disabled=True)
    assert file.read_text() == "[plugins.a]\ndisabled = true\n\n[plugins.b]\ndisabled = true\n"
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]


def test_an_environment_is_written_and_removed(file):
    """What `bench plugins python` writes is what is read; without it the plugin is ours again."""
    place("a", "/a/bin/python")
    assert read_configuration().of("a").python == "/a/bin/python"
    place("a", None)
    assert read_configuration().plugins == {}


def test_a_wrong_file_is_not_written_over(written):
    """It is for the user to correct."""
    file = written("[plugins")
    with pytest.raises(BenchError, match="is no TOML"):
        switch(["a"], disabled=True)
    assert file.read_text() == "[plugins"


def test_a_link_stays_a_link(file, tmp_path):
    """A file that is kept elsewhere, among others of its kind, is changed there."""
    kept = tmp_path / "dotfiles.toml"
    kept.write_text("")
    file.parent.mkdir()
    file.symlink_to(kept)
    switch(["a"], disabled=True)
    assert file.is_symlink()
    assert "disabled = true" in Path(kept).read_text()
