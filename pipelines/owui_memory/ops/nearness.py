"""With `local_only`: whether all that what users say passes through is on one's own machines or network."""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from ..backends.base import Part
from ..backends.probe import ollamas_own
from ..backends.providers import DEFAULT_URL
from ..patterns import is_ollama_cloud
from ..settings import Valves, folder_of

_LOCAL_NETS = tuple(
    ipaddress.ip_network(net)
    for net in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "0.0.0.0/32"),
        *("::1/128", "::/128", "fc00::/7", "fe80::/10"),
    )
)
# Domains that no public name server knows; .local holds Kubernetes' .cluster.local.
_LOCAL_DOMAINS = (".localhost", ".local", ".internal", ".svc", ".home.arpa", ".lan")
_HERE = "http://localhost"


def is_local(url: str) -> bool:
    """Whether an address is on this machine or in a private network; False where that cannot be told.

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


def nearness(settings: Valves, state_url: str = "") -> list[Part]:
    """The status's line; none without `local_only`. `state_url`: the state's, "" for the data folder."""
    if not settings.local_only:
        return []
    away = list(_away(settings))
    if state_url and not is_local(state_url):
        away.append("the state (MEMORY_STATE_URL)")
    if away:
        be = "is" if len(away) == 1 else "are"
        return [
            Part(
                "local only",
                False,
                f"{', '.join(away)} {be} external: what users say leaves your network",
                "Choose local ones, or switch local_only off.",
            )
        ]
    told = "all that remembers is on your own machines or network"
    if settings.backend == "server":
        told = "mem0's server is in your own network; which LLM and embedder it asks is not told"
    return [Part("local only", True, told)]


def _away(settings: Valves) -> Iterator[str]:
    """What is external of what the settings name, in words."""
    if settings.backend == "platform":
        if not is_local(settings.backend_url):
            yield "mem0's platform"
        return
    if settings.backend == "server":
        if not is_local(settings.backend_url):
            yield "mem0's server"
        return
    # With auto none is asked that is external.
    if settings.llm_provider not in ("none", "auto") and settings.uses_llm:
        if not is_local_model(settings, "llm"):
            yield "the LLM"
        if settings.fallback_llm_provider != "none" and not is_local_model(settings, "fallback_llm"):
            yield "the second LLM"
    if not settings.embeds_by_itself and not is_local_model(settings, "embedder"):
        yield "the embedder"
    url = settings.vector_store_url
    if settings.vector_store != "sqlite" and not folder_of(url) and not is_local(url):
        yield "the store"


def is_local_model(settings: Valves, role: str) -> bool:
    """Whether the model of the settings whose names begin with `role` is on one's own machine or network."""
    provider, url, model = (getattr(settings, f"{role}_{name}") for name in ("provider", "base_url", "model"))
    if provider == "ollama":
        return is_local(url or ollamas_own() or _HERE) and not is_ollama_cloud(model)
    return is_local(url or DEFAULT_URL.get(provider, ""))


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
