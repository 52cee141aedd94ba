"""What a stranger may forget who adds a file to the embedded cluster."""

import importlib
import pkgutil

from bot.playground.cluster_server import EmbeddedCluster, controllers, rules
from bot.playground.cluster_server.controllers.running import Controller
from bot.playground.cluster_server.objects.kinds import built_in_kinds
from bot.playground.cluster_server.rules.contract import Rules
from bot.playground.cluster_server.schema import recorded, types
from bot.playground.cluster_server.tables import cells, common, others

KINDS = built_in_kinds()


def modules(package):
    return [
        importlib.import_module(f"{package.__name__}.{found.name}") for found in pkgutil.iter_modules(package.__path__)
    ]


def test_every_controller_runs():
    found = {
        value
        for module in modules(controllers)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Controller) and value.__module__ == module.__name__
    } - {Controller}
    assert found == set(controllers.ALL), "list it in controllers.ALL"


def test_every_rule_is_kept():
    found = {id(value) for module in modules(rules) for value in vars(module).values() if isinstance(value, Rules)}
    assert found <= {id(value) for value in rules.BY_KIND.values()}, "list it in rules.BY_KIND"


def test_rules_and_tables_are_of_kinds_that_are_served():
    served = {(kind.group, kind.name) for kind in KINDS.rows} | {("autoscaling", "Scale")}  # a part of other kinds
    assert set(rules.BY_KIND) | set(common.BY_KIND) | set(others.BY_KIND) <= served


def test_every_kind_can_be_shown_as_a_table():
    cluster = EmbeddedCluster()
    for stored in cluster.store.everything():
        kind = cluster.kinds.named(stored.obj["apiVersion"], stored.obj["kind"])
        assert len(cells(stored.obj, kind, cluster.now())) == len(kind.columns), kind


def test_every_recorded_type_can_be_compiled():
    for name in recorded()["types"]:
        types().named(name)
    assert all(kind.type.fields for kind in KINDS.rows if "create" in kind.verbs)
