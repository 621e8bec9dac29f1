"""Second factors survive a change of keys."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.fernet import Fernet

from pinconnect.lib.crypto import WrongKeyError
from pinconnect.workspaces.services.second_factors import rotate_second_factors
from tests.factories import make_user


def test_old_key_may_be_dropped_after_rotation(db, settings):
    alice, secret, newest = make_user("Alice"), generate_totp_secret(), Fernet.generate_key().decode()
    TOTP.activate(alice, secret)
    codes = RecoveryCodes.activate(alice).generate_codes()

    settings.FIELD_KEYS = [newest, *settings.FIELD_KEYS]
    assert rotate_second_factors() == 2
    settings.FIELD_KEYS = [newest]

    totp, recovery = Authenticator.objects.order_by("type").reverse()
    assert RecoveryCodes(recovery).generate_codes() == codes
    assert totp.wrap().instance.data["secret"] != secret
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(WrongKeyError):
        rotate_second_factors()


def test_factor_that_is_used_meanwhile_keeps_its_use(db, settings, monkeypatch):
    recovery = RecoveryCodes.activate(make_user("Alice"))
    stale = {**recovery.instance.data}
    recovery._mark_code_used(0)
    monkeypatch.setattr(Authenticator.objects, "values_list", lambda *names: [(recovery.instance.pk, stale)])

    assert rotate_second_factors() == 0
    assert Authenticator.objects.get().data["used_mask"] == 1


def test_passkeys_hold_no_secret_and_stay(db):
    Authenticator.objects.create(user=make_user("Alice"), type="webauthn", data={"name": "Key", "credential": {}})

    assert rotate_second_factors() == 0
