"""The outages of a period as the incidents tell them, by check. What they come to is `domain.downtime`."""

from collections import defaultdict

from sqlalchemy import Connection, or_, select

from monitor.domain.downtime import Outage
from monitor.domain.incident_kind import IncidentKind
from monitor.storage import tables


def outages(connection: Connection, since_us: int, until_us: int) -> defaultdict[int, dict[int, Outage]]:
    """Incidents (not of slowness) that touch a period, by the number of each check concerned, then by their own.

    An incident's time is that of all its checks, as the `incidents` command tells it.
    """
    incident, link = tables.incidents.c, tables.incident_checks.c
    query = (
        select(
            incident.id,
            incident.started_at_us,
            incident.resolved_at_us,
            incident.duration_us,
            incident.fault_domain,
            link.check_id,
        )
        .join_from(tables.incidents, tables.incident_checks, link.incident_id == incident.id)
        .where(
            incident.kind == str(IncidentKind.OUTAGE),
            incident.started_at_us < until_us,
            or_(incident.resolved_at_us.is_(None), incident.resolved_at_us > since_us),
        )
    )
    found: defaultdict[int, dict[int, Outage]] = defaultdict(dict)
    for row in connection.execute(query):
        outage = Outage(row.id, row.started_at_us, row.resolved_at_us, row.fault_domain, row.duration_us)
        found[row.check_id][row.id] = outage
    return found
