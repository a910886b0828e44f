"""Addresses: on this machine or in a private network, or not."""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from urllib.parse import parse_qs, urlsplit

_LOCAL_NETS = tuple(
    ipaddress.ip_network(net)
    for net in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "0.0.0.0/32"),
        *("::1/128", "::/128", "fc00::/7", "fe80::/10"),
    )
)


# Domains that no public name server knows; .local holds Kubernetes' .cluster.local.
_LOCAL_DOMAINS = (".localhost", ".local", ".internal", ".svc", ".home.arpa", ".lan")


def is_local(url: str) -> bool:
    """Whether an address is on this machine or in a private network; False if that cannot be known.

    A name without a dot is local: only an own network knows it. Nothing is looked up.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    hosts = [host for host in parts.netloc.rpartition("@")[2].split(",") if host]
    if parts.scheme in ("postgresql", "postgres"):  # libpq takes hosts from the query, too
        query = parse_qs(parts.query)
        hosts += [
            one for name in ("host", "hostaddr") for host in query.get(name, ()) for one in host.split(",")
        ]
        return all(host.startswith("/") or _is_local_host(_without_port(host)) for host in hosts)
    return bool(hosts) and all(_is_local_host(_without_port(host)) for host in hosts)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host if host.count(":") > 1 else host.partition(":")[0]


def _is_local_host(host: str) -> bool:
    # As name servers read it: fullwidth letters and dots are plain ones.
    host = unicodedata.normalize("NFKC", host).replace("\u3002", ".").lower().rstrip(".")
    if (address := _address(host)) is not None:
        return any(address in net for net in _LOCAL_NETS if net.version == address.version)
    return bool(host) and ("." not in host or host.endswith(_LOCAL_DOMAINS))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is, also 127.1 or 134744072 for an IPv4 one; None for a name."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    return getattr(address, "ipv4_mapped", None) or address
