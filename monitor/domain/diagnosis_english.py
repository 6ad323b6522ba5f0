"""What a step of an examination means, and what to do about it, in English.

Sentences hold no figures and no names: those stand in what the step says.
"""

from types import MappingProxyType

from monitor.domain.diagnosis import Meaning

ENGLISH = MappingProxyType(
    {
        Meaning.SECRET_MISSING: (
            "What this endpoint needs cannot be read, so its probes cannot be made as configured.",
            "Set the variable or file that is named, for the user and the unit RelayWatch runs as.",
        ),
        Meaning.CONFIGURATION_DOUBTFUL: (
            "The configuration is valid, but perhaps not what you mean.",
            "Read the doubt; `relaywatch config check` tells of all of them.",
        ),
        Meaning.NAME_UNKNOWN: (
            "The resolver answered: there is no such name.",
            "Check the spelling of the host in base_url; a private name needs the private resolver.",
        ),
        Meaning.NAME_WITHOUT_ADDRESS: (
            "The name exists, but has no address that this machine can use.",
            "Ask who runs the name for A or AAAA records; or give this machine the address family that it has.",
        ),
        Meaning.RESOLVER_SILENT: (
            "The resolver did not answer: nothing is known about the name. This is a fault on this side.",
            "Check /etc/resolv.conf, the resolver that it names, and whether a firewall lets port 53 out.",
        ),
        Meaning.RESOLVER_FAILED: (
            "The resolver answered that it failed.",
            "Try the name with another resolver; if only yours fails, it is yours that needs repair.",
        ),
        Meaning.NAME_SLOW: (
            "Each new connection waits for the name first.",
            "Use a caching resolver on this machine, or one that is nearer.",
        ),
        Meaning.NAME_FROM_FILE: (
            "The address comes from /etc/hosts, not from DNS: it will not follow when the endpoint moves.",
            "Remove the line from /etc/hosts unless it stands there on purpose.",
        ),
        Meaning.NO_NETWORK: (
            "This machine reaches none of the hosts outside either: the fault is here, not at the endpoint.",
            "Check this machine's link, default route and firewall; the hosts are `[connectivity] targets`.",
        ),
        Meaning.PORT_REFUSED: (
            "A machine is there, but nothing listens on this port, or a firewall rejects it.",
            "Check the port in base_url, and whether the server runs.",
        ),
        Meaning.PORT_SILENT: (
            "Nothing answers at all: the packets are dropped on the way, or the machine is gone.",
            "Check the firewall's rule for outgoing connections; if only a proxy may go out, set `proxy`.",
        ),
        Meaning.NO_ROUTE: (
            "This machine knows no way to the address.",
            "Check the routes of this machine (`ip route get ADDRESS`), and a VPN that may be down.",
        ),
        Meaning.SOME_SILENT: (
            "Some addresses do not answer. New connections try the next one after a quarter of a second.",
            "Tell who runs the endpoint; if it is all of IPv6, repair or switch off IPv6 on this machine.",
        ),
        Meaning.SOME_REFUSED: (
            "Some addresses refuse; new connections go on to the next one at once.",
            "Tell who runs the endpoint which addresses refuse.",
        ),
        Meaning.PROXY_FAILED: (
            "The proxy does not open a way to the endpoint.",
            "Check `proxy`, whether it runs, and whether its rules allow this host and port.",
        ),
        Meaning.PROXY_CREDENTIALS: (
            "The proxy wants another user or password.",
            "Set `proxy` to a secret that holds the whole URL with user and password.",
        ),
        Meaning.CERTIFICATE_EXPIRED: (
            "The certificate's time is over: every client refuses it.",
            "Whoever runs the endpoint must renew it; if the date looks wrong, check this machine's clock.",
        ),
        Meaning.CERTIFICATE_NOT_YET: (
            "The certificate's time has not begun.",
            "Check this machine's clock first; then ask who issued it.",
        ),
        Meaning.CERTIFICATE_OTHER_NAME: (
            "The server shows a certificate that is for other names.",
            "Check the host in base_url; behind a load balancer, that it knows this name.",
        ),
        Meaning.CERTIFICATE_PRIVATE: (
            "Nobody whom this machine trusts has signed the certificate.",
            "If it is signed privately, set `ca_file` to that authority; else somebody stands in between.",
        ),
        Meaning.CERTIFICATE_REFUSED: (
            "The certificate is not accepted.",
            "Renew or correct the endpoint's certificate.",
        ),
        Meaning.CERTIFICATE_ENDS_SOON: (
            "The certificate works today, but not for long; automatic renewal would have replaced it by now.",
            "See that it is renewed in time.",
        ),
        Meaning.CHAIN_INCOMPLETE: (
            "The server shows its own certificate alone: the authority in between is left out, or it is private.",
            "Serve the full chain; if the authority is private, set `ca_file` to it.",
        ),
        Meaning.TLS_NOT_SPOKEN: (
            "Something answers on this port, but it does not speak TLS.",
            "Use http:// if it is meant to be plain, or the port on which TLS is spoken.",
        ),
        Meaning.TLS_FAILED: (
            "The connection opens, but TLS cannot be agreed upon.",
            "Check what stands before the endpoint; a firewall that inspects TLS, or a server with old versions only.",
        ),
        Meaning.TLS_OLD: (
            "An outdated version of TLS was agreed upon.",
            "Ask who runs the endpoint to offer TLS 1.2 or 1.3.",
        ),
        Meaning.KEY_IN_THE_CLEAR: (
            "Without TLS everybody on the way can read the key.",
            "Use https://, or keep the way within a network that you trust.",
        ),
        Meaning.NO_HTTP_ANSWER: (
            "The connection opens, but no HTTP answer comes.",
            "Check whether the server is overloaded or stuck, and that this port speaks HTTP.",
        ),
        Meaning.REDIRECTED: (
            "The endpoint sends clients elsewhere. RelayWatch does not follow: a key must not travel to another place.",
            "Set base_url to where the API really is.",
        ),
        Meaning.NOT_THE_API: (
            "A web page answers where the API should.",
            "Check the path of base_url (mostly it ends in /v1), and any login page or firewall before it.",
        ),
        Meaning.CLOCK_OFF: (
            "This machine's clock and the server's disagree: certificates, tokens and waits are judged by the clock.",
            "Check `timedatectl`; if this machine's time is synchronised, it is the server's clock that is off.",
        ),
        Meaning.OTHER_PROTOCOL: (
            "What answers speaks another protocol than the configured one.",
            "Set `protocol` to the one that it speaks.",
        ),
        Meaning.OTHER_BASE_URL: (
            "There is no API at base_url, but there is one next to it.",
            "Set base_url to the address that answers.",
        ),
        Meaning.LIST_ABSENT: (
            "The endpoint has no model list, but its models answer.",
            "Set `check_models = false` for this endpoint.",
        ),
        Meaning.KEY_REFUSED: (
            "The endpoint knows no such key, or has withdrawn it.",
            "Check that the key is whole, active and belongs to this endpoint.",
        ),
        Meaning.KEY_MISSING: (
            "The endpoint wants a key, and none is configured.",
            'Set `api_key = { env = "NAME" }` (or file, or credential).',
        ),
        Meaning.KEY_HARMS: (
            "Without a key the endpoint answers; with this one it refuses.",
            "Remove `api_key`, or set one that belongs to this endpoint.",
        ),
        Meaning.LIST_FAILED: (
            "The endpoint answers, but its model list is no use.",
            "If the endpoint has none, set `check_models = false`.",
        ),
        Meaning.LIST_LACKS: (
            "A configured model is not in the list. It may be an alias, or it is gone.",
            "See whether the model itself answers; if not, use the nearest name.",
        ),
        Meaning.MODEL_FAILED: (
            "The model does not answer as it should.",
            "See the reason.",
        ),
        Meaning.MODEL_DEGRADED: (
            "The model answers, but not as it should.",
            "See the reason.",
        ),
        Meaning.PLAIN_ONLY: (
            "The model answers as a whole, but does not stream as it should.",
            "Leave `stream` off for it; or look for what holds up streams between here and the model.",
        ),
        Meaning.HEADROOM_LOW: (
            "Little is left of a rate limit; probes share it with your traffic.",
            "Wait until it is whole again, lower the rate, or ask for a higher limit.",
        ),
    }
)
