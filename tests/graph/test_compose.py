"""What docker-compose.yml promises. That a server takes its settings is tested with a real one."""

from __future__ import annotations

import pytest

from tests.graph.compose import FILE, compose, server_settings

SERVERS = ("neo4j", "readonly")


@pytest.mark.parametrize("service", SERVERS)
def test_version_health_and_password(service: str) -> None:
    found = compose()["services"][service]
    assert found["image"] == "neo4j:5.26-community"
    assert "7687" in " ".join(found["healthcheck"]["test"])
    assert found["healthcheck"]["retries"] > 0
    login = found["environment"]["NEO4J_AUTH"]
    assert login.startswith("neo4j/${TOSG_NEO4J_PASSWORD:?")
    assert "password" not in " ".join(found["healthcheck"]["test"]).lower()


@pytest.mark.parametrize("service", SERVERS)
def test_nothing_is_reachable_from_other_machines(service: str) -> None:
    ports = compose()["services"][service]["ports"]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("service", SERVERS)
def test_files_procedures_and_time_are_confined(service: str) -> None:
    settings = server_settings(service)
    assert settings["dbms.security.allow_csv_import_from_file_urls"] == "false"
    assert settings["internal.dbms.cypher_ip_blocklist"] == "0.0.0.0/0,::/0"
    allowed = settings["dbms.security.procedures.allowlist"].split(",")
    assert set(allowed) == {"db.*", "dbms.*", "tx.*"}
    assert settings["dbms.security.procedures.unrestricted"] == ""
    assert settings["db.transaction.timeout"] == "120s"
    assert settings["server.config.strict_validation.enabled"] == "true"


def test_the_second_server_only_reads_and_starts_on_request() -> None:
    services = compose()["services"]
    settings = {service: server_settings(service) for service in SERVERS}
    assert settings["readonly"].pop("server.databases.default_to_read_only") == "true"
    assert settings["readonly"] == settings["neo4j"]
    assert services["readonly"]["profiles"] == services["copy"]["profiles"] == ["readonly"]
    assert "profiles" not in services["neo4j"]
    assert set(services["readonly"]["volumes"]).isdisjoint(services["neo4j"]["volumes"])
    assert set(services["readonly"]["ports"]).isdisjoint(services["neo4j"]["ports"])
    assert "data:/data:ro" in services["copy"]["volumes"]
    assert "ports" not in services["copy"]


def test_volumes_are_declared_and_no_secret_is_in_the_file() -> None:
    found = compose()
    used = {v.split(":")[0] for s in found["services"].values() for v in s["volumes"]}
    assert used == set(found["volumes"])
    assert "neo4j/neo4j" not in FILE.read_text()
