"""What becomes of plugins in every state of repair; their distributions are in plugins_data/."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.registry.lookup import Registry, discover, resolve
from bench.spec.errors import PluginError

DATA = Path(__file__).parent / "plugins_data"


@pytest.fixture(autouse=True)
def configuration(monkeypatch, tmp_path):
    """Where the user's configuration is; there is none yet."""
    file = tmp_path / "config.toml"
    monkeypatch.setenv("BENCH_CONFIG", str(file))
    return file


@pytest.fixture
def installed(monkeypatch):
    """Return a function that puts distributions on the path and discovers what is there."""

    def install(*cases: str) -> Registry:
        for case in cases:
            monkeypatch.syspath_prepend(str(DATA / case))
        return discover()

    yield install
    for name in [name for name in sys.modules if name.startswith("acme_")]:
        del sys.modules[name]


def plugin_of(registry, distribution):
    (plugin,) = (p for p in registry.plugins if p.distribution == distribution)
    return plugin


def test_everything_of_a_good_plugin_is_there(installed):
    """A plugin in order is `ok`, and each of its records is found by name."""
    registry = installed("good")
    plugin = plugin_of(registry, "acme-good")
    assert (plugin.name, plugin.version, plugin.module) == ("good", "1.2", "acme_good")
    assert (plugin.state, plugin.reasons, plugin.error) == ("ok", (), "")
    assert plugin.hook_api == 2
    assert plugin.warnings == ()
    assert plugin.offers == {
        "models": 1,
        "datasets": 2,
        "tasks": 1,
        "metrics": 1,
        "probes": 1,
        "suites": 1,
    }
    assert registry.task("acme-ranking").record.summary == "Which comes first."
    assert registry.metric("acme-cost").record.direction == "lower"
    assert registry.probes["acme-energy"].record.summary == "Joules."
    assert registry.suite("acme-night").path == DATA / "good/acme_suites/acme-night.toml"


def test_every_record_is_attributed(installed):
    """An entry says which plugin of which distribution, at which version, it is from."""
    entry = installed("good").model("acme-forest")
    assert (entry.plugin, entry.distribution, entry.version) == ("good", "acme-good", "1.2")
    assert entry.record.params == {"n_trees": 300}


def test_own_plugins_come_from_one_distribution():
    """bench's own plugins belong to the distribution crossover-bench."""
    core = {p.name for p in discover().plugins if p.distribution == "crossover-bench"}
    assert core >= {"core", "datasets", "sklearn", "jax"}


def test_an_alias_is_a_name(installed):
    """A model is found by its aliases, too."""
    registry = installed("good")
    assert registry.model("acme-rf") is registry.model("acme-forest")


def test_a_flood_at_import_is_dropped():
    """What a plugin prints or warns of when it is imported reaches neither stream."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from bench.registry.lookup import discover; discover(); print('end')",
        ],
        env={**os.environ, "PYTHONPATH": str(DATA / "good"), "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("end\n", "")


def test_a_plugin_that_does_not_import_is_a_finding(installed):
    """One bad import is reported with the original error, and everything else works."""
    registry = installed("good", "failing")
    plugin = plugin_of(registry, "acme-failing")
    assert plugin.state == "broken"
    (reason,) = plugin.reasons
    assert "No module named 'a_framework_that_is_missing'" in reason
    assert "acme_failing.py, line 3" in reason
    assert plugin.error.startswith("Traceback")
    assert "importlib" not in plugin.error
    assert registry.model("acme-forest")


def test_a_plugin_cannot_end_the_program(installed):
    """SystemExit at import is a finding like any other."""
    plugin = plugin_of(installed("exits"), "acme-exits")
    assert plugin.state == "broken"
    assert "SystemExit: this machine is not good enough for me" in plugin.reasons[0]


def test_an_interrupt_is_the_users(monkeypatch, installed):
    """Ctrl-C while a plugin is imported interrupts, and is not the plugin's fault."""

    def interrupt(entry_point):
        raise KeyboardInterrupt

    monkeypatch.setattr("importlib.metadata.EntryPoint.load", interrupt)
    with pytest.raises(KeyboardInterrupt):
        installed("good")


def test_misspelt_hooks_are_reported(installed):
    """A function that was meant as a hook is named, with the nearest hook; the rest is kept."""
    registry = installed("misspelt")
    plugin = plugin_of(registry, "acme-misspelt")
    assert plugin.state == "partly"
    marked, near, unmarked, not_function, no_hook = sorted(
        plugin.reasons,
        key=lambda reason: [
            "bench_modles" in reason,
            "bench_metricks" in reason,
            "bench_probes is" in reason,
            "bench_tasks is" in reason,
            "offers_models" in reason,
        ].index(True),
    )
    assert "no hook is called 'bench_modles'. Did you mean 'bench_models'?" in marked
    assert "Did you mean 'bench_metrics'?" in near
    assert "mark it with @bench.hookimpl" in unmarked
    assert "bench_tasks is of type list" in not_function
    assert "no hook is called 'offers_models'" in no_hook
    assert registry.dataset("acme-kept")


def test_hooks_with_arguments_are_reported(installed):
    """A hook with arguments is a finding that names them; the plugin's other hooks are kept."""
    registry = installed("arguments")
    plugin = plugin_of(registry, "acme-arguments")
    assert plugin.state == "partly"
    wrapper, arguments = plugin.reasons
    assert "bench_models must be a function without arguments" in arguments
    assert "config" in arguments
    assert "bench_metrics is a wrapper" in wrapper
    assert registry.dataset("acme-beside")


def test_bad_records_are_reported_and_good_ones_kept(installed):
    """A bad record is a finding; those before it stay, and those after it where it was yielded."""
    registry = installed("records")
    plugin = plugin_of(registry, "acme-records")
    assert plugin.state == "partly"
    assert plugin.offers == {"models": 1, "datasets": 2, "probes": 1}
    assert set(registry.match("models", "acme-*")) == {"acme-first"}
    assert set(registry.match("datasets", "acme-*")) == {"acme-before", "acme-after"}
    said = "\n".join(plugin.reasons)
    assert "bench_models failed: ModelSpec 'acme-second': family is 'deeep'" in said
    assert "bench_datasets yielded an object of type dict, which is no DatasetSpec." in said
    assert "bench_metrics returned None; it must yield Metric records." in said
    assert "bench_probes failed: ValueError: no sensor on this machine" in said
    assert "bench_tasks yielded the class Nameless, which is no Task." in said
    assert "bench_tasks yielded the task Nameless, which has no name" in said
    assert "bench_suites yielded the string 'suites', which is no Path." in said
    assert "no sensor on this machine" in plugin.error


def test_one_entry_point_name_in_two_distributions(installed):
    """Two distributions may call their entry points the same; both are there."""
    registry = installed("same_entry_point")
    assert registry.dataset("acme-of-one").distribution == "acme-one"
    assert registry.dataset("acme-of-two").distribution == "acme-two"
    assert plugin_of(registry, "acme-one").name == plugin_of(registry, "acme-two").name == "acme"


def test_a_newer_plugin_is_left_out(installed):
    """A plugin written for newer hooks is reported, and nothing of it is used."""
    registry = installed("newer")
    plugin = plugin_of(registry, "acme-newer")
    assert (plugin.state, plugin.hook_api, plugin.offers) == ("broken", 99, {})
    assert "HOOK_API 99" in plugin.reasons[0]
    with pytest.raises(PluginError, match="HOOK_API 99"):
        registry.dataset("acme-tomorrow")


def test_a_name_offered_twice_is_an_error_that_names_both(installed):
    """A clash is a finding of both plugins and an error when looked up, however it is written."""
    registry = installed("twins")
    for name in ("acme-twin", "acme-twin-of-a"):
        with pytest.raises(PluginError, match=r"acme-twin-a 1.0 .* and by acme-twin-b 2.0") as e:
            registry.model(name)
        assert "'acme-twin'" in str(e.value)
    for distribution in ("acme-twin-a", "acme-twin-b"):
        plugin = plugin_of(registry, distribution)
        assert plugin.state == "partly"
        assert "The model 'acme-twin' is offered by" in plugin.reasons[0]


def test_an_alias_clashes_as_a_name_does(installed):
    """An alias that is another model's name is refused; the model of the alias still works."""
    registry = installed("twins")
    with pytest.raises(PluginError, match="'acme-short' is offered by"):
        registry.model("acme-short")
    assert registry.model("acme-alone").distribution == "acme-twin-a"


def test_a_clash_does_not_hide_from_a_glob(installed):
    """A glob finds a name that is offered twice, so that its look-up can refuse it."""
    assert installed("twins").match("models", "acme-*") == [
        "acme-alone",
        "acme-short",
        "acme-twin",
    ]


def test_match_is_a_sorted_glob(installed):
    """Globs are case-sensitive, find models by alias, and leave out datasets that need a path."""
    registry = installed("good")
    assert registry.match("models", "acme-r*") == ["acme-forest"]
    assert registry.match("models", "ACME-*") == []
    assert registry.match("datasets", "acme-*") == ["acme-churn"]
    assert registry.match("datasets", "acme-xlsx") == ["acme-xlsx"]


def test_an_unknown_name_gets_the_nearest(installed):
    """The message has the name, the nearest one and where all are listed."""
    with pytest.raises(PluginError) as e:
        installed("good").model("acme-forrest")
    assert str(e.value).startswith(
        "No model is called 'acme-forrest'. Did you mean 'acme-forest'? "
        "'bench list models' shows all."
    )


def test_an_unknown_name_may_be_a_broken_plugins(installed):
    """Where a plugin is broken, the message says so and shows its original error."""
    with pytest.raises(PluginError) as e:
        installed("failing").model("of-the-broken-one")
    assert "acme-failing 0.3 (plugin 'failing')" in str(e.value)
    assert "No module named 'a_framework_that_is_missing'" in str(e.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("acme-xlsx", "write 'acme-xlsx:PATH'"),
        ("acme-xlsx:", "write 'acme-xlsx:PATH'"),
        ("acme-churn:x.csv", "'acme-churn' reads no file"),
        ("acme-xslx:a.xlsx", "Did you mean 'acme-xlsx'?"),
        ("data/mine.acme-xlsx", "write 'acme-xlsx:data/mine.acme-xlsx'"),
        ("acme-chrun", "Did you mean 'acme-churn'?"),
    ],
)
def test_a_path_must_be_given_where_it_is_taken(installed, name, message):
    """A dataset of files needs a path, another takes none, and each message says the fix."""
    with pytest.raises(PluginError) as e:
        installed("good").dataset(name)
    assert message in str(e.value)


def test_a_dataset_of_files_is_found_with_its_path(installed):
    """`scheme:PATH` finds the dataset of the scheme, whatever the path holds."""
    registry = installed("good")
    assert registry.dataset("acme-xlsx:C:/a b/x.xlsx").record.name == "acme-xlsx"


def test_resolve_returns_the_object():
    """A reference is imported when it is resolved; dots reach into classes."""
    assert resolve("os.path:join") is os.path.join
    assert resolve("pathlib:Path.cwd") == Path.cwd


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("os.path:joyn", "'posixpath' has no attribute 'joyn'. Did you mean 'join'?"),
        ("no_such_module:f", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("acme_failing:f", "No module named 'a_framework_that_is_missing'"),
        ("acme_exits:f", "SystemExit"),
        ("os.path", "'package.module:attribute' is needed"),
    ],
)
def test_resolve_names_what_failed(installed, reference, message):
    """A reference that leads nowhere says whether the module or the attribute is at fault."""
    installed("failing", "exits")
    with pytest.raises(PluginError) as e:
        resolve(reference)
    assert message in str(e.value)
    assert reference in str(e.value)


def test_an_empty_registry_answers():
    """Without any plugin a look-up is still one clear error."""
    with pytest.raises(PluginError, match="No suite is called 'quick'"):
        Registry().suite("quick")


def test_a_plugin_that_is_switched_off_is_not_imported(installed, configuration):
    """It is listed as disabled, with the way back, and nothing of it is there."""
    configuration.write_text("[plugins.good]\ndisabled = true\n")
    registry = installed("good")
    plugin = plugin_of(registry, "acme-good")
    assert (plugin.state, plugin.offers, plugin.version) == ("disabled", {}, "1.2")
    (reason,) = plugin.reasons
    assert str(configuration) in reason
    assert "'bench plugins enable good'" in reason
    assert "acme_good" not in sys.modules


def test_a_broken_plugin_may_be_switched_off(installed, configuration):
    """Whatever would happen at its import does not."""
    configuration.write_text("[plugins.exits]\ndisabled = true\n")
    assert plugin_of(installed("exits"), "acme-exits").state == "disabled"


def test_what_is_missing_may_be_switched_off(installed, configuration):
    """Whoever asks for an unknown name reads which plugins are disabled, and how to enable them."""
    configuration.write_text("[plugins.good]\ndisabled = true\n")
    with pytest.raises(PluginError) as raised:
        installed("good").model("acme-forest")
    assert "switched off" in str(raised.value)
    assert "acme-good 1.2 (plugin 'good'): 'bench plugins enable good'" in str(raised.value)


def test_a_setting_of_nobody_is_a_finding(installed, configuration):
    """A name in the configuration that no plugin has is said, with the nearest."""
    configuration.write_text("[plugins.god]\ndisabled = true\n")
    registry = installed("good")
    (plugin,) = (plugin for plugin in registry.plugins if plugin.name == "god")
    assert plugin.state == "broken"
    assert plugin.origin == "plugin 'god'"
    assert "Did you mean 'good'?" in plugin.reasons[0]
    assert registry.model("acme-forest")


MOVING = "docs/how-to/move-to-hook-api-2.md"


def test_a_plugin_for_hook_api_1_goes_on_but_for_tasks_and_metrics(installed):
    """Models, datasets, probes and suites are there, with a warning; the others are named."""
    registry = installed("old")
    plugin = next(one for one in registry.plugins if one.name == "old-api")
    assert plugin.offers == {"models": 1, "datasets": 1, "probes": 1, "suites": 1}
    assert plugin.warnings == (
        f"It was written for HOOK_API 1; this bench has 2. {MOVING} says how to move it.",
    )
    assert plugin.state == "partly"
    left = f"which was written for HOOK_API 1; it is left out. {MOVING} says how to move it to 2."
    assert set(plugin.reasons) == {
        "bench_tasks failed: the task 'acme-ranking' (Ranking) lacks read. Where it was written "
        f"for HOOK_API 1, {MOVING} says how to move it.",
        f"bench_metrics yielded the metric 'acme-cost', {left}",
        f"bench_tasks yielded the task 'acme-sorting', {left}",
    }
    assert (Path(__file__).parents[2] / MOVING).is_file()
    with pytest.raises(PluginError, match="'acme-sorting', which was written for HOOK_API 1"):
        registry.task("acme-sorting")


def test_a_plugin_that_states_no_hook_api_is_taken_for_an_old_one(installed):
    """It goes on with a warning, but for a task that has what HOOK_API 1 asked for."""
    plugin = next(one for one in installed("old").plugins if one.name == "no-api")
    assert plugin.offers == {"models": 1}
    assert plugin.warnings == (
        f"It states no HOOK_API; this bench has 2. {MOVING} says how to move it.",
    )
    assert plugin.reasons == (
        "bench_tasks yielded the task 'acme-sorting', which defines check(); it is left out. "
        f"{MOVING} says how to move it to 2.",
    )


def test_a_deprecation_is_kept_and_no_fault(installed):
    """A plugin that uses what will go works, and carries what to use instead."""
    plugin = plugin_of(installed("deprecated"), "acme-deprecated")
    assert (plugin.state, plugin.reasons) == ("ok", ())
    assert plugin.warnings == ("HOOK_API 7 has no 'old'; use 'new'.", "'older' goes, too.")
    assert plugin.offers == {"models": 1}
