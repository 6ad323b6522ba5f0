"""relaywatch.service under a real systemd: no option of the unit's sandbox is relaxed for these tests."""

import json
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.systemd.conftest import Machine

pytestmark = [pytest.mark.systemd, pytest.mark.acceptance]

CONFIG = "/etc/relaywatch/relaywatch.toml"
KEY = "sk-simulated-0123456789abcdef"
MOST_EXPOSED = 1.5
STOPS_WITHIN_S = 12.0


def _states(machine: "Machine") -> dict[str, str]:
    told = machine.relaywatch("status", "--format", "json", check=False)
    return {row["check"]: row["state"] for row in json.loads(told.stdout or "[]")}


def _all_up(machine: "Machine", *models: str) -> bool:
    return _states(machine) == dict.fromkeys(["gw/models", *(f"gw/chat/{model}" for model in models)], "UP")


def _rewrite(machine: "Machine", old: str, new: str) -> None:
    text = (machine.root / CONFIG[1:]).read_text()
    assert old in text
    machine.write(CONFIG, text.replace(old, new))


def test_it_runs_as_its_user_with_its_credential(service: "Machine") -> None:
    """READY was said (start returned), the gateway accepts the credential's key, and the key is shown nowhere."""
    service.eventually(lambda: _all_up(service, "sim/steady"))
    owner = service.run("stat", "--format=%U:%G", f"/proc/{service.property('MainPID')}").stdout.strip()
    assert owner == "relaywatch:relaywatch"
    assert service.property("ActiveState") == "active"
    assert service.property("StatusText").startswith("watching 2 checks")
    assert KEY not in service.journal()


def test_a_reload_with_a_typo_fails_visibly_and_the_daemon_goes_on(service: "Machine") -> None:
    """`systemctl reload` itself says no, the journal says why, and the same process goes on probing."""
    before = service.property("MainPID")
    _rewrite(service, "interval", "intervall")
    assert service.run("systemctl", "reload", "relaywatch", check=False).returncode != 0
    assert "intervall" in service.journal()
    assert "interval" in service.journal()
    assert service.property("MainPID") == before
    assert service.property("ActiveState") == "active"
    _rewrite(service, "intervall", "interval")
    service.eventually(lambda: _all_up(service, "sim/steady"))


def test_a_good_reload_is_put_in_force_without_a_restart(service: "Machine") -> None:
    """A new model is watched by the same process; the credential is still readable to the check before the reload."""
    before = service.property("MainPID")
    _rewrite(service, '["sim/steady"]', '["sim/steady", "sim/second"]')
    service.run("systemctl", "reload", "relaywatch")
    service.eventually(lambda: _all_up(service, "sim/steady", "sim/second"))
    assert service.property("MainPID") == before
    service.eventually(lambda: service.property("StatusText").startswith("watching 3 checks"))


def test_frozen_it_is_restarted_by_the_watchdog(service: "Machine") -> None:
    """Stopped with SIGSTOP it gives no sign of life; systemd aborts it and starts it again, and it watches again."""
    drop_in = "/run/systemd/system/relaywatch.service.d/quick.conf"
    service.write(drop_in, "[Service]\nWatchdogSec=4\nRestartSec=1\n")
    service.run("systemctl", "daemon-reload")
    service.run("systemctl", "restart", "relaywatch")
    frozen, restarts = service.property("MainPID"), int(service.property("NRestarts"))
    service.run("sh", "-c", f"kill -STOP {frozen}")
    service.eventually(lambda: int(service.property("NRestarts")) > restarts and service.property("MainPID") != "0", 30)
    service.eventually(lambda: service.property("ActiveState") == "active")
    assert service.property("MainPID") != frozen
    assert "Watchdog timeout" in service.journal()
    service.eventually(lambda: _all_up(service, "sim/steady"))
    service.run("rm", drop_in)
    service.run("systemctl", "daemon-reload")


def test_it_outlives_more_than_one_watchdog_period(service: "Machine") -> None:
    """Signs of life are given while all parts make progress: no restart in three periods."""
    drop_in = "/run/systemd/system/relaywatch.service.d/quick.conf"
    service.write(drop_in, "[Service]\nWatchdogSec=2\n")
    service.run("systemctl", "daemon-reload")
    service.run("systemctl", "restart", "relaywatch")
    first, started = service.property("MainPID"), time.monotonic()
    service.eventually(lambda: time.monotonic() - started > 3 * 2)
    assert service.property("MainPID") == first
    service.run("rm", drop_in)
    service.run("systemctl", "daemon-reload")


def test_it_stops_cleanly(service: "Machine") -> None:
    """`systemctl stop` ends with exit code 0 within the time the daemon promises, and the journal says so."""
    service.eventually(lambda: _all_up(service, "sim/steady"))
    began = time.monotonic()
    service.run("systemctl", "stop", "relaywatch")
    assert time.monotonic() - began < STOPS_WITHIN_S
    assert (service.property("Result"), service.property("ExecMainStatus")) == ("success", "0")
    assert "relaywatch.service: Deactivated successfully." in service.journal()


def test_a_wrong_configuration_fails_the_start_with_one_message(service: "Machine") -> None:
    """Where none was ever valid: `systemctl start` fails, and the journal names the mistake; systemd goes on trying."""
    service.run("systemctl", "stop", "relaywatch")
    service.run("find", "/var/lib/relaywatch", "-name", "*.last-good.toml", "-delete")
    _rewrite(service, "[storage]", "[storag]")
    assert service.run("systemctl", "start", "relaywatch", check=False).returncode != 0
    assert "storag" in service.journal()
    assert service.property("ExecMainStatus") == "2"
    assert service.property("ActiveState") == "activating"


def test_a_file_that_became_invalid_starts_what_was_valid_last(service: "Machine") -> None:
    """The unit's own start: the same checks, a critical line in the journal, and the reload of the corrected file."""
    copy = service.root / "var/lib/relaywatch/relaywatch.last-good.toml"
    service.eventually(copy.is_file)
    service.run("systemctl", "stop", "relaywatch")
    _rewrite(service, "[storage]", "[storag]")
    service.run("systemctl", "start", "relaywatch")
    service.eventually(lambda: service.property("StatusText").startswith("watching 2 checks"))
    service.eventually(lambda: "because the present file is invalid: storag" in service.journal())
    assert "runs_on_last_good" in service.journal()
    _rewrite(service, "[storag]", "[storage]")
    service.run("systemctl", "reload", "relaywatch")
    service.eventually(lambda: "config_reloaded" in service.journal())


def test_its_group_may_read_and_nobody_else(service: "Machine") -> None:
    """State and runtime folders are for the user and its group: a member reads, a stranger does not."""
    folders = service.run("stat", "--format=%a %U:%G", "/var/lib/relaywatch", "/run/relaywatch").stdout.splitlines()
    assert folders == ["750 relaywatch:relaywatch"] * 2
    others = service.run("find", "/var/lib/relaywatch", "/run/relaywatch", "-perm", "/o+rwx").stdout
    assert others == ""
    status = ["/opt/relaywatch/bin/relaywatch", "status", "--config", CONFIG, "--format", "json"]
    member = ["setpriv", "--reuid=1234", "--regid=1234", "--groups=relaywatch"]
    stranger = ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups"]
    service.eventually(lambda: _all_up(service, "sim/steady"))
    assert "UP" in service.run(*member, *status).stdout
    (daemon,) = json.loads(service.run(*member, *status, "--daemon").stdout)
    assert str(daemon["pid"]) == service.property("MainPID")
    refused = service.run(*stranger, *status, check=False)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr


def test_systemd_has_nothing_to_say_against_the_unit(machine: "Machine") -> None:
    """`verify` is silent, and little is left that the service could be harmed with or do harm with."""
    verified = machine.run("systemd-analyze", "verify", "relaywatch.service")
    assert verified.stdout + verified.stderr == ""
    unit = "/etc/systemd/system/relaywatch.service"
    judged = machine.run("systemd-analyze", "security", "--offline=true", unit).stdout.splitlines()[-1]
    assert float(judged.split(":")[1].split()[0]) <= MOST_EXPOSED
