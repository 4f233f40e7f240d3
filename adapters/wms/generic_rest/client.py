"""The generic REST contract over HTTP: dispatches in, calls out; every call has a deadline and every failure a reason."""

from __future__ import annotations

from urllib.parse import quote

import httpx2

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.wms.contract import DispatchRequest, ShipmentState
from adapters.wms.generic_rest.codec import dispatch_body, read_state

_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


class GenericRestWarehouse:
    """A WarehouseSystem behind `url`, called with a client whose timeouts the caller has set."""

    def __init__(self, client: httpx2.AsyncClient, url: str, secret: str) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._authorization = {"Authorization": f"Bearer {secret}"}

    async def dispatch(self, request: DispatchRequest) -> ShipmentState:
        """Hand over a shipment by `PUT` and return where it stands; repeating it has no further effect."""
        answer = await self._call("PUT", request.dispatch_id, dispatch_body(request))
        if answer.status_code not in {200, 201}:
            raise _refused(answer)
        return read_state(answer.content)

    async def find(self, dispatch_id: str) -> ShipmentState | None:
        """Return where a shipment stands, None when the system does not have it."""
        answer = await self._call("GET", dispatch_id)
        if answer.status_code == httpx2.codes.NOT_FOUND:
            return None
        if answer.status_code != httpx2.codes.OK:
            raise _refused(answer)
        return read_state(answer.content)

    async def cancel(self, dispatch_id: str) -> bool:
        """Ask to stop; a shipment that the system never had counts as stopped."""
        answer = await self._call("DELETE", dispatch_id)
        if answer.status_code in {200, 404}:
            return True
        if answer.status_code == httpx2.codes.CONFLICT:
            return False
        raise _refused(answer)

    async def _call(self, method: str, dispatch_id: str, body: bytes = b"") -> httpx2.Response:
        headers = self._authorization | ({"Content-Type": "application/json"} if body else {})
        url = f"{self._url}/dispatches/{quote(dispatch_id, safe='')}"
        try:
            answer = await self._client.request(method, url, content=body, headers=headers, follow_redirects=False)
        except httpx2.HTTPError as error:
            sentence = (
                f"The warehouse system at {self._url} did not answer ({type(error).__name__}); tried again later."
            )
            raise Transient(Reason.WMS_UNREACHABLE, sentence) from error
        if answer.status_code in _LATER:
            sentence = f"The warehouse system answered {answer.status_code}; tried again later."
            raise Transient(Reason.WMS_UNREACHABLE, sentence, retry_after=_retry_after(answer))
        return answer


def _retry_after(answer: httpx2.Response) -> float | None:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None


def _refused(answer: httpx2.Response) -> Permanent:
    said = answer.content[:300].decode("utf-8", "replace")
    sentence = f"The warehouse system refused with {answer.status_code}: {said!r}; correct it there, then replay."
    return Permanent(Reason.WMS_REFUSED, sentence)
