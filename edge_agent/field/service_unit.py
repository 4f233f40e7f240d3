"""`edge-agent service-unit`: where program, settings and data stand in, a hardened systemd unit out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPlaces:
    """What the unit names. `stop_seconds` is how long an orderly stop may take."""

    program: Path
    config: Path | None
    data_dir: Path
    user: str
    stop_seconds: float


def service_unit(places: UnitPlaces) -> str:
    """Return the text of `tillstream-edge-agent.service`."""
    config = f" --config {_quoted(places.config.absolute())}" if places.config else ""
    return f"""[Unit]
Description=Tillstream edge agent: takes this store's sales and streams them to the core
Wants=network-online.target
After=network-online.target
# A box must go on trying, whatever happens.
StartLimitIntervalSec=0

[Service]
Type=exec
User={places.user}
ExecStart={_quoted(places.program)}{config} run
Restart=always
RestartSec=2
TimeoutStopSec={round(places.stop_seconds)}
KillSignal=SIGTERM
UMask=0077
ReadWritePaths={_quoted(places.data_dir.absolute())}
ProtectSystem=strict
ProtectHome=true
PrivateTmp=true
PrivateDevices=true
NoNewPrivileges=true
ProtectKernelTunables=true
ProtectKernelModules=true
ProtectControlGroups=true
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictSUIDSGID=true
LockPersonality=true
CapabilityBoundingSet=
AmbientCapabilities=
SystemCallArchitectures=native
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
"""


def _quoted(path: Path) -> str:
    text = str(path).replace("%", "%%")
    return f'"{text}"' if " " in text else text
