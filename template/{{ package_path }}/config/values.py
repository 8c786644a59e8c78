"""Checks of settings that types cannot express."""

import re
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator

VERSION = r"^[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,63}$"

# As browsers send them: in lower case, without default port, path or slash at the end.
_DEFAULT_PORT = r"http://[^,]*:80(,|$)|https://[^,]*:443(,|$)"
_HOST = r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?"
_ORIGIN = rf"(null|(?!{_DEFAULT_PORT})[a-z][a-z0-9+.-]*://{_HOST})"


def _check_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Raise ValueError for origins that no browser sends."""
    if not re.fullmatch(rf"\*|({_ORIGIN}(,{_ORIGIN})*)?", ",".join(origins)):
        raise ValueError(
            "must be * alone, or as browsers send them, such as https://app.example.com: no path, "
            "no slash at the end, no default port, no capitals; in variables with commas between"
        )
    return origins


def _check_proxies(proxies: str) -> str:
    """Raise ValueError for proxies that Uvicorn cannot compare with addresses."""
    try:
        for proxy in proxies.split(",") if proxies not in {"", "*"} else ():
            ip_network(proxy.strip())
    except ValueError:
        expected = "must be * alone, or addresses and networks, such as 10.0.0.7,10.1.0.0/16"
        raise ValueError(expected) from None
    return proxies


def _check_header_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Raise ValueError for names that no header has."""
    if not all(re.fullmatch(r"[\w!#$%&'*+.^`|~-]+", name, re.ASCII) for name in names):
        raise ValueError("must be names of headers, such as traceparent,x-tenant")
    return names


BROWSER_ORIGINS = AfterValidator(_check_origins)
HEADER_NAMES = AfterValidator(_check_header_names)
Proxies = Annotated[str, AfterValidator(_check_proxies)]
