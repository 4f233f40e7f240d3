"""Promises of adapters/wms/signature.py (faults rows 67 to 69)."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from adapters.errors import AuthenticationFailed
from adapters.reasons import Reason
from adapters.wms.signature import sign, verify

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
OTHER = "whsec_" + base64.b64encode(b"fedcba9876543210fedcba98").decode()
RAW = b'{"type": "picked",  "dispatch_id": "dsp_1"}'
NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
STAMP = int(NOW.timestamp())


def headers(signature: str, stamp: int = STAMP) -> dict[str, str]:
    return {"webhook-id": "evt_1", "webhook-timestamp": str(stamp), "webhook-signature": signature}


def test_the_published_example_of_standard_webhooks_is_reproduced() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_right_signature_gives_the_event_id() -> None:
    assert verify((SECRET,), headers(sign(SECRET, "evt_1", STAMP, RAW)), RAW, NOW) == "evt_1"


@pytest.mark.parametrize("signature", ["", "v1,", "v1,AAAA", "v2," + "A" * 44, "garbage", "v1," + "A" * 44, "v1,é"])
def test_fault_067_bad_missing_and_short_signatures_are_refused(signature: str) -> None:
    with pytest.raises(AuthenticationFailed) as refused:
        verify((SECRET,), headers(signature), RAW, NOW)
    assert refused.value.reason is Reason.SIGNATURE_INVALID


def test_fault_067_a_reserialised_body_is_refused() -> None:
    again = json.dumps(json.loads(RAW)).encode()
    with pytest.raises(AuthenticationFailed):
        verify((SECRET,), headers(sign(SECRET, "evt_1", STAMP, RAW)), again, NOW)


@pytest.mark.parametrize("seconds", [301, -301])
def test_fault_068_a_signature_five_minutes_off_is_refused(seconds: int) -> None:
    with pytest.raises(AuthenticationFailed) as refused:
        verify((SECRET,), headers(sign(SECRET, "evt_1", STAMP, RAW)), RAW, NOW + timedelta(seconds=seconds))
    assert refused.value.reason is Reason.SIGNATURE_EXPIRED


def test_fault_069_old_and_new_secret_are_both_accepted_while_rotating() -> None:
    for secret in (SECRET, OTHER):
        assert verify((OTHER, SECRET), headers(sign(secret, "evt_1", STAMP, RAW)), RAW, NOW) == "evt_1"


def test_fault_069_several_signatures_need_one_right_one() -> None:
    both = sign(OTHER, "evt_1", STAMP, RAW) + " " + sign(SECRET, "evt_1", STAMP, RAW)
    assert verify((SECRET,), headers(both), RAW, NOW) == "evt_1"


@pytest.mark.parametrize("changed", [{"webhook-id": "evt_2"}, {"webhook-timestamp": str(STAMP + 1)}])
def test_id_and_timestamp_are_signed_too(changed: dict[str, str]) -> None:
    with pytest.raises(AuthenticationFailed):
        verify((SECRET,), headers(sign(SECRET, "evt_1", STAMP, RAW)) | changed, RAW, NOW)
